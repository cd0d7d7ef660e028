"""pyzmtp, batches: ``send_batch`` and ``consume``; for REQ and REP ``try_send`` and ``consume``."""

from __future__ import annotations

from contextlib import AsyncExitStack
from time import perf_counter
from typing import Any

from twisted.internet.defer import Deferred

from bench.model import Announce, Job, Role, Sample
from bench.peers.pyzmtp_settings import ANY_PORT, settings, versions
from bench.peers.reactor import run
from bench.peers.timing import (
    WARM_UP,
    InFlight,
    check_message,
    check_payload,
    round_trip_sample,
    total_requests,
)
from pyzmtp import (
    DealerSocket,
    PubSocket,
    PullSocket,
    PushSocket,
    RepSocket,
    ReqSocket,
    RouterSocket,
    SubSocket,
)

__all__ = ["ROLES", "versions"]

#: Messages handed over at once. Half the high-water mark, so that one batch can be built while the
#: one before it is still queued.
_BATCH = 500


class _Counter:
    """Counts what ``consume`` hands over; the clock runs from the first batch to the last."""

    def __init__(self, wanted: int) -> None:
        self.wanted = wanted
        self.received = 0
        self.uncounted = 0
        self.start = 0.0
        self.done: Deferred[float] = Deferred()
        self.last: list[bytes] = []

    def take(self, batch: list[list[bytes]]) -> None:
        """Take one batch."""
        if not self.received:
            self.start = perf_counter()
            self.uncounted = len(batch)
        self.received += len(batch)
        if self.received == self.wanted:
            self.last = batch[-1]
            self.done.callback(perf_counter() - self.start)


class _Asker:
    """Sends the next request as soon as a reply is handed over."""

    def __init__(self, socket: ReqSocket, payload: bytes, count: int) -> None:
        self.socket = socket
        self.payload = payload
        self.remaining = count + WARM_UP
        self.count = count
        self.marks: list[float] = []
        self.last: list[bytes] = []
        self.done: Deferred[None] = Deferred()

    def take(self, batch: list[list[bytes]]) -> None:
        """Take a reply (there is never more than one) and ask again."""
        self.remaining -= 1
        if self.remaining <= self.count:
            self.marks.append(perf_counter())
        if self.remaining:
            self.ask()
        else:
            self.last = batch[-1]
            self.done.callback(None)

    def ask(self) -> None:
        """Send one request."""
        if not self.socket.try_send(self.payload):
            raise RuntimeError("the connected peer takes no request")


def _fail_with(waiting: Deferred[Any], consuming: Deferred[None]) -> None:
    """Make an error in a consumer end the wait for it."""
    consuming.addErrback(lambda failure: None if waiting.called else waiting.errback(failure))


async def _pull(reactor: Any, job: Job, announce: Announce) -> Sample:
    counter = _Counter(job.count)
    async with PullSocket(reactor, settings(job)) as socket:
        _fail_with(counter.done, socket.consume(counter.take))
        announce(await socket.bind(ANY_PORT))
        seconds = await counter.done
    check_message(counter.last, job)
    return Sample(operations=job.count - counter.uncounted, seconds=seconds)


async def _push(reactor: Any, job: Job) -> None:
    batch = [job.message()] * _BATCH
    async with PushSocket(reactor, settings(job)) as socket:
        socket.connect(job.address)
        for _ in range(job.count // _BATCH):
            await socket.send_batch(batch)
        if rest := job.count % _BATCH:
            await socket.send_batch(batch[:rest])


async def _publish(reactor: Any, job: Job, announce: Announce) -> None:
    batch = [job.message()] * _BATCH
    async with PubSocket(reactor, settings(job, xpub_nodrop=True)) as socket:
        announce(await socket.bind(ANY_PORT))
        await socket.wait_subscribed(count=job.subscribers)
        for _ in range(job.count // _BATCH):
            await socket.send_batch(batch)
        if rest := job.count % _BATCH:
            await socket.send_batch(batch[:rest])


async def _subscribe(reactor: Any, job: Job) -> Sample:
    counter = _Counter(job.count * job.subscribers)
    async with AsyncExitStack() as stack:
        for _ in range(job.subscribers):
            socket = await stack.enter_async_context(SubSocket(reactor, settings(job)))
            socket.subscribe(b"")
            _fail_with(counter.done, socket.consume(counter.take))
            await socket.connect(job.address)
        seconds = await counter.done
    check_message(counter.last, job)
    return Sample(operations=counter.wanted - counter.uncounted, seconds=seconds)


async def _reply(reactor: Any, job: Job, announce: Announce) -> None:
    remaining = job.count + WARM_UP
    done: Deferred[None] = Deferred()
    async with RepSocket(reactor, settings(job)) as socket:

        def echo(batch: list[list[bytes]]) -> None:
            nonlocal remaining
            for message in batch:
                socket.try_send(message)
            remaining -= len(batch)
            if not remaining:
                done.callback(None)

        _fail_with(done, socket.consume(echo))
        announce(await socket.bind(ANY_PORT))
        await done


async def _request(reactor: Any, job: Job) -> Sample:
    async with ReqSocket(reactor, settings(job)) as socket:
        asker = _Asker(socket, job.payload(), job.count)
        await socket.connect(job.address)
        asker.ask()  # a REQ that has not asked has nothing to consume
        _fail_with(asker.done, socket.consume(asker.take))
        await asker.done
    check_payload(asker.last[0], job.payload())
    return round_trip_sample(asker.marks)


async def _answer(reactor: Any, job: Job, announce: Announce) -> None:
    remaining = total_requests(job)
    done: Deferred[None] = Deferred()
    async with RouterSocket(reactor, settings(job)) as socket:

        def echo(batch: list[list[bytes]]) -> None:
            nonlocal remaining
            socket.send_batch(batch)
            remaining -= len(batch)
            if not remaining:
                done.callback(None)

        _fail_with(done, socket.consume(echo))
        announce(await socket.bind(ANY_PORT))
        await done


async def _ask(reactor: Any, job: Job) -> Sample:
    payload = job.payload()
    requests = InFlight(job)
    done: Deferred[Sample] = Deferred()
    async with DealerSocket(reactor, settings(job)) as socket:

        def take(batch: list[list[bytes]]) -> None:
            socket.send_batch([payload] * requests.replied(len(batch)))
            if requests.sample is not None:
                check_message(batch[-1], job)
                done.callback(requests.sample)

        await socket.connect(job.address)
        _fail_with(done, socket.consume(take))
        socket.send_batch([payload] * requests.sent(job.in_flight))
        return await done


ROLES: dict[str, Role] = {
    "answer": lambda job, announce: run(lambda reactor: _answer(reactor, job, announce)),
    "ask": lambda job, announce: run(lambda reactor: _ask(reactor, job)),
    "publish": lambda job, announce: run(lambda reactor: _publish(reactor, job, announce)),
    "subscribe": lambda job, announce: run(lambda reactor: _subscribe(reactor, job)),
    "pull": lambda job, announce: run(lambda reactor: _pull(reactor, job, announce)),
    "push": lambda job, announce: run(lambda reactor: _push(reactor, job)),
    "reply": lambda job, announce: run(lambda reactor: _reply(reactor, job, announce)),
    "request": lambda job, announce: run(lambda reactor: _request(reactor, job)),
}
