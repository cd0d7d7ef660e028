"""Heartbeats with libzmq: a process that is stopped is given up, in either direction; a live one is not."""

from __future__ import annotations

from pathlib import Path
from time import monotonic
from typing import Any

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import TCP4ClientEndpoint, connectProtocol
from twisted.internet.protocol import Protocol, connectionDone
from twisted.internet.task import deferLater
from twisted.python.failure import Failure

from interop.flooder import GREETING, READY
from interop.peer import RemoteSocket, Spawn
from interop.reactor import reactor, until, within
from interop.sockets import EventLog, any_address, link
from pyzmtp import (
    Disconnected,
    HandshakeSucceeded,
    HeartbeatTimeout,
    OptionError,
    PullSocket,
    PushSocket,
    RouterSocket,
)

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
        # The last sign of life may be as old as the last PING.
        assert TIMEOUT - 0.1 < monotonic() - stopped < INTERVAL + TIMEOUT + 0.5
        theirs.peer.resume()
        await events.wait(HandshakeSucceeded, 2)
        await goes_on(ours, theirs)


async def goes_on(ours: RouterSocket, theirs: RemoteSocket) -> None:
    """Have a DEALER that is back say something, and hear the answer."""
    await theirs.send([[b"back"]])
    routing_id, _ = await within(ours.receive(), "a message after all")
    await ours.send([routing_id, b"welcome"])
    assert await theirs.receive(1) == [["7 bytes 77656c636f6d65"]]


@pytest.mark.parametrize("ours_binds", [True, False], ids=["bound", "connected"])
async def test_a_stopped_process_is_given_up_however_much_waits_for_it(
    ours_binds: bool, spawn: Spawn
) -> None:
    """The PING cannot leave, and that is no reason to wait for ever: libzmq does not either."""
    theirs = await (await spawn()).open("PULL", RECONNECT_IVL=50)
    heartbeats: dict[str, Any] = {"heartbeat_interval": INTERVAL, "heartbeat_timeout": TIMEOUT}
    async with PushSocket(reactor, linger=0, send_hwm=10, **heartbeats) as ours:
        events = EventLog(ours)
        binder = "pyzmtp" if ours_binds else "libzmq"
        await link(ours, events, theirs, binder, "tcp://127.0.0.1:*")
        theirs.peer.stop()
        stopped = monotonic()
        while ours.try_send(bytes(1 << 20)):
            pass
        lost = await events.wait(Disconnected)
        assert isinstance(lost.reason, HeartbeatTimeout)
        assert TIMEOUT - 0.1 < monotonic() - stopped < INTERVAL + TIMEOUT + 0.5
        theirs.peer.resume()
        await events.wait(HandshakeSucceeded, 2)
        await within(ours.send(b"last"), "room again")
        *_, last = await theirs.receive_until(b"last")
        assert last == ["4 bytes 6c617374"]


class Witness(Protocol):
    """A peer that says hello and notes what it is sent."""

    def __init__(self) -> None:
        self.heard = b""
        self.gone: Deferred[None] = Deferred()

    def connectionMade(self) -> None:
        assert self.transport is not None
        self.transport.write(GREETING + READY)

    def dataReceived(self, data: bytes) -> None:
        self.heard += data

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.gone.callback(None)


async def test_the_time_to_live_on_the_wire_stays_below_what_libzmq_miscounts() -> None:
    """ZMTP.md 6: the field holds 6553.5 s, but libzmq takes 65.6 s for 64 ms."""
    async with PullSocket(
        reactor, linger=0, heartbeat_interval=0.05, heartbeat_timeout=0, heartbeat_ttl=65.5
    ) as ours:
        address = await ours.bind("tcp://127.0.0.1:*")
        witness = Witness()
        port = int(address.rpartition(":")[2])
        await connectProtocol(TCP4ClientEndpoint(reactor, "127.0.0.1", port), witness)
        await until(lambda: witness.heard.count(b"PING") >= 3, "three PINGs")
        _, *pings = witness.heard.split(b"\x04\x07\x04PING")
        assert [int.from_bytes(ping, "big") for ping in pings] == [655] * len(pings)
    await within(witness.gone, "end of the connection")
    for ttl in (65.6, 655.0, 6553.5):
        with pytest.raises(OptionError):
            PullSocket(reactor, heartbeat_ttl=ttl)
