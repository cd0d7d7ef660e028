"""A libzmq subscriber that is stopped: what is dropped for it is counted to the message."""

from __future__ import annotations

import pytest
from twisted.internet.defer import Deferred

from interop.conversations import check
from interop.limits import (
    BETWEEN,
    MARK,
    OUR_LIMITS,
    OVERHEAD,
    SLACK,
    THEIR_LIMITS,
    fill,
    fresh,
)
from interop.memory import traced
from interop.payloads import described_number, message_bytes, numbered
from interop.peer import RemoteSocket, Spawn
from interop.reactor import reactor, until, within
from interop.sockets import CLASSES, EventLog
from pyzmtp import Disconnected, PubSocket, XPubSocket

#: Messages that are published at once: below the mark of the subscriber that reads.
FEW = 20


async def two_subscribers(ours: PubSocket | XPubSocket, spawn: Spawn) -> list[RemoteSocket]:
    """Connect two libzmq subscribers, each in a process of its own."""
    address = await ours.bind("tcp://127.0.0.1:*")
    peers = [await (await spawn()).open("SUB", **THEIR_LIMITS) for _ in range(2)]
    for theirs in peers:
        await theirs.subscribe(b"")
        await theirs.connect(address)
    await within(ours.wait_subscribed(b"", count=2), "both subscriptions")
    return peers


@pytest.mark.parametrize("kind", ["PUB", "XPUB"])
@pytest.mark.parametrize(("size", "count"), [(1024, 2000), (65536, 300)])
async def test_what_a_stopped_subscriber_misses_is_counted(
    kind: str, size: int, count: int, spawn: Spawn
) -> None:
    async with CLASSES[kind](reactor, **OUR_LIMITS["messages"]) as ours:
        events = EventLog(ours)
        stopped, healthy = await two_subscribers(ours, spawn)
        stopped.peer.stop()
        with traced() as memory:
            for start in range(0, count, FEW):
                report = healthy.receive(FEW)
                for number in range(start, start + FEW):
                    assert ours.try_send(fresh(number, size))
                check(await report, numbered(FEW, size, start), "what the healthy one got")
            # A message for several peers is kept as its frames and as what goes over the wire.
            assert memory.peak <= 2 * (MARK + FEW) * (size + OVERHEAD) + BETWEEN + SLACK
        dropped = ours.stats.dropped_sent
        assert count - MARK - BETWEEN // size - 1 <= dropped <= count - MARK

        stopped.peer.resume()
        rest = stopped.receive_until(b"last")
        await until(lambda: ours.stats.send_queue == 0, "all that was kept has left")
        assert ours.try_send([b"last"])
        assert await healthy.receive_until(b"last") == [["4 bytes 6c617374"]]
        *kept, _ = await rest
        numbers = [described_number(message) for message in kept]
        assert numbers == sorted(set(numbers))
        wanted = [message for number in numbers for message in numbered(1, size, number)]
        check(kept, wanted, "what the stopped subscriber got")
        assert len(kept) + dropped == count
        assert ours.stats.dropped_sent == dropped
        assert not events.of(Disconnected)


@pytest.mark.parametrize(("size", "count"), [(1024, 1000), (65536, 100)])
async def test_with_nodrop_a_publisher_waits(size: int, count: int, spawn: Spawn) -> None:
    options = {**OUR_LIMITS["messages"], "xpub_nodrop": True}
    async with XPubSocket(reactor, **options) as ours:
        events = EventLog(ours)
        stopped, healthy = await two_subscribers(ours, spawn)
        reports = [healthy.receive(count)]
        stopped.peer.stop()
        taken = await fill(ours, size, most=count)
        assert MARK <= taken <= MARK + BETWEEN // size + 1

        async def send_the_others() -> None:
            for message in numbered(count, size)[taken:]:
                await ours.send(message_bytes(message))

        sending = Deferred.fromCoroutine(send_the_others())
        assert not sending.called
        stopped.peer.resume()
        reports.append(stopped.receive(count))
        for report in reports:
            check(await report, numbered(count, size), "what a subscriber got")
        await within(sending, "the messages that waited")
        assert ours.stats.dropped_sent == 0
        assert not events.of(Disconnected)
