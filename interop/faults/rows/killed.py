"""libzmq's process is killed in the midst of traffic, and another takes its place.

ZMTP.md 8.3 says what is kept: a connect keeps what it has queued (a subscriber does not), a bind drops what
was for who is gone; what was received whole stays readable. What the kernel had is lost. Nothing comes
twice, in another order, or in pieces.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from attrs import define, field
from twisted.internet.defer import CancelledError, Deferred

from interop.conversations import (
    OUR_ID,
    THEIR_ID,
    Prefix,
    check,
    let_publish,
    our_options,
    their_options,
)
from interop.faults.row import row
from interop.faults.stage import Stage
from interop.limits import BETWEEN, BUFFER, BUFFERS, MARK
from interop.payloads import Message, describe, described_number, message_bytes, numbered
from interop.peer import PeerFailed, RemoteSocket
from interop.reactor import reactor, until, within
from interop.restarts import RECONNECT, begin, end, meet_again
from interop.sockets import CLASSES, PAIRS, EventLog, lasting_address
from pyzmtp import HandshakeSucceeded, HostUnreachable, PeerLost, SubSocket, XPubSocket, XSubSocket

#: Messages of a stream, and bytes in each.
_COUNT, _SIZE = 600, 10_000

#: How many have passed when the process is killed, and how many it is asked for at a time.
_BEFORE, _AT_ONCE = 100, 20

#: How many more may have left our queue then: in libzmq's, and in the buffers between the two.
_UNDER_WAY = _AT_ONCE + MARK + BETWEEN // _SIZE + 1

#: Messages that are sent to the new process, and the number of the first of them.
_AFTER, _LATER = 50, 5000

_STREAM, _NEW = numbered(_COUNT, _SIZE), numbered(_AFTER, _SIZE, _LATER)

#: Ends an echo.
_LAST = b"last"


@define
class _Pair:
    """One of our sockets, and the process that it talks to."""

    ours: Any
    their_kind: str
    binder: str
    address: str
    stage: Stage
    events: EventLog
    theirs: RemoteSocket = field(init=False)

    @property
    def keeps(self) -> bool:
        """Whether ours keeps what is queued for who is gone."""
        return self.binder == "libzmq" and not isinstance(self.ours, SubSocket | XSubSocket)

    @property
    def notices(self) -> int:
        """How many notices of its own ours finds in its queue, behind what a peer has sent that is gone."""
        return int(self.binder == "pyzmtp" and isinstance(self.ours, XPubSocket))

    async def begin(self) -> None:
        """Start a process; it is not ready yet."""
        options = {"SNDBUF": BUFFER, "RCVBUF": BUFFER, "RCVHWM": MARK}
        everything = {**their_options(self.their_kind), **options}
        self.theirs = await begin(
            self.stage.spawn, self.their_kind, self.binder, self.address, **everything
        )

    async def kill(self) -> None:
        """Kill the process."""
        await end(self.theirs, self.events)

    async def begin_again(self) -> None:
        """Start another process in its place, and wait until it is ready."""
        met = len(self.events.of(HandshakeSucceeded))
        await self.begin()
        await self.events.wait(HandshakeSucceeded, met + 1)
        await meet_again(self.ours, self.theirs, self.binder)


Cut = Callable[[_Pair], Awaitable[None]]


def _with(prefix: Prefix, messages: Sequence[Message]) -> list[Message]:
    return [[*prefix, *message] for message in messages]


def _lost_report(report: Deferred[Any]) -> None:
    """Expect no report of a process that is to be killed."""
    report.addErrback(lambda failure: failure.trap(PeerFailed))


def _sending(our_prefix: Prefix = (), their_prefix: Prefix = ()) -> Cut:
    """We send, and libzmq receives."""

    async def cut(pair: _Pair) -> None:
        ours = pair.ours
        dropped = ours.stats.dropped_sent
        for message in _with(our_prefix, _STREAM):
            assert ours.try_send(message_bytes(message))
        got: list[list[str]] = []
        while len(got) < _BEFORE:
            got += await pair.theirs.receive(_AT_ONCE)
        _lost_report(pair.theirs.receive(_AT_ONCE))
        await pair.kill()
        check(got, _with(their_prefix, _STREAM[:_BEFORE]), "before")

        queued = ours.stats.send_queue
        gone = queued if pair.keeps else ours.stats.dropped_sent - dropped
        # libzmq's XPUB has no mark for what comes from below.
        under_way = _COUNT if pair.their_kind == "XPUB" else _UNDER_WAY
        assert _COUNT - _BEFORE - under_way <= gone <= _COUNT - _BEFORE
        assert queued == (gone if pair.keeps else 0)
        await pair.begin_again()
        for message in _with(our_prefix, _NEW):
            assert ours.try_send(message_bytes(message))
        due = [*_STREAM[_COUNT - queued :], *_NEW]
        check(await pair.theirs.receive(len(due)), _with(their_prefix, due), "after")

    return cut


def _receiving(our_prefix: Prefix = (), their_prefix: Prefix = ()) -> Cut:
    """libzmq sends, and we receive."""

    async def cut(pair: _Pair) -> None:
        ours = pair.ours
        before = ours.stats.messages_received
        _lost_report(pair.theirs.send(_with(their_prefix, _STREAM)))
        await until(lambda: ours.stats.messages_received >= before + _BEFORE, "traffic")
        await pair.kill()
        number = ours.stats.receive_queue - pair.notices
        assert _BEFORE <= number < _COUNT
        got = [describe(await within(ours.receive(), "what came whole")) for _ in range(number)]
        check(got, _with(our_prefix, _STREAM[:number]), "before")

        await pair.begin_again()
        sent = pair.theirs.send(_with(their_prefix, _NEW))
        got = [describe(await within(ours.receive(), "after")) for _ in _NEW]
        check(got, _with(our_prefix, _NEW), "after")
        await sent

    return cut


async def _requesting(pair: _Pair) -> None:
    """Our REQ asks, one request after another."""
    ours = pair.ours
    answered = lost = 0
    enough = False

    async def ask() -> None:
        nonlocal answered, lost
        for message in _STREAM:
            if enough:
                return
            request = message_bytes(message)
            try:
                assert await ours.request(request) == request
                answered += 1
            except PeerLost:
                lost += 1

    asking = Deferred.fromCoroutine(ask())
    for share in (_BEFORE, 2 * _BEFORE):
        echo = pair.theirs.echo_until(_LAST)
        await until(lambda: asking.called or answered >= share, "answers")  # noqa: B023
        assert not asking.called
        if share == _BEFORE:
            _lost_report(echo)
            await pair.kill()
            await pair.begin_again()
    enough = True
    await within(asking, "the last answer")
    assert await within(ours.request(_LAST), "the end") == [_LAST]
    await echo
    assert lost <= 1


async def _requesting_ahead(pair: _Pair) -> None:
    """Our DEALER asks a REP, and does not wait for replies."""
    ours = pair.ours
    requests = _with([b""], _STREAM)
    echo = pair.theirs.echo_until(_LAST)
    _lost_report(echo)
    for request in requests:
        assert ours.try_send(message_bytes(request))
    got = [describe(await within(ours.receive(), "reply")) for _ in range(_BEFORE)]
    await pair.kill()
    queued = ours.stats.send_queue
    while ours.readable:
        got.append(describe(ours.try_receive()))
    check(got, requests[: len(got)], "replies before")
    assert len(got) <= _COUNT - queued
    assert (queued > 0) is pair.keeps

    await pair.begin_again()
    echo = pair.theirs.echo_until(_LAST)
    due = _with([b""], [*_STREAM[_COUNT - queued :], *_NEW, [_LAST]])
    for request in due[queued:]:
        assert ours.try_send(message_bytes(request))
    got = [describe(await within(ours.receive(), "reply")) for _ in due]
    check(got, due, "replies after")
    await echo


async def _answer_all(ours: Any, answered: list[list[bytes]]) -> None:
    """Send back all that comes, as our REP or ROUTER."""
    while True:
        request = await ours.receive()
        with suppress(HostUnreachable):  # a ROUTER says so when who asked is gone
            await ours.send(request)
        answered.append(request)


async def _answering(pair: _Pair) -> None:
    """libzmq's REQ asks, one request after another, and we answer."""
    answered: list[list[bytes]] = []
    answering = Deferred.fromCoroutine(_answer_all(pair.ours, answered))
    _lost_report(pair.theirs.request(_STREAM))
    await until(lambda: len(answered) >= _BEFORE, "requests")
    await pair.kill()
    assert len(answered) < _COUNT
    await pair.begin_again()
    check(await pair.theirs.request(_NEW), _NEW, "replies after")
    answering.cancel()
    with suppress(CancelledError):
        await answering


async def _answering_ahead(pair: _Pair) -> None:
    """libzmq's DEALER asks our REP, and does not wait for replies."""
    answered: list[list[bytes]] = []
    answering = Deferred.fromCoroutine(_answer_all(pair.ours, answered))
    _lost_report(pair.theirs.send(_with([b""], _STREAM)))
    await until(lambda: len(answered) >= _BEFORE, "requests")
    await pair.kill()
    assert len(answered) < _COUNT
    check([describe(request) for request in answered], _STREAM[: len(answered)], "before")
    await pair.begin_again()
    await pair.theirs.send([*_with([b""], _NEW), [_LAST, b"", b"end"]])
    *got, _ = await pair.theirs.receive_until(_LAST)
    # What came whole is answered in any case; a connect keeps that for who comes.
    old = got[: -len(_NEW)]
    numbers = [described_number(message[1:]) for message in old]
    assert numbers == sorted(set(numbers))
    assert not numbers or (pair.keeps and numbers[-1] < _COUNT)
    check(got[len(old) :], _with([b""], _NEW), "replies after")
    answering.cancel()
    with suppress(CancelledError):
        await answering


#: What is cut, for each pair of types, ours first.
_CUTS: dict[tuple[str, str], tuple[Cut, ...]] = {
    ("PAIR", "PAIR"): (_sending(), _receiving()),
    ("PUB", "SUB"): (_sending(),),
    ("PUB", "XSUB"): (_sending(),),
    ("SUB", "PUB"): (_receiving(),),
    ("SUB", "XPUB"): (_receiving(),),
    ("XPUB", "SUB"): (_sending(),),
    ("XPUB", "XSUB"): (_sending(), _receiving()),
    ("XSUB", "PUB"): (_receiving(),),
    ("XSUB", "XPUB"): (_receiving(), _sending()),
    ("REQ", "REP"): (_requesting,),
    ("REQ", "ROUTER"): (_requesting,),
    ("REP", "REQ"): (_answering,),
    ("REP", "DEALER"): (_answering_ahead,),
    ("DEALER", "REP"): (_requesting_ahead,),
    ("DEALER", "DEALER"): (_sending(), _receiving()),
    ("DEALER", "ROUTER"): (_sending((), [OUR_ID]), _receiving((), [OUR_ID])),
    ("ROUTER", "REQ"): (_answering,),
    ("ROUTER", "DEALER"): (_sending([THEIR_ID]), _receiving([THEIR_ID])),
    ("ROUTER", "ROUTER"): (
        _sending([THEIR_ID], [OUR_ID]),
        _receiving([THEIR_ID], [OUR_ID]),
    ),
    ("PUSH", "PULL"): (_sending(),),
    ("PULL", "PUSH"): (_receiving(),),
}


async def _killed(our_kind: str, their_kind: str, binder: str, stage: Stage) -> None:
    address = lasting_address("tcp", Path())
    options = {**BUFFERS, **our_options(our_kind), "reconnect_interval": RECONNECT}
    async with CLASSES[our_kind](reactor, **options) as ours:
        pair = _Pair(ours, their_kind, binder, address, stage, EventLog(ours))
        if binder == "pyzmtp":
            await ours.bind(address)
        await pair.begin()
        if binder == "libzmq":
            await within(ours.connect(address), "connect")
        await pair.events.wait(HandshakeSucceeded)
        await let_publish(ours, pair.theirs)
        for cut in _CUTS[our_kind, their_kind]:
            await cut(pair)


for _types in PAIRS:
    for _binder, _column in (("pyzmtp", "we bind"), ("libzmq", "we connect")):
        row(
            "libzmq is killed in the midst of traffic, and another comes (our type - libzmq's)",
            " - ".join(_types),
            _column,
        )(partial(_killed, *_types, _binder))
