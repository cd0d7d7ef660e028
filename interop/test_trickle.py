"""A large message on a slow line: it takes many heartbeats, and none of them is missed."""

from __future__ import annotations

from time import monotonic
from typing import Any

from interop.conversations import check
from interop.payloads import Made, describe, frame_bytes
from interop.peer import LibzmqPeer
from interop.reactor import reactor, within
from interop.relay import Relay
from interop.sockets import EventLog
from pyzmtp import Disconnected, HandshakeSucceeded, PullSocket, PushSocket

#: One frame of 100 MB.
LARGE = [Made(100_000_000, 7)]

#: Seconds between two PINGs, and how long to wait after one.
HEARTBEATS: dict[str, Any] = {"heartbeat_interval": 0.2, "heartbeat_timeout": 0.4}

#: The line: four seconds for the message, with pauses of less than the timeout.
RATE, STRETCH, PAUSE = 40_000_000, 10_000_000, 0.15

#: Several intervals and timeouts: what the message takes at the least.
LONG = 2.4

#: How long the message may take.
PATIENCE = 30.0


def slow_line(target: str) -> Relay:
    """Give the line to `target`."""
    return Relay(target, RATE, STRETCH, PAUSE)


async def test_a_message_of_libzmq_that_trickles_in(libzmq: LibzmqPeer) -> None:
    async with PullSocket(reactor, linger=0, **HEARTBEATS) as ours:
        events = EventLog(ours)
        address = await ours.bind("tcp://127.0.0.1:*")
        async with slow_line(address) as line:
            theirs = await libzmq.open("PUSH", SNDHWM=1)
            await theirs.connect(line.address)
            await events.wait(HandshakeSucceeded)
            started = monotonic()
            sending = theirs.send([LARGE, [b"and on"]], PATIENCE)
            got = await within(ours.receive(), "the large message", PATIENCE)
            assert monotonic() - started > LONG
            check([describe(got)], [LARGE], "what trickled in")
            assert await within(ours.receive(), "the next message") == [b"and on"]
            await sending
            assert line.pauses == 10
            assert not events.of(Disconnected)


async def test_a_message_of_ours_that_trickles_out(libzmq: LibzmqPeer) -> None:
    """Our PING waits behind it, and what libzmq answers comes late."""
    theirs = await libzmq.open("PULL")
    address = await theirs.bind("tcp://127.0.0.1:*")
    body = frame_bytes(LARGE[0])
    async with slow_line(address) as line, PushSocket(reactor, linger=0, **HEARTBEATS) as ours:
        events = EventLog(ours)
        await within(ours.connect(line.address), "connect")
        started = monotonic()
        report = theirs.receive(2, PATIENCE)
        assert ours.try_send(body)
        assert ours.try_send(b"and on")
        check(await report, [LARGE, [b"and on"]], "what trickled out")
        assert monotonic() - started > LONG
        assert line.pauses >= 10
        assert not events.of(Disconnected)


async def test_a_message_between_two_of_ours() -> None:
    """Both have heartbeats, and each is asked to be patient with the other for a second only."""
    body = frame_bytes(LARGE[0])
    options: dict[str, Any] = {"linger": 0, "heartbeat_ttl": 1.0, **HEARTBEATS}
    async with PullSocket(reactor, **options) as pull, PushSocket(reactor, **options) as push:
        events = EventLog(pull), EventLog(push)
        address = await pull.bind("tcp://127.0.0.1:*")
        async with slow_line(address) as line:
            await within(push.connect(line.address), "connect")
            started = monotonic()
            assert push.try_send(body)
            assert push.try_send(b"and on")
            got = await within(pull.receive(), "the large message", PATIENCE)
            assert monotonic() - started > LONG
            check([describe(got)], [LARGE], "what trickled through")
            assert await within(pull.receive(), "the next message") == [b"and on"]
            assert line.pauses >= 10
            for each in events:
                assert not each.of(Disconnected)
