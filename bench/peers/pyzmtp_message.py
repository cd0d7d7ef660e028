"""pyzmtp, one ``await`` a message: what a program that is written the plain way gets."""

from __future__ import annotations

from contextlib import AsyncExitStack
from time import perf_counter
from typing import Any

from twisted.internet.defer import Deferred, gatherResults

from bench.model import Announce, Job, Role, Sample
from bench.peers import topics
from bench.peers.pyzmtp_sending import Senders
from bench.peers.pyzmtp_settings import settings, versions
from bench.peers.reactor import binds, both, connects
from bench.peers.timing import (
    WARM_UP,
    Deliveries,
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
    RepSocket,
    ReqSocket,
    RouterSocket,
    SendingSocket,
    SubSocket,
)

__all__ = ["ROLES", "versions"]


async def _pull(reactor: Any, job: Job, announce: Announce) -> Sample:
    async with PullSocket(reactor, settings(job)) as socket:
        announce(await socket.bind(job.where))
        for _ in range(job.pushers):
            await socket.receive()
        start = perf_counter()
        received = job.pushers
        async for message in socket:
            received += 1
            if received == job.count:
                seconds = perf_counter() - start
                check_message(message, job)
                break
    return Sample(operations=job.count - job.pushers, seconds=seconds)


async def _send_all(socket: SendingSocket, message: bytes | list[bytes], count: int) -> None:
    for _ in range(count):
        await socket.send(message)


async def _publish_topics(reactor: Any, job: Job, announce: Announce) -> None:
    messages = topics.messages(job)
    options = settings(job, xpub_nodrop=True, max_subscriptions=0)
    async with PubSocket(reactor, options) as socket:
        announce(await socket.bind(job.where))
        await socket.wait_subscribed(topics.LAST)
        for message in messages:
            await socket.send(message)


async def _subscribe_topics(reactor: Any, job: Job) -> Sample:
    async with SubSocket(reactor, settings(job)) as socket:
        for topic in topics.subscriptions(job):
            socket.subscribe(topic)
        await socket.connect(job.address)
        socket.subscribe(topics.LAST)
        await socket.receive()
        start = perf_counter()
        for _ in range(job.count - 1):
            message = await socket.receive()
        seconds = perf_counter() - start
    topics.check(message[0], job)
    return Sample(operations=job.count - 1, seconds=seconds)


async def _subscribe(reactor: Any, job: Job) -> Sample:
    deliveries = Deliveries(job)

    async def read(socket: SubSocket) -> None:
        for _ in range(job.count):
            deliveries.came(await socket.receive())

    async with AsyncExitStack() as stack:
        reading = []
        for _ in range(job.subscribers):
            socket = await stack.enter_async_context(SubSocket(reactor, settings(job)))
            socket.subscribe(b"")
            reading.append(Deferred.fromCoroutine(read(socket)))
            await socket.connect(job.address)
        await gatherResults(reading)
    return deliveries.sample()


async def _reply(reactor: Any, job: Job, announce: Announce) -> None:
    async with RepSocket(reactor, settings(job)) as socket:
        announce(await socket.bind(job.where))
        remaining = job.count + WARM_UP
        async for message in socket:
            await socket.send(message)
            remaining -= 1
            if not remaining:
                break


async def _request(reactor: Any, job: Job) -> Sample:
    async with ReqSocket(reactor, settings(job)) as socket:
        await socket.connect(job.address)
        return await _ask_one_by_one(socket, job)


async def _ask_one_by_one(socket: ReqSocket | DealerSocket, job: Job) -> Sample:
    payload = job.payload()
    answer: list[bytes] = []
    for _ in range(WARM_UP):
        await socket.send(payload)
        await socket.receive()
    marks = [perf_counter()]
    for _ in range(job.count):
        await socket.send(payload)
        answer = await socket.receive()
        marks.append(perf_counter())
    check_payload(answer[0], payload)
    return round_trip_sample(marks)


async def _answer(reactor: Any, job: Job, announce: Announce) -> None:
    remaining = total_requests(job)
    async with RouterSocket(reactor, settings(job)) as socket:
        announce(await socket.bind(job.where))
        async for message in socket:
            await socket.send(message)
            remaining -= 1
            if not remaining:
                break


async def _ask(reactor: Any, job: Job) -> Sample:
    payload = job.payload()
    requests = InFlight(job)
    async with DealerSocket(reactor, settings(job)) as socket:
        await socket.connect(job.address)
        for _ in range(requests.sent(job.in_flight)):
            await socket.send(payload)
        async for message in socket:
            if requests.replied(1):
                await socket.send(payload)
            if requests.sample is not None:
                check_message(message, job)
                return requests.sample
    raise AssertionError("the socket was closed before the last reply")


async def _take_turns(reactor: Any, job: Job, announce: Announce) -> Sample:
    async with DealerSocket(reactor, settings(job)) as socket:
        announce(await socket.bind(job.where))
        for _ in range(job.connections):
            await socket.receive()
        return await _ask_one_by_one(socket, job)


_SENDERS = Senders(_send_all)

ROLES: dict[str, Role] = {
    **_SENDERS.roles,
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
}
