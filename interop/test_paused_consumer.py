"""A consumer of ours that has enough for now: libzmq is held back, and all comes in the end."""

from __future__ import annotations

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater

from interop.conversations import check
from interop.limits import (
    BETWEEN,
    OUR_LIMITS,
    OVERHEAD,
    SLACK,
    THEIR_LIMITS,
    queue_bound,
)
from interop.memory import traced
from interop.payloads import Made, describe, numbered
from interop.peer import LibzmqPeer
from interop.reactor import reactor, until
from interop.sockets import EventLog
from pyzmtp import Disconnected, PullSocket

#: Bytes that one read of Twisted's transports brings at the most.
CHUNK = 65536


@pytest.mark.parametrize("size", [1024, 65536])
@pytest.mark.parametrize("limit", OUR_LIMITS)
async def test_a_consumer_that_pauses(size: int, limit: str, libzmq: LibzmqPeer) -> None:
    theirs = await libzmq.open("PUSH", **THEIR_LIMITS)
    address = await theirs.bind("tcp://127.0.0.1:*")
    bound = queue_bound(limit, size)
    if limit == "bytes":
        bound += CHUNK // size  # the mark is looked at behind each chunk
    got: list[list[str]] = []
    breaks: list[Deferred[None]] = []

    def take(messages: list[list[bytes]]) -> Deferred[None]:
        got.extend(map(describe, messages))
        breaks.append(Deferred())
        return breaks[-1]

    async with PullSocket(reactor, **OUR_LIMITS[limit]) as ours:
        events = EventLog(ours)
        ours.consume(take)
        await ours.connect(address)
        with traced() as memory:
            # In the consumer's hands and in our queue; in the kernel; in libzmq's own queue.
            most = 2 * bound + BETWEEN // size + 2 * THEIR_LIMITS["SNDHWM"]
            taken = await theirs.flood([Made(size, 7)], limit=2 * most)
            assert bound <= taken <= most
            assert len(breaks) == 1
            assert ours.stats.receive_queue <= bound
            assert len(got) <= bound
            assert memory.peak <= 2 * bound * (size + OVERHEAD) + 2 * CHUNK + SLACK
        while len(got) < taken:
            waiting = len(breaks)
            breaks[-1].callback(None)
            await until(lambda: len(breaks) > waiting, "the next batch")  # noqa: B023
        check(got, numbered(taken, size), "what came in the end")
        await deferLater(reactor, 0.05)
        assert len(got) == taken
        breaks[-1].callback(None)
        assert not events.of(Disconnected)
