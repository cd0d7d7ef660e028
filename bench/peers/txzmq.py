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
from time import perf_counter
from typing import Any

import zmq
from twisted.internet.defer import Deferred
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
from bench.peers import libzmq
from bench.peers.reactor import run
from bench.peers.timing import (
    WARM_UP,
    InFlight,
    check_message,
    check_payload,
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


def _bind(connection: Any, announce: Announce) -> None:
    connection.addEndpoints([ZmqEndpoint(ZmqEndpointType.bind, libzmq.ANY_PORT)])
    announce(connection.socket.get_string(zmq.LAST_ENDPOINT))


def _connect(connection: Any, job: Job) -> None:
    connection.addEndpoints([ZmqEndpoint(ZmqEndpointType.connect, job.address)])


class _Counting(ZmqPullConnection):  # type: ignore[misc]
    """Counts what arrives; the clock runs from the first message to the last."""

    wanted = 0
    received = 0
    start = 0.0
    done: Deferred[tuple[float, list[bytes]]]

    def onPull(self, message: list[bytes]) -> None:
        received = self.received = self.received + 1
        if received == 1:
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


async def _pull(job: Job, announce: Announce) -> Sample:
    factory = _factory(job)
    connection = _open(_Counting, factory, job)
    connection.wanted = job.count
    connection.done = Deferred()
    _bind(connection, announce)
    seconds, last = await connection.done
    check_message(last, job)
    factory.shutdown()
    return Sample(operations=job.count - 1, seconds=seconds)


async def _push(reactor: Any, job: Job) -> None:
    factory = _factory(job)
    connection = _open(ZmqPushConnection, factory, job)
    _connect(connection, job)
    message = job.message()
    push = connection.push
    remaining = job.count
    while remaining:
        delay = 0.0
        try:
            for _ in range(min(_BURST, remaining)):
                push(message)
                remaining -= 1
        except zmq.Again:
            delay = _RETRY
        await deferLater(reactor, delay)
    factory.shutdown()


async def _reply(job: Job, announce: Announce) -> None:
    factory = _factory(job)
    connection = _open(_Echo, factory, job)
    connection.wanted = job.count + WARM_UP
    connection.done = Deferred()
    _bind(connection, announce)
    await connection.done
    factory.shutdown()


async def _request(job: Job) -> Sample:
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


async def _answer(job: Job, announce: Announce) -> None:
    factory = _factory(job)
    connection = _open(_Answers, factory, job)
    connection.wanted = total_requests(job)
    connection.done = Deferred()
    _bind(connection, announce)
    await connection.done
    factory.shutdown()


async def _ask(job: Job) -> Sample:
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
    "answer": lambda job, announce: run(lambda reactor: _answer(job, announce)),
    "ask": lambda job, announce: run(lambda reactor: _ask(job)),
    "pull": lambda job, announce: run(lambda reactor: _pull(job, announce)),
    "push": lambda job, announce: run(lambda reactor: _push(reactor, job)),
    "reply": lambda job, announce: run(lambda reactor: _reply(job, announce)),
    "request": lambda job, announce: run(lambda reactor: _request(job)),
}
