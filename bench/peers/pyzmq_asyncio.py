"""pyzmq's asyncio sockets: ``await send()`` and ``await recv()`` on asyncio's default loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import ExitStack
from time import perf_counter
from typing import Any

import zmq
import zmq.asyncio

from bench.model import Announce, Job, Role, Sample
from bench.peers.libzmq import bind, configure, configure_publisher, versions
from bench.peers.timing import (
    WARM_UP,
    Deliveries,
    InFlight,
    check_message,
    check_payload,
    round_trip_sample,
    total_requests,
)

__all__ = ["ROLES", "versions"]


def new_socket(context: zmq.asyncio.Context, kind: int, job: Job) -> zmq.asyncio.Socket:
    """Return a socket with the settings of the job."""
    socket = context.socket(kind)
    configure(socket, job)
    return socket


async def _pull(job: Job, announce: Announce) -> Sample:
    with zmq.asyncio.Context() as context, new_socket(context, zmq.PULL, job) as socket:
        bind(socket, announce)
        recv: Callable[[], Any] = socket.recv if job.parts == 1 else socket.recv_multipart
        message = await recv()
        start = perf_counter()
        for _ in range(job.count - 1):
            message = await recv()
        seconds = perf_counter() - start
    check_message(message if job.parts > 1 else [message], job)
    return Sample(operations=job.count - 1, seconds=seconds)


async def _push(job: Job) -> None:
    message: Any = job.message()
    with zmq.asyncio.Context() as context, new_socket(context, zmq.PUSH, job) as socket:
        socket.connect(job.address)
        send: Callable[[Any], Any] = socket.send if job.parts == 1 else socket.send_multipart
        for _ in range(job.count):
            await send(message)


async def _publish(job: Job, announce: Announce) -> None:
    message = job.payload()
    with zmq.asyncio.Context() as context, new_socket(context, zmq.XPUB, job) as socket:
        configure_publisher(socket)
        bind(socket, announce)
        for _ in range(job.subscribers):
            await socket.recv()
        for _ in range(job.count):
            await socket.send(message)


async def _subscribe(job: Job) -> Sample:
    deliveries = Deliveries(job)

    async def read(socket: zmq.asyncio.Socket) -> None:
        for _ in range(job.count):
            deliveries.came(await socket.recv_multipart())

    with zmq.asyncio.Context() as context, ExitStack() as stack:
        context.max_sockets = job.subscribers + 1
        reading = []
        for _ in range(job.subscribers):
            socket = stack.enter_context(new_socket(context, zmq.SUB, job))
            socket.subscribe(b"")
            socket.connect(job.address)
            reading.append(read(socket))
        await asyncio.gather(*reading)
        return deliveries.sample()


async def _reply(job: Job, announce: Announce) -> None:
    with zmq.asyncio.Context() as context, new_socket(context, zmq.REP, job) as socket:
        bind(socket, announce)
        for _ in range(job.count + WARM_UP):
            await socket.send(await socket.recv())


async def _request(job: Job) -> Sample:
    payload = job.payload()
    answer = b""
    with zmq.asyncio.Context() as context, new_socket(context, zmq.REQ, job) as socket:
        socket.connect(job.address)
        for _ in range(WARM_UP):
            await socket.send(payload)
            await socket.recv()
        marks = [perf_counter()]
        for _ in range(job.count):
            await socket.send(payload)
            answer = await socket.recv()
            marks.append(perf_counter())
    check_payload(answer, payload)
    return round_trip_sample(marks)


async def _answer(job: Job, announce: Announce) -> None:
    with zmq.asyncio.Context() as context, new_socket(context, zmq.ROUTER, job) as socket:
        bind(socket, announce)
        for _ in range(total_requests(job)):
            await socket.send_multipart(await socket.recv_multipart())


async def _ask(job: Job) -> Sample:
    payload = job.payload()
    requests = InFlight(job)
    with zmq.asyncio.Context() as context, new_socket(context, zmq.DEALER, job) as socket:
        socket.connect(job.address)
        for _ in range(requests.sent(job.in_flight)):
            await socket.send(payload)
        while requests.sample is None:
            answer = await socket.recv()
            if requests.replied(1):
                await socket.send(payload)
    check_payload(answer, payload)
    return requests.sample


ROLES: dict[str, Role] = {
    "answer": lambda job, announce: asyncio.run(_answer(job, announce)),
    "ask": lambda job, announce: asyncio.run(_ask(job)),
    "publish": lambda job, announce: asyncio.run(_publish(job, announce)),
    "subscribe": lambda job, announce: asyncio.run(_subscribe(job)),
    "pull": lambda job, announce: asyncio.run(_pull(job, announce)),
    "push": lambda job, announce: asyncio.run(_push(job)),
    "reply": lambda job, announce: asyncio.run(_reply(job, announce)),
    "request": lambda job, announce: asyncio.run(_request(job)),
}
