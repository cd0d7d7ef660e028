"""Filters at a bind: who is not let in hears nothing, and the socket tells of it."""

from __future__ import annotations

from pyzmtp import (
    Accepted,
    Disconnected,
    HandshakeFailed,
    HandshakeSucceeded,
    NotAdmitted,
    PullSocket,
    PushSocket,
    StreamSocket,
)

from .world import World, hello


def test_who_is_not_let_in_hears_nothing(world: World) -> None:
    pull = world.make(PullSocket, tcp_accept_filter=["192.0.2.0/24"])
    stranger = world.attach_raw(pull, hello("PUSH"))
    assert stranger.received == b""
    assert stranger.closed is not None
    assert world.names(pull) == ["Listening", "Accepted", "HandshakeFailed", "Disconnected"]
    [accepted] = world.of(pull, Accepted)
    [failed] = world.of(pull, HandshakeFailed)
    [lost] = world.of(pull, Disconnected)
    assert isinstance(failed.error, NotAdmitted)
    assert failed.error is lost.reason
    assert failed.error.peer_address == failed.peer_address == accepted.peer_address
    assert failed.connection == lost.connection == accepted.connection
    assert pull.peers == ()


def test_who_is_let_in_is_served(world: World) -> None:
    pull = world.make(PullSocket, tcp_accept_filter=["127.0.0.0/8"])
    push = world.make(PushSocket)
    world.link(pull, push)
    assert push.try_send(b"hello")
    assert world.drain(pull) == [[b"hello"]]


def test_each_bind_keeps_its_filters(world: World) -> None:
    pull = world.make(PullSocket)
    open_to_all = world.bind(pull)
    pull.configure(tcp_accept_filter=["192.0.2.0/24"])
    closed = world.bind(pull)
    world.attach_raw(pull, hello("PUSH"), open_to_all)
    assert len(world.of(pull, HandshakeSucceeded)) == 1
    world.attach_raw(pull, hello("PUSH"), closed)
    assert len(world.of(pull, HandshakeSucceeded)) == 1
    assert len(world.of(pull, HandshakeFailed)) == 1


def test_the_one_who_is_not_let_in_tries_again(world: World) -> None:
    pull = world.make(PullSocket, tcp_accept_filter=["192.0.2.0/24"])
    push = world.make(PushSocket, reconnect_interval=0.1)
    push.connect(world.bind(pull))
    world.advance(1)
    assert len(world.of(pull, HandshakeFailed)) > 3
    assert push.peers == ()


def test_over_ipc_who_cannot_be_told_is_not_let_in(world: World) -> None:
    """A network in memory has no processes."""
    pull = world.make(PullSocket, ipc_filter_uid=[0])
    push = world.make(PushSocket)
    push.connect(world.bind(pull, "ipc"))
    world.advance(0.05)
    assert isinstance(world.of(pull, HandshakeFailed)[0].error, NotAdmitted)


def test_a_stream_has_filters_too(world: World) -> None:
    stream = world.make(StreamSocket, tcp_accept_filter=["192.0.2.0/24"])
    stranger = world.attach_raw(stream, b"GET / HTTP/1.1\r\n\r\n")
    assert stranger.closed is not None
    assert world.drain(stream) == []


def test_a_stream_lets_in_as_well(world: World) -> None:
    stream = world.make(StreamSocket, tcp_accept_filter=["127.0.0.1"])
    world.attach_raw(stream, b"hello")
    assert [chunk for _, chunk in world.drain(stream)] == [b"", b"hello"]
