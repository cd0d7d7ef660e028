"""PING is answered, and a flood of them costs nothing (ZMTP.md 3.4, 10.3)."""

from __future__ import annotations

import pytest

from pyzmtp import DealerSocket, PullSocket, PushSocket
from pyzmtp.testing import Conditions

from .world import World, hello, message, short


def ping(context: bytes = b"", ttl: int = 0) -> bytes:
    """A PING frame."""
    return short(4, b"\x04PING" + ttl.to_bytes(2, "big") + context)


def pong(context: bytes = b"") -> bytes:
    """A PONG frame."""
    return short(4, b"\x04PONG" + context)


@pytest.mark.parametrize("context", [b"", b"x", bytes(16)])
@pytest.mark.parametrize("ttl", [0, 1, 65535])
def test_a_ping_is_answered_with_its_context(world: World, context: bytes, ttl: int) -> None:
    pull = world.make(PullSocket)
    peer = world.attach_raw(pull, hello("PUSH"))
    peer.take()
    peer.send(message(b"a") + ping(context, ttl) + message(b"b"))
    assert world.drain(pull) == [[b"a"], [b"b"]]
    assert peer.take() == pong(context)


def test_a_ping_inside_a_multipart_message_is_answered(world: World) -> None:
    pull = world.make(PullSocket)
    peer = world.attach_raw(pull, hello("PUSH"))
    peer.take()
    peer.send(short(1, b"a") + ping(b"1") + short(0, b"b"))
    assert world.drain(pull) == [[b"a", b"b"]]
    assert peer.take() == pong(b"1")


def test_a_pong_goes_between_messages(world: World) -> None:
    dealer = world.make(DealerSocket)
    peer = world.attach_raw(dealer, hello("DEALER"))
    peer.take()
    dealer.try_send([b"a", b"b"])
    peer.send(ping(b"1"))
    world.settle()
    dealer.try_send([b"c", b"d"])
    world.settle()
    assert peer.take() == message(b"a", b"b") + pong(b"1") + message(b"c", b"d")


def test_at_most_one_pong_waits_while_the_output_is_clogged(world: World) -> None:
    world.network.conditions = Conditions(buffer=1000)
    dealer = world.make(DealerSocket)
    peer = world.attach_raw(dealer, hello("DEALER"))
    peer.take()
    peer.pause()
    while dealer.try_send(bytes(10_000)):
        pass
    queued = dealer.stats.send_queue
    for number in range(5000):
        peer.send(ping(b"%d" % number))
    peer.send(message(b"still read"))
    assert world.drain(dealer) == [[b"still read"]]
    peer.resume()
    world.settle()
    received = peer.take()
    assert received.count(b"\x04PONG") <= 2
    assert pong(b"4999") in received
    assert queued == 1000


def test_pings_are_answered_while_messages_are_read_slowly(world: World) -> None:
    pull = world.make(PullSocket, receive_hwm=2)
    peer = world.attach_raw(pull, hello("PUSH"))
    peer.take()
    peer.send(message(b"x") * 2 + ping(b"1"))
    world.settle()
    assert world.drain(pull) == [[b"x"], [b"x"]]
    assert peer.take() == pong(b"1")


def test_pongs_and_unknown_commands_are_ignored(world: World) -> None:
    push = world.make(PushSocket)
    peer = world.attach_raw(push, hello("PULL") + pong(b"x") + short(4, b"\x07UNKNOWNdata"))
    peer.take()
    world.settle()
    assert peer.take() == b""
    assert len(push.peers) == 1
