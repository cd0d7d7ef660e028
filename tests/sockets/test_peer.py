"""PEER (RFC 51; ZMTP.md 7.9; libzmq's test_peer.cpp and test_peer_disconnect.cpp)."""

from __future__ import annotations

import pytest

from pyzmtp import Closed, HostUnreachable, PeerSocket, UsageError

from .world import GREETING, World, hello, message

READY = b"\x04\x1a\x05READY\x0bSocket-Type\0\0\0\x04PEER"


@pytest.mark.parametrize("transport", ["tcp", "ipc", "inproc"])
def test_who_connects_may_speak_first(world: World, transport: str) -> None:
    host = world.network.reactor()
    bound, connecting = world.make(PeerSocket, on=host), world.make(PeerSocket, on=host)
    known = world.run(connecting.connect(world.bind(bound, transport)), 1)
    assert len(known.routing_id) == 4
    connecting.try_send([known.routing_id, b"\x01"])
    [[routing_id, body]] = world.drain(bound)
    assert body == b"\x01"
    bound.try_send([routing_id, b"\x02"])
    assert world.drain(connecting) == [[known.routing_id, b"\x02"]]
    bound.disconnect_peer(routing_id)
    with pytest.raises(HostUnreachable):
        bound.try_send([routing_id, b"HELLO"])


def test_what_crosses_the_wire_and_what_is_dropped(world: World) -> None:
    peer = world.make(PeerSocket)
    raw = world.attach_raw(peer, hello("PEER") + message(b"a", b"b") + message(b"c"))
    [[routing_id, body]] = world.drain(peer)
    assert body == b"c"
    assert peer.stats.dropped_received == 1
    peer.try_send([routing_id, b"x"])
    world.settle()
    assert raw.received == GREETING + READY + b"\x00\x01x"


def test_a_connection_that_we_made_is_not_made_again_after_parting(world: World) -> None:
    peer = world.make(PeerSocket)
    listener, raw = world.accept_raw(peer, hello("PEER"))
    [known] = peer.peers
    peer.try_send([known.routing_id, b"last"])
    peer.disconnect_peer(known.routing_id)
    world.advance(10)
    assert raw.received.endswith(message(b"last"))
    assert raw.closed is not None
    assert len(listener.peers) == 1
    assert len(world.of(peer, Closed)) == 1


def test_immediate_and_names_of_our_own_are_refused(world: World) -> None:
    with pytest.raises(UsageError, match="immediate"):
        world.make(PeerSocket, immediate=True).connect("tcp://127.0.0.1:40001")
    with pytest.raises(UsageError, match="routing_id"):
        world.make(PeerSocket).connect("tcp://127.0.0.1:40001", routing_id=b"name")


def test_messages_of_the_library_itself(world: World) -> None:
    bound, connecting = world.pair(
        PeerSocket,
        PeerSocket,
        bind={"hello_message": b"H", "disconnect_message": b"D"},
        connect={"hiccup_message": b"oops"},
    )
    [known] = connecting.peers
    assert world.drain(connecting) == [[known.routing_id, b"H"]]
    [client] = bound.peers
    world.run(bound.close(0))
    assert world.drain(connecting) == [[known.routing_id, b"oops"]]
    other = world.make(PeerSocket, disconnect_message=b"D")
    raw = world.attach_raw(other, hello("PEER"))
    [met] = other.peers
    raw.close()
    assert world.drain(other) == [[met.routing_id, b"D"]]
    assert client.routing_id != known.routing_id
