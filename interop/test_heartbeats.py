"""Heartbeats with libzmq: a process that is stopped is given up, in either direction; a live one is not."""

from __future__ import annotations

from pathlib import Path
from time import monotonic

import pytest
from twisted.internet.task import deferLater

from interop.peer import Spawn
from interop.reactor import reactor
from interop.sockets import EventLog, any_address
from pyzmtp import Disconnected, HandshakeSucceeded, HeartbeatTimeout, RouterSocket

#: Seconds between two PINGs, and how long to wait after one.
INTERVAL, TIMEOUT = 0.2, 0.3


@pytest.mark.parametrize("theirs_too", [False, True], ids=["ours", "both"])
async def test_a_stopped_process_is_given_up_and_comes_back(
    theirs_too: bool, transport: str, spawn: Spawn, directory: Path
) -> None:
    options = {"HEARTBEAT_IVL": 100, "HEARTBEAT_TTL": 1000} if theirs_too else {}
    async with RouterSocket(
        reactor, linger=0, heartbeat_interval=INTERVAL, heartbeat_timeout=TIMEOUT
    ) as ours:
        events = EventLog(ours)
        address = await ours.bind(any_address(transport, directory))
        theirs = await (await spawn()).open("DEALER", RECONNECT_IVL=50, **options)
        await theirs.connect(address)
        await events.wait(HandshakeSucceeded)
        await deferLater(reactor, 1.0)
        assert len(ours.peers) == 1, "a live peer was given up"

        theirs.peer.stop()
        stopped = monotonic()
        lost = await events.wait(Disconnected)
        assert isinstance(lost.reason, HeartbeatTimeout)
        assert monotonic() - stopped < INTERVAL + TIMEOUT + 0.5
        theirs.peer.resume()
        await events.wait(HandshakeSucceeded, 2)
