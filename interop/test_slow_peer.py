"""Peers that do not read: nobody else waits for them, and no queue grows beyond its mark."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.task import deferLater

from interop.conversations import check
from interop.payloads import Made, described_number, message_bytes, numbered
from interop.peer import LibzmqPeer, RemoteSocket, Spawn
from interop.reactor import reactor, within
from interop.sockets import CLASSES, EventLog, Sender, any_address, link
from pyzmtp import Disconnected, HandshakeSucceeded, PushSocket, RouterSocket

#: Bytes in a message: enough of them fill the buffers of the kernel quickly.
SIZE = 10_000

#: High-water mark of each side.
MARK = 50

#: Size asked of the kernel's buffers on each side; Linux gives twice as much.
BUFFER = 65536

#: More messages than two queues, two kernel buffers and a transport can hold, by far. Without
#: limits, far more than this would be taken.
BOUND = 300

OUR_LIMITS: dict[str, Any] = {
    "linger": 0,
    "send_hwm": MARK,
    "receive_hwm": MARK,
    "send_buffer": BUFFER,
    "receive_buffer": BUFFER,
}
THEIR_LIMITS = {"SNDHWM": MARK, "RCVHWM": MARK, "SNDBUF": BUFFER, "RCVBUF": BUFFER}


async def fill(ours: Sender) -> int:
    """Send until there has been no room for a while; give the number of messages taken."""
    taken = refused = 0
    while refused < 10 and taken < 10 * BOUND:
        (message,) = numbered(1, SIZE, start=taken)
        if ours.try_send(message_bytes(message)):
            taken, refused = taken + 1, 0
        else:
            refused += 1
            await deferLater(reactor, 0.02)
    return taken


@pytest.mark.parametrize("kind", ["PUB", "XPUB"])
async def test_stopped_subscriber_holds_up_nobody(
    kind: str, transport: str, spawn: Spawn, directory: Path
) -> None:
    async with CLASSES[kind](reactor, **OUR_LIMITS) as ours:
        events = EventLog(ours)
        address = await ours.bind(any_address(transport, directory))
        stopped = await (await spawn()).open("SUB", RCVHWM=MARK, RCVBUF=BUFFER)
        healthy = await (await spawn()).open("SUB")
        for theirs in (stopped, healthy):
            await theirs.subscribe(b"")
            await theirs.connect(address)
        await within(ours.wait_subscribed(b"", count=2), "both subscriptions")

        stopped.peer.stop()
        for start in range(0, 2000, 20):  # few at a time, to stay below the healthy one's mark
            messages = numbered(20, SIZE, start)
            report = healthy.receive(20)
            for message in messages:
                assert ours.try_send(message_bytes(message))
            check(await report, messages, "what the healthy subscriber got")
        assert ours.stats.dropped_sent >= 2000 - BOUND
        assert ours.stats.send_queue <= MARK

        # Nothing is wrong with the other: it gets what was kept for it, and then what comes.
        stopped.peer.resume()
        rest = stopped.receive_until(b"last")
        while not rest.called:
            assert ours.try_send([b"last"])
            await deferLater(reactor, 0.02)
        *kept, _ = await rest
        numbers = [described_number(message) for message in kept]
        assert 0 < len(numbers) <= BOUND
        assert numbers == sorted(set(numbers))
        wanted = [message for number in numbers for message in numbered(1, SIZE, number)]
        check(kept, wanted, "what the stopped subscriber got")
        assert not events.of(Disconnected)


SENDING = [("PUSH", "PULL"), ("DEALER", "DEALER"), ("PAIR", "PAIR")]


@pytest.mark.parametrize("pair", SENDING, ids=["-".join(pair) for pair in SENDING])
@pytest.mark.parametrize("how", ["stopped", "not-reading"])
async def test_what_is_sent_to_a_peer_that_does_not_read_is_bounded(
    pair: tuple[str, str], how: str, binder: str, transport: str, spawn: Spawn, directory: Path
) -> None:
    theirs = await (await spawn()).open(pair[1], **THEIR_LIMITS)
    async with CLASSES[pair[0]](reactor, **OUR_LIMITS) as ours:
        await link(ours, EventLog(ours), theirs, binder, any_address(transport, directory))
        if how == "stopped":
            theirs.peer.stop()
        taken = await fill(ours)
        assert MARK <= taken <= BOUND
        assert ours.stats.send_queue <= MARK
        one_more = ours.send([b"one more"])
        assert not one_more.called
        assert not ours.try_send([b"no room"])

        if how == "stopped":
            theirs.peer.resume()
        report = theirs.receive(taken + 1)
        check(await report, [*numbered(taken, SIZE), [b"one more"]], "all that was taken")
        await within(one_more, "the message that waited")


async def test_push_goes_round_a_stopped_pull(
    transport: str, spawn: Spawn, directory: Path
) -> None:
    async with PushSocket(reactor, **OUR_LIMITS) as ours:
        events = EventLog(ours)
        address = await ours.bind(any_address(transport, directory))
        stopped, healthy = [await (await spawn()).open("PULL", **THEIR_LIMITS) for _ in range(2)]
        await stopped.connect(address)
        await healthy.connect(address)
        await events.wait(HandshakeSucceeded, 2)

        got: list[list[str]] = []
        late: list[list[str]] = []

        async def read(theirs: RemoteSocket, into: list[list[str]]) -> None:
            while len(got) + len(late) < 1000:
                into += await theirs.receive_some()

        stopped.peer.stop()
        messages = numbered(1000, SIZE)
        reading = [Deferred.fromCoroutine(read(healthy, got))]
        for message in messages:
            await within(ours.send(message_bytes(message)), "send past the stopped peer")
        assert not late
        stopped.peer.resume()
        reading.append(Deferred.fromCoroutine(read(stopped, late)))
        await within(gatherResults(reading, consumeErrors=True), "arrival of all messages")
        assert len(late) <= BOUND
        for part in (got, late):
            numbers = [described_number(message) for message in part]
            assert numbers == sorted(numbers)
        check(sorted(got + late, key=described_number), messages, "the two parts together")


async def test_router_drops_for_a_stopped_dealer_and_serves_the_other(
    transport: str, spawn: Spawn, directory: Path
) -> None:
    async with RouterSocket(reactor, **OUR_LIMITS) as ours:
        events = EventLog(ours)
        address = await ours.bind(any_address(transport, directory))
        peers: list[RemoteSocket] = []
        for name in (b"stopped", b"healthy"):
            peers.append(await (await spawn()).open("DEALER", ROUTING_ID=name, **THEIR_LIMITS))
            await peers[-1].connect(address)
        stopped, healthy = peers
        await events.wait(HandshakeSucceeded, 2)
        stopped.peer.stop()
        for start in range(0, 1000, 20):
            messages = numbered(20, SIZE, start)
            report = healthy.receive(20)
            for message in messages:
                for name in (b"stopped", b"healthy"):
                    await within(ours.send([name, *message_bytes(message)]), "send")
            check(await report, messages, "what the healthy dealer got")
        assert ours.stats.dropped_sent >= 1000 - BOUND


RECEIVING = [("PULL", "PUSH"), ("DEALER", "DEALER"), ("PAIR", "PAIR")]


@pytest.mark.parametrize("pair", RECEIVING, ids=["-".join(pair) for pair in RECEIVING])
async def test_what_we_do_not_read_stays_with_the_sender(
    pair: tuple[str, str], binder: str, transport: str, libzmq: LibzmqPeer, directory: Path
) -> None:
    """At our mark we stop reading, so that TCP itself tells libzmq to wait."""
    theirs = await libzmq.open(pair[1], **THEIR_LIMITS)
    async with CLASSES[pair[0]](reactor, **OUR_LIMITS) as ours:
        events = EventLog(ours)
        await link(ours, events, theirs, binder, any_address(transport, directory))
        taken = await theirs.flood([Made(SIZE, 7)], limit=10 * BOUND)
        assert MARK <= taken <= BOUND
        # One read may bring a few messages more than there was room for.
        assert MARK <= ours.stats.receive_queue <= MARK + 65536 // SIZE + 1
        for message in numbered(taken, SIZE):
            assert await within(ours.receive(), "message") == message_bytes(message)
        await theirs.send([[b"and on it goes"]])
        assert await within(ours.receive(), "message") == [b"and on it goes"]
        assert not events.of(Disconnected)
