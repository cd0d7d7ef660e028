"""What publishers and subscribers of the two libraries tell each other about topics."""

from __future__ import annotations

from pathlib import Path

import pytest

from interop.conversations import check, hear_publisher, let_publish
from interop.payloads import Message, describe, expected
from interop.peer import LibzmqPeer, RemoteSocket, Spawn
from interop.reactor import reactor, within
from interop.sockets import CLASSES, EventLog, any_address, lasting_address, link
from pyzmtp import (
    Disconnected,
    HandshakeSucceeded,
    PubSocket,
    SubSocket,
    XPubSocket,
    XSubSocket,
)

RECONNECT = 0.02

#: Topics around the sizes where the framing of a subscription changes (ZMTP.md 1.5).
TOPICS = [
    b"",
    b"a",
    b"\x00",
    b"\x01\x01",
    *(bytes([65 + n % 26]) * n for n in (244, 245, 246, 247, 248, 249, 250, 253, 254, 255, 256)),
    b"z" * 5000,
]

PUBLISHED: list[Message] = [[b"a"], [b"abc", b"1"], [b"ax"], [b"", b"abc"], [b"b"], [b"c"], [b"ab"]]

#: Those of them which somebody hears who has subscribed to `ab` and to `b`.
HEARD: list[Message] = [[b"abc", b"1"], [b"b"], [b"ab"]]

LAST = b"b, and last"


@pytest.mark.parametrize("kind", ["PUB", "XPUB"])
@pytest.mark.parametrize("their_kind", ["SUB", "XSUB"])
async def test_our_publisher_sends_what_is_subscribed(
    kind: str, their_kind: str, binder: str, transport: str, libzmq: LibzmqPeer, directory: Path
) -> None:
    theirs = await libzmq.open(their_kind)
    async with CLASSES[kind](reactor) as ours:
        await link(ours, EventLog(ours), theirs, binder, any_address(transport, directory))
        for topic in (b"ab", b"b"):
            await let_publish(ours, theirs, topic)
        for message in [*PUBLISHED, [LAST]]:
            assert ours.try_send(message)
        check(await theirs.receive_until(LAST), [*HEARD, [LAST]], "subscribed messages")


@pytest.mark.parametrize("kind", ["SUB", "XSUB"])
@pytest.mark.parametrize("their_kind", ["PUB", "XPUB"])
async def test_our_subscriber_gets_what_it_subscribed_to(
    kind: str, their_kind: str, binder: str, transport: str, libzmq: LibzmqPeer, directory: Path
) -> None:
    theirs = await libzmq.open(their_kind)
    async with CLASSES[kind](reactor) as ours:
        await link(ours, EventLog(ours), theirs, binder, any_address(transport, directory))
        for topic in (b"ab", b"b"):
            await let_publish(ours, theirs, topic)
        await theirs.send([*PUBLISHED, [LAST]])
        received = [await within(ours.receive(), f"message {n}") for n in range(len(HEARD) + 1)]
        assert received == [*HEARD, [LAST]]


async def test_our_publisher_stops_when_unsubscribed(
    transport: str, libzmq: LibzmqPeer, directory: Path
) -> None:
    theirs = await libzmq.open("SUB")
    async with XPubSocket(reactor) as ours:
        await theirs.connect(await ours.bind(any_address(transport, directory)))
        await let_publish(ours, theirs, b"a")
        await let_publish(ours, theirs, b"b")
        await theirs.unsubscribe(b"a")
        assert await within(ours.receive(), "notice") == [b"\x00a"]
        for message in ([b"a1"], [b"b1"]):
            assert ours.try_send(message)
        check(await theirs.receive(1), [[b"b1"]], "after unsubscribing")


async def test_our_subscriber_unsubscribes(
    transport: str, libzmq: LibzmqPeer, directory: Path
) -> None:
    """A topic subscribed to twice is cancelled at libzmq with its second cancellation."""
    theirs = await libzmq.open("XPUB", XPUB_VERBOSER=1)
    async with SubSocket(reactor) as ours:
        events = EventLog(ours)
        await link(ours, events, theirs, "libzmq", any_address(transport, directory))
        ours.subscribe(b"a")
        ours.subscribe(b"a")
        ours.unsubscribe(b"a")
        ours.subscribe(b"b")
        ours.unsubscribe(b"a")
        ours.subscribe(b"end")
        *notices, last = [notice for (notice,) in await theirs.receive_until(b"\x01end")]
        spoken = {describe([name])[0]: name for name in (b"\x01a", b"\x00a", b"\x01b")}
        # The second subscription of "a" goes upstream with libzmq; a publisher does not mind.
        assert [spoken[notice] for notice in dict.fromkeys(notices)] == [
            b"\x01a",
            b"\x01b",
            b"\x00a",
        ]
        assert [last] == describe([b"\x01end"])
        await theirs.send([[b"a"], [b"b"]])
        assert await within(ours.receive(), "message") == [b"b"]


async def test_topics_of_every_size_reach_our_publisher(
    transport: str, libzmq: LibzmqPeer, directory: Path
) -> None:
    theirs = await libzmq.open("SUB")
    async with XPubSocket(reactor) as ours:
        await theirs.connect(await ours.bind(any_address(transport, directory)))
        for topic in TOPICS:
            await let_publish(ours, theirs, topic)
        for topic in TOPICS:
            await theirs.unsubscribe(topic)
            assert await within(ours.receive(), "notice") == [b"\x00" + topic]


@pytest.mark.parametrize("kind", ["SUB", "XSUB"])
async def test_topics_of_every_size_reach_their_publisher(
    kind: str, transport: str, libzmq: LibzmqPeer, directory: Path
) -> None:
    theirs = await libzmq.open("XPUB")
    async with CLASSES[kind](reactor) as ours:
        await ours.connect(await theirs.bind(any_address(transport, directory)))
        for topic in TOPICS:
            await let_publish(ours, theirs, topic)


# -- connections lost and made again -------------------------------------------------------


async def subscriber(spawn: Spawn, address: str, *topics: bytes) -> RemoteSocket:
    """Start a libzmq process that has subscribed to `topics` at `address`."""
    theirs = await (await spawn()).open("SUB")
    for topic in topics:
        await theirs.subscribe(topic)
    await theirs.connect(address)
    return theirs


async def test_their_restarted_subscriber_gets_its_topics_from_our_pub(
    transport: str, spawn: Spawn, directory: Path
) -> None:
    """A bound publisher forgets the topics of a lost peer, and learns them from the next one."""
    async with PubSocket(reactor) as ours:
        events = EventLog(ours)
        address = await ours.bind(any_address(transport, directory))
        for life in range(1, 4):
            theirs = await subscriber(spawn, address, b"a", b"life %d" % life)
            await within(ours.wait_subscribed(b"a"), "subscription")
            await within(ours.wait_subscribed(b"life %d" % life), "subscription")
            for message in ([b"a1"], [b"life 1"], [b"life 2"], [b"life 3"], [b"a2"]):
                assert ours.try_send(message)
            heard = [[b"a1"], [b"life %d" % life], [b"a2"]]
            check(await theirs.receive_until(b"a2"), heard, f"life {life}")
            await theirs.peer.kill()
            await events.wait(Disconnected, life)


async def test_our_xpub_tells_of_a_killed_subscriber_and_of_the_next(
    transport: str, spawn: Spawn, directory: Path
) -> None:
    async with XPubSocket(reactor) as ours:
        address = await ours.bind(any_address(transport, directory))
        for _ in range(2):
            theirs = await subscriber(spawn, address, b"topic")
            assert await within(ours.receive(), "notice") == [b"\x01topic"]
            await theirs.peer.kill()
            assert await within(ours.receive(), "notice") == [b"\x00topic"]


@pytest.mark.parametrize("kind", ["SUB", "XSUB"])
async def test_our_subscriber_subscribes_again_at_a_restarted_xpub(
    kind: str, transport: str, spawn: Spawn, directory: Path
) -> None:
    """Each topic that is held once, and none that was cancelled while the other was away."""
    address = lasting_address(transport, directory)
    async with CLASSES[kind](reactor, reconnect_interval=RECONNECT) as ours:
        events = EventLog(ours)

        def subscribe(topic: bytes) -> None:
            if isinstance(ours, XSubSocket):
                assert ours.try_send(b"\x01" + topic)
            else:
                ours.subscribe(topic)

        def cancel(topic: bytes) -> None:
            if isinstance(ours, XSubSocket):
                assert ours.try_send(b"\x00" + topic)
            else:
                ours.unsubscribe(topic)

        for topic in (b"a", b"a", b"b", b"c", b"d", b"d"):
            subscribe(topic)
        cancel(b"c")
        cancel(b"d")
        ours.connect(address)
        for life in range(1, 4):
            theirs = await (await spawn()).open("XPUB", XPUB_VERBOSE=1)
            await theirs.bind(address)
            notices = await theirs.receive(3)
            wanted = [[b"\x01a"], [b"\x01b"], [b"\x01d"]]
            assert sorted(notices) == sorted(expected(wanted)), f"life {life}"
            # Nothing else was sent: the next notice is that of the next topic.
            await let_publish(ours, theirs, b"next")
            await theirs.send([[b"a"], [b"c"], [b"b"], [b"d"]])
            for topic in (b"a", b"b", b"d"):
                assert await within(ours.receive(), "message") == [topic]
            cancel(b"next")
            check(await theirs.receive(1), [[b"\x00next"]], f"life {life}")
            await theirs.peer.kill()
            await events.wait(Disconnected, life)


async def test_our_topics_change_while_the_publisher_is_down(
    transport: str, spawn: Spawn, directory: Path
) -> None:
    address = lasting_address(transport, directory)
    async with SubSocket(reactor, reconnect_interval=RECONNECT) as ours:
        events = EventLog(ours)
        ours.subscribe(b"old")
        ours.connect(address)
        theirs = await (await spawn()).open("XPUB")
        await theirs.bind(address)
        check(await theirs.receive(1), [[b"\x01old"]], "first life")
        await theirs.peer.kill()
        await events.wait(Disconnected)
        ours.subscribe(b"new")
        ours.unsubscribe(b"old")
        theirs = await (await spawn()).open("XPUB")
        await theirs.bind(address)
        check(await theirs.receive(1), [[b"\x01new"]], "second life")
        await theirs.send([[b"old"], [b"new"]])
        assert await within(ours.receive(), "message") == [b"new"]


async def test_topics_come_before_anything_else_sent_upstream(
    transport: str, spawn: Spawn, directory: Path
) -> None:
    """A message sent while the publisher is down may be lost; it never overtakes the topics.

    ZMTP.md 8.3 says that what is queued upstream is dropped; libzmq does that when the connection
    is lost, and keeps what is sent between then and the next connection.
    """
    address = lasting_address(transport, directory)
    async with XSubSocket(reactor, reconnect_interval=RECONNECT) as ours:
        events = EventLog(ours)
        await within(ours.send(b"\x01topic"), "subscription")
        ours.connect(address)
        theirs = await (await spawn()).open("XPUB")
        await theirs.bind(address)
        check(await theirs.receive(1), [[b"\x01topic"]], "first life")
        await theirs.peer.kill()
        await events.wait(Disconnected)
        await within(ours.send(b"perhaps"), "send")
        theirs = await (await spawn()).open("XPUB")
        await theirs.bind(address)
        await events.wait(HandshakeSucceeded, 2)
        await within(ours.send(b"surely"), "send")
        first, *between, last = await theirs.receive_until(b"surely")
        check([first, last], [[b"\x01topic"], [b"surely"]], "second life")
        assert between in ([], expected([[b"perhaps"]]))


async def test_our_subscriber_hears_a_restarted_pub(
    binder: str, transport: str, spawn: Spawn, directory: Path
) -> None:
    address = lasting_address(transport, directory)
    async with SubSocket(reactor, reconnect_interval=RECONNECT) as ours:
        events = EventLog(ours)
        ours.subscribe(b"topic")
        if binder == "pyzmtp":
            await ours.bind(address)
        else:
            ours.connect(address)
        for life in range(1, 4):
            theirs = await (await spawn()).open("PUB")
            await (theirs.connect if binder == "pyzmtp" else theirs.bind)(address)
            await hear_publisher(ours, theirs, b"topic")
            await theirs.send([[b"other"], [b"topic", b"%d" % life]])
            assert await within(ours.receive(), "message") == [b"topic", b"%d" % life]
            await theirs.peer.kill()
            await events.wait(Disconnected, life)


@pytest.mark.parametrize("their_kind", ["SUB", "XSUB"])
async def test_their_subscriber_subscribes_again_at_our_new_pub(
    their_kind: str, transport: str, libzmq: LibzmqPeer, directory: Path
) -> None:
    """libzmq stays, ours is closed and another one takes the address."""
    address = lasting_address(transport, directory)
    theirs = await libzmq.open(their_kind, RECONNECT_IVL=20)
    for topic in (b"a", b"b"):
        await theirs.subscribe(topic)
    await theirs.connect(address)
    for life in (b"1", b"2", b"3"):
        async with PubSocket(reactor) as ours:
            await ours.bind(address)
            for topic in (b"a", b"b"):
                await within(ours.wait_subscribed(topic), "subscription")
            for message in ([b"a", life], [b"c", life], [b"b", life]):
                assert ours.try_send(message)
            check(await theirs.receive(2), [[b"a", life], [b"b", life]], f"life {life!r}")
