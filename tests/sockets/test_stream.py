"""STREAM: bytes from and to anybody, by routing id (ZMTP.md 7.8; libzmq's tests/test_stream*.cpp)."""

from __future__ import annotations

from typing import Any

import pytest
from twisted.internet.error import ConnectionDone

from pyzmtp import (
    AddressError,
    ConnectDelayed,
    Connected,
    ConnectRetried,
    DealerSocket,
    Disconnected,
    HostUnreachable,
    RoutingIdInUse,
    SendTimeout,
    StreamSocket,
    UsageError,
)
from pyzmtp.testing import RawPeer

from .world import Outcomes, World, hello, message, port_of

#: What libzmq gives at a time.
CHUNK = 8192


def fresh(world: World, stream: StreamSocket, address: str | None = None) -> tuple[bytes, RawPeer]:
    """A raw peer that connects to a bound STREAM, and the id that its notice tells."""
    peer = world.attach_raw(stream, b"", address)
    [[routing_id, notice]] = world.drain(stream)
    assert notice == b""
    return routing_id, peer


def heard(world: World, stream: StreamSocket) -> list[tuple[bytes, bytes]]:
    """What is received, the chunks of a peer that follow each other joined, notices left apart."""
    joined: list[tuple[bytes, bytes]] = []
    for routing_id, chunk in world.drain(stream):
        if chunk and joined and joined[-1][0] == routing_id and joined[-1][1]:
            joined[-1] = (routing_id, joined[-1][1] + chunk)
        else:
            joined.append((routing_id, chunk))
    return joined


# Peers that speak bytes


def test_nothing_is_sent_on_connect(world: World) -> None:
    bound, connecting = world.make(StreamSocket), world.make(StreamSocket)
    _, client = fresh(world, bound)
    _, server = world.accept_raw(connecting, b"")
    world.advance(60)
    assert client.received == server.received == b""
    assert client.closed is None
    assert server.closed is None


def test_a_server_answers_whom_it_wants(world: World) -> None:
    stream = world.make(StreamSocket)
    address = world.bind(stream)
    (first, one), (second, other) = (fresh(world, stream, address) for _ in range(2))
    one.send(b"GET / HTTP/1.0\r\n\r\n")
    assert world.drain(stream) == [[first, b"GET / HTTP/1.0\r\n\r\n"]]
    world.run(stream.send([second, b"for the other"]))
    world.run(stream.send([first, b"HTTP/1.0 200 OK\r\n\r\n"]))
    assert stream.try_send([first, b"body"])
    world.settle()
    assert one.take() == b"HTTP/1.0 200 OK\r\n\r\nbody"
    assert other.take() == b"for the other"


def test_a_client_names_its_server(world: World) -> None:
    stream = world.make(StreamSocket)
    listener = world.network.raw_listen()
    connected = Outcomes(stream.connect(f"tcp://127.0.0.1:{listener.port}", routing_id=b"server"))
    assert stream.try_send([b"server", b"early "])
    world.settle()
    assert connected[0].routing_id == b"server"
    assert stream.try_send([b"server", b"and late"])
    world.settle()
    [server] = listener.peers
    assert server.take() == b"early and late"
    server.send(b"hello")
    assert world.drain(stream) == [[b"server", b""], [b"server", b"hello"]]


def test_the_peer_of_a_connect_tells_its_drawn_id(world: World) -> None:
    stream = world.make(StreamSocket)
    listener = world.network.raw_listen()
    peer = world.run(stream.connect(f"tcp://127.0.0.1:{listener.port}"))
    assert len(peer.routing_id) == 5
    assert peer.routing_id[0] == 0
    assert (peer.socket_type, peer.mechanism, peer.version) == (None, "", (0, 0))
    assert [known.routing_id for known in stream.peers] == [peer.routing_id]
    assert world.drain(stream) == [[peer.routing_id, b""]]


def test_who_sent_a_chunk_can_be_asked(world: World) -> None:
    stream = world.make(StreamSocket)
    routing_id, client = fresh(world, stream)
    client.send(b"x")
    peer, frames = world.run(stream.receive_from())
    assert frames == [routing_id, b"x"]
    assert peer.routing_id == routing_id
    assert peer.incoming


@pytest.mark.parametrize("transport", ["tcp", "ipc"])
def test_two_streams_echo(world: World, transport: str) -> None:
    server, client = world.pair(StreamSocket, StreamSocket, transport)
    [[at_server, _]], [[at_client, _]] = world.drain(server), world.drain(client)
    client.try_send([at_client, b"hello"])
    [[sender, chunk]] = world.drain(server)
    assert (sender, chunk) == (at_server, b"hello")
    server.try_send([sender, chunk])
    assert world.drain(client) == [[at_client, b"hello"]]


def test_an_endpoint_carries_it_too(world: World) -> None:
    server, client = world.make(StreamSocket), world.make(StreamSocket)
    world.run(server.bind("tcp:40001:interface=127.0.0.1"))
    peer = world.run(client.connect("tcp:127.0.0.1:40001"))
    client.try_send([peer.routing_id, b"hello"])
    assert [chunk for _, chunk in world.drain(server)] == [b"", b"hello"]


def test_a_dealer_is_seen_byte_by_byte(world: World) -> None:
    """test_stream: the greeting and READY of a DEALER, and its message; answered by hand."""
    stream, dealer = world.make(StreamSocket), world.make(DealerSocket)
    connected = Outcomes(dealer.connect(world.bind(stream)))
    [(routing_id, notice), (_, signature)] = heard(world, stream)
    assert notice == b""
    assert signature == b"\xff" + bytes(7) + b"\x01\x7f"
    answer = hello("ROUTER")
    stream.try_send([routing_id, answer[:10]])
    assert heard(world, stream) == [(routing_id, b"\x03")]
    stream.try_send([routing_id, answer[10:64]])
    minor, mechanism, rest = b"\x01", b"NULL".ljust(20, b"\0"), bytes(32)
    ready = b"\x04\x29\x05READY\x0bSocket-Type\0\0\0\x06DEALER\x08Identity\0\0\0\0"
    assert heard(world, stream) == [(routing_id, minor + mechanism + rest + ready)]
    stream.try_send([routing_id, answer[64:]])
    world.settle()
    assert connected[0].socket_type is not None
    dealer.try_send([b"a", b"b"])
    assert heard(world, stream) == [(routing_id, message(b"a", b"b"))]
    stream.try_send([routing_id, message(b"reply")])
    assert world.drain(dealer) == [[b"reply"]]


# Chunks


def test_a_chunk_has_8192_bytes_at_the_most(world: World) -> None:
    stream = world.make(StreamSocket)
    _, client = fresh(world, stream)
    data = bytes(range(256)) * 400
    client.send(data)
    chunks = [chunk for _, chunk in world.drain(stream)]
    assert max(map(len, chunks)) == CHUNK
    assert b"".join(chunks) == data


def test_what_is_larger_than_any_buffer_arrives_whole(world: World) -> None:
    """test_stream_exceeds_buffer, in both directions at once."""
    server, client = world.pair(StreamSocket, StreamSocket)
    [[at_server, _]], [[at_client, _]] = world.drain(server), world.drain(client)
    up, down = bytes(range(251)) * 20_000, bytes(range(241)) * 20_000
    client.try_send([at_client, up])
    server.try_send([at_server, down])
    assert heard(world, server) == [(at_server, up)]
    assert heard(world, client) == [(at_client, down)]


# Notices


def test_the_end_of_a_peer_is_told_once_after_what_it_sent(world: World) -> None:
    stream = world.make(StreamSocket)
    routing_id, client = fresh(world, stream)
    client.send(b"bye")
    client.close()
    assert world.drain(stream) == [[routing_id, b"bye"], [routing_id, b""]]
    with pytest.raises(HostUnreachable):
        stream.try_send([routing_id, b"x"])
    assert not stream.peers


def test_who_is_told_of_an_end_knows_the_id_no_more(world: World) -> None:
    stream = world.make(StreamSocket)
    routing_id, client = fresh(world, stream)
    stream.try_send([routing_id, b"x"])
    refused: list[HostUnreachable] = []

    def answer(batch: list[list[bytes]]) -> None:
        for name, _ in batch:
            with pytest.raises(HostUnreachable) as raised:
                stream.try_send([name, b"farewell"])
            refused.append(raised.value)
            assert not stream.peers

    stream.consume(answer)
    client.close()
    world.settle()
    assert [error.routing_id for error in refused] == [routing_id]


def test_both_ends_are_told_once_of_each_beginning_and_end(world: World) -> None:
    """test_stream_disconnect; a connection that breaks, which neither of the two has ended."""
    server, client = world.pair(StreamSocket, StreamSocket, connect={"reconnect_interval": None})
    world.network.connections[0].reset()
    for stream in (server, client):
        [(first, connected), (second, disconnected)] = world.drain(stream)
        assert connected == disconnected == b""
        assert first == second


def test_a_connection_that_is_made_again_keeps_its_id(world: World) -> None:
    """Tried with libzmq: two notices, the same id, and what was queued leaves with the next."""
    stream = world.make(StreamSocket)
    listener, first = world.accept_raw(stream, b"one")
    [[routing_id, _], _] = world.drain(stream)
    first.close()
    assert world.drain(stream) == [[routing_id, b""]]
    assert stream.try_send([routing_id, b"meanwhile"])
    world.advance(0.3)
    second = listener.peers[1]
    assert second.take() == b"meanwhile"
    second.send(b"two")
    assert world.drain(stream) == [[routing_id, b""], [routing_id, b"two"]]


def test_without_stream_notify_there_are_only_bytes(world: World) -> None:
    server, client = world.pair(
        StreamSocket, StreamSocket, bind={"stream_notify": False}, connect={"stream_notify": False}
    )
    [peer] = client.peers
    client.try_send([peer.routing_id, b"x"])
    world.settle()
    world.network.connections[0].reset()
    world.advance(1)
    assert [chunk for _, chunk in world.drain(server)] == [b"x"]
    assert world.drain(client) == []


def test_events_are_those_of_libzmq_but_no_handshake_fails(world: World) -> None:
    """A STREAM of libzmq tells of no handshake that succeeded, and of one that failed at each end."""
    server, client = world.pair(StreamSocket, StreamSocket)
    [peer] = server.peers
    server.try_send([peer.routing_id, b""])
    world.settle()
    assert world.names(server) == ["Listening", "Accepted", "Disconnected"]
    assert [type(event) for event in world.events[client]] == [
        ConnectDelayed,
        Connected,
        Disconnected,
        ConnectRetried,
    ]
    [event] = world.of(server, Disconnected)
    assert event.peer is peer
    assert isinstance(event.reason, ConnectionDone)


# What is refused


@pytest.mark.parametrize("wrong", [b"x", [b"id"], [b"id", b"x", b"y"], [b"", b"", b""]])
def test_a_message_has_two_frames(world: World, wrong: Any) -> None:
    stream = world.make(StreamSocket)
    for send in (stream.send, stream.try_send):
        with pytest.raises(UsageError, match="two frames"):
            send(wrong)
    with pytest.raises(UsageError, match="two frames"):
        stream.send_batch([wrong])


@pytest.mark.parametrize("chunk", [b"x", b""])
def test_an_unknown_id_fails(world: World, chunk: bytes) -> None:
    stream = world.make(StreamSocket)
    fresh(world, stream)
    failed = Outcomes(stream.send([b"nobody", chunk]))
    assert isinstance(failed.error, HostUnreachable)
    assert failed.error.routing_id == b"nobody"


def test_inproc_has_no_bytes(world: World) -> None:
    stream = world.make(StreamSocket)
    for attempt in (stream.bind, stream.connect):
        with pytest.raises(AddressError, match="inproc"):
            attempt("inproc://name")
    assert world.names(stream) == []


def test_a_name_is_given_once(world: World) -> None:
    stream = world.make(StreamSocket)
    one, other = world.network.raw_listen(), world.network.raw_listen()
    world.run(stream.connect(f"tcp://127.0.0.1:{one.port}", routing_id=b"A"))
    again = Outcomes(stream.connect(f"tcp://127.0.0.1:{other.port}", routing_id=b"A"))
    assert isinstance(again.error, RoutingIdInUse)
    stream.try_send([b"A", b"x"])
    world.settle()
    assert one.peers[0].take() == b"x"
    assert other.peers == []


# Time and the end


def test_no_handshake_is_waited_for(world: World) -> None:
    """libzmq: HANDSHAKE_IVL does not apply."""
    stream = world.make(StreamSocket)
    routing_id, client = fresh(world, stream)
    world.advance(3600)
    client.send(b"still there")
    assert world.drain(stream) == [[routing_id, b"still there"]]


def test_a_send_that_waits_too_long_fails_and_one_that_is_cancelled_is_not_sent(
    world: World,
) -> None:
    stream = world.make(StreamSocket, send_hwm=1, send_timeout=1.0)
    routing_id, client = fresh(world, stream)
    client.pause()
    while stream.try_send([routing_id, bytes(100_000)]):
        world.settle()
    late = Outcomes(stream.send([routing_id, b"late"]))
    cancelled = stream.send([routing_id, b"cancelled"])
    outcome = Outcomes(cancelled)
    cancelled.cancel()
    world.advance(2)
    assert outcome.errors
    assert isinstance(late.error, SendTimeout)
    client.resume()
    world.settle()
    assert set(client.take()) == {0}


def test_a_receive_that_is_cancelled_loses_nothing(world: World) -> None:
    stream = world.make(StreamSocket)
    routing_id, client = fresh(world, stream)
    receiving = stream.receive()
    outcome = Outcomes(receiving)
    receiving.cancel()
    client.send(b"x")
    assert world.drain(stream) == [[routing_id, b"x"]]
    assert outcome.errors


def test_close_lingers_until_all_is_sent(world: World) -> None:
    stream = world.make(StreamSocket)
    routing_id, client = fresh(world, stream)
    client.pause()
    data = bytes(3_000_000)
    stream.try_send([routing_id, data])
    closed = Outcomes(stream.close())
    world.advance(1)
    assert closed.pending
    client.resume()
    world.settle()
    assert closed == [None]
    assert client.take() == data
    assert client.closed is not None


def test_unbind_and_disconnect_tell_nothing_and_leave_what_was_received(world: World) -> None:
    """Tried with libzmq: no notice of what we end ourselves; only disconnect() drops the unread."""
    server, client = world.make(StreamSocket), world.make(StreamSocket)
    address = world.link(server, client)
    [[at_server, _]], [[at_client, _]] = world.drain(server), world.drain(client)
    client.try_send([at_client, b"unread"])
    server.try_send([at_server, b"unread"])
    world.settle()
    unbound, disconnected = Outcomes(server.unbind(address)), Outcomes(client.disconnect(address))
    world.settle()
    assert unbound == disconnected == [None]
    assert world.drain(server) == [[at_server, b"unread"]]
    assert world.drain(client) == []
    assert port_of(address) > 0
