"""PUSH and PULL (ZMTP.md 7.1, 7.8; RFC 30)."""

from __future__ import annotations

import pytest
from twisted.internet.defer import Deferred

from pyzmtp import PullSocket, PushSocket, SocketType

from .world import Outcomes, World, hello, message


@pytest.mark.parametrize("transport", ["tcp", "ipc", "inproc"])
def test_messages_arrive_whole_and_in_order(world: World, transport: str) -> None:
    pull, push = world.pair(PullSocket, PushSocket, transport)
    sent = [[b"%d" % number, b"", bytes(number % 300)] for number in range(2500)]

    async def send_all() -> None:
        for each in sent:
            await push.send(each)

    finished = Outcomes(Deferred.fromCoroutine(send_all()))
    assert world.drain(pull) == sent
    assert finished == [None]


def test_push_sends_to_its_peers_in_turn_and_moves_on_after_each_message(world: World) -> None:
    push = world.make(PushSocket)
    pulls = [world.make(PullSocket) for _ in range(3)]
    address = world.bind(push)
    for pull in pulls:
        world.run(pull.connect(address))
    for number in range(7):
        assert push.try_send([b"%d" % number, b"end"])
    world.settle()
    assert [world.drain(pull) for pull in pulls] == [
        [[b"0", b"end"], [b"3", b"end"], [b"6", b"end"]],
        [[b"1", b"end"], [b"4", b"end"]],
        [[b"2", b"end"], [b"5", b"end"]],
    ]


def test_pull_takes_one_message_of_each_peer_in_turn(world: World) -> None:
    pull = world.make(PullSocket)
    address = world.bind(pull)
    for name in (b"a", b"b", b"c"):
        push = world.make(PushSocket)
        world.run(push.connect(address))
        for number in range(3):
            push.try_send([name, b"%d" % number])
        world.settle()
    got = [frames[0] for frames in world.drain(pull)]
    assert got == [b"a", b"b", b"c"] * 3


def test_unconnected_pipes_take_part_in_the_round(world: World) -> None:
    """Two connects, nobody up: m0 m2 m4 and m1 m3 m5 [C]."""
    push = world.make(PushSocket)
    ports = [40001, 40002]
    for port in ports:
        push.connect(f"tcp://127.0.0.1:{port}")
    for number in range(6):
        assert push.try_send(b"m%d" % number)
    pulls = [world.make(PullSocket) for _ in ports]
    for pull, port in zip(pulls, ports, strict=True):
        world.run(pull.bind(f"tcp://127.0.0.1:{port}"))
    world.advance(1)
    assert world.drain(pulls[0]) == [[b"m0"], [b"m2"], [b"m4"]]
    assert world.drain(pulls[1]) == [[b"m1"], [b"m3"], [b"m5"]]


def test_an_accepted_but_silent_peer_gets_no_messages(world: World) -> None:
    """CVE-2020-15166: a peer takes part only after its READY."""
    push = world.make(PushSocket)
    address = world.bind(push)
    silent = world.attach_raw(push, b"", address)
    greeted = world.attach_raw(push, hello("PULL")[:64], address)
    assert not push.try_send(b"early")
    assert push.peers == ()
    pull = world.make(PullSocket)
    world.run(pull.connect(address))
    for number in range(10):
        assert push.try_send(b"%d" % number)
    world.settle()
    assert len(world.drain(pull)) == 10
    assert len(silent.received) == 10
    assert len(greeted.received) == 64 + len(
        b"\x04\x1a\x05READY\x0bSocket-Type\x00\x00\x00\x04PUSH"
    )


def test_a_push_waits_while_nobody_is_there(world: World) -> None:
    push = world.make(PushSocket)
    address = world.bind(push)
    waiting = [Outcomes(push.send(b"%d" % number)) for number in range(3)]
    world.settle()
    assert all(outcome.pending for outcome in waiting)
    assert push.stats.send_queue == 3
    pull = world.make(PullSocket)
    world.run(pull.connect(address))
    world.settle()
    assert all(outcome == [None] for outcome in waiting)
    assert world.drain(pull) == [[b"0"], [b"1"], [b"2"]]


def test_what_a_pull_peer_sends_to_a_push_is_dropped_and_counted(world: World) -> None:
    push = world.make(PushSocket)
    peer = world.attach_raw(push, hello("PULL") + message(b"what") + message(b"ever"))
    assert push.stats.dropped_received == 2
    assert push.stats.receive_queue == 0
    assert push.try_send(b"still served")
    world.settle()
    assert peer.received.endswith(message(b"still served"))


def test_the_types_are_what_they_say(world: World) -> None:
    assert world.make(PushSocket).socket_type is SocketType.PUSH
    assert world.make(PullSocket).socket_type is SocketType.PULL
    assert not hasattr(PullSocket, "send")
    assert not hasattr(PushSocket, "receive")
