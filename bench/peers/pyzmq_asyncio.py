"""pyzmq's asyncio sockets: ``await send()`` and ``await recv()`` on asyncio's default loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import AbstractContextManager, ExitStack, nullcontext
from time import perf_counter
from typing import Any

import attrs
import zmq
import zmq.asyncio

from bench.model import Announce, Job, Role, Sample
from bench.peers.libzmq import (
    bind,
    configure,
    configure_publisher,
    configure_subscriber,
    departure,
    versions,
)
from bench.peers.timing import (
    WARM_UP,
    Deliveries,
    InFlight,
    check_message,
    check_payload,
    round_trip_sample,
    shares,
    total_requests,
)

__all__ = ["ROLES", "versions"]


def new_context(job: Job) -> AbstractContextManager[zmq.asyncio.Context]:
    """Return a context, which is left when all is sent; in one process all have the same."""
    if job.transport == "inproc":
        return nullcontext(zmq.asyncio.Context.instance())
    return zmq.asyncio.Context()


def new_socket(context: zmq.asyncio.Context, kind: int, job: Job) -> zmq.asyncio.Socket:
    """Return a socket with the settings of the job."""
    socket = context.socket(kind)
    configure(socket, job)
    return socket


async def _pull(job: Job, announce: Announce) -> Sample:
    with new_context(job) as context, new_socket(context, zmq.PULL, job) as socket:
        bind(socket, job, announce)
        recv: Callable[[], Any] = socket.recv if job.parts == 1 else socket.recv_multipart
        for _ in range(job.pushers):
            message = await recv()
        start = perf_counter()
        for _ in range(job.count - job.pushers):
            message = await recv()
        seconds = perf_counter() - start
    check_message(message if job.parts > 1 else [message], job)
    return Sample(operations=job.count - job.pushers, seconds=seconds)


async def _push(job: Job) -> None:
    message: Any = job.message()
    with new_context(job) as context, new_socket(context, zmq.PUSH, job) as socket:
        peer_gone = departure(socket, job)
        socket.connect(job.address)
        send: Callable[[Any], Any] = socket.send if job.parts == 1 else socket.send_multipart
        for _ in range(job.count):
            await send(message)
        if peer_gone is not None:
            await peer_gone.poll()


async def _push_each(job: Job) -> None:
    message = job.payload()

    async def send(socket: zmq.asyncio.Socket, number: int) -> None:
        for _ in range(number):
            await socket.send(message)

    with new_context(job) as context, ExitStack() as stack:
        sockets = []
        for _ in range(job.pushers):
            socket = stack.enter_context(new_socket(context, zmq.PUSH, job))
            socket.set(zmq.IMMEDIATE, 1)  # so that the first message waits for the connection
            socket.connect(job.address)
            await socket.send(message)
            sockets.append(socket)
        await asyncio.gather(
            *(send(*each) for each in zip(sockets, (n - 1 for n in shares(job)), strict=True))
        )


async def _publish(job: Job, announce: Announce) -> None:
    message = job.payload()
    with new_context(job) as context, new_socket(context, zmq.XPUB, job) as socket:
        configure_publisher(socket)
        bind(socket, job, announce)
        for _ in range(job.subscribers):
            await socket.recv()
        for _ in range(job.count):
            while not await _sent(socket, message):
                await asyncio.sleep(0)


async def _sent(socket: zmq.asyncio.Socket, message: bytes) -> bool:
    """Send, and return whether it was possible: an XPUB of asyncio's does not wait for room."""
    try:
        await socket.send(message)
    except zmq.Again:
        return False
    return True


async def _subscribe(job: Job) -> Sample:
    deliveries = Deliveries(job)

    async def read(socket: zmq.asyncio.Socket) -> None:
        for _ in range(job.count):
            deliveries.came(await socket.recv_multipart())

    with new_context(job) as context, ExitStack() as stack:
        context.max_sockets = job.subscribers + 1
        reading = []
        for _ in range(job.subscribers):
            socket = stack.enter_context(new_socket(context, zmq.SUB, job))
            configure_subscriber(socket)
            socket.subscribe(b"")
            socket.connect(job.address)
            reading.append(read(socket))
        await asyncio.gather(*reading)
        return deliveries.sample()


async def _reply(job: Job, announce: Announce) -> None:
    with new_context(job) as context, new_socket(context, zmq.REP, job) as socket:
        bind(socket, job, announce)
        for _ in range(job.count + WARM_UP):
            await socket.send(await socket.recv())


async def _request(job: Job) -> Sample:
    payload = job.payload()
    answer = b""
    with new_context(job) as context, new_socket(context, zmq.REQ, job) as socket:
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
    with new_context(job) as context, new_socket(context, zmq.ROUTER, job) as socket:
        bind(socket, job, announce)
        for _ in range(total_requests(job)):
            await socket.send_multipart(await socket.recv_multipart())


async def _ask(job: Job) -> Sample:
    payload = job.payload()
    requests = InFlight(job)
    with new_context(job) as context, new_socket(context, zmq.DEALER, job) as socket:
        socket.connect(job.address)
        for _ in range(requests.sent(job.in_flight)):
            await socket.send(payload)
        while requests.sample is None:
            answer = await socket.recv()
            if requests.replied(1):
                await socket.send(payload)
    check_payload(answer, payload)
    return requests.sample


def _binds(main: Callable[[Job, Announce], Coroutine[Any, Any, Sample | None]]) -> Role:
    return lambda job, announce: asyncio.run(main(job, announce))


def _connects(main: Callable[[Job], Coroutine[Any, Any, Sample | None]]) -> Role:
    return lambda job, announce: asyncio.run(main(job))


def _both(
    binding: Callable[[Job, Announce], Coroutine[Any, Any, Sample | None]],
    connecting: Callable[[Job], Coroutine[Any, Any, Sample | None]],
) -> Role:
    """Return the role of both sides in one process and one loop."""

    async def meet(job: Job) -> Sample | None:
        said = await asyncio.gather(
            binding(job, lambda address: None), connecting(attrs.evolve(job, address=job.where))
        )
        [sample] = [each for each in said if each is not None]
        return sample

    return _connects(meet)


ROLES: dict[str, Role] = {
    "answer": _binds(_answer),
    "ask": _connects(_ask),
    "publish": _binds(_publish),
    "pull": _binds(_pull),
    "pull+push": _both(_pull, _push),
    "push": _connects(_push),
    "push-each": _connects(_push_each),
    "reply": _binds(_reply),
    "reply+request": _both(_reply, _request),
    "request": _connects(_request),
    "subscribe": _connects(_subscribe),
}
