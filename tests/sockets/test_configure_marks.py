"""High-water marks changed on open sockets (libzmq: test_sockopt_hwm, and what follows from it)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyzmtp import DealerSocket, PubSocket, PullSocket, PushSocket, RouterSocket, SubSocket
from pyzmtp.testing import FailureLog

from .world import Outcomes, World, hello

NOWHERE = "tcp://127.0.0.1:40001"

TRANSPORTS = pytest.mark.parametrize("transport", ["tcp", "ipc", "inproc"])


def fill(socket: Any, *frames: bytes) -> int:
    """How many messages are taken until one would have to wait."""
    count = 0
    while socket.try_send(frames or b"x"):
        count += 1
        assert count < 10_000
    return count


def numbered(count: int, start: int = 0) -> list[list[bytes]]:
    return [[b"%d" % number] for number in range(start, start + count)]


# libzmq: test_sockopt_hwm.cpp, over inproc, where both sides' marks add up


def test_a_change_before_the_connection(world: World) -> None:
    on = world.network.reactor()
    push, pull = world.make(PushSocket, on=on), world.make(PullSocket, on=on)
    pull.configure(receive_hwm=2)
    push.configure(send_hwm=2)
    pull.connect("inproc://a")
    world.run(push.bind("inproc://a"))
    assert push.options.send_hwm == 2
    assert fill(push) == 4


def test_a_change_after_the_connection(world: World) -> None:
    on = world.network.reactor()
    push = world.make(PushSocket, on=on, send_hwm=1)
    pull = world.make(PullSocket, on=on, receive_hwm=1)
    pull.connect("inproc://a")
    world.run(push.bind("inproc://a"))
    push.configure(send_hwm=5)
    assert fill(push) == 6


def test_a_smaller_mark_for_a_queue_that_is_full(world: World) -> None:
    on = world.network.reactor()
    push = world.make(PushSocket, on=on, send_hwm=100)
    pull = world.make(PullSocket, on=on, receive_hwm=1)
    world.run(push.bind("inproc://a"))
    world.run(pull.connect("inproc://a"))
    count = 0
    while push.try_send(b"%d" % count):
        count += 1
    assert count == 101
    push.configure(send_hwm=70)
    assert world.drain(pull) == numbered(101)  # none was dropped
    assert fill(push) == 71


@TRANSPORTS
def test_the_receivers_side_changes_too(world: World, transport: str) -> None:
    pull, push = world.pair(PullSocket, PushSocket, transport, bind={"receive_hwm": 5})
    pull.configure(receive_hwm=2)
    for message in numbered(20):
        push.try_send(message)
    world.settle()
    assert pull.stats.receive_queue == 2
    pull.configure(receive_hwm=9)
    world.settle()
    assert pull.stats.receive_queue == 9
    pull.configure(receive_hwm=3)
    assert pull.stats.receive_queue == 9  # nothing is thrown away
    assert world.run(pull.receive_batch(7)) == numbered(7)
    world.settle()
    assert pull.stats.receive_queue == 2  # it is read again at half of the mark
    assert world.drain(pull) == numbered(13, start=7)


# A queue that waits for its connection


def test_who_waits_to_send_goes_on_when_the_mark_is_raised(world: World) -> None:
    push = world.make(PushSocket, send_hwm=2)
    push.connect(NOWHERE)
    waits = [Outcomes(push.send(message)) for message in numbered(10)]
    assert [wait.pending for wait in waits] == [False] * 2 + [True] * 8
    push.configure(send_hwm=6)
    assert [wait.pending for wait in waits] == [False] * 6 + [True] * 4
    push.configure(send_hwm=0)
    assert not any(wait.pending for wait in waits)
    pull = world.make(PullSocket)
    world.run(pull.bind(NOWHERE))
    world.advance(1)
    assert world.drain(pull) == numbered(10)


def test_a_batch_that_waits_goes_on_as_far_as_it_may(world: World) -> None:
    push = world.make(PushSocket, send_hwm=2)
    push.connect(NOWHERE)
    batch = Outcomes(push.send_batch(numbered(10)))
    push.configure(send_hwm=9)
    assert batch.pending
    assert not push.try_send(b"out of turn")
    push.configure(send_hwm=10)
    assert batch == [None]
    assert not push.writable


def test_lowered_below_what_is_queued_it_takes_nothing_until_it_has_drained(world: World) -> None:
    push = world.make(PushSocket, send_hwm=10)
    push.connect(NOWHERE)
    assert fill(push, b"old") == 10
    push.configure(send_hwm=4)
    assert push.stats.send_queue == 10
    assert not push.writable
    later = Outcomes(push.send(b"new"))
    pull = world.make(PullSocket, receive_hwm=1)
    world.run(pull.bind(NOWHERE))
    world.advance(1)
    assert later == [None]
    assert world.drain(pull) == [[b"old"]] * 10 + [[b"new"]]


def test_bytes_are_limited_from_then_on(world: World) -> None:
    push = world.make(PushSocket)
    push.connect(NOWHERE)
    for _ in range(5):
        push.try_send(bytes(100))
    push.configure(send_hwm_bytes=1000)
    assert fill(push, bytes(100)) == 5
    push.configure(send_hwm_bytes=2000)
    assert fill(push, bytes(100)) == 10
    push.configure(send_hwm_bytes=0)
    assert push.writable


def test_unread_bytes_are_limited_from_then_on(world: World) -> None:
    pull, push = world.pair(PullSocket, PushSocket, "inproc")
    pull.configure(receive_hwm_bytes=1000)
    for _ in range(90):
        push.try_send(bytes(600))
    world.settle()
    assert pull.stats.receive_queue == 2
    pull.configure(receive_hwm_bytes=6000)
    world.settle()
    assert pull.stats.receive_queue == 10
    pull.configure(receive_hwm_bytes=0)
    world.settle()
    assert pull.stats.receive_queue == 90


def test_a_mark_is_for_each_peer_that_is_there_and_each_to_come(world: World) -> None:
    push = world.make(PushSocket, send_hwm=5)
    push.connect(NOWHERE)
    push.configure(send_hwm=2)
    push.connect("tcp://127.0.0.1:40002")
    assert fill(push) == 4


@pytest.mark.parametrize("late", [False, True])
def test_the_peers_of_an_old_bind_have_the_new_mark(world: World, late: bool) -> None:
    """libzmq: those that come after the change still get the mark of the bind."""
    push = world.make(PushSocket, send_hwm=1)
    address = world.bind(push)
    if not late:
        peer = world.attach_raw(push, hello("PULL"), address)
    push.configure(send_hwm=40)
    if late:
        peer = world.attach_raw(push, hello("PULL"), address)
    peer.pause()
    big = bytes(world.network.conditions.buffer + 200_000)
    assert 40 <= fill(push, big) <= 43  # some are in the transport
    push.configure(send_hwm=50)
    assert fill(push, big) == 10


def test_a_reconnection_has_the_new_mark(world: World) -> None:
    router = world.make(RouterSocket)
    address = world.bind(router)
    dealer = world.make(DealerSocket, send_hwm=5)
    world.run(dealer.connect(address))
    dealer.configure(send_hwm=3)
    world.run(router.unbind(address))
    world.advance(1)
    assert fill(dealer) == 3


def test_a_publisher_drops_by_the_new_mark(world: World) -> None:
    pub = world.make(PubSocket, send_hwm=1000)
    peer = world.attach_raw(pub, hello("SUB") + bytes.fromhex("0001") + b"\x01")
    peer.pause()
    big = bytes(world.network.conditions.buffer + 200_000)
    for _ in range(5):
        pub.try_send(big)
        world.settle()
    queued = pub.stats.send_queue
    assert queued >= 2
    pub.configure(send_hwm=queued)
    pub.try_send(big)
    assert pub.stats.dropped_sent == 1
    pub.configure(send_hwm=queued + 1)
    pub.try_send(big)
    pub.try_send(big)
    assert pub.stats.dropped_sent == 2


def test_the_peers_of_a_round_that_are_full_by_the_new_mark_leave_it(world: World) -> None:
    push = world.make(PushSocket, send_hwm=10)
    push.connect(NOWHERE)
    for message in numbered(4):
        push.try_send(message)
    push.connect("tcp://127.0.0.1:40002")
    push.configure(send_hwm=4)
    assert fill(push) == 4  # all for the second
    assert push.stats.send_queue == 8
    push.configure(send_hwm=5)
    assert fill(push) == 2


def test_conflate_knows_no_marks(world: World) -> None:
    sub = world.make(SubSocket, conflate=True)
    sub.subscribe()
    pub = world.make(PubSocket)
    world.link(pub, sub)
    sub.configure(receive_hwm=1)
    for message in numbered(50):
        pub.try_send(message)
        world.settle()
    assert world.drain(sub) == [[b"49"]]


_MARK = st.integers(0, 6)
_STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("send"), st.integers(1, 12)),
        st.tuples(st.just("receive"), st.integers(1, 12)),
        st.tuples(st.just("turn"), st.just(0)),
        st.tuples(st.just("send_hwm"), _MARK),
        st.tuples(st.just("receive_hwm"), _MARK),
        st.tuples(st.just("send_hwm_bytes"), st.integers(0, 12)),
        st.tuples(st.just("receive_hwm_bytes"), st.integers(0, 12)),
    ),
    max_size=40,
)


@given(transport=st.sampled_from(["tcp", "ipc", "inproc"]), steps=_STEPS)
def test_changed_at_any_moment_marks_lose_double_and_reorder_nothing(
    transport: str, steps: list[tuple[str, int]]
) -> None:
    world = World(FailureLog())
    pull, push = world.pair(
        PullSocket, PushSocket, transport, bind={"receive_hwm": 3}, connect={"send_hwm": 3}
    )
    waits: list[Outcomes[None]] = []
    received: list[list[bytes]] = []
    most_unread = 3  # the largest mark so far, or none
    for step, number in steps:
        if step == "send":
            for _ in range(number):
                waits.append(Outcomes(push.send(b"%d" % len(waits))))
        elif step == "receive":
            for _ in range(number):
                message = pull.try_receive()
                if message is not None:
                    received.append(message)
        elif step == "turn":
            world.settle()
        elif step.startswith("send_hwm"):
            push.configure(**{step: number})
        else:
            pull.configure(**{step: number})
            if step == "receive_hwm":
                most_unread = max(most_unread, number or 10_000)
        assert pull.stats.receive_queue <= most_unread
    received += world.drain(pull)
    assert received == numbered(len(waits))
    assert not any(wait.pending for wait in waits)
    world.close()
