"""txZMQ 1.0.0: libzmq's file descriptor in Twisted's reactor.

What differs from its defaults, so that the comparison is fair and ends:

* ``highWaterMark`` is 0 (no limit) in txZMQ, 1000 everywhere else; with no limit a sender of 64 KiB
  messages would hold them all in memory. It gets the 1000 of the others. Its ``push()`` then raises
  ``zmq.Again`` when the mark is reached and offers no way to wait, so the sender tries again after
  a millisecond. That is also its best figure here: without a limit, and with a retry at once, it
  was slower at every size.
* ``lingerPeriod`` is 100 ms, which would lose the end of a large sample.
"""

from __future__ import annotations

from importlib.metadata import version
from itertools import cycle
from time import perf_counter
from typing import Any

import zmq
from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.task import deferLater
from txzmq import (  # type: ignore[import-untyped]
    ZmqDealerConnection,
    ZmqEndpoint,
    ZmqEndpointType,
    ZmqFactory,
    ZmqPullConnection,
    ZmqPushConnection,
    ZmqREPConnection,
    ZmqREQConnection,
    ZmqRouterConnection,
)

from bench.model import Announce, Job, Role, Sample
from bench.peers import import_time, libzmq
from bench.peers.reactor import binds, connects
from bench.peers.timing import (
    WARM_UP,
    InFlight,
    check_message,
    check_payload,
    groups,
    round_trip_sample,
    total_requests,
)

#: Messages between two visits to the reactor: txZMQ reads and schedules only there.
_BURST = 100

#: Seconds to wait when the high-water mark is reached.
_RETRY = 0.001


def versions() -> dict[str, str]:
    """Return txZMQ's version and those of what it stands on."""
    return {"txZMQ": version("txZMQ"), "Twisted": version("Twisted"), **libzmq.versions()}


def _factory(job: Job) -> Any:
    factory = ZmqFactory()
    factory.lingerPeriod = int(job.timeout * 1000)
    return factory


def _open(kind: Any, factory: Any, job: Job) -> Any:
    """Return a connection of ``kind`` with the settings of the job, not yet bound or connected."""
    connection = kind(factory)
    libzmq.configure(connection.socket, job)
    return connection


def _bind(connection: Any, job: Job, announce: Announce) -> None:
    connection.addEndpoints([ZmqEndpoint(ZmqEndpointType.bind, job.where)])
    announce(connection.socket.get_string(zmq.LAST_ENDPOINT))


def _connect(connection: Any, job: Job) -> None:
    connection.addEndpoints([ZmqEndpoint(ZmqEndpointType.connect, job.address)])


class _Counting(ZmqPullConnection):  # type: ignore[misc]
    """Counts what arrives; the clock runs from the end of the warm-up to the last message."""

    warm_up = wanted = 0
    received = 0
    start = 0.0
    done: Deferred[tuple[float, list[bytes]]]

    def onPull(self, message: list[bytes]) -> None:
        received = self.received = self.received + 1
        if received == self.warm_up:
            self.start = perf_counter()
        elif received == self.wanted:
            self.done.callback((perf_counter() - self.start, message))


class _Echo(ZmqREPConnection):  # type: ignore[misc]
    """Answers each request with itself, and fires ``done`` after the last."""

    wanted = 0
    answered = 0
    done: Deferred[None]

    def gotMessage(self, messageId: bytes, *parts: bytes) -> None:
        self.reply(messageId, *parts)
        self.answered += 1
        if self.answered == self.wanted:
            self.done.callback(None)


class _Answers(ZmqRouterConnection):  # type: ignore[misc]
    """Sends back what comes, and fires ``done`` after the last."""

    wanted = 0
    done: Deferred[None]

    def gotMessage(self, sender: bytes, *frames: bytes) -> None:
        self.sendMultipart(sender, list(frames))
        self.wanted -= 1
        if not self.wanted:
            self.done.callback(None)


class _Asks(ZmqDealerConnection):  # type: ignore[misc]
    """Sends the next request for each reply."""

    job: Job
    requests: InFlight
    done: Deferred[Sample]

    def begin(self) -> None:
        for _ in range(self.requests.sent(self.job.in_flight)):
            self.sendMsg(self.job.payload())

    def gotMessage(self, *frames: bytes) -> None:
        if self.requests.replied(1):
            self.sendMsg(self.job.payload())
        if self.requests.sample is not None:
            check_message(frames, self.job)
            self.done.callback(self.requests.sample)


async def _pull(reactor: Any, job: Job, announce: Announce) -> Sample:
    factory = _factory(job)
    connection = _open(_Counting, factory, job)
    connection.wanted, connection.warm_up = job.count, job.pushers
    connection.done = Deferred()
    _bind(connection, job, announce)
    seconds, last = await connection.done
    check_message(last, job)
    factory.shutdown()
    return Sample(operations=job.count - job.pushers, seconds=seconds)


async def _push(reactor: Any, job: Job) -> None:
    factory = _factory(job)
    connection = _open(ZmqPushConnection, factory, job)
    peer_gone = libzmq.departure(connection.socket, job)
    _connect(connection, job)
    await _send_all(reactor, [connection.push], job.message(), job.count)
    if peer_gone is not None:
        while not peer_gone.poll(0):
            await deferLater(reactor, _RETRY)
        peer_gone.close()
    factory.shutdown()


async def _send_all(reactor: Any, senders: list[Any], message: Any, count: int) -> None:
    """Send messages with each of ``senders`` in turn."""
    in_turn = cycle(senders)
    push = next(in_turn)
    while count:
        delay = 0.0
        try:
            for _ in range(min(_BURST, count)):
                push(message)
                count -= 1
                push = next(in_turn)
        except zmq.Again:
            delay = _RETRY
        await deferLater(reactor, delay)


async def _push_each(reactor: Any, job: Job) -> None:
    factory = _factory(job)
    senders = []
    for _ in range(job.pushers):
        connection = _open(ZmqPushConnection, factory, job)
        connection.socket.set(
            zmq.IMMEDIATE, 1
        )  # so that the first message waits for the connection
        _connect(connection, job)
        await _send_all(reactor, [connection.push], job.message(), 1)
        senders.append(connection.push)
    await _send_all(reactor, senders, job.message(), job.count - job.pushers)
    factory.shutdown()


async def _reply(reactor: Any, job: Job, announce: Announce) -> None:
    factory = _factory(job)
    connection = _open(_Echo, factory, job)
    connection.wanted = job.count + WARM_UP
    connection.done = Deferred()
    _bind(connection, job, announce)
    await connection.done
    factory.shutdown()


async def _request(reactor: Any, job: Job) -> Sample:
    factory = _factory(job)
    connection = _open(ZmqREQConnection, factory, job)
    _connect(connection, job)
    payload = job.payload()
    answer: list[bytes] = []
    for _ in range(WARM_UP):
        await connection.sendMsg(payload)
    marks = [perf_counter()]
    for _ in range(job.count):
        answer = await connection.sendMsg(payload)
        marks.append(perf_counter())
    check_payload(answer[0], payload)
    factory.shutdown()
    return round_trip_sample(marks)


async def _visit(reactor: Any, job: Job) -> Sample:
    factory = _factory(job)
    payload = job.payload()

    async def at_once(number: int) -> None:
        connections = [_open(ZmqREQConnection, factory, job) for _ in range(number)]
        for connection in connections:
            _connect(connection, job)
        for [answer] in await gatherResults([each.sendMsg(payload) for each in connections]):
            check_payload(answer, payload)
        for connection in connections:
            connection.shutdown()

    for number in groups(WARM_UP, job.connections):
        await at_once(number)
    start = perf_counter()
    for number in groups(job.count, job.connections):
        await at_once(number)
    seconds = perf_counter() - start
    factory.shutdown()
    return Sample(operations=job.count, seconds=seconds)


async def _answer(reactor: Any, job: Job, announce: Announce) -> None:
    factory = _factory(job)
    connection = _open(_Answers, factory, job)
    connection.wanted = total_requests(job)
    connection.done = Deferred()
    _bind(connection, job, announce)
    await connection.done
    factory.shutdown()


async def _ask(reactor: Any, job: Job) -> Sample:
    factory = _factory(job)
    connection = _open(_Asks, factory, job)
    connection.job = job
    connection.requests = InFlight(job)
    connection.done = Deferred()
    _connect(connection, job)
    connection.begin()
    sample: Sample = await connection.done
    factory.shutdown()
    return sample


ROLES: dict[str, Role] = {
    **import_time.roles("txzmq"),
    "answer": binds(_answer),
    "ask": connects(_ask),
    "pull": binds(_pull),
    "push": connects(_push),
    "push-each": connects(_push_each),
    "reply": binds(_reply),
    "request": connects(_request),
    "visit": connects(_visit),
    "welcome": binds(_reply),
}
