"""pyzmtp, one ``await`` a message: what a program that is written the plain way gets."""

from __future__ import annotations

from contextlib import AsyncExitStack
from time import perf_counter
from typing import Any

from twisted.internet.defer import Deferred, gatherResults

from bench.model import Announce, Job, Role, Sample
from bench.peers.pyzmtp_settings import ANY_PORT, settings, versions
from bench.peers.reactor import run
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
    PushSocket,
    RepSocket,
    ReqSocket,
    RouterSocket,
    SubSocket,
)

__all__ = ["ROLES", "versions"]


async def _pull(reactor: Any, job: Job, announce: Announce) -> Sample:
    async with PullSocket(reactor, settings(job)) as socket:
        announce(await socket.bind(ANY_PORT))
        await socket.receive()
        start = perf_counter()
        received = 1
        async for message in socket:
            received += 1
            if received == job.count:
                seconds = perf_counter() - start
                check_message(message, job)
                break
    return Sample(operations=job.count - 1, seconds=seconds)


async def _push(reactor: Any, job: Job) -> None:
    message = job.message()
    async with PushSocket(reactor, settings(job)) as socket:
        socket.connect(job.address)
        for _ in range(job.count):
            await socket.send(message)


async def _publish(reactor: Any, job: Job, announce: Announce) -> None:
    message = job.message()
    async with PubSocket(reactor, settings(job, xpub_nodrop=True)) as socket:
        announce(await socket.bind(ANY_PORT))
        await socket.wait_subscribed(count=job.subscribers)
        for _ in range(job.count):
            await socket.send(message)


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
        announce(await socket.bind(ANY_PORT))
        remaining = job.count + WARM_UP
        async for message in socket:
            await socket.send(message)
            remaining -= 1
            if not remaining:
                break


async def _request(reactor: Any, job: Job) -> Sample:
    payload = job.payload()
    answer: list[bytes] = []
    async with ReqSocket(reactor, settings(job)) as socket:
        await socket.connect(job.address)
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
        announce(await socket.bind(ANY_PORT))
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
