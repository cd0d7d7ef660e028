"""High-water marks: how much a queue takes, and who waits then (ZMTP.md 7.1)."""

from __future__ import annotations

import pytest

from pyzmtp import DealerSocket, PullSocket, PushSocket
from pyzmtp.constants import DEFAULT_HWM
from pyzmtp.testing import Conditions

from .world import Outcomes, World, hello

NOWHERE = "tcp://127.0.0.1:40001"


def fill(push: PushSocket | DealerSocket, *frames: bytes) -> int:
    """How many messages are taken until one would have to wait."""
    count = 0
    while push.try_send(frames or b"x"):
        count += 1
        assert count < 100_000
    return count


def test_the_default_is_exactly_1000_messages(world: World) -> None:
    push = world.make(PushSocket)
    push.connect(NOWHERE)
    assert fill(push) == DEFAULT_HWM == 1000


@pytest.mark.parametrize("where", [NOWHERE, "ipc:///run/nowhere", "inproc://nowhere"])
def test_a_mark_of_5_takes_exactly_5_unconnected_multipart_messages(
    world: World, where: str
) -> None:
    push = world.make(PushSocket, send_hwm=5)
    push.connect(where)
    assert fill(push, b"a", b"", b"c") == 5
    assert push.stats.send_queue == 5


def test_the_mark_is_for_each_peer(world: World) -> None:
    push = world.make(PushSocket, send_hwm=5)
    push.connect(NOWHERE)
    push.connect("tcp://127.0.0.1:40002")
    assert fill(push) == 10


def test_a_batch_stops_at_the_mark_and_goes_on_later(world: World) -> None:
    push = world.make(PushSocket, send_hwm=5)
    push.connect(NOWHERE)
    batch = Outcomes(push.send_batch([b"%d" % number for number in range(12)]))
    assert batch.pending
    assert push.stats.send_queue == 12
    assert not push.try_send(b"out of turn")
    pull = world.make(PullSocket)
    world.run(pull.bind(NOWHERE))
    world.advance(1)
    assert batch == [None]
    assert world.drain(pull) == [[b"%d" % number] for number in range(12)]


def test_no_mark_means_no_limit(world: World) -> None:
    push = world.make(PushSocket, send_hwm=0)
    push.connect(NOWHERE)
    assert world.run(push.send_batch([b"x"] * 50_000)) is None
    assert push.stats.send_queue == 50_000


def test_bytes_can_be_limited_too(world: World) -> None:
    push = world.make(PushSocket, send_hwm_bytes=1000)
    push.connect(NOWHERE)
    assert fill(push, bytes(60), bytes(40)) == 10
    assert push.stats.send_queue == 10


def test_a_batch_heeds_the_limit_in_bytes(world: World) -> None:
    push = world.make(PushSocket, send_hwm_bytes=1000)
    push.connect(NOWHERE)
    batch = Outcomes(push.send_batch([bytes(100)] * 25))
    assert batch.pending
    pull = world.make(PullSocket)
    world.run(pull.bind(NOWHERE))
    world.advance(1)
    assert len(world.drain(pull)) == 25
    assert batch == [None]


@pytest.mark.parametrize("transport", ["tcp", "ipc"])
def test_unread_bytes_are_limited_to_the_mark_and_one_chunk(world: World, transport: str) -> None:
    pull, push = world.pair(PullSocket, PushSocket, transport, bind={"receive_hwm_bytes": 1000})
    for _ in range(900):
        push.try_send(bytes(1000))
    world.settle()
    assert 1 <= pull.stats.receive_queue <= 1 + 65536 // 1000
    assert len(world.drain(pull)) == 900


def test_unread_bytes_are_limited_over_inproc(world: World) -> None:
    pull, push = world.pair(PullSocket, PushSocket, "inproc", bind={"receive_hwm_bytes": 1000})
    for _ in range(90):
        push.try_send(bytes(1000))
    world.settle()
    assert pull.stats.receive_queue == 1
    assert len(world.drain(pull)) == 90


def test_a_message_larger_than_the_limit_in_bytes_is_still_sent(world: World) -> None:
    push = world.make(PushSocket, send_hwm_bytes=1000)
    push.connect(NOWHERE)
    assert push.try_send(bytes(5000))
    assert not push.try_send(b"")
    pull = world.make(PullSocket, receive_hwm_bytes=1000)
    world.run(pull.bind(NOWHERE))
    world.advance(1)
    assert push.try_send(b"next")
    assert world.drain(pull) == [[bytes(5000)], [b"next"]]


@pytest.mark.parametrize("transport", ["tcp", "ipc", "inproc"])
def test_a_reader_that_takes_nothing_is_given_no_more_than_its_mark(
    world: World, transport: str
) -> None:
    pull, push = world.pair(PullSocket, PushSocket, transport, bind={"receive_hwm": 7})
    for _ in range(50):
        push.try_send(b"x")
    world.settle()
    assert pull.stats.receive_queue == 7
    assert len(world.drain(pull)) == 50


def test_waiting_sends_go_on_in_their_order(world: World) -> None:
    push = world.make(PushSocket, send_hwm=2)
    push.connect(NOWHERE)
    sends = [Outcomes(push.send(b"%d" % number)) for number in range(10)]
    assert [send.pending for send in sends] == [False] * 2 + [True] * 8
    pull = world.make(PullSocket)
    world.run(pull.bind(NOWHERE))
    world.advance(1)
    assert all(send == [None] for send in sends)
    assert world.drain(pull) == [[b"%d" % number] for number in range(10)]


def test_a_full_peer_is_left_out_until_half_of_its_queue_has_left(world: World) -> None:
    """Full again only after the reader took a multiple of LWM = (HWM + 1) / 2 messages."""
    world.network.conditions = Conditions(buffer=100)
    push = world.make(PushSocket, send_hwm=4)
    peer = world.attach_raw(push, hello("PULL"))
    peer.pause()
    fill(push, bytes(50_000))
    assert push.stats.send_queue == 4
    waiting = Outcomes(push.send(b"later"))
    world.settle()
    assert waiting.pending
    peer.resume()
    world.settle()
    assert waiting == [None]
    assert peer.received.endswith(b"\x00\x05later")
