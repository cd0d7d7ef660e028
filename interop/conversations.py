"""What two sockets of a given pair of types say to each other.

A conversation carries one `Case` between a pyzmtp socket and a libzmq socket in every direction
the pair has, and checks that all arrived, in order and unchanged. Small cases use one form of
pyzmtp's calls, bursts another, so that the matrix covers the forms as well.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

from twisted.internet.defer import Deferred

from interop.payloads import Frame, Made, Message, describe, expected, frame_bytes, message_bytes
from interop.peer import RemoteSocket
from interop.reactor import PATIENCE, reactor, within
from interop.sockets import CLASSES, EventLog, Receiver, Sender, link
from pyzmtp import (
    DealerSocket,
    Disconnected,
    HandshakeFailed,
    PubSocket,
    RepSocket,
    ReqSocket,
    RouterSocket,
    SubSocket,
    XPubSocket,
    XSubSocket,
)

#: Routing ids which the sockets of the matrix announce, where their type has one.
OUR_ID = b"pyzmtp"
THEIR_ID = b"libzmq"

#: High-water marks of the matrix: above a burst, because publishers drop at them.
ROOM = 4000

#: How long to wait for a published probe, before the next, seconds.
PROBE_TIME = 0.03


@dataclass(frozen=True)
class Case:
    """Messages to carry."""

    name: str
    messages: tuple[Message, ...]

    def upstream(self) -> Case:
        """Leave out what an XPUB would take for a subscription (ZMTP.md 7.6)."""
        plain = [
            message
            for message in self.messages
            if all(frame_bytes(frame)[:1] not in (b"\x00", b"\x01") for frame in message)
        ]
        return Case(f"{self.name} upstream", tuple(plain))


def one_frame(size: int) -> Case:
    """Make the case of one message of one frame."""
    return Case(f"{size} bytes", ((Made(size, 7),),))


MULTIPART = Case(
    "multipart",
    (
        (b"", b""),
        (b"", b"middle", b""),
        (b"begin", b"", b"end"),
        (b"head", Made(255, 2), b"", Made(256, 3), b"", Made(70000, 4)),
        (Made(300, 0), b"starts with 00"),
        (Made(300, 1), b"starts with 01"),
        (b"\x00",),
        (b"\x01",),
        tuple(Made(number, 5) for number in range(40)),
    ),
)

BURST = Case("burst", tuple((b"#%04d" % n, Made(n % 300, n)) for n in range(1000)))

CASES = (*map(one_frame, (0, 1, 255, 256, 65536, 10 << 20)), MULTIPART, BURST)


def check(got: Sequence[Sequence[str]], sent: Sequence[Message], what: str) -> None:
    """Compare descriptions with recipes; a difference is told in a line or two."""
    wanted = expected(sent)
    for number, (one, other) in enumerate(zip(got, wanted, strict=False)):
        assert list(one) == other, f"{what}: message {number} is {one}, sent was {other}"
    assert len(got) == len(wanted), f"{what}: {len(got)} messages of {len(wanted)}"


Conversation = Callable[[Any, RemoteSocket, Case], Awaitable[None]]
Prefix = Sequence[Frame]


async def send_all(ours: Sender, messages: Sequence[Message]) -> None:
    """Send: one alone, a few without waiting, many as a batch."""
    bodies = [message_bytes(message) for message in messages]
    if len(bodies) == 1:
        await within(ours.send(bodies[0]), "send")
    elif len(bodies) < 100:
        assert all(ours.try_send(body) for body in bodies), "try_send found no room"
    else:
        await within(ours.send_batch(bodies), "send_batch")


async def receive_all(ours: Receiver, number: int) -> list[list[bytes]]:
    """Receive: one alone, a few by iteration, many in batches."""
    received: list[list[bytes]] = []
    if number == 1:
        received.append(await ours.receive())
    elif number < 100:
        async for message in ours:
            received.append(message)
            if len(received) == number:
                break
    while len(received) < number:
        received += await ours.receive_batch()
    return received


def with_prefix(prefix: Prefix, case: Case) -> list[Message]:
    """Give the messages of `case`, each after the frames that one side has to add."""
    return [[*prefix, *message] for message in case.messages]


def we_send(our_prefix: Prefix = (), their_prefix: Prefix = ()) -> Conversation:
    """Messages go from pyzmtp to libzmq, each side seeing them behind frames of its own."""

    async def conversation(ours: Sender, theirs: RemoteSocket, case: Case) -> None:
        report = theirs.receive(len(case.messages))
        await send_all(ours, with_prefix(our_prefix, case))
        what = f"{case.name}, from pyzmtp to libzmq"
        check(await report, with_prefix(their_prefix, case), what)

    return conversation


def they_send(our_prefix: Prefix = (), their_prefix: Prefix = ()) -> Conversation:
    """Messages go from libzmq to pyzmtp, each side seeing them behind frames of its own."""

    async def conversation(ours: Receiver, theirs: RemoteSocket, case: Case) -> None:
        sent = theirs.send(with_prefix(their_prefix, case))
        what = f"{case.name}, from libzmq to pyzmtp"
        arriving = Deferred.fromCoroutine(receive_all(ours, len(case.messages)))
        received = await within(arriving, what)
        await sent
        check([describe(message) for message in received], with_prefix(our_prefix, case), what)

    return conversation


def upstream(conversation: Conversation) -> Conversation:
    """Carry only what an XPUB tells from a subscription."""
    return lambda ours, theirs, case: conversation(ours, theirs, case.upstream())


async def we_request(ours: ReqSocket, theirs: RemoteSocket, case: Case) -> None:
    """Requests go from pyzmtp to libzmq, which sends each back."""
    echo = theirs.echo(len(case.messages))
    what = f"{case.name}, requested by pyzmtp"
    replies = [
        await within(ours.request(message_bytes(message)), what) for message in case.messages
    ]
    await echo
    check([describe(reply) for reply in replies], case.messages, what)


async def we_request_ahead(ours: DealerSocket, theirs: RemoteSocket, case: Case) -> None:
    """Requests go from a DEALER of pyzmtp to libzmq's REP, not waiting for replies."""
    echo = theirs.echo(len(case.messages))
    await send_all(ours, with_prefix([b""], case))
    what = f"{case.name}, requested by pyzmtp"
    replies = await within(Deferred.fromCoroutine(receive_all(ours, len(case.messages))), what)
    await echo
    check([describe(reply) for reply in replies], with_prefix([b""], case), what)


async def we_answer(ours: RepSocket | RouterSocket, theirs: RemoteSocket, case: Case) -> None:
    """Requests go from libzmq's REQ to pyzmtp, which sends each back."""
    answers = theirs.request(case.messages)
    async with answering(ours, case):
        replies = await answers
    check(replies, case.messages, f"{case.name}, requested by libzmq")


async def we_answer_ahead(ours: RepSocket, theirs: RemoteSocket, case: Case) -> None:
    """Requests go from libzmq's DEALER to pyzmtp's REP, not waiting for replies."""
    await theirs.send(with_prefix([b""], case))
    async with answering(ours, case):
        replies = await theirs.receive(len(case.messages))
    check(replies, with_prefix([b""], case), f"{case.name}, requested by libzmq")


@asynccontextmanager
async def answering(ours: RepSocket | RouterSocket, case: Case) -> AsyncIterator[None]:
    """Send back what comes; leave a burst to `serve` where there is one."""
    if case is BURST and isinstance(ours, RepSocket):
        serving = ours.serve(lambda request: request)
        yield
        serving.cancel()
        await serving
        return
    for _ in case.messages:
        request = await within(ours.receive(), f"{case.name}, request from libzmq")
        await within(ours.send(request), f"{case.name}, reply to libzmq")
    yield


#: For each pair of types, pyzmtp's first, all that it can say.
CONVERSATIONS: dict[tuple[str, str], tuple[Conversation, ...]] = {
    ("PAIR", "PAIR"): (we_send(), they_send()),
    ("PUB", "SUB"): (we_send(),),
    ("PUB", "XSUB"): (we_send(),),
    ("SUB", "PUB"): (they_send(),),
    ("SUB", "XPUB"): (they_send(),),
    ("XPUB", "SUB"): (we_send(),),
    ("XPUB", "XSUB"): (we_send(), upstream(they_send())),
    ("XSUB", "PUB"): (they_send(),),
    ("XSUB", "XPUB"): (they_send(), upstream(we_send())),
    ("REQ", "REP"): (we_request,),
    ("REQ", "ROUTER"): (we_request,),
    ("REP", "REQ"): (we_answer,),
    ("REP", "DEALER"): (we_answer_ahead,),
    ("DEALER", "REP"): (we_request_ahead,),
    ("DEALER", "DEALER"): (we_send(), they_send()),
    ("DEALER", "ROUTER"): (
        we_send(their_prefix=[OUR_ID]),
        they_send(their_prefix=[OUR_ID]),
    ),
    ("ROUTER", "REQ"): (we_answer,),
    ("ROUTER", "DEALER"): (
        we_send(our_prefix=[THEIR_ID]),
        they_send(our_prefix=[THEIR_ID]),
    ),
    ("ROUTER", "ROUTER"): (
        we_send(our_prefix=[THEIR_ID], their_prefix=[OUR_ID]),
        they_send(our_prefix=[THEIR_ID], their_prefix=[OUR_ID]),
    ),
    ("PUSH", "PULL"): (we_send(),),
    ("PULL", "PUSH"): (they_send(),),
}


async def say_everything(
    our_kind: str,
    theirs: RemoteSocket,
    binder: str,
    where: str,
    cases: Sequence[Case] = CASES,
    **options: Any,
) -> None:
    """Join a pair and try all that it can say, over one connection."""
    async with CLASSES[our_kind](reactor, **our_options(our_kind), **options) as ours:
        events = EventLog(ours)
        await link(ours, events, theirs, binder, where)
        await let_publish(ours, theirs)
        for case in cases:
            for conversation in CONVERSATIONS[our_kind, theirs.kind]:
                await conversation(ours, theirs, case)
        assert not events.of(Disconnected)
        assert not events.of(HandshakeFailed)


def our_options(kind: str) -> dict[str, Any]:
    """Give the options of a pyzmtp socket that talks like this."""
    options: dict[str, Any] = {"send_hwm": ROOM, "receive_hwm": ROOM}
    if kind in ("REQ", "DEALER", "ROUTER"):
        options["routing_id"] = OUR_ID
    if kind == "ROUTER":
        options["router_mandatory"] = True
    return options


def their_options(kind: str) -> dict[str, int | bytes]:
    """Give the options of a libzmq socket that talks like this."""
    options: dict[str, int | bytes] = {"SNDHWM": ROOM, "RCVHWM": ROOM}
    if kind in ("REQ", "DEALER", "ROUTER"):
        options["ROUTING_ID"] = THEIR_ID
    if kind == "ROUTER":
        options["ROUTER_MANDATORY"] = 1
    return options


async def let_publish(
    ours: Any, theirs: RemoteSocket, topic: bytes = b"", notices: bool = True
) -> None:
    """Subscribe to `topic` on the subscribing side, and see that the publisher knows.

    Nothing is to be done for other types. `notices` tells whether libzmq's XPUB, of which 2.x
    has no more than the name, reports subscriptions.
    """
    if isinstance(ours, PubSocket | XPubSocket):
        await theirs.subscribe(topic)
        await within(ours.wait_subscribed(topic), f"subscription to {topic!r}")
    if isinstance(ours, XPubSocket):
        notice = await within(ours.receive(), "notice of the subscription")
        assert notice == [b"\x01" + topic]
    if isinstance(ours, SubSocket):
        ours.subscribe(topic)
    if isinstance(ours, XSubSocket):
        await within(ours.send(b"\x01" + topic), "subscription")
    if isinstance(ours, SubSocket | XSubSocket):
        await hear_publisher(ours, theirs, topic, notices)


async def hear_publisher(
    ours: SubSocket | XSubSocket, theirs: RemoteSocket, topic: bytes = b"", notices: bool = True
) -> None:
    """Return when libzmq's publisher has our subscription to `topic`."""
    if theirs.kind == "XPUB" and notices:
        check(await theirs.receive(1), [[b"\x01" + topic]], "notice of the subscription")
        return
    # A PUB tells nobody what it knows: publish until something arrives.
    for _ in range(int(PATIENCE / PROBE_TIME)):
        await theirs.send([[topic, b"probe"]])
        with suppress(TimeoutError):
            await within(ours.receive(), "probe", PROBE_TIME)
            break
    else:
        raise AssertionError(f"no message for {topic!r} came through")
    await theirs.send([[topic, b"probed"]])
    while await within(ours.receive(), "end of the probes") != [topic, b"probed"]:
        pass
