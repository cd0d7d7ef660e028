"""pyzmq's blocking sockets: ``send()`` and ``recv()`` in a plain loop, its defaults otherwise.

So is what is used in its place (see :mod:`bench.peers.libzmq`).

Where both sides are in one process, they are in one thread too. That is how pyzmtp has it, and libzmq is at
its best then: with a thread each it was never faster, and slower wherever the threads had to share a
processor.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from itertools import cycle, islice
from time import perf_counter
from typing import Any

from bench.model import Announce, Job, Role, Sample
from bench.peers import crowd, import_time, pyzmq_memory, topics
from bench.peers.libzmq import (
    PACKAGE,
    bind,
    configure_publisher,
    configure_subscriber,
    departure,
    new_socket,
    versions,
    zmq,
)
from bench.peers.timing import (
    WARM_UP,
    Deliveries,
    InFlight,
    check_message,
    check_payload,
    groups,
    round_trip_sample,
    total_requests,
)

__all__ = ["ROLES", "versions"]

#: Messages sent before they are received, where both sides are in one thread: half the high-water mark.
_BURST = 500


def pull(job: Job, announce: Announce) -> Sample:
    """Receive ``job.count`` messages and measure."""
    with zmq.Context() as context, new_socket(context, zmq.PULL, job) as socket:
        bind(socket, job, announce)
        recv: Callable[[], Any] = socket.recv if job.parts == 1 else socket.recv_multipart
        for _ in range(job.pushers):
            message = recv()
        start = perf_counter()
        for _ in range(job.count - job.pushers):
            message = recv()
        seconds = perf_counter() - start
    check_message(message if job.parts > 1 else [message], job)
    return Sample(operations=job.count - job.pushers, seconds=seconds)


def push(job: Job, announce: Announce) -> None:
    """Send ``job.count`` messages; leaving the context waits until they are gone."""
    message: Any = job.message()
    with zmq.Context() as context, new_socket(context, zmq.PUSH, job) as socket:
        peer_gone = departure(socket, job)
        socket.connect(job.address)
        send: Callable[[Any], Any] = socket.send if job.parts == 1 else socket.send_multipart
        for _ in range(job.count):
            send(message)
        if peer_gone is not None:
            peer_gone.poll()


def push_each(job: Job, announce: Announce) -> None:
    """Send ``job.count`` messages from many sockets in turn, once all are connected."""
    message = job.payload()
    with zmq.Context() as context, ExitStack() as stack:
        senders = []
        for _ in range(job.pushers):
            socket = stack.enter_context(new_socket(context, zmq.PUSH, job))
            socket.set(zmq.IMMEDIATE, 1)  # so that the first message waits for the connection
            socket.connect(job.address)
            socket.send(message)
            senders.append(socket.send)
        for send in islice(cycle(senders), job.count - job.pushers):
            send(message)


def push_and_pull(job: Job, announce: Announce) -> Sample:
    """Send and receive in turn, in one thread, and measure."""
    message = job.payload()
    with (
        zmq.Context() as context,
        new_socket(context, zmq.PULL, job) as receiver,
        new_socket(context, zmq.PUSH, job) as sender,
    ):
        receiver.bind(job.where)
        sender.connect(job.where)
        start = perf_counter()
        for number in groups(job.count, _BURST):
            for _ in range(number):
                sender.send(message)
            for _ in range(number):
                received = receiver.recv()
        seconds = perf_counter() - start
    check_payload(received, message)
    return Sample(operations=job.count, seconds=seconds)


def publish(job: Job, announce: Announce) -> None:
    """Publish ``job.count`` messages once all have subscribed."""
    _publish(job, announce, [job.payload()] * job.count, job.subscribers)


def publish_topics(job: Job, announce: Announce) -> None:
    """Publish a message for one or another of the topics, once there is a subscription to each."""
    _publish(job, announce, topics.messages(job), job.subscriptions + 1)


def publish_to_one(job: Job, announce: Announce) -> None:
    """Publish ``job.count`` messages that one of many subscribers wants."""
    _publish(job, announce, [job.payload()] * job.count, job.connections)


def _publish(job: Job, announce: Announce, messages: list[bytes], subscriptions: int) -> None:
    with zmq.Context() as context, new_socket(context, zmq.XPUB, job) as socket:
        configure_publisher(socket)
        bind(socket, job, announce)
        for _ in range(subscriptions):
            socket.recv()
        send = socket.send
        for message in messages:
            send(message)


def subscribe(job: Job, announce: Announce) -> Sample:
    """Receive at each of the subscribers in turn, and measure."""
    deliveries = Deliveries(job)
    with zmq.Context() as context, ExitStack() as stack:
        context.max_sockets = job.subscribers + 1
        receivers = []
        for _ in range(job.subscribers):
            socket = stack.enter_context(new_socket(context, zmq.SUB, job))
            configure_subscriber(socket)
            socket.subscribe(b"")
            socket.connect(job.address)
            receivers.append(socket.recv_multipart)
        for _ in range(job.count):
            for receive in receivers:
                deliveries.came(receive())
        return deliveries.sample()


def subscribe_topics(job: Job, announce: Announce) -> Sample:
    """Subscribe to many topics, receive what matches them, and measure."""
    with zmq.Context() as context, new_socket(context, zmq.SUB, job) as socket:
        configure_subscriber(socket)
        socket.set(zmq.SNDHWM, 0)  # or libzmq drops subscriptions beyond the mark
        for topic in topics.subscriptions(job):
            socket.subscribe(topic)
        socket.connect(job.address)
        socket.subscribe(topics.LAST)
        message = socket.recv()
        start = perf_counter()
        for _ in range(job.count - 1):
            message = socket.recv()
        seconds = perf_counter() - start
    topics.check(message, job)
    return Sample(operations=job.count - 1, seconds=seconds)


def reply(job: Job, announce: Announce) -> None:
    """Echo every request."""
    with zmq.Context() as context, new_socket(context, zmq.REP, job) as socket:
        bind(socket, job, announce)
        for _ in range(job.count + WARM_UP):
            socket.send(socket.recv())


def request(job: Job, announce: Announce) -> Sample:
    """Ask ``job.count`` times, one request in flight, and measure."""
    with zmq.Context() as context, new_socket(context, zmq.REQ, job) as socket:
        socket.connect(job.address)
        return _ask_one_by_one(socket, job, socket.recv)


def request_and_reply(job: Job, announce: Announce) -> Sample:
    """Ask and answer in one thread, and measure."""
    with (
        zmq.Context() as context,
        new_socket(context, zmq.REP, job) as replier,
        new_socket(context, zmq.REQ, job) as asker,
    ):
        replier.bind(job.where)
        asker.connect(job.where)

        def receive() -> bytes:
            replier.send(replier.recv())
            answer: bytes = asker.recv()
            return answer

        return _ask_one_by_one(asker, job, receive)


def _ask_one_by_one(socket: Any, job: Job, receive: Callable[[], bytes]) -> Sample:
    payload = job.payload()
    for _ in range(WARM_UP):
        socket.send(payload)
        receive()
    marks = [perf_counter()]
    for _ in range(job.count):
        socket.send(payload)
        answer = receive()
        marks.append(perf_counter())
    check_payload(answer, payload)
    return round_trip_sample(marks)


def visit(job: Job, announce: Announce) -> Sample:
    """Connect, ask once and close, several at a time, and measure."""
    payload = job.payload()
    with zmq.Context() as context:

        def at_once(number: int) -> None:
            sockets = [new_socket(context, zmq.REQ, job) for _ in range(number)]
            for socket in sockets:
                socket.connect(job.address)
                socket.send(payload)
            for socket in sockets:
                check_payload(socket.recv(), payload)
                socket.close()

        for number in groups(WARM_UP, job.connections):
            at_once(number)
        start = perf_counter()
        for number in groups(job.count, job.connections):
            at_once(number)
        return Sample(operations=job.count, seconds=perf_counter() - start)


def answer(job: Job, announce: Announce) -> None:
    """Echo every request, whoever asks."""
    with zmq.Context() as context, new_socket(context, zmq.ROUTER, job) as socket:
        bind(socket, job, announce)
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


def send_to_one(job: Job, announce: Announce) -> None:
    """Send ``job.count`` messages to one of many peers, once all have said that they are there."""
    message = [crowd.CHOSEN, job.payload()]
    with zmq.Context() as context, new_socket(context, zmq.ROUTER, job) as socket:
        socket.set(zmq.ROUTER_MANDATORY, 1)  # so that it waits at the high-water mark
        bind(socket, job, announce)
        for _ in range(job.connections):
            socket.recv_multipart()
        for _ in range(job.count):
            socket.send_multipart(message)


def take_turns(job: Job, announce: Announce) -> Sample:
    """Ask each of many peers in turn, one request in flight, and measure."""
    with zmq.Context() as context, new_socket(context, zmq.DEALER, job) as socket:
        bind(socket, job, announce)
        for _ in range(job.connections):
            socket.recv()
        return _ask_one_by_one(socket, job, socket.recv)


ROLES: dict[str, Role] = {
    **import_time.roles(PACKAGE),
    **pyzmq_memory.ROLES,
    "answer": answer,
    "ask": ask,
    "publish": publish,
    "publish-to-one": publish_to_one,
    "publish-topics": publish_topics,
    "pull": pull,
    "pull+push": push_and_pull,
    "push": push,
    "push-each": push_each,
    "reply": reply,
    "reply+request": request_and_reply,
    "request": request,
    "send-to-one": send_to_one,
    "subscribe": subscribe,
    "subscribe-topics": subscribe_topics,
    "take-turns": take_turns,
    "visit": visit,
    "welcome": reply,
}
