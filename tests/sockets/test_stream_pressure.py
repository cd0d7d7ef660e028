"""STREAM: a slow reader stops its peer, a slow peer stops the sender, in bounded memory."""

from __future__ import annotations

import pytest

from pyzmtp import StreamSocket
from pyzmtp.testing import Conditions

from .test_stream import CHUNK, fresh
from .world import Outcomes, World

KERNEL = 10_000


@pytest.fixture(autouse=True)
def _small_kernel_buffers(world: World) -> None:
    world.network.conditions = Conditions(buffer=KERNEL)


def test_unread_chunks_stop_the_peer(world: World) -> None:
    stream = world.make(StreamSocket, receive_hwm=4)
    routing_id, client = fresh(world, stream)
    data = bytes(range(256)) * 8000
    client.send(data)
    world.settle()
    assert stream.stats.receive_queue == 4
    [connection] = world.network.connections
    assert len(connection.server_end.received) == KERNEL
    assert b"".join(chunk for _, chunk in world.drain(stream)) == data
    client.close()
    assert world.drain(stream) == [[routing_id, b""]]


def test_unread_bytes_stop_the_peer(world: World) -> None:
    stream = world.make(StreamSocket, receive_hwm=0, receive_hwm_bytes=20_000)
    _, client = fresh(world, stream)
    data = bytes(1_000_000)
    client.send(data)
    world.settle()
    assert stream.stats.receive_queue <= 20_000 // CHUNK + 65536 // CHUNK + 1
    assert sum(len(chunk) for _, chunk in world.drain(stream)) == len(data)


def test_a_notice_takes_room_as_a_chunk_does(world: World) -> None:
    stream = world.make(StreamSocket, receive_hwm=1)
    client = world.attach_raw(stream, b"x")
    assert stream.stats.receive_queue == 1
    client.close()
    assert [chunk for _, chunk in world.drain(stream)] == [b"", b"x", b""]


def test_a_peer_that_does_not_read_stops_the_sender(world: World) -> None:
    stream = world.make(StreamSocket, send_hwm=3)
    routing_id, client = fresh(world, stream)
    client.pause()
    sent = 0
    for _ in range(100):
        while stream.try_send([routing_id, bytes(1000)]):
            sent += 1
        world.settle()
    assert stream.stats.send_queue == 3
    assert sent <= 3 + (KERNEL + 2 * 65536) // 1000 + 3
    waiting = Outcomes(stream.send([routing_id, b"end"]))
    assert waiting.pending
    client.resume()
    world.settle()
    assert waiting == [None]
    assert client.received == bytes(1000 * sent) + b"end"


def test_one_slow_peer_does_not_hold_up_another(world: World) -> None:
    stream = world.make(StreamSocket, send_hwm=1, receive_hwm=1)
    address = world.bind(stream)
    (slow, stuck), (fast, lively) = (fresh(world, stream, address) for _ in range(2))
    stuck.pause()
    while stream.try_send([slow, bytes(10_000)]):
        world.settle()
    blocked = Outcomes(stream.send([slow, b"x"]))
    for number in range(100):
        lively.send(b"%d" % number)
        assert world.drain(stream) == [[fast, b"%d" % number]]
        world.run(stream.send([fast, b"%d," % number]))
    world.settle()
    assert lively.take() == b"".join(b"%d," % number for number in range(100))
    assert blocked.pending
    stuck.resume()
    world.settle()
    assert blocked == [None]


def test_both_directions_push_back_by_themselves(world: World) -> None:
    server, client = world.pair(
        StreamSocket, StreamSocket, bind={"receive_hwm": 2}, connect={"send_hwm": 2}
    )
    [[at_server, _]], [[at_client, _]] = world.drain(server), world.drain(client)
    up = Outcomes(client.send_batch([[at_client, bytes(5000)]] * 300))
    world.settle()
    assert up.pending
    for _ in range(50):
        world.run(server.send([at_server, bytes(5000)]))
    assert sum(len(chunk) for _, chunk in world.drain(client)) == 50 * 5000
    assert up.pending
    assert sum(len(chunk) for _, chunk in world.drain(server)) == 300 * 5000
    assert up == [None]


def test_the_last_bytes_of_who_has_left_are_read_before_the_notice(world: World) -> None:
    stream = world.make(StreamSocket, receive_hwm=2)
    routing_id, client = fresh(world, stream)
    client.send(bytes(200_000))
    client.close()
    world.settle()
    received = world.drain(stream)
    assert sum(len(chunk) for _, chunk in received) == 200_000
    assert received[-1] == [routing_id, b""]
    assert [chunk for _, chunk in received].count(b"") == 1


def test_the_last_bytes_of_a_connection_that_broke_are_kept(world: World) -> None:
    stream = world.make(StreamSocket, receive_hwm=2)
    routing_id, client = fresh(world, stream)
    world.network.conditions = Conditions(buffer=100_000)
    client.send(bytes(30_000))
    world.settle()
    assert stream.stats.receive_queue == 2
    world.network.connections[0].reset()
    world.settle()
    received = world.drain(stream)
    assert [len(chunk) for _, chunk in received] == [CHUNK, CHUNK, CHUNK, 30_000 - 3 * CHUNK, 0]
    assert {name for name, _ in received} == {routing_id}
