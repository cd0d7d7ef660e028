"""All that goes on between two sockets goes on inside each security mechanism, whoever is the server."""

from __future__ import annotations

from pathlib import Path

import pytest
from twisted.internet.task import deferLater

from interop.conversations import (
    Case,
    check,
    let_publish,
    say_everything,
    their_options,
)
from interop.payloads import Made, Message, describe
from interop.peer import LibzmqPeer, Spawn
from interop.reactor import reactor, within
from interop.restarts import two_lives
from interop.secured import PLAIN, SCHEMES, Scheme
from interop.sockets import CLASSES, PAIRS, EventLog, any_address, link
from pyzmtp import (
    DealerSocket,
    Disconnected,
    HandshakeSucceeded,
    HeartbeatTimeout,
    RouterSocket,
)

#: Ten thousand messages, of frames around all sizes where framing changes.
MANY = Case("10,000", tuple((b"#%05d" % n, Made(n % 600, n % 250)) for n in range(10_000)))

#: Every mechanism, server and pair, but those which libzmq does not get through with itself.
MATRIX = [
    pytest.param(scheme, server, *pair, id="-".join((scheme.mechanism, server, "serves", *pair)))
    for scheme in SCHEMES
    for server in ("pyzmtp", "libzmq")
    for pair in PAIRS
    if scheme.allows(server, pair[1])
]

schemes = pytest.mark.parametrize("scheme", SCHEMES, ids=[scheme.mechanism for scheme in SCHEMES])


@pytest.mark.parametrize(("scheme", "server", "our_kind", "their_kind"), MATRIX)
async def test_pair(
    scheme: Scheme, server: str, our_kind: str, their_kind: str, binder: str, libzmq: LibzmqPeer
) -> None:
    theirs = await scheme.open(libzmq, server, their_kind, **their_options(their_kind))
    where = any_address("tcp", Path())
    await say_everything(our_kind, theirs, binder, where, **scheme.ours(server))


async def test_why_a_req_of_libzmq_cannot_ask_a_handler(libzmq: LibzmqPeer) -> None:
    """If this fails, the gap in the matrix can be closed."""
    req = await PLAIN.open(libzmq, "libzmq", "REQ")
    rep = await libzmq.open("REP", **PLAIN.their_client)
    await req.connect(await rep.bind("tcp://127.0.0.1:*"))
    request: Message = [b"request"]
    await req.send([request])
    check(await rep.receive(1), [request], "the request")
    await rep.send([[b"reply"]])
    assert await req.receive_some(0.3) == []


@schemes
async def test_over_unix_sockets(
    server: str, binder: str, scheme: Scheme, libzmq: LibzmqPeer, directory: Path
) -> None:
    theirs = await scheme.open(libzmq, server, "PAIR")
    where = any_address("ipc", directory)
    await say_everything("PAIR", theirs, binder, where, **scheme.ours(server))


@schemes
async def test_ten_thousand_messages_each_way(
    server: str, binder: str, scheme: Scheme, libzmq: LibzmqPeer
) -> None:
    theirs = await scheme.open(libzmq, server, "DEALER", **their_options("DEALER"))
    where = any_address("tcp", Path())
    await say_everything("DEALER", theirs, binder, where, [MANY], **scheme.ours(server))


@schemes
async def test_both_sides_know_whom_they_talk_to(
    server: str, binder: str, scheme: Scheme, libzmq: LibzmqPeer
) -> None:
    await scheme.admit(libzmq)
    theirs = await scheme.open(libzmq, server, "DEALER")
    async with DealerSocket(reactor, **scheme.ours(server)) as ours:
        events = EventLog(ours)
        await link(ours, events, theirs, binder, any_address("tcp", Path()))
        peer = events.of(HandshakeSucceeded)[0].peer
        assert peer.mechanism == scheme.mechanism
        assert peer.version == (3, 1)
        assert peer.user_id == (scheme.user_id if server == "pyzmtp" else None)
        await within(ours.send([b"who am I"]), "send")
        told = await theirs.receive_properties("User-Id", "Socket-Type")
        assert told == [scheme.user_id if server == "libzmq" else "", "DEALER"]


PUBLISHED: list[Message] = [[b"a"], [b"abc", b"1"], [b"b"], [b"c"], [b"ab"]]
HEARD: list[Message] = [[b"abc", b"1"], [b"b"], [b"ab"]]
HEARD_LATER: list[Message] = [[b"abc", b"1"], [b"c"], [b"ab"]]


@schemes
@pytest.mark.parametrize("kind", ["PUB", "XPUB"])
async def test_our_publisher_sends_what_is_subscribed(
    kind: str, server: str, binder: str, scheme: Scheme, libzmq: LibzmqPeer
) -> None:
    theirs = await scheme.open(libzmq, server, "SUB")
    async with CLASSES[kind](reactor, **scheme.ours(server)) as ours:
        await link(ours, EventLog(ours), theirs, binder, any_address("tcp", Path()))
        for topic in (b"ab", b"b"):
            await let_publish(ours, theirs, topic)
        await within(ours.send_batch(PUBLISHED), "send")
        check(await theirs.receive(len(HEARD)), HEARD, "what they subscribed to")
        await theirs.unsubscribe(b"b")
        if kind == "XPUB":
            assert await within(ours.receive(), "notice") == [b"\x00b"]
        await let_publish(ours, theirs, b"c")
        await within(ours.send_batch(PUBLISHED), "send")
        check(await theirs.receive(len(HEARD_LATER)), HEARD_LATER, "what they are subscribed to")


@schemes
@pytest.mark.parametrize("kind", ["SUB", "XSUB"])
async def test_our_subscriber_hears_what_it_subscribed_to(
    kind: str, server: str, binder: str, scheme: Scheme, libzmq: LibzmqPeer
) -> None:
    theirs = await scheme.open(libzmq, server, "XPUB")
    async with CLASSES[kind](reactor, **scheme.ours(server)) as ours:
        await link(ours, EventLog(ours), theirs, binder, any_address("tcp", Path()))
        for topic in (b"ab", b"b"):
            await let_publish(ours, theirs, topic)
        await theirs.send(PUBLISHED)
        received = [describe(await within(ours.receive(), "message")) for _ in HEARD]
        check(received, HEARD, "what we subscribed to")
        if kind == "SUB":
            ours.unsubscribe(b"b")
        else:
            await within(ours.send(b"\x00b"), "end of the subscription")
        check(await theirs.receive(1), [[b"\x00b"]], "notice")
        await let_publish(ours, theirs, b"c")
        await theirs.send(PUBLISHED)
        received = [describe(await within(ours.receive(), "message")) for _ in HEARD_LATER]
        check(received, HEARD_LATER, "what we are still subscribed to")


@schemes
async def test_heartbeats_of_libzmq_are_answered(
    server: str, binder: str, scheme: Scheme, libzmq: LibzmqPeer
) -> None:
    limits = {"HEARTBEAT_IVL": 20, "HEARTBEAT_TIMEOUT": 200, "HEARTBEAT_TTL": 1000}
    theirs = await scheme.open(libzmq, server, "DEALER", **limits)
    async with DealerSocket(reactor, **scheme.ours(server)) as ours:
        events = EventLog(ours)
        await link(ours, events, theirs, binder, any_address("tcp", Path()))
        await deferLater(reactor, 0.5)
        assert not events.of(Disconnected), "libzmq dropped us"
        await theirs.send([[b"still here"]])
        assert await within(ours.receive(), "message") == [b"still here"]


@schemes
async def test_a_stopped_process_is_given_up_and_comes_back(
    server: str, scheme: Scheme, spawn: Spawn
) -> None:
    """Our heartbeats: they are answered, and missed."""
    options = {"heartbeat_interval": 0.1, "heartbeat_timeout": 0.3, **scheme.ours(server)}
    theirs = await scheme.open(await spawn(), server, "DEALER", RECONNECT_IVL=20)
    async with RouterSocket(reactor, linger=0, **options) as ours:
        events = EventLog(ours)
        await link(ours, events, theirs, "pyzmtp", any_address("tcp", Path()))
        await deferLater(reactor, 0.6)
        assert not events.of(Disconnected), "a live peer was given up"
        theirs.peer.stop()
        lost = await events.wait(Disconnected)
        assert isinstance(lost.reason, HeartbeatTimeout)
        theirs.peer.resume()
        await events.wait(HandshakeSucceeded, 2)
        await theirs.send([[b"back"]])
        routing_id, _ = await within(ours.receive(), "a message after all")
        await ours.send([routing_id, b"welcome"])
        assert await theirs.receive(1) == [describe([b"welcome"])]


@schemes
@pytest.mark.parametrize(
    ("our_kind", "their_kind"), [("ROUTER", "DEALER"), ("XPUB", "SUB"), ("SUB", "PUB")]
)
async def test_pair_goes_on_with_a_new_process(
    our_kind: str, their_kind: str, server: str, binder: str, scheme: Scheme, spawn: Spawn
) -> None:
    mine, theirs = scheme.ours(server), scheme.theirs(server)
    await two_lives(our_kind, their_kind, binder, scheme.spawn(spawn), mine, theirs)
