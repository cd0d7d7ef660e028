"""What depends most on the reactor: time, pressure, peers that go, the end, names, threads, toolkits."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial
from itertools import pairwise
from typing import Any, Final

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorMulticast, IReactorPluggableNameResolver
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.python.failure import Failure

from pyzmtp import (
    ConnectAborted,
    ConnectRetried,
    DealerSocket,
    Disconnected,
    DishSocket,
    HandshakeFailed,
    HandshakeTimeout,
    HeartbeatTimeout,
    PullSocket,
    PushSocket,
    RadioSocket,
    ReceiveTimeout,
    RepSocket,
    ReqSocket,
    RequestTimeout,
    RouterSocket,
    SendTimeout,
    Socket,
)

from .case import PATIENCE, Absent, Case, Stage
from .conversations import BURST, carry, join, receive

__all__ = ["CASES"]

MEBIBYTE: Final = 1 << 20

#: The greeting and the READY of a PULL under NULL (RFC 37).
READY_PULL: Final = (
    bytes.fromhex("ff00000000000000017f0301")
    + b"NULL".ljust(20, b"\0")
    + bytes(32)
    + (b"\x04\x1a\x05READY\x0bSocket-Type\x00\x00\x00\x04PULL")
)


class Silent(Protocol):
    """A peer that says a few bytes and then nothing more."""

    def connectionMade(self) -> None:
        assert self.transport is not None
        assert isinstance(self.factory, SilentFactory)
        self.transport.write(self.factory.says)
        self.factory.connections += 1

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        assert isinstance(self.factory, SilentFactory)
        self.factory.connections -= 1


class SilentFactory(Factory):
    """Makes them, and knows how many there are."""

    protocol = Silent
    noisy = False

    def __init__(self, says: bytes) -> None:
        self.says = says
        self.connections = 0


@asynccontextmanager
async def silent(stage: Stage, says: bytes = b"") -> AsyncIterator[str]:
    """An address where such a peer answers; at the end it has parted from everybody."""
    factory = SilentFactory(says)
    port = stage.reactor.listenTCP(0, factory, interface="127.0.0.1")
    yield f"tcp://127.0.0.1:{port.getHost().port}"
    await stage.close_all()
    await stage.until(lambda: not factory.connections, "the end of the connections")
    await stage.within(port.stopListening(), "stopListening")


def log_of(socket: Socket) -> list[Any]:
    """The events of a socket from now on."""
    events: list[Any] = []
    socket.on_event(events.append)
    return events


def of(events: list[Any], kind: type[Any]) -> list[Any]:
    """Those of one kind."""
    return [event for event in events if isinstance(event, kind)]


async def pressure(transport: str, stage: Stage) -> None:
    """Who does not receive holds up who sends, a large message arrives whole, and none is lost."""
    await stage.check_transport(transport)
    pull, push = stage.open(PullSocket, receive_hwm=2), stage.open(PushSocket, send_hwm=2)
    await join(stage, transport, pull, push)
    large = bytes(range(256)) * (16 * MEBIBYTE // 256)
    await stage.within(push.send([b"large", large]), "send")
    count = still = 0
    while still < 10:  # what is in the transport may still leave for the system's buffers
        while push.try_send([b"%d" % count, bytes(MEBIBYTE)]):
            count += 1
            still = 0
            assert count < 100, "nothing held the sender up"
        await stage.pause(0.005)
        still += pull.stats.receive_queue == 2
    waiting = push.send(b"last")
    await stage.pause(0.02)
    assert not waiting.called
    assert await stage.within(pull.receive(), "the large message") == [b"large", large]
    for number in range(count):
        name, body = await stage.within(pull.receive(), "message")
        assert (name, len(body)) == (b"%d" % number, MEBIBYTE)
    assert await stage.within(pull.receive(), "the last message") == [b"last"]
    await stage.within(waiting, "the send that waited")


async def reconnect(transport: str, stage: Stage) -> None:
    """A peer that is lost and comes back is connected to again, and what was queued arrives."""
    await stage.check_transport(transport)
    dealer = stage.open(DealerSocket, routing_id=b"d", reconnect_interval=0.02)
    events = log_of(dealer)
    router = stage.open(RouterSocket)
    address = await stage.within(router.bind(stage.lasting(transport)), "bind")
    await stage.within(dealer.connect(address), "connect")
    for round in range(1, 3):
        await carry(stage, dealer, router, BURST, (), [b"d"])
        await stage.within(router.close(linger=0), "close")
        await stage.until(lambda: len(of(events, Disconnected)) == round, "the loss")  # noqa: B023
        await stage.within(dealer.send(b"queued"), "send")
        await stage.until(lambda: of(events, ConnectRetried), "another attempt")
        router = stage.open(RouterSocket)
        await stage.within(router.bind(address), "bind again")
        assert await stage.within(router.receive(), "the queued message") == [b"d", b"queued"]


async def heartbeat(stage: Stage) -> None:
    """A peer that has said READY and then nothing is given up; one that answers is not."""
    router, dealer = stage.open(RouterSocket), stage.open(DealerSocket, heartbeat_interval=0.02)
    live = log_of(dealer)
    await join(stage, "tcp", router, dealer)
    push = stage.open(PushSocket, heartbeat_interval=0.05, heartbeat_timeout=0.1)
    events = log_of(push)
    async with silent(stage, READY_PULL) as address:
        begun = stage.reactor.seconds()
        await stage.within(push.connect(address), "connect")
        await stage.until(lambda: of(events, Disconnected), "the end of patience")
        assert stage.reactor.seconds() - begun >= 0.12
        assert isinstance(of(events, Disconnected)[0].reason, HeartbeatTimeout)
        assert len(router.peers) == 1
        assert not of(live, Disconnected)


async def timers(stage: Stage) -> None:
    """Every time limit holds: not sooner, not much later."""
    pull = stage.open(PullSocket, receive_timeout=0.05)
    push = stage.open(PushSocket, send_timeout=0.05)
    req, rep = stage.open(ReqSocket), stage.open(RepSocket)
    await join(stage, "tcp", rep, req)
    limited: list[tuple[Callable[[], Deferred[Any]], type[Exception]]] = [
        (pull.receive, ReceiveTimeout),
        (lambda: push.send(b"nobody is there"), SendTimeout),
        (lambda: req.request(b"nobody answers", timeout=0.05), RequestTimeout),
    ]
    for started, error in limited:
        begun = stage.reactor.seconds()
        try:
            await stage.within(started(), "a time limit")
        except error:
            # The clock of Windows goes in steps of 16 ms.
            assert 0.03 <= stage.reactor.seconds() - begun < 5
        else:
            raise AssertionError(f"no {error.__name__}")


async def handshake_timeout(stage: Stage) -> None:
    """Who is there but says nothing is not waited for."""
    push = stage.open(PushSocket, handshake_timeout=0.05, reconnect_interval=0.01)
    events = log_of(push)
    async with silent(stage) as address:
        push.connect(address)
        await stage.until(lambda: len(of(events, HandshakeFailed)) == 2, "two failures")
        assert all(isinstance(one.error, HandshakeTimeout) for one in of(events, HandshakeFailed))


async def refused(stage: Stage) -> None:
    """Attempts go on, less and less often, where nobody listens."""
    address = stage.lasting("tcp")
    push = stage.open(PushSocket, reconnect_interval=0.01, reconnect_interval_max=0.1)
    events = log_of(push)
    push.connect(address)
    await stage.until(lambda: len(of(events, ConnectRetried)) == 3, "three attempts")
    delays = [event.delay for event in of(events, ConnectRetried)]
    assert all(one <= other for one, other in pairwise(delays)), delays
    pull = stage.open(PullSocket)
    await stage.within(pull.bind(address), "bind")
    await stage.until(lambda: push.peers, "a connection at last")


async def close(stage: Stage) -> None:
    """What was queued leaves before close() fires, and then nothing is left."""
    pull, push = stage.open(PullSocket), stage.open(PushSocket)
    await join(stage, "tcp", pull, push)
    await stage.within(push.send_batch(BURST), "send")
    closing = push.close()
    assert await receive(pull, len(BURST)) == BURST
    await stage.within(closing, "close")


async def close_early(stage: Stage) -> None:
    """A socket can be closed at any moment, even when it has only begun."""
    async with silent(stage) as address:
        for pause in (None, 0, 0.01):
            push = stage.open(PushSocket)
            push.bind("tcp://127.0.0.1:*")
            push.connect(address)
            push.connect("inproc://nobody")
            push.connect("tcp://127.0.0.1:1")  # where nobody listens
            if pause is not None:
                await stage.pause(pause)
            await stage.within(push.close(linger=0), "close")


async def names(stage: Stage) -> None:
    """A host name is looked up by the reactor; a lookup that is given up leaves nothing."""
    if not IReactorPluggableNameResolver.providedBy(stage.reactor):
        raise Absent("no IReactorPluggableNameResolver")
    pull, push = stage.open(PullSocket), stage.open(PushSocket)
    address = await stage.within(pull.bind("tcp://127.0.0.1:*"), "bind")
    named = address.replace("127.0.0.1", "localhost")
    await stage.within(push.connect(named), "connect")
    await carry(stage, push, pull, BURST)
    hasty = stage.open(PushSocket)
    failed = hasty.connect(named)
    await stage.within(hasty.close(linger=0), "close")
    with suppress(ConnectAborted):
        await stage.within(failed, "the end of the attempt")
    # Twisted looks names up in threads, and nothing ends that: the answer comes, to nobody.
    await stage.until(lambda: not stage.reactor.getThreadPool().working, "the end of the lookup")
    await stage.pause(0.01)


async def threads(stage: Stage) -> None:
    """Another thread wakes the reactor to send."""
    pull, push = stage.open(PullSocket), stage.open(PushSocket)
    await join(stage, "tcp", pull, push)

    def work() -> None:
        for message in BURST:
            stage.reactor.callFromThread(push.try_send, message)

    thread = threading.Thread(target=work)
    thread.start()
    assert await receive(pull, len(BURST)) == BURST
    thread.join()


async def multicast(stage: Stage) -> None:
    """A group of hosts, of which this is one."""
    if not IReactorMulticast.providedBy(stage.reactor):
        raise Absent("no IReactorMulticast")
    where = stage.lasting("udp").replace("127.0.0.1", "127.0.0.1;239.255.77.2")
    dish, radio = stage.open(DishSocket), stage.open(RadioSocket)
    dish.join(b"TV")
    await stage.within(dish.bind(where), "bind")
    await stage.within(radio.connect(where), "connect")
    await stage.within(radio.send([b"TV", b"Friends"]), "send")
    assert await stage.within(dish.receive(), "datagram") == [b"TV", b"Friends"]


async def toolkit(stage: Stage) -> None:
    """Messages without end leave the toolkit time for its own."""
    if stage.ticks is None:
        raise Absent
    pull, push = stage.open(PullSocket), stage.open(PushSocket)
    await join(stage, "tcp", pull, push)
    enough, ends = stage.ticks() + 10, stage.reactor.seconds() + PATIENCE
    consumed = 0

    def consume(batch: list[list[bytes]]) -> None:
        nonlocal consumed
        consumed += len(batch)

    pull.consume(consume)
    while stage.ticks() < enough:
        assert stage.reactor.seconds() < ends, "the toolkit's timer hardly fires"
        await stage.within(push.send_batch(BURST), "send")
    assert consumed >= len(BURST)


CASES: Final = [
    *(
        Case(f"back-pressure over {transport}", ("pressure",), partial(pressure, transport))
        for transport in ("tcp", "ipc")
    ),
    *(
        Case(f"reconnection over {transport}", ("reconnect",), partial(reconnect, transport))
        for transport in ("tcp", "ipc")
    ),
    Case("nobody listens", ("reconnect",), refused),
    Case("heartbeat", ("heartbeat",), heartbeat),
    Case("time limits", ("timers",), timers),
    Case("handshake timeout", ("timers",), handshake_timeout),
    Case("close with messages queued", ("close",), close),
    Case("close at any moment", ("close",), close_early),
    Case("host names", ("names",), names),
    Case("threads", ("threads",), threads),
    Case("multicast", ("udp",), multicast),
    Case("the toolkit's own timer", ("toolkit",), toolkit),
]
