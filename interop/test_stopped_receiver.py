"""A libzmq process that is stopped: what is sent to it is bounded, and none of it is lost."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from twisted.internet.defer import Deferred, gatherResults

from interop.conversations import check
from interop.limits import (
    BETWEEN,
    OUR_LIMITS,
    OVERHEAD,
    SLACK,
    THEIR_LIMITS,
    fill,
    fresh,
    queue_bound,
)
from interop.memory import traced
from interop.payloads import described_number, numbered
from interop.peer import RemoteSocket, Spawn
from interop.reactor import reactor, within
from interop.sockets import CLASSES, EventLog
from pyzmtp import Disconnected, HandshakeSucceeded, PushSocket

PAIRS = [("PUSH", "PULL"), ("DEALER", "ROUTER")]


def without_sender(kind: str, got: Sequence[Sequence[str]]) -> list[Sequence[str]]:
    """Take away the routing id that a ROUTER puts before each message."""
    return [message[1:] if kind == "ROUTER" else message for message in got]


@pytest.mark.parametrize("pair", PAIRS, ids=["-".join(pair) for pair in PAIRS])
@pytest.mark.parametrize("size", [1024, 65536])
@pytest.mark.parametrize("limit", OUR_LIMITS)
async def test_what_is_sent_to_a_stopped_process(
    pair: tuple[str, str], size: int, limit: str, spawn: Spawn
) -> None:
    theirs = await (await spawn()).open(pair[1], **THEIR_LIMITS)
    address = await theirs.bind("tcp://127.0.0.1:*")
    bound = queue_bound(limit, size)
    async with CLASSES[pair[0]](reactor, **OUR_LIMITS[limit]) as ours:
        events = EventLog(ours)
        await within(ours.connect(address), "connect")
        theirs.peer.stop()
        with traced() as memory:
            taken = await fill(ours, size, most=2 * (bound + BETWEEN // size))
            stats = ours.stats
            # One write holds more than it has to by less than a message.
            assert bound <= taken <= bound + BETWEEN // size + 1
            assert bound // 3 <= stats.send_queue <= bound  # there is room again at half of it
            assert stats.messages_sent + stats.send_queue == taken
            one_more = ours.send([b"one more"])
            assert not ours.try_send([b"no room"])
            assert memory.peak <= bound * (size + OVERHEAD) + BETWEEN + SLACK
        assert not one_more.called

        theirs.peer.resume()
        got = without_sender(pair[1], await theirs.receive(taken + 1))
        check(got, [*numbered(taken, size), [b"one more"]], "all that was taken")
        await within(one_more, "the message that waited")
        assert await theirs.receive_some(0.05) == []
        assert ours.stats.send_queue == ours.stats.dropped_sent == 0
        assert not events.of(Disconnected)


async def test_the_memory_of_a_sender_with_the_usual_marks(spawn: Spawn) -> None:
    """A thousand messages wait here, however many the kernel's own buffers hold."""
    theirs = await (await spawn()).open("PULL")
    address = await theirs.bind("tcp://127.0.0.1:*")
    async with PushSocket(reactor, linger=0) as ours:
        await within(ours.connect(address), "connect")
        theirs.peer.stop()
        with traced() as memory:
            taken = await fill(ours, 1024, most=60_000)
            assert ours.stats.send_queue <= 1000 <= taken
            assert memory.peak <= 1000 * (1024 + OVERHEAD) + BETWEEN + SLACK
        theirs.peer.resume()
        check(await theirs.receive(taken), numbered(taken, 1024), "all that was taken")


async def test_one_of_three_is_stopped_in_the_midst(spawn: Spawn) -> None:
    """The others go on, and what is queued for it waits for it."""
    size, count = 1024, 4000
    async with PushSocket(reactor, **OUR_LIMITS["messages"]) as ours:
        events = EventLog(ours)
        address = await ours.bind("tcp://127.0.0.1:*")
        peers = [await (await spawn()).open("PULL", **THEIR_LIMITS) for _ in range(3)]
        got: list[list[list[str]]] = [[], [], []]
        for theirs in peers:
            await theirs.connect(address)
        await events.wait(HandshakeSucceeded, 3)

        async def read(theirs: RemoteSocket, into: list[list[str]]) -> None:
            while sum(map(len, got)) < count:
                into += await theirs.receive_some()

        reading = [
            Deferred.fromCoroutine(read(theirs, into))
            for theirs, into in zip(peers[1:], got[1:], strict=True)
        ]
        messages = numbered(count, size)
        for number in range(count):
            if number == count // 4:
                peers[0].peer.stop()
            await within(ours.send(fresh(number, size)), "send past the stopped peer")
        assert ours.stats.messages_sent + ours.stats.send_queue == count
        peers[0].peer.resume()
        reading.append(Deferred.fromCoroutine(read(peers[0], got[0])))
        await within(gatherResults(reading, consumeErrors=True), "arrival of all messages")
        for part in got:
            numbers = [described_number(message) for message in part]
            assert numbers == sorted(set(numbers))
        together = sorted((message for part in got for message in part), key=described_number)
        check(together, messages, "the three parts together")
        assert len(got[0]) <= count // 2
        assert ours.stats.dropped_sent == 0
