"""PAIR: one peer and no other (ZMTP.md 7.8)."""

from __future__ import annotations

import pytest

from pyzmtp import PairSocket
from pyzmtp.engine.events import HandshakeFailed
from pyzmtp.errors import TooManyPeers

from .world import Outcomes, World, hello, message

TRANSPORTS = ["tcp", "ipc", "inproc"]


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_both_sides_send_and_receive(world: World, transport: str) -> None:
    one, other = world.pair(PairSocket, PairSocket, transport)
    for number in range(3):
        one.try_send([b"%d" % number, b""])
        other.try_send(b"%d" % number)
    assert world.drain(other) == [[b"%d" % number, b""] for number in range(3)]
    assert world.drain(one) == [[b"%d" % number] for number in range(3)]
    world.run(one.send_batch([b"a", b"b"]))
    assert world.drain(other) == [[b"a"], [b"b"]]


def test_a_second_peer_is_turned_away_until_the_first_has_left(world: World) -> None:
    pair = world.make(PairSocket)
    address = world.bind(pair)
    first = world.attach_raw(pair, hello("PAIR"), address)
    second = world.make(PairSocket)
    second.connect(address)
    world.advance(5)
    assert isinstance(world.of(pair, HandshakeFailed)[0].error, TooManyPeers)
    assert len(pair.peers) == 1
    pair.try_send(b"to the first")
    world.settle()
    assert first.received.endswith(message(b"to the first"))
    first.close()
    world.advance(1)
    second.try_send(b"patience")
    assert world.drain(pair) == [[b"patience"]]
    pair.try_send(b"to the second")
    assert world.drain(second) == [[b"to the second"]]


def test_a_second_inproc_peer_is_refused(world: World) -> None:
    on = world.network.reactor()
    pair, first, second = (world.make(PairSocket, on=on) for _ in range(3))
    address = world.bind(pair, "inproc")
    world.run(first.connect(address))
    assert isinstance(Outcomes(second.connect(address)).error, TooManyPeers)
    pair.try_send(b"x")
    assert world.drain(first) == [[b"x"]]
    assert pair.peers[0].incoming


def test_a_pair_without_a_peer_waits(world: World) -> None:
    pair = world.make(PairSocket)
    assert not pair.try_send(b"x")
    sending = Outcomes(pair.send(b"one")), Outcomes(pair.send_batch([b"two", b"three"]))
    other = world.make(PairSocket)
    world.link(pair, other)
    assert world.drain(other) == [[b"one"], [b"two"], [b"three"]]
    assert sending == ([None], [None])


def test_a_pair_at_its_mark_waits(world: World) -> None:
    pair = world.make(PairSocket, send_hwm=3)
    pair.connect("tcp://127.0.0.1:40001")
    assert Outcomes(pair.send_batch([b"x"] * 5)).pending
    assert pair.stats.send_queue == 5
    assert not pair.try_send(b"x")
    world.run(pair.close(0))
    assert pair.stats.send_queue == 0
