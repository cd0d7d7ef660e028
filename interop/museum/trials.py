"""What is tried with an exhibit: each type with all that it may talk to, restarts, heartbeats, security.

A trial raises what went wrong. The conversations of the types are those of the tests with today's
libzmq, so that the old ones are asked for the same.
"""

from __future__ import annotations

from pathlib import Path

from twisted.internet.task import deferLater

from interop.conversations import check, hear_publisher
from interop.museum.exhibits import Exhibit
from interop.museum.secured import secured
from interop.museum.visit import Trial, Visit, talk_to
from interop.payloads import Message, describe
from interop.peer import RemoteSocket
from interop.reactor import reactor, within
from interop.secured import SCHEMES
from interop.sockets import CLASSES, COMPATIBLE, EventLog, lasting_address
from pyzmtp import (
    DealerSocket,
    Disconnected,
    HandshakeSucceeded,
    HeartbeatTimeout,
    PubSocket,
)

#: Our heartbeats: seconds between two PINGs, for an answer, and above both until we must know.
INTERVAL, TIMEOUT, TOLERANCE = 0.1, 0.4, 0.5

#: libzmq's heartbeats, in milliseconds: it gives up who does not answer.
THEIR_HEARTBEATS = {"HEARTBEAT_IVL": 50, "HEARTBEAT_TIMEOUT": 500, "HEARTBEAT_TTL": 1000}

#: How long a connection is left alone, seconds: several intervals and more than any limit above.
IDLE = 0.8

TOPIC = b"topic"


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
    **{scheme.mechanism: secured(scheme) for scheme in SCHEMES},
}


def expected_trials(exhibit: Exhibit) -> tuple[str, ...]:
    """Return the columns of the table that have to be filled for an exhibit, for each binder."""
    lacking = {scheme.mechanism for scheme in SCHEMES} - set(exhibit.mechanisms)
    if not exhibit.heartbeats:
        lacking.add("heartbeat")
    return tuple(name for name in TRIALS if name not in lacking)
