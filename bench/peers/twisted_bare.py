"""Twisted's transports without a protocol on them: the floor under everything that uses them.

The payloads pass without framing, and what has the size of a message counts as one. Buffers, TCP_NODELAY
and what a transport sends at once are those of pyzmtp.
"""

from __future__ import annotations

import socket
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

from twisted.internet.defer import Deferred, ensureDeferred, gatherResults
from twisted.internet.endpoints import clientFromString, connectProtocol, serverFromString
from twisted.internet.interfaces import IPushProducer
from twisted.internet.protocol import Factory, Protocol
from zope.interface import implementer

from bench.model import Announce, Job, Role, Sample
from bench.peers.reactor import binds, connects
from bench.peers.timing import WARM_UP, groups, round_trip_sample
from pyzmtp.cli.about import installed_version
from pyzmtp.net.kernel import SEND_SIZE, send_more_at_once

#: Bytes handed to the transport at once, where messages are smaller: as many as it sends at once.
_CHUNK = SEND_SIZE


def versions() -> dict[str, str]:
    """Return Twisted's version."""
    return {"Twisted": installed_version("Twisted")}


def _set_buffers(handle: socket.socket, job: Job) -> None:
    if job.kernel_buffer:
        handle.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, job.kernel_buffer)
        handle.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, job.kernel_buffer)


class _End(Protocol):
    """One end of a connection, with everybody's buffers; ``done`` fires when it has done its work."""

    transport: Any

    def __init__(self, job: Job) -> None:
        self.job = job
        self.done: Deferred[Any] = Deferred()

    def connectionMade(self) -> None:
        _set_buffers(self.transport.getHandle(), self.job)
        send_more_at_once(self.transport)
        if self.job.transport == "tcp":
            self.transport.setTcpNoDelay(True)


class _Sink(_End):
    """Counts the bytes that arrive; the clock runs from the first chunk to the last."""

    received = first = 0
    start = 0.0

    def dataReceived(self, data: bytes) -> None:
        if not self.received:
            self.start = perf_counter()
            self.first = len(data)
        self.received += len(data)
        if self.received == self.job.count * self.job.size:
            seconds = perf_counter() - self.start
            counted = (self.received - self.first) // self.job.size
            self.done.callback(Sample(operations=counted, seconds=seconds))


@implementer(IPushProducer)
class _Source(_End):
    """Writes whenever there is room, and ends the connection behind the last message."""

    def connectionMade(self) -> None:
        super().connectionMade()
        self._left = self.job.count
        self._at_once = max(_CHUNK // self.job.size, 1)
        self._chunk = self.job.payload() * self._at_once
        self._paused = False
        self.transport.registerProducer(self, True)
        self.resumeProducing()

    def resumeProducing(self) -> None:
        self._paused = False
        while self._left and not self._paused:
            number = min(self._left, self._at_once)
            self._left -= number
            whole = number == self._at_once
            self.transport.write(self._chunk if whole else self._chunk[: number * self.job.size])
        if not self._left:
            self.transport.unregisterProducer()
            self.transport.loseConnection()

    def pauseProducing(self) -> None:
        self._paused = True

    def stopProducing(self) -> None:
        self._left = 0

    def connectionLost(self, reason: Any = None) -> None:
        self.done.callback(None)


class _Echo(_End):
    """Sends back what comes, until the other side has enough."""

    def dataReceived(self, data: bytes) -> None:
        self.transport.write(data)

    def connectionLost(self, reason: Any = None) -> None:
        self.done.callback(None)


class _Asker(_End):
    """Sends the next message as soon as the last one is back."""

    def connectionMade(self) -> None:
        super().connectionMade()
        self._payload = self.job.payload()
        self._left = self.job.count + WARM_UP
        self._marks: list[float] = []
        self._missing = self.job.size
        self.transport.write(self._payload)

    def dataReceived(self, data: bytes) -> None:
        self._missing -= len(data)
        if self._missing:
            return
        self._missing = self.job.size
        self._left -= 1
        if self._left <= self.job.count:
            self._marks.append(perf_counter())
        if self._left:
            self.transport.write(self._payload)
        else:
            self.transport.loseConnection()
            self.done.callback(round_trip_sample(self._marks))


class _Visitor(_End):
    """Says one thing, hears it back and goes."""

    def connectionMade(self) -> None:
        super().connectionMade()
        self._missing = self.job.size
        self.transport.write(self.job.payload())

    def dataReceived(self, data: bytes) -> None:
        self._missing -= len(data)
        if not self._missing:
            self.transport.loseConnection()

    def connectionLost(self, reason: Any = None) -> None:
        self.done.callback(None)


async def _bind(
    reactor: Any, job: Job, announce: Announce, kind: type[_End], connections: int = 1
) -> Any:
    """Let that many connections in, and return what came of the last."""
    left = connections
    done: Deferred[Any] = Deferred()

    def ended(result: Any) -> None:
        nonlocal left
        left -= 1
        if not left:
            done.callback(result)

    def build() -> _End:
        end = kind(job)
        end.done.addCallbacks(ended, done.errback)
        return end

    with TemporaryDirectory() as directory:
        path = f"{directory}/bench"
        where = "tcp:0:interface=127.0.0.1" if job.transport == "tcp" else f"unix:{path}"
        port: Any = await serverFromString(reactor, where).listen(Factory.forProtocol(build))
        _set_buffers(port.socket, job)  # before anybody connects, as all of them do
        announce(
            f"tcp:127.0.0.1:{port.getHost().port}" if job.transport == "tcp" else f"unix:{path}"
        )
        result = await done
        await port.stopListening()
    return result


async def _connect(reactor: Any, end: _End) -> Any:
    """Make the connection, and return what comes of it."""
    await connectProtocol(clientFromString(reactor, end.job.address), end)
    return await end.done


async def _visit(reactor: Any, job: Job) -> Sample:
    async def at_once(number: int) -> None:
        visits = [ensureDeferred(_connect(reactor, _Visitor(job))) for _ in range(number)]
        await gatherResults(visits)

    for number in groups(WARM_UP, job.connections):
        await at_once(number)
    start = perf_counter()
    for number in groups(job.count, job.connections):
        await at_once(number)
    return Sample(operations=job.count, seconds=perf_counter() - start)


ROLES: dict[str, Role] = {
    "pull": binds(lambda reactor, job, announce: _bind(reactor, job, announce, _Sink)),
    "push": connects(lambda reactor, job: _connect(reactor, _Source(job))),
    "reply": binds(lambda reactor, job, announce: _bind(reactor, job, announce, _Echo)),
    "request": connects(lambda reactor, job: _connect(reactor, _Asker(job))),
    "visit": connects(_visit),
    "welcome": binds(
        lambda reactor, job, announce: _bind(
            reactor, job, announce, _Echo, connections=WARM_UP + job.count
        )
    ),
}
