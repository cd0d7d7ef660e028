"""Proxy with a STREAM: bytes of anybody as messages for others, and what does not fit."""

from __future__ import annotations

from pyzmtp import DealerSocket, Proxy, PullSocket, PushSocket, StreamSocket
from pyzmtp.testing import Conditions

from ..sockets.world import Outcomes, World


def test_a_worker_serves_clients_that_speak_bytes(world: World) -> None:
    frontend, backend = world.make(StreamSocket), world.make(DealerSocket)
    worker = world.make(DealerSocket)
    address = world.bind(frontend)
    world.link(backend, worker)
    Outcomes(Proxy(frontend, backend).start())
    clients = [world.attach_raw(frontend, b"", address) for _ in range(2)]
    for number, client in enumerate(clients):
        client.send(b"request %d" % number)
    *notices, first, second = world.drain(worker)
    assert [chunk for _, chunk in notices] == [b"", b""]
    for routing_id, request in (second, first):
        worker.try_send([routing_id, b"re " + request])
        worker.try_send([routing_id, b""])
    world.settle()
    assert [client.received for client in clients] == [b"re request 0", b"re request 1"]
    assert None not in [client.closed for client in clients]


def test_what_a_stream_cannot_be_sent_is_dropped_and_counted(world: World) -> None:
    source, frontend = world.make(PushSocket), world.make(PullSocket)
    stream = world.make(StreamSocket)
    world.link(frontend, source)
    peer = world.attach_raw(stream, b"")
    [known] = stream.peers
    proxy = Proxy(frontend, stream)
    started = Outcomes(proxy.start())
    for frames in ([b"x"], [b"nobody", b"x"], [known.routing_id, b"x", b"y"], [b"nobody", b""]):
        source.try_send(frames)
    source.try_send([known.routing_id, b"fits"])
    world.settle()
    assert peer.take() == b"fits"
    assert proxy.statistics.dropped_messages == 4
    assert proxy.statistics.backend_sent_parts == 2
    assert started.pending


def test_a_stream_without_notices_echoes_through_itself(world: World) -> None:
    stream = world.make(StreamSocket, stream_notify=False)
    peer = world.attach_raw(stream, b"hello")
    Outcomes(Proxy(stream, stream).start())
    world.settle()
    assert peer.take() == b"hello"
    assert peer.closed is None


def test_a_peer_that_does_not_read_holds_up_the_other_side(world: World) -> None:
    world.network.conditions = Conditions(buffer=1000)
    source, frontend = world.make(PushSocket, send_hwm=5), world.make(PullSocket, receive_hwm=5)
    stream = world.make(StreamSocket, send_hwm=5)
    world.link(frontend, source)
    peer = world.attach_raw(stream, b"")
    [known] = stream.peers
    peer.pause()
    Outcomes(Proxy(frontend, stream).start())
    sent = Outcomes(source.send_batch([[known.routing_id, bytes(1000)]] * 3000))
    world.settle()
    assert sent.pending
    peer.resume()
    world.settle()
    assert sent == [None]
    assert peer.take() == bytes(3_000_000)
