"""What is tried with an exhibit: each type with all that it may talk to, restarts, heartbeats.

A trial raises what went wrong. The conversations of the types are those of the tests with today's
libzmq, so that the old ones are asked for the same.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import attrs
from twisted.internet.task import deferLater

from interop.conversations import (
    CONVERSATIONS,
    MULTIPART,
    OUR_ID,
    ROOM,
    THEIR_ID,
    Case,
    Conversation,
    check,
    hear_publisher,
    let_publish,
)
from interop.museum.exhibits import Exhibit
from interop.payloads import Made, Message, describe
from interop.peer import LibzmqPeer, RemoteSocket, Spawn
from interop.reactor import reactor, within
from interop.sockets import CLASSES, COMPATIBLE, EventLog, lasting_address, link
from pyzmtp import (
    DealerSocket,
    Disconnected,
    HandshakeFailed,
    HandshakeSucceeded,
    HeartbeatTimeout,
    PubSocket,
)

#: Who binds: the columns of the table come once for each.
BINDERS = ("pyzmtp", "libzmq")

SINGLE = Case("single", tuple((Made(size, 7),) for size in (0, 1, 254, 255, 256, 65536)))

BURST = Case("burst", tuple((b"#%03d" % n, Made(n, n)) for n in range(200)))

#: Seconds between two attempts of ours to connect, and milliseconds between two of libzmq's.
OUR_RECONNECT, THEIR_RECONNECT = 0.02, 20

#: Our heartbeats: seconds between two PINGs, for an answer, and above both until we must know.
INTERVAL, TIMEOUT, TOLERANCE = 0.1, 0.4, 0.5

#: libzmq's heartbeats, in milliseconds: it gives up who does not answer.
THEIR_HEARTBEATS = {"HEARTBEAT_IVL": 50, "HEARTBEAT_TIMEOUT": 500, "HEARTBEAT_TTL": 1000}

#: How long a connection is left alone, seconds: several intervals and more than any limit above.
IDLE = 0.8

TOPIC = b"topic"


@attrs.frozen
class Visit:
    """One trial: an exhibit, who binds, and a way to start processes with that libzmq."""

    exhibit: Exhibit
    binder: str
    spawn: Spawn

    def our_options(self, kind: str) -> dict[str, Any]:
        """Give the options of the pyzmtp socket."""
        options: dict[str, Any] = {
            "send_hwm": ROOM,
            "receive_hwm": ROOM,
            "linger": 0,
            "reconnect_interval": OUR_RECONNECT,
        }
        if kind in ("REQ", "DEALER", "ROUTER"):
            options["routing_id"] = OUR_ID
        if kind == "ROUTER":
            options["router_mandatory"] = True
        if self.exhibit.zmtp == (1, 0):
            options["min_version"] = (1, 0)
        return options

    async def open(self, peer: LibzmqPeer, kind: str, **more: int) -> RemoteSocket:
        """Open a libzmq socket."""
        options: dict[str, int | bytes] = dict.fromkeys(self.exhibit.high_water_marks, ROOM)
        if kind in ("REQ", "DEALER", "ROUTER"):
            options["IDENTITY"] = THEIR_ID
        return await peer.open(kind, RECONNECT_IVL=THEIR_RECONNECT, **options, **more)

    async def join(
        self, theirs: RemoteSocket, ours: Any, events: EventLog, address: str = ""
    ) -> None:
        """Join both; see that they speak the version of ZMTP that the exhibit is known for."""
        where = address or lasting_address("tcp", Path())
        await link(ours, events, theirs, self.binder, where)
        spoken = events.of(HandshakeSucceeded)[-1].peer.version
        assert spoken == self.exhibit.zmtp, f"ZMTP {spoken} is spoken"


Trial = Callable[[Visit], Awaitable[None]]


def talk(our_kind: str) -> Trial:
    """Make the trial of one type of ours: each type of theirs, messages of one frame and more."""

    async def trial(visit: Visit) -> None:
        peer = await visit.spawn()
        for their_kind in COMPATIBLE[our_kind]:
            try:
                await talk_to(visit, peer, our_kind, their_kind)
            except Exception as error:
                error.args = (f"with {their_kind}: {error}",)
                raise
            await peer.close_all()

    return trial


async def talk_to(visit: Visit, peer: LibzmqPeer, our_kind: str, their_kind: str) -> None:
    """Try all that a pair of types can say, over one connection."""
    theirs = await visit.open(peer, their_kind)
    async with CLASSES[our_kind](reactor, **visit.our_options(our_kind)) as ours:
        events = EventLog(ours)
        await visit.join(theirs, ours, events)
        await let_publish(ours, theirs, notices=visit.exhibit.subscriptions_travel)
        for case in (SINGLE, MULTIPART, BURST):
            for conversation in conversations_of(visit.exhibit, our_kind, their_kind):
                await conversation(ours, theirs, case)
        assert not events.of(Disconnected), "the connection was lost"
        assert not events.of(HandshakeFailed), "a handshake failed"


def conversations_of(exhibit: Exhibit, our_kind: str, their_kind: str) -> tuple[Conversation, ...]:
    """Return all that a pair of types can say: from subscriber to publisher not in each version."""
    conversations = CONVERSATIONS[our_kind, their_kind]
    only_down = {
        ("XSUB", "XPUB"): not exhibit.xpub_takes_messages,
        ("XPUB", "XSUB"): not exhibit.xsub_sends_messages,
    }
    return conversations[:1] if only_down.get((our_kind, their_kind)) else conversations


async def they_hear_again(visit: Visit) -> None:
    """Our publisher ends and comes back: what subscribed to it hears it without doing anything."""
    known = TOPIC if visit.exhibit.subscriptions_travel else b""
    peer = await visit.spawn()
    for kind in ("SUB", "XSUB"):
        address = lasting_address("tcp", Path())
        theirs = await visit.open(peer, kind)
        await theirs.subscribe(TOPIC)
        await at(theirs, address, binds=visit.binder == "libzmq")
        for life in (b"first", b"second"):
            async with PubSocket(reactor, **visit.our_options("PUB")) as ours:
                if visit.binder == "pyzmtp":
                    await within(ours.bind(address), "bind")
                else:
                    await within(ours.connect(address), "connect")
                await within(ours.wait_subscribed(known), f"subscription in our {life!r} life")
                told = published(life)
                for message in ([b"other", b"unheard"], *told):
                    await within(ours.send(message), "send")
                what = f"{kind} of libzmq in our {life!r} life"
                check(await theirs.receive(len(told)), told, what)


async def we_hear_again(visit: Visit) -> None:
    """libzmq's publisher is killed and comes back: our subscriber hears it again by itself."""
    for kind in ("SUB", "XSUB"):
        address = lasting_address("tcp", Path())
        async with CLASSES[kind](reactor, **visit.our_options(kind)) as ours:
            events = EventLog(ours)
            if kind == "SUB":
                ours.subscribe(TOPIC)
            else:
                await within(ours.send(b"\x01" + TOPIC), "subscription")
            if visit.binder == "pyzmtp":
                await within(ours.bind(address), "bind")
            else:
                ours.connect(address)
            for number, life in enumerate((b"first", b"second"), 1):
                peer = await visit.spawn()
                theirs = await visit.open(peer, "PUB")
                await at(theirs, address, binds=visit.binder == "libzmq")
                await events.wait(HandshakeSucceeded, number)
                await hear_publisher(ours, theirs, TOPIC)
                told = published(life)
                sent = [[b"other", b"unheard"], *told]
                await theirs.send(sent)
                if kind == "XSUB" and not visit.exhibit.subscriptions_travel:
                    told = sent  # nobody filters: the publisher cannot, an XSUB does not
                heard = [
                    describe(await within(ours.receive(), f"message of the {life!r} life"))
                    for _ in told
                ]
                check(heard, told, f"our {kind}, {life!r} life of libzmq")
                await peer.kill()
                await events.wait(Disconnected, number)


def published(life: bytes) -> list[list[bytes]]:
    """Give what a publisher says in one of its lives, to those who subscribed to `TOPIC`."""
    return [[TOPIC, life], [TOPIC + b"s", life, b"the last"]]


async def at(theirs: RemoteSocket, address: str, binds: bool) -> None:
    """Bind or connect libzmq's socket."""
    if binds:
        await theirs.bind(address)
    else:
        await theirs.connect(address)


async def resubscribe(visit: Visit) -> None:
    """Try restarts of the publisher, of theirs and of ours."""
    await they_hear_again(visit)
    await we_hear_again(visit)


async def beat(visit: Visit) -> None:
    """Try heartbeats of ours and of theirs."""
    await stopped_peer_is_dropped(visit)
    await idle_peer_is_kept(visit)


async def stopped_peer_is_dropped(visit: Visit) -> None:
    """With our heartbeats, a live peer is kept, and a stopped one dropped in time."""
    theirs = await visit.open(await visit.spawn(), "DEALER")
    options = visit.our_options("DEALER")
    options |= {"heartbeat_interval": INTERVAL, "heartbeat_timeout": TIMEOUT}
    async with DealerSocket(reactor, **options) as ours:
        events = EventLog(ours)
        await visit.join(theirs, ours, events)
        await deferLater(reactor, IDLE)
        assert not events.of(Disconnected), "a live peer was dropped"
        theirs.peer.stop()
        stopped = reactor.seconds()
        lost = await events.wait(Disconnected)
        passed = reactor.seconds() - stopped
        assert isinstance(lost.reason, HeartbeatTimeout), f"dropped for {lost.reason!r}"
        assert passed < INTERVAL + TIMEOUT + TOLERANCE, f"dropped after {passed:.2f} s"
    await theirs.peer.kill()


async def idle_peer_is_kept(visit: Visit) -> None:
    """With libzmq's heartbeats, we answer: an idle connection lasts."""
    theirs = await visit.open(await visit.spawn(), "DEALER", **THEIR_HEARTBEATS)
    async with DealerSocket(reactor, **visit.our_options("DEALER")) as ours:
        events = EventLog(ours)
        await visit.join(theirs, ours, events)
        await deferLater(reactor, IDLE)
        assert not events.of(Disconnected), "libzmq dropped us"
        told: list[Message] = [[b"still here"]]
        await theirs.send(told)
        heard = await within(ours.receive(), "message")
        check([describe(heard)], told, "after the silence")


#: The columns of the table.
TRIALS: dict[str, Trial] = {
    **{kind: talk(kind) for kind in CLASSES},
    "restart": resubscribe,
    "heartbeat": beat,
}


def expected_trials(exhibit: Exhibit) -> tuple[str, ...]:
    """Return the columns of the table that have to be filled for an exhibit, for each binder."""
    return tuple(name for name in TRIALS if name != "heartbeat" or exhibit.heartbeats)
