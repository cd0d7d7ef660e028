"""A slow consumer is offered a gigabyte: high-water marks bound the memory of both processes."""

from __future__ import annotations

import os

from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater

from interop.conversations import check
from interop.faults.machine import Place
from interop.faults.row import row
from interop.faults.stage import Stage
from interop.limits import BUFFERS, THEIR_LIMITS, fresh
from interop.memory import memory_of
from interop.payloads import describe, described_number, message_bytes, numbered
from interop.peer import RemoteSocket
from interop.reactor import reactor, until, within
from interop.sockets import EventLog
from pyzmtp import Disconnected, HandshakeSucceeded, PubSocket, PullSocket, PushSocket

_GROUP = "A slow consumer is offered 1 GB"

#: Messages, and bytes in each.
_COUNT, _SIZE = 10_000, 100_000

#: High-water mark of each side, in messages: a hundredth of what is offered.
_MARK = 100

#: How many messages the consumer takes at a time, and the seconds that it does something else then.
_AT_ONCE, _PAUSE = 250, 0.02

#: Bytes by which a process may grow, 4 % of what is offered. A queue is a quarter of that; the consumer may
#: have as much in its hands, and malloc keeps some of what was freed.
_GROWTH = 4 * _MARK * _SIZE

#: Seconds for one step: a machine may have other things to do.
_PATIENCE = 120.0

_OURS = {**BUFFERS, "send_hwm": _MARK, "receive_hwm": _MARK}
_THEIRS = {**THEIR_LIMITS, "SNDHWM": _MARK, "RCVHWM": _MARK}


class _Growth:
    """By how much this process and that of libzmq grow."""

    def __init__(self, theirs: RemoteSocket) -> None:
        self._processes = {"ours": os.getpid(), "libzmq's": theirs.peer.process_id}
        self._before = {one: memory_of(number, "VmRSS") for one, number in self._processes.items()}

    def check(self) -> str:
        """See that it is not too much; give the figures."""
        grown = {
            one: memory_of(number, "VmHWM") - self._before[one]
            for one, number in self._processes.items()
        }
        figures = ", ".join(f"{one} grew by {size / 1e6:.0f} MB" for one, size in grown.items())
        assert max(grown.values()) <= _GROWTH, figures
        return figures


@row(_GROUP, "PUSH waits for a PULL", place=Place.CHILD)
async def push_waits(stage: Stage) -> str:
    """All of it arrives, in order."""
    theirs = await (await stage.spawn()).open("PULL", **_THEIRS)
    async with PushSocket(reactor, **_OURS) as ours:
        events = EventLog(ours)
        await theirs.connect(await ours.bind("tcp://127.0.0.1:*"))
        await events.wait(HandshakeSucceeded)
        growth = _Growth(theirs)

        async def offer() -> None:
            for number in range(_COUNT):
                await ours.send(fresh(number, _SIZE))

        offering = Deferred.fromCoroutine(offer())
        for start in range(0, _COUNT, _AT_ONCE):
            got = await theirs.receive(_AT_ONCE, _PATIENCE)
            check(got, numbered(_AT_ONCE, _SIZE, start), "what arrives")
            await deferLater(reactor, _PAUSE)
        await within(offering, "the last of it")
        assert ours.stats.dropped_sent == 0
        assert not events.of(Disconnected)
        return growth.check()


@row(_GROUP, "PUB drops for a SUB", place=Place.CHILD)
async def pub_drops(stage: Stage) -> str:
    """What does not arrive was counted, to the message."""
    theirs = await (await stage.spawn()).open("SUB", **_THEIRS)
    async with PubSocket(reactor, **_OURS) as ours:
        events = EventLog(ours)
        await theirs.subscribe(b"")
        await theirs.connect(await ours.bind("tcp://127.0.0.1:*"))
        await within(ours.wait_subscribed(), "subscription")
        growth = _Growth(theirs)
        got: list[list[str]] = []
        for start in range(0, _COUNT, _AT_ONCE):
            for number in range(start, start + _AT_ONCE):
                assert ours.try_send(fresh(number, _SIZE))
                await deferLater(reactor, 0)
            got += await theirs.receive(_MARK // 2, _PATIENCE)  # no more than is there in any case
        rest = theirs.receive_until(b"last", _PATIENCE)
        await until(lambda: ours.stats.send_queue == 0, "all that was kept leaves", _PATIENCE)
        assert ours.try_send([b"last"])
        got += (await rest)[:-1]
        dropped = ours.stats.dropped_sent
        assert len(got) + dropped == _COUNT
        assert dropped > 0
        numbers = [described_number(message) for message in got]
        assert numbers == sorted(set(numbers))
        check(got, [numbered(1, _SIZE, number)[0] for number in numbers], "what arrives")
        assert not events.of(Disconnected)
        return f"{growth.check()}; {dropped} messages dropped"


@row(_GROUP, "our PULL holds a PUSH back", place=Place.CHILD)
async def pull_holds_back(stage: Stage) -> str:
    """libzmq waits, and all of it arrives, in order."""
    theirs = await (await stage.spawn()).open("PUSH", **_THEIRS)
    wanted = describe(message_bytes(numbered(1, _SIZE)[0]))[1:]
    arrived = 0
    done: Deferred[None] = Deferred()

    async def take(messages: list[list[bytes]]) -> None:
        nonlocal arrived
        for message in messages:
            number, *body = describe(message)
            assert described_number([number]) == arrived
            assert body == wanted
            arrived += 1
        await deferLater(reactor, _PAUSE)
        if arrived == _COUNT:
            done.callback(None)

    async with PullSocket(reactor, **_OURS) as ours:
        events = EventLog(ours)
        consuming = ours.consume(take)
        consuming.addErrback(done.errback)
        await theirs.connect(await ours.bind("tcp://127.0.0.1:*"))
        await events.wait(HandshakeSucceeded)
        growth = _Growth(theirs)
        sent = theirs.send(numbered(_COUNT, _SIZE), _PATIENCE)
        await within(done, "the last of it", _PATIENCE)
        await sent
        assert not events.of(Disconnected)
        return growth.check()
