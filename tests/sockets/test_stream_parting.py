"""STREAM: to send an empty frame is to close the connection, when all before it has left."""

from __future__ import annotations

import pytest

from pyzmtp import (
    Closed,
    ConnectAborted,
    Disconnected,
    HostUnreachable,
    MessagesDropped,
    SocketClosed,
    StreamSocket,
    UnknownEndpoint,
)

from .test_stream import fresh
from .world import Outcomes, World


def test_an_empty_frame_closes_the_connection(world: World) -> None:
    """Tried with libzmq: the id is unknown at once, and who has closed gets no notice of it."""
    stream = world.make(StreamSocket)
    routing_id, client = fresh(world, stream)
    stream.try_send([routing_id, b"last"])
    world.run(stream.send([routing_id, b""]))
    with pytest.raises(HostUnreachable):
        stream.try_send([routing_id, b"too late"])
    world.settle()
    assert client.received == b"last"
    assert client.closed is not None
    assert world.drain(stream) == []
    assert not stream.peers
    assert len(world.of(stream, Disconnected)) == 1


def test_the_other_end_is_told_once(world: World) -> None:
    server, client = world.pair(StreamSocket, StreamSocket)
    [[at_server, _]], [[at_client, _]] = world.drain(server), world.drain(client)
    client.try_send([at_client, b"i can haz cheez burger?"])
    client.try_send([at_client, b""])
    assert world.drain(server) == [[at_server, b"i can haz cheez burger?"], [at_server, b""]]
    assert world.drain(client) == []
    world.advance(10)
    assert world.drain(server) == []


def test_others_are_not_disturbed(world: World) -> None:
    stream = world.make(StreamSocket)
    address = world.bind(stream)
    (first, one), (second, other) = (fresh(world, stream, address) for _ in range(2))
    stream.try_send([first, b""])
    stream.try_send([second, b"x"])
    world.settle()
    assert one.closed is not None
    assert other.closed is None
    assert other.take() == b"x"
    fresh(world, stream, address)


@pytest.mark.parametrize("notify", [True, False])
def test_a_fresh_peer_can_be_parted_from(world: World, notify: bool) -> None:
    """test_stream_empty: from within the notice, when the connection is hardly there."""
    stream = world.make(StreamSocket, stream_notify=notify)
    address = world.bind(stream)
    parted: list[bytes] = []

    def part(batch: list[list[bytes]]) -> None:
        for routing_id, _ in batch:
            assert stream.try_send([routing_id, b"no "])
            assert stream.try_send([routing_id, b"thanks"])
            assert stream.try_send([routing_id, b""])
            parted.append(routing_id)

    stream.consume(part)
    client = world.attach_raw(stream, b"hello", address)
    assert client.closed is not None
    assert client.received == b"no thanks"
    assert len(parted) == 1


def test_a_fresh_connection_can_be_parted_from(world: World) -> None:
    stream = world.make(StreamSocket)
    listener = world.network.raw_listen()

    def part(batch: list[list[bytes]]) -> None:
        for routing_id, _ in batch:
            stream.try_send([routing_id, b""])

    stream.consume(part)
    connected = Outcomes(stream.connect(f"tcp://127.0.0.1:{listener.port}"))
    world.advance(5)
    assert len(connected) == 1
    [server] = listener.peers
    assert server.closed is not None
    assert world.names(stream)[-2:] == ["Disconnected", "Closed"]


def test_a_peer_that_is_gone_before_the_parting_is_no_harm(world: World) -> None:
    """The notice leads to the parting, and the event of the acceptance to the end of it all."""
    stream = world.make(StreamSocket)
    address = world.bind(stream)

    def part(batch: list[list[bytes]]) -> None:
        for routing_id, _ in batch:
            stream.try_send([routing_id, b""])
        world.network.connections[0].reset()

    stream.consume(part)
    client = world.attach_raw(stream, b"", address)
    world.advance(1)
    assert client.closed is not None
    assert not stream.peers


def test_a_connection_that_we_made_is_not_made_again(world: World) -> None:
    stream = world.make(StreamSocket)
    listener, server = world.accept_raw(stream, b"")
    [[routing_id, _]] = world.drain(stream)
    stream.try_send([routing_id, b"last"])
    stream.try_send([routing_id, b""])
    world.advance(10)
    assert server.received == b"last"
    assert server.closed is not None
    assert len(listener.peers) == 1
    assert len(world.of(stream, Closed)) == 1
    address = f"tcp://127.0.0.1:{listener.port}"
    assert isinstance(Outcomes(stream.disconnect(address)).error, UnknownEndpoint)
    assert len(world.run(stream.connect(address)).routing_id) == 5


def test_a_connection_that_is_parted_from_at_its_end_is_not_made_again(world: World) -> None:
    stream = world.make(StreamSocket)
    listener, server = world.accept_raw(stream, b"")
    [[routing_id, _]] = world.drain(stream)

    def part(batch: list[list[bytes]]) -> None:
        for name, _ in batch:
            stream.try_send([name, b""])

    stream.consume(part)
    server.close()
    world.advance(10)
    assert len(listener.peers) == 1
    assert len(world.of(stream, Closed)) == 1
    with pytest.raises(HostUnreachable):
        stream.try_send([routing_id, b"x"])


def test_a_connect_that_waits_for_its_peer_can_be_ended(world: World) -> None:
    stream = world.make(StreamSocket)
    connected = Outcomes(stream.connect("tcp://127.0.0.1:40001", routing_id=b"A"))
    world.advance(1)
    stream.try_send([b"A", b""])
    assert connected.errors
    listener = world.network.raw_listen(40001)
    world.advance(5)
    assert listener.peers == []
    assert len(world.of(stream, Closed)) == 1


def test_to_part_from_who_is_about_to_be_disconnected(world: World) -> None:
    """Two connects to one address end one after the other; who hears of the first parts from both."""
    stream = world.make(StreamSocket)
    where = "tcp://127.0.0.1:40001"
    first, second = (stream.connect(where, routing_id=name) for name in (b"A", b"B"))
    parted: list[bool] = []
    first.addErrback(lambda _: parted.append(stream.try_send([b"B", b""])))
    outcome = Outcomes(second)
    assert world.run(stream.disconnect(where)) is None
    assert parted == [True]
    assert isinstance(outcome.error, ConnectAborted)
    world.advance(5)
    assert len(world.of(stream, Closed)) == 2


def test_a_connect_that_is_ended_delivers_what_is_queued_first(world: World) -> None:
    stream = world.make(StreamSocket)
    stream.connect("tcp://127.0.0.1:40001", routing_id=b"A")
    stream.try_send([b"A", b"queued"])
    stream.try_send([b"A", b""])
    with pytest.raises(HostUnreachable):
        stream.try_send([b"A", b"x"])
    world.advance(10)
    listener = world.network.raw_listen(40001)
    world.advance(1)
    [server] = listener.peers
    assert server.received == b"queued"
    assert server.closed is not None
    assert world.drain(stream) == []


def test_close_ends_what_a_parting_waits_for(world: World) -> None:
    stream = world.make(StreamSocket)
    stream.connect("tcp://127.0.0.1:40001", routing_id=b"A")
    stream.try_send([b"A", b"queued"])
    stream.try_send([b"A", b""])
    closed = Outcomes(stream.close(linger=2))
    world.advance(1)
    assert closed.pending
    world.advance(1.5)
    assert closed == [None]
    assert [event.count for event in world.of(stream, MessagesDropped)] == [1]


def test_who_does_not_read_gets_all_before_the_end(world: World) -> None:
    stream = world.make(StreamSocket, send_hwm=2)
    routing_id, client = fresh(world, stream)
    client.pause()
    data = bytes(3_000_000)
    sent = Outcomes(stream.send_batch([[routing_id, data]] * 5 + [[routing_id, b""]]))
    world.advance(60)
    assert sent.pending
    assert client.closed is None
    client.resume()
    world.settle()
    assert sent == [None]
    assert client.received == data * 5
    assert client.closed is not None


def test_what_is_sent_behind_an_empty_frame_fails(world: World) -> None:
    stream = world.make(StreamSocket, send_hwm=1)
    routing_id, client = fresh(world, stream)
    client.pause()
    while stream.try_send([routing_id, bytes(100_000)]):
        world.settle()
    waiting = [Outcomes(stream.send([routing_id, chunk])) for chunk in (b"a", b"", b"b")]
    client.resume()
    world.settle()
    assert waiting[0] == waiting[1] == [None]
    assert isinstance(waiting[2].error, HostUnreachable)
    assert client.received.endswith(b"a")
    assert client.closed is not None


def test_unread_bytes_of_who_we_part_from_are_dropped_and_counted(world: World) -> None:
    stream = world.make(StreamSocket, receive_hwm=2)
    routing_id, client = fresh(world, stream)
    client.send(bytes(300_000))
    world.settle()
    stream.try_send([routing_id, b""])
    assert world.drain(stream) == []
    assert stream.stats.dropped_received >= 2
    assert client.closed is not None


def test_close_from_within_a_notice(world: World) -> None:
    stream = world.make(StreamSocket)
    address = world.bind(stream)
    closed: list[Outcomes[None]] = []

    def close(batch: list[list[bytes]]) -> None:
        closed.append(Outcomes(stream.close()))

    stream.consume(close)
    client = world.attach_raw(stream, b"x", address)
    assert closed == [[None]]
    assert client.closed is not None
    with pytest.raises(SocketClosed):
        stream.try_send([b"x", b"y"])
