"""A flood of PINGs: it costs no memory, and the others are served beside it."""

from __future__ import annotations

from time import monotonic

import pytest
from twisted.internet.task import deferLater
from twisted.internet.tcp import Connection

from interop.conversations import check
from interop.memory import traced
from interop.payloads import describe, numbered
from interop.peer import LibzmqPeer, Spawn
from interop.reactor import reactor, within
from interop.sockets import EventLog
from pyzmtp import Disconnected, HandshakeSucceeded, PullSocket

#: Seconds that the flood lasts.
DURATION = 2.0

#: What a flood may take: what is read at once, and the answer to it. Were the answers queued, each would
#: cost 50 bytes.
ALLOWED = 1 << 19

#: Messages that somebody else sends during the flood.
MESSAGES = numbered(1000, 100)


def unsent() -> int:
    """Give how many bytes wait in the fullest of our transports."""
    return max(
        len(each.dataBuffer) + each._tempDataLen
        for each in reactor.getReaders()
        if isinstance(each, Connection)
    )


@pytest.mark.parametrize("context", [b"", bytes(16)], ids=["bare", "with-context"])
@pytest.mark.parametrize("reads", [True, False], ids=["reading", "not-reading"])
async def test_a_flood_of_pings(
    reads: bool, context: bytes, libzmq: LibzmqPeer, spawn: Spawn
) -> None:
    flooding = await spawn()
    async with PullSocket(reactor, linger=0) as ours:
        events = EventLog(ours)
        address = await ours.bind("tcp://127.0.0.1:*")
        theirs = await libzmq.open("PUSH")
        await theirs.connect(address)
        await events.wait(HandshakeSucceeded)
        most_unsent = 0
        with traced() as memory:
            flood = flooding.ping(address, DURATION, reads, context)
            await events.wait(HandshakeSucceeded, 2)
            started = monotonic()
            await deferLater(reactor, 0.2)
            sending = theirs.send(MESSAGES)
            got: list[list[str]] = []
            while len(got) < len(MESSAGES):
                messages = await within(ours.receive_batch(), "messages")
                got += map(describe, messages)
                most_unsent = max(most_unsent, unsent())
            assert monotonic() - started < DURATION, "the others wait for the end of the flood"
            await sending
            check(got, MESSAGES, "what somebody else sent")
            pings, pongs = await flood
            taken = memory.peak
        assert pings > 30_000, "that was no flood"
        assert taken < ALLOWED + len(got) * 500
        assert most_unsent <= 65536 + 32
        # One answer for a read, which brings 64 KiB at the most, and in a flood not much less.
        assert pongs < pings / 10
        assert (pongs > 0) is reads
        await events.wait(Disconnected)
        assert len(events.of(Disconnected)) == 1, "only the flooder has left"
        await theirs.send([[b"still here"]])
        assert await within(ours.receive(), "a message after the flood") == [b"still here"]
