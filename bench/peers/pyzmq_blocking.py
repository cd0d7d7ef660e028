"""pyzmq's blocking sockets: ``send()`` and ``recv()`` in a plain loop, its defaults otherwise."""

from __future__ import annotations

from time import perf_counter

import zmq

from bench.model import Announce, Job, Role, Sample
from bench.peers.libzmq import bind, configure, versions
from bench.peers.timing import WARM_UP, check_payload, round_trip_sample

__all__ = ["ROLES", "versions"]


def new_socket(context: zmq.Context[zmq.Socket[bytes]], kind: int, job: Job) -> zmq.Socket[bytes]:
    """Return a socket with the settings of the job."""
    socket = context.socket(kind)
    configure(socket, job)
    return socket


def pull(job: Job, announce: Announce) -> Sample:
    """Receive ``job.count`` messages and measure."""
    with zmq.Context() as context, new_socket(context, zmq.PULL, job) as socket:
        bind(socket, announce)
        recv = socket.recv
        message = recv()
        start = perf_counter()
        for _ in range(job.count - 1):
            message = recv()
        seconds = perf_counter() - start
    check_payload(message, job.payload())
    return Sample(operations=job.count - 1, seconds=seconds)


def push(job: Job, announce: Announce) -> None:
    """Send ``job.count`` messages; leaving the context waits until they are gone."""
    payload = job.payload()
    with zmq.Context() as context, new_socket(context, zmq.PUSH, job) as socket:
        socket.connect(job.address)
        send = socket.send
        for _ in range(job.count):
            send(payload)


def reply(job: Job, announce: Announce) -> None:
    """Echo every request."""
    with zmq.Context() as context, new_socket(context, zmq.REP, job) as socket:
        bind(socket, announce)
        for _ in range(job.count + WARM_UP):
            socket.send(socket.recv())


def request(job: Job, announce: Announce) -> Sample:
    """Ask ``job.count`` times, one request in flight, and measure."""
    payload = job.payload()
    answer = b""
    with zmq.Context() as context, new_socket(context, zmq.REQ, job) as socket:
        socket.connect(job.address)
        for _ in range(WARM_UP):
            socket.send(payload)
            socket.recv()
        marks = [perf_counter()]
        for _ in range(job.count):
            socket.send(payload)
            answer = socket.recv()
            marks.append(perf_counter())
    check_payload(answer, payload)
    return round_trip_sample(marks)


ROLES: dict[str, Role] = {"pull": pull, "push": push, "reply": reply, "request": request}
