"""Every pair of socket types that may talk, both ways round, over TCP and Unix sockets."""

from __future__ import annotations

from pathlib import Path

import pytest

from interop.conversations import CONVERSATIONS, say_everything, their_options
from interop.peer import LibzmqPeer, PeerFailed
from interop.reactor import reactor, within
from interop.sockets import PAIRS, EventLog, any_address, link
from pyzmtp import DealerSocket


def test_every_pair_has_a_conversation() -> None:
    assert set(CONVERSATIONS) == set(PAIRS)


@pytest.mark.parametrize(("our_kind", "their_kind"), PAIRS, ids=["-".join(p) for p in PAIRS])
async def test_pair(
    our_kind: str,
    their_kind: str,
    binder: str,
    transport: str,
    libzmq: LibzmqPeer,
    directory: Path,
) -> None:
    theirs = await libzmq.open(their_kind, **their_options(their_kind))
    await say_everything(our_kind, theirs, binder, any_address(transport, directory))


async def test_heartbeats_of_libzmq_are_answered(
    binder: str, transport: str, libzmq: LibzmqPeer, directory: Path
) -> None:
    """A socket that left a PING without its PONG would be dropped after the time limit."""
    limits = {"HEARTBEAT_IVL": 20, "HEARTBEAT_TIMEOUT": 200, "HEARTBEAT_TTL": 1000}
    theirs = await libzmq.open("DEALER", **limits)
    await theirs.watch()
    async with DealerSocket(reactor) as ours:
        await link(ours, EventLog(ours), theirs, binder, any_address(transport, directory))
        with pytest.raises(PeerFailed, match="no connection was lost"):
            await theirs.wait_lost(patience=0.7)
        await theirs.send([[b"still here"]])
        assert await within(ours.receive(), "message") == [b"still here"]
