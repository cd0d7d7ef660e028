"""pyzmtp, batches: ``send_batch`` and ``consume``; for REQ and REP ``try_send`` and ``consume``.

What has no other form, such as the memory that a connection takes, is measured in this row alone.
"""

from __future__ import annotations

from contextlib import AsyncExitStack
from time import perf_counter
from typing import Any

from twisted.internet.defer import Deferred

from bench.model import Announce, Job, Role, Sample
from bench.peers import import_time, pyzmtp_matching, pyzmtp_memory, pyzmtp_visits, topics
from bench.peers.pyzmtp_sending import Senders
from bench.peers.pyzmtp_settings import settings, versions
from bench.peers.reactor import binds, both, connects
from bench.peers.timing import (
    WARM_UP,
    InFlight,
    check_message,
    check_payload,
    groups,
    round_trip_sample,
    total_requests,
)
from pyzmtp import (
    DealerSocket,
    PubSocket,
    PullSocket,
    RepSocket,
    ReqSocket,
    RouterSocket,
    SendingSocket,
    SubSocket,
)

__all__ = ["ROLES", "versions"]

#: Messages handed over at once. Half the high-water mark, so that one batch can be built while the
#: one before it is still queued.
_BATCH = 500

#: Bytes handed over at once: nobody builds batches of half a gigabyte.
_BATCH_BYTES = 1 << 22


class _Counter:
    """Counts what ``consume`` hands over; the clock runs from the first batch to the last.

    With a warm-up, from the batch that ends it.
    """

    def __init__(self, wanted: int, warm_up: int = 1) -> None:
        self.wanted = wanted
        self.warm_up = warm_up
        self.received = 0
        self.uncounted = 0
        self.start = 0.0
        self.done: Deferred[float] = Deferred()
        self.last: list[bytes] = []

    def take(self, batch: list[list[bytes]]) -> None:
        """Take one batch."""
        before, self.received = self.received, self.received + len(batch)
        if before < self.warm_up <= self.received:
            self.start = perf_counter()
            self.uncounted = self.received
        if self.received == self.wanted:
            self.last = batch[-1]
            self.done.callback(perf_counter() - self.start)


class _Asker:
    """Sends the next request as soon as a reply is handed over."""

    def __init__(self, socket: ReqSocket | DealerSocket, payload: bytes, count: int) -> None:
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
    counter = _Counter(job.count, job.pushers)
    async with PullSocket(reactor, settings(job)) as socket:
        _fail_with(counter.done, socket.consume(counter.take))
        announce(await socket.bind(job.where))
        seconds = await counter.done
    check_message(counter.last, job)
    return Sample(operations=job.count - counter.uncounted, seconds=seconds)


async def _send_all(socket: SendingSocket, message: bytes | list[bytes], count: int) -> None:
    size = len(message) if isinstance(message, bytes) else sum(map(len, message))
    batch = [message] * max(min(_BATCH, _BATCH_BYTES // size), 1)
    for number in groups(count, len(batch)):
        await socket.send_batch(batch[:number])


async def _publish_topics(reactor: Any, job: Job, announce: Announce) -> None:
    messages = topics.messages(job)
    options = settings(job, xpub_nodrop=True, max_subscriptions=0)
    async with PubSocket(reactor, options) as socket:
        announce(await socket.bind(job.where))
        await socket.wait_subscribed(topics.LAST)
        for start in range(0, job.count, _BATCH):
            await socket.send_batch(messages[start : start + _BATCH])


async def _subscribe_topics(reactor: Any, job: Job) -> Sample:
    counter = _Counter(job.count)
    async with SubSocket(reactor, settings(job)) as socket:
        for topic in topics.subscriptions(job):
            socket.subscribe(topic)
        _fail_with(counter.done, socket.consume(counter.take))
        await socket.connect(job.address)
        socket.subscribe(topics.LAST)
        seconds = await counter.done
    topics.check(counter.last[0], job)
    return Sample(operations=job.count - counter.uncounted, seconds=seconds)


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
        announce(await socket.bind(job.where))
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
        announce(await socket.bind(job.where))
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


async def _take_turns(reactor: Any, job: Job, announce: Announce) -> Sample:
    async with DealerSocket(reactor, settings(job)) as socket:
        announce(await socket.bind(job.where))
        for _ in range(job.connections):
            await socket.receive()
        asker = _Asker(socket, job.payload(), job.count)
        _fail_with(asker.done, socket.consume(asker.take))
        asker.ask()
        await asker.done
    check_payload(asker.last[0], job.payload())
    return round_trip_sample(asker.marks)


_SENDERS = Senders(_send_all)

ROLES: dict[str, Role] = {
    **_SENDERS.roles,
    **import_time.roles("pyzmtp"),
    **pyzmtp_matching.ROLES,
    **pyzmtp_memory.ROLES,
    **pyzmtp_visits.ROLES,
    "answer": binds(_answer),
    "ask": connects(_ask),
    "publish-topics": binds(_publish_topics),
    "pull": binds(_pull),
    "pull+push": both(_pull, _SENDERS.push),
    "reply": binds(_reply),
    "reply+request": both(_reply, _request),
    "request": connects(_request),
    "subscribe": connects(_subscribe),
    "subscribe-topics": connects(_subscribe_topics),
    "take-turns": binds(_take_turns),
    "welcome": binds(_reply),
}
