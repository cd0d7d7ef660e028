"""Our proxy between libzmq clients and libzmq workers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from interop.conversations import check
from interop.payloads import Made, Message
from interop.peer import LibzmqPeer, RemoteSocket, Spawn
from interop.reactor import reactor, until, within
from interop.sockets import any_address
from pyzmtp import (
    DealerSocket,
    Proxy,
    PullSocket,
    PushSocket,
    RouterSocket,
    Socket,
    SocketOptions,
    XPubSocket,
    XSubSocket,
)

MESSAGES: list[Message] = [
    [b"x"],
    [b""],
    [b"head", b"", b"tail"],
    [Made(70000, 1), b"after a large one"],
    *((b"#%d" % number, Made(number, 2)) for number in range(300)),
]


@asynccontextmanager
async def proxied(
    frontend: Socket, backend: Socket, transport: str, directory: Path
) -> AsyncIterator[tuple[str, str, Proxy]]:
    """Bind both, and run a proxy between them; give their addresses."""
    async with frontend, backend:
        where = any_address(transport, directory)
        front = await within(frontend.bind(where), "bind the frontend")
        other = where if transport == "tcp" else f"{where}-behind"
        back = await within(backend.bind(other), "bind the backend")
        proxy = Proxy(frontend, backend)
        started = proxy.start()
        yield front, back, proxy
        await within(proxy.stop(), "stop")
        await within(started, "the end of the proxy")


async def joined(peer: LibzmqPeer, kind: str, address: str, **options: int) -> RemoteSocket:
    """Open a libzmq socket that is connected to `address`."""
    theirs = await peer.open(kind, **options)
    await theirs.connect(address)
    return theirs


async def test_requests_and_replies(transport: str, spawn: Spawn, directory: Path) -> None:
    clients, workers = [await spawn() for _ in range(2)], [await spawn() for _ in range(2)]
    frontend, backend = RouterSocket(reactor), DealerSocket(reactor)
    async with proxied(frontend, backend, transport, directory) as (front, back, proxy):
        reqs = [await joined(peer, "REQ", front) for peer in clients]
        reps = [await joined(peer, "REP", back) for peer in workers]
        await until(lambda: len(backend.peers) == 2, "both workers")
        # The requests go to the workers in turn, whoever asks.
        echoes = [rep.echo(len(MESSAGES)) for rep in reps]
        asked = [req.request(MESSAGES) for req in reqs]
        for replies in asked:
            check(await replies, MESSAGES, "replies")
        for echo in echoes:
            assert await echo == len(MESSAGES)
        counted = proxy.statistics
        assert counted.frontend_received_parts == counted.frontend_sent_parts
        assert counted.backend_received_bytes == counted.frontend_sent_bytes
        assert counted.dropped_messages == 0


async def test_publishers_and_subscribers(
    transport: str, libzmq: LibzmqPeer, spawn: Spawn, directory: Path
) -> None:
    frontend, backend = XSubSocket(reactor), XPubSocket(reactor)
    async with proxied(frontend, backend, transport, directory) as (front, back, _):
        publisher = await joined(libzmq, "XPUB", front)
        peer = await spawn()
        one, other = await joined(peer, "SUB", back), await joined(peer, "SUB", back)
        await one.subscribe(b"a")
        check(await publisher.receive(1), [[b"\x01a"]], "the first subscription")
        await other.subscribe(b"a")
        await other.subscribe(b"b")
        check(await publisher.receive(1), [[b"\x01b"]], "the second")
        await publisher.send([[b"c"], [b"a1", b"x"], [b"b1"], [b"a, last"]])
        check(await one.receive_until(b"a, last"), [[b"a1", b"x"], [b"a, last"]], "one")
        heard = await other.receive_until(b"a, last")
        check(heard, [[b"a1", b"x"], [b"b1"], [b"a, last"]], "the other")
        await other.unsubscribe(b"b")
        check(await publisher.receive(1), [[b"\x00b"]], "the cancellation")


async def test_jobs(transport: str, libzmq: LibzmqPeer, spawn: Spawn, directory: Path) -> None:
    frontend, backend = PullSocket(reactor), PushSocket(reactor)
    async with proxied(frontend, backend, transport, directory) as (front, back, _):
        source = await joined(libzmq, "PUSH", front)
        sink = await joined(await spawn(), "PULL", back)
        received = sink.receive(len(MESSAGES))
        await source.send(MESSAGES)
        check(await received, MESSAGES, "jobs")


async def test_a_frozen_sink_stops_the_source(
    transport: str, libzmq: LibzmqPeer, spawn: Spawn, directory: Path
) -> None:
    options = SocketOptions(send_hwm=100, receive_hwm=100)
    frontend, backend = PullSocket(reactor, options), PushSocket(reactor, options)
    async with proxied(frontend, backend, transport, directory) as (front, back, proxy):
        peer = await spawn()
        sink = await joined(peer, "PULL", back, RCVHWM=100)
        await until(lambda: len(backend.peers) == 1, "the sink")
        peer.stop()
        source = await joined(libzmq, "PUSH", front, SNDHWM=100)
        sent = await source.flood([Made(50_000, 3)], 100_000)
        counted = proxy.statistics
        assert 0 < counted.frontend_received_parts - counted.backend_sent_parts <= 2 * 100
        assert sent < 10_000
        peer.resume()
        assert len(await sink.receive(sent)) == sent
