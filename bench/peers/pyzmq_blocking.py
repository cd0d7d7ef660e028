"""pyzmq's blocking sockets: ``send()`` and ``recv()`` in a plain loop, its defaults otherwise."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from time import perf_counter
from typing import Any

import zmq

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


def new_socket(context: zmq.Context[zmq.Socket[bytes]], kind: int, job: Job) -> zmq.Socket[bytes]:
    """Return a socket with the settings of the job."""
    socket = context.socket(kind)
    configure(socket, job)
    return socket


def pull(job: Job, announce: Announce) -> Sample:
    """Receive ``job.count`` messages and measure."""
    with zmq.Context() as context, new_socket(context, zmq.PULL, job) as socket:
        bind(socket, announce)
        recv: Callable[[], Any] = socket.recv if job.parts == 1 else socket.recv_multipart
        message = recv()
        start = perf_counter()
        for _ in range(job.count - 1):
            message = recv()
        seconds = perf_counter() - start
    check_message(message if job.parts > 1 else [message], job)
    return Sample(operations=job.count - 1, seconds=seconds)


def push(job: Job, announce: Announce) -> None:
    """Send ``job.count`` messages; leaving the context waits until they are gone."""
    message: Any = job.message()
    with zmq.Context() as context, new_socket(context, zmq.PUSH, job) as socket:
        socket.connect(job.address)
        send: Callable[[Any], Any] = socket.send if job.parts == 1 else socket.send_multipart
        for _ in range(job.count):
            send(message)


def publish(job: Job, announce: Announce) -> None:
    """Publish ``job.count`` messages once all have subscribed."""
    message = job.payload()
    with zmq.Context() as context, new_socket(context, zmq.XPUB, job) as socket:
        configure_publisher(socket)
        bind(socket, announce)
        for _ in range(job.subscribers):
            socket.recv()
        send = socket.send
        for _ in range(job.count):
            send(message)


def subscribe(job: Job, announce: Announce) -> Sample:
    """Receive at each of the subscribers in turn, and measure."""
    deliveries = Deliveries(job)
    with zmq.Context() as context, ExitStack() as stack:
        context.max_sockets = job.subscribers + 1
        receivers = []
        for _ in range(job.subscribers):
            socket = stack.enter_context(new_socket(context, zmq.SUB, job))
            socket.subscribe(b"")
            socket.connect(job.address)
            receivers.append(socket.recv_multipart)
        for _ in range(job.count):
            for receive in receivers:
                deliveries.came(receive())
        return deliveries.sample()


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


def answer(job: Job, announce: Announce) -> None:
    """Echo every request, whoever asks."""
    with zmq.Context() as context, new_socket(context, zmq.ROUTER, job) as socket:
        bind(socket, announce)
        for _ in range(total_requests(job)):
            socket.send_multipart(socket.recv_multipart())


def ask(job: Job, announce: Announce) -> Sample:
    """Keep ``job.in_flight`` requests on their way, and measure."""
    payload = job.payload()
    requests = InFlight(job)
    with zmq.Context() as context, new_socket(context, zmq.DEALER, job) as socket:
        socket.connect(job.address)
        for _ in range(requests.sent(job.in_flight)):
            socket.send(payload)
        while requests.sample is None:
            answer = socket.recv()
            if requests.replied(1):
                socket.send(payload)
    check_payload(answer, payload)
    return requests.sample


ROLES: dict[str, Role] = {
    "answer": answer,
    "ask": ask,
    "publish": publish,
    "pull": pull,
    "push": push,
    "reply": reply,
    "request": request,
    "subscribe": subscribe,
}
