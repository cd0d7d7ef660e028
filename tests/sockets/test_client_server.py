"""CLIENT and SERVER (RFC 41; ZMTP.md 7.9; libzmq's test_client_server.cpp)."""

from __future__ import annotations

import pytest

from pyzmtp import (
    ClientSocket,
    Disconnected,
    HostUnreachable,
    IncompatibleSocketType,
    ServerSocket,
    SocketClosed,
    UsageError,
)
from pyzmtp.engine.events import HandshakeFailed
from pyzmtp.testing import Conditions

from .world import GREETING, Outcomes, World, hello, message

READY_CLIENT = b"\x04\x1c\x05READY\x0bSocket-Type\0\0\0\x06CLIENT"
READY_SERVER = b"\x04\x1c\x05READY\x0bSocket-Type\0\0\0\x06SERVER"
TRANSPORTS = ["tcp", "ipc", "inproc"]


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_server_answers_whom_it_has_heard(world: World, transport: str) -> None:
    server, client = world.pair(ServerSocket, ClientSocket, transport)
    client.try_send(b"X")
    world.settle()
    peer, [routing_id, body] = world.run(server.receive_from())
    assert (len(routing_id), body) == (4, b"X")
    assert routing_id != bytes(4)
    assert peer.routing_id == routing_id == server.peers[0].routing_id
    world.run(server.send([routing_id, b"\x02"]))
    assert world.drain(client) == [[b"\x02"]]


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_client_may_be_bound(world: World, transport: str) -> None:
    client, server = world.pair(ClientSocket, ServerSocket, transport)
    [known] = server.peers
    server.try_send([known.routing_id, b"first"])
    assert world.drain(client) == [[b"first"]]
    client.try_send(b"answer")
    assert world.drain(server) == [[known.routing_id, b"answer"]]


def test_the_id_does_not_travel(world: World) -> None:
    server, client = world.make(ServerSocket), world.make(ClientSocket)
    peer = world.attach_raw(server, hello("CLIENT") + message(b"X"))
    [[routing_id, _]] = world.drain(server)
    server.try_send([routing_id, b"Y"])
    world.settle()
    assert peer.received == GREETING + READY_SERVER + b"\x00\x01Y"
    other = world.attach_raw(client, hello("SERVER"))
    client.try_send(b"X")
    world.settle()
    assert other.received == GREETING + READY_CLIENT + b"\x00\x01X"


def test_messages_of_other_numbers_of_frames_are_not_sent(world: World) -> None:
    server, client = world.pair(ServerSocket, ClientSocket)
    [known] = server.peers
    for frames in ([b"x"], [known.routing_id, b"x", b""]):
        with pytest.raises(UsageError, match="SERVER socket a message has two frames"):
            server.send(frames)
    with pytest.raises(UsageError, match="CLIENT socket a message has one frame, not 2"):
        client.try_send([b"x", b"y"])
    assert world.drain(client) == world.drain(server) == []


def test_messages_of_more_frames_are_dropped_and_the_connection_kept(world: World) -> None:
    server, client = world.make(ServerSocket), world.make(ClientSocket)
    for socket, theirs in ((server, "CLIENT"), (client, "SERVER")):
        peer = world.attach_raw(socket, hello(theirs) + message(b"a", b"b") + message(b"c"))
        assert [frames[-1] for frames in world.drain(socket)] == [b"c"]
        assert socket.stats.dropped_received == 1
        assert peer.closed is None


def test_an_unknown_id_is_an_error_at_once(world: World) -> None:
    server, _ = world.pair(ServerSocket, ClientSocket)
    for routing_id in (bytes(4), b"none!"):
        assert isinstance(Outcomes(server.send([routing_id, b"x"])).error, HostUnreachable)


def test_a_full_peer_is_waited_for_and_its_end_ends_the_waiting(world: World) -> None:
    world.network.conditions = Conditions(buffer=1000)
    server = world.make(ServerSocket, send_hwm=1)
    peer = world.attach_raw(server, hello("CLIENT"))
    peer.pause()
    [known] = server.peers
    sent = 0
    while server.try_send([known.routing_id, bytes(2000)]):
        sent += 1
        assert sent < 1000
    waiting = Outcomes(server.send([known.routing_id, b"x"]))
    assert waiting.pending
    peer.abort()
    world.settle()
    assert isinstance(waiting.error, HostUnreachable)


def test_who_connects_again_is_another_and_whom_we_connect_to_is_the_same(world: World) -> None:
    server = world.make(ServerSocket)
    address = world.bind(server)
    seen = []
    for _ in range(2):
        peer = world.attach_raw(server, hello("CLIENT") + message(b"x"), address)
        seen += world.drain(server)
        peer.close()
        world.settle()
    assert seen[0] != seen[1]
    connecting = world.make(ServerSocket)
    listener, peer = world.accept_raw(connecting, hello("CLIENT") + message(b"x"))
    [before] = world.drain(connecting)
    peer.close()
    world.settle()
    connecting.try_send([before[0], b"later"])
    world.advance(1)
    listener.peers[-1].send(hello("CLIENT") + message(b"x"))
    assert world.drain(connecting) == [before]
    assert listener.peers[-1].received.endswith(message(b"later"))


def test_disconnect_peer_parts_from_one(world: World) -> None:
    server = world.make(ServerSocket)
    address = world.bind(server)
    one = world.attach_raw(server, hello("CLIENT") + message(b"1"), address)
    [[first, _]] = world.drain(server)
    other = world.attach_raw(server, hello("CLIENT") + message(b"2"), address)
    [[second, _]] = world.drain(server)
    server.try_send([first, b"last"])
    server.disconnect_peer(first)
    with pytest.raises(HostUnreachable):
        server.try_send([first, b"too late"])
    with pytest.raises(HostUnreachable):
        server.disconnect_peer(first)
    server.try_send([second, b"stay"])
    world.settle()
    assert one.received.endswith(message(b"last"))
    assert one.closed is not None
    assert other.received.endswith(message(b"stay"))
    assert other.closed is None
    assert len(world.of(server, Disconnected)) == 1
    world.run(server.close())
    with pytest.raises(SocketClosed):
        server.disconnect_peer(second)


def test_messages_of_the_library_itself(world: World) -> None:
    server = world.make(ServerSocket, hello_message=b"H", disconnect_message=b"D")
    peer = world.attach_raw(server, hello("CLIENT") + message(b"x"))
    assert peer.received.endswith(message(b"H"))
    [[routing_id, _]] = world.drain(server)
    peer.close()
    assert world.drain(server) == [[routing_id, b"D"]]
    client = world.make(ClientSocket, hello_message=b"h", hiccup_message=b"oops")
    _, peer = world.accept_raw(client, hello("SERVER"))
    assert peer.received.endswith(message(b"h"))
    peer.close()
    assert world.drain(client) == [[b"oops"]]


@pytest.mark.parametrize(
    ("ours", "theirs"), [(ServerSocket, "DEALER"), (ServerSocket, "PEER"), (ClientSocket, "ROUTER")]
)
def test_other_types_are_refused(world: World, ours: type[ServerSocket], theirs: str) -> None:
    socket = world.make(ours)
    assert world.attach_raw(socket, hello(theirs)).closed is not None
    [event] = world.of(socket, HandshakeFailed)
    assert isinstance(event.error, IncompatibleSocketType)
