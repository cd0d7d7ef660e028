"""CHANNEL (RFC 52; ZMTP.md 7.9; libzmq's test_channel.cpp)."""

from __future__ import annotations

import pytest

from pyzmtp import ChannelSocket, IncompatibleSocketType, UsageError
from pyzmtp.engine.events import HandshakeFailed
from pyzmtp.errors import TooManyPeers

from .world import GREETING, Outcomes, World, hello, message

READY = b"\x04\x1d\x05READY\x0bSocket-Type\0\0\0\x07CHANNEL"


@pytest.mark.parametrize("transport", ["tcp", "ipc", "inproc"])
def test_both_sides_send_and_receive(world: World, transport: str) -> None:
    one, other = world.pair(ChannelSocket, ChannelSocket, transport)
    one.try_send(b"HELLO")
    other.try_send([b"WORLD"])
    assert world.drain(other) == [[b"HELLO"]]
    assert world.drain(one) == [[b"WORLD"]]
    for socket in (one, other):
        with pytest.raises(UsageError, match="CHANNEL socket a message has one frame, not 2"):
            socket.try_send([b"X", b""])


def test_what_crosses_the_wire_and_what_is_dropped(world: World) -> None:
    channel = world.make(ChannelSocket)
    peer = world.attach_raw(channel, hello("CHANNEL") + message(b"a", b"b") + message(b"c"))
    channel.try_send(b"x")
    assert world.drain(channel) == [[b"c"]]
    assert peer.received == GREETING + READY + b"\x00\x01x"
    assert channel.stats.dropped_received == 1
    assert peer.closed is None


def test_a_second_peer_is_closed_until_the_first_has_left(world: World) -> None:
    channel = world.make(ChannelSocket)
    address = world.bind(channel)
    first = world.attach_raw(channel, hello("CHANNEL"), address)
    second = world.attach_raw(channel, hello("CHANNEL"), address)
    assert second.closed is not None
    assert isinstance(world.of(channel, HandshakeFailed)[0].error, TooManyPeers)
    first.close()
    world.settle()
    third = world.attach_raw(channel, hello("CHANNEL"), address)
    channel.try_send(b"x")
    world.settle()
    assert third.received.endswith(message(b"x"))


def test_a_channel_at_its_mark_waits_and_goes_on(world: World) -> None:
    channel = world.make(ChannelSocket, send_hwm=1)
    channel.connect("tcp://127.0.0.1:40001")
    assert [channel.try_send(b"1"), channel.try_send(b"2")] == [True, False]
    waiting = Outcomes(channel.send(b"2"))
    other = world.make(ChannelSocket)
    world.run(other.bind("tcp://127.0.0.1:40001"))
    world.advance(1)
    assert world.drain(other) == [[b"1"], [b"2"]]
    assert waiting == [None]


def test_a_pair_is_refused(world: World) -> None:
    channel = world.make(ChannelSocket)
    assert world.attach_raw(channel, hello("PAIR")).closed is not None
    [event] = world.of(channel, HandshakeFailed)
    assert isinstance(event.error, IncompatibleSocketType)
