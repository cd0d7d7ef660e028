"""pyzmq's asyncio sockets: ``await send()`` and ``await recv()`` on asyncio's default loop."""

from __future__ import annotations

import asyncio
from time import perf_counter

import zmq
import zmq.asyncio

from bench.model import Announce, Job, Role, Sample
from bench.peers.libzmq import bind, configure, versions
from bench.peers.timing import WARM_UP, check_payload, round_trip_sample

__all__ = ["ROLES", "versions"]


def new_socket(context: zmq.asyncio.Context, kind: int, job: Job) -> zmq.asyncio.Socket:
    """Return a socket with the settings of the job."""
    socket = context.socket(kind)
    configure(socket, job)
    return socket


async def _pull(job: Job, announce: Announce) -> Sample:
    with zmq.asyncio.Context() as context, new_socket(context, zmq.PULL, job) as socket:
        bind(socket, announce)
        message = await socket.recv()
        start = perf_counter()
        for _ in range(job.count - 1):
            message = await socket.recv()
        seconds = perf_counter() - start
    check_payload(message, job.payload())
    return Sample(operations=job.count - 1, seconds=seconds)


async def _push(job: Job) -> None:
    payload = job.payload()
    with zmq.asyncio.Context() as context, new_socket(context, zmq.PUSH, job) as socket:
        socket.connect(job.address)
        for _ in range(job.count):
            await socket.send(payload)


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


ROLES: dict[str, Role] = {
    "pull": lambda job, announce: asyncio.run(_pull(job, announce)),
    "push": lambda job, announce: asyncio.run(_push(job)),
    "reply": lambda job, announce: asyncio.run(_reply(job, announce)),
    "request": lambda job, announce: asyncio.run(_request(job)),
}
