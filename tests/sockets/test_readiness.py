"""What a socket says of itself: readable and writable (ZMQ_EVENTS), last_endpoint."""

from __future__ import annotations

from typing import Any

import pytest

from pyzmtp import (
    AddressInUse,
    DealerSocket,
    PairSocket,
    PubSocket,
    PullSocket,
    PushSocket,
    RepSocket,
    ReqSocket,
    RouterSocket,
    SubSocket,
    XPubSocket,
    XSubSocket,
)

from .world import Outcomes, World

NOWHERE = "tcp://127.0.0.1:40001"

#: Who sends to a type, where it is another one.
SENDERS: dict[type[Any], type[Any]] = {PullSocket: PushSocket, RouterSocket: DealerSocket}


@pytest.mark.parametrize("kind", [PullSocket, DealerSocket, RouterSocket, PairSocket])
def test_readable_while_there_is_a_message(world: World, kind: type[Any]) -> None:
    receiver, other = world.pair(kind, SENDERS.get(kind, kind))
    assert not receiver.readable
    other.try_send(b"x")
    world.settle()
    assert receiver.readable
    receiver.try_receive()
    assert not receiver.readable


@pytest.mark.parametrize("kind", [PushSocket, DealerSocket, PairSocket])
def test_writable_while_a_peer_has_room(world: World, kind: type[Any]) -> None:
    socket = world.make(kind, send_hwm=2)
    assert not socket.writable
    socket.connect(NOWHERE)
    assert socket.writable
    while socket.try_send(b"x"):
        assert socket.stats.send_queue <= 2
    assert not socket.writable


@pytest.mark.parametrize("kind", [PubSocket, XPubSocket, XSubSocket, RouterSocket])
def test_who_drops_is_always_writable(world: World, kind: type[Any]) -> None:
    assert world.make(kind).writable


def test_a_router_that_must_not_drop_is_writable_while_a_peer_has_room(world: World) -> None:
    router = world.make(RouterSocket, router_mandatory=True, send_hwm=1)
    assert not router.writable
    router.connect(NOWHERE, routing_id=b"A")
    assert router.writable
    assert router.try_send([b"A", b"x"])
    assert not router.writable


def test_request_and_reply_take_turns(world: World) -> None:
    rep, req = world.pair(RepSocket, ReqSocket)
    assert (req.readable, req.writable) == (False, True)
    assert (rep.readable, rep.writable) == (False, False)
    req.try_send(b"?")
    world.settle()
    assert (req.readable, req.writable) == (False, False)
    assert (rep.readable, rep.writable) == (True, False)
    rep.try_receive()
    assert (rep.readable, rep.writable) == (False, True)
    rep.try_send(b"!")
    world.settle()
    assert (req.readable, req.writable) == (True, False)
    req.try_receive()
    assert (req.readable, req.writable) == (False, True)


def test_a_relaxed_request_is_writable_before_the_reply(world: World) -> None:
    _, req = world.pair(RepSocket, ReqSocket, connect={"req_relaxed": True})
    req.try_send(b"?")
    assert req.writable


def test_not_writable_while_others_wait_to_send(world: World) -> None:
    xpub = world.make(XPubSocket, xpub_nodrop=True, send_hwm=1)
    sub = world.make(SubSocket)
    sub.subscribe()
    world.link(xpub, sub)
    [connection] = world.network.connections
    connection.stall()
    big = bytes(world.network.conditions.buffer + 200_000)
    waits = [Outcomes(xpub.send(big)) for _ in range(5)]
    assert waits[-1].pending
    assert not xpub.writable
    connection.resume()
    assert len(world.drain(sub)) == 5
    assert xpub.writable


def test_a_closed_socket_is_neither(world: World) -> None:
    left, right = world.pair(PairSocket, PairSocket)
    right.try_send(b"x")
    world.settle()
    assert left.readable
    assert left.writable
    left.close()
    assert not left.readable
    assert not left.writable
    pub = world.make(PubSocket)
    pub.close()
    assert not pub.writable


# ZMQ_LAST_ENDPOINT


@pytest.mark.parametrize("transport", ["tcp", "ipc", "inproc"])
def test_the_last_endpoint_is_the_real_address_of_the_last_bind_or_connect(
    world: World, transport: str
) -> None:
    on = world.network.reactor()
    pull, push = world.make(PullSocket, on=on), world.make(PushSocket, on=on)
    assert pull.last_endpoint == push.last_endpoint == ""
    first = world.bind(pull, transport)
    assert "*" not in first
    assert pull.last_endpoint == first
    push.connect(first)
    assert push.last_endpoint == first
    push.connect(NOWHERE)
    assert push.last_endpoint == NOWHERE


def test_what_failed_is_no_last_endpoint(world: World) -> None:
    on = world.network.reactor()
    pull, other = world.make(PullSocket, on=on), world.make(PullSocket, on=on)
    taken = world.bind(other)
    mine = world.bind(pull)
    with pytest.raises(AddressInUse):
        world.run(pull.bind(taken))
    assert pull.last_endpoint == mine
    world.run(other.bind("inproc://taken"))
    with pytest.raises(AddressInUse):
        world.run(pull.bind("inproc://taken"))
    assert pull.last_endpoint == mine
    pair = world.make(PairSocket)
    pair.connect("inproc://first")
    pair.connect("inproc://second").addErrback(lambda _: None)
    assert pair.last_endpoint == "inproc://first"
