"""Holds the meetings one after the other, each bounded in time, and keeps what came of them."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Awaitable, Callable, Coroutine
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Any, Final

from attrs import frozen
from twisted.internet.defer import FirstError, ensureDeferred, gatherResults
from twisted.internet.interfaces import IReactorUNIX

from pyzmtp.cli.demo.conversations import Role
from pyzmtp.cli.demo.libzmq_process import LibzmqMissing, LibzmqProcess
from pyzmtp.cli.demo.plan import LIBZMQ, Meeting
from pyzmtp.cli.demo.sides import LibzmqSide, PyzmtpSide, Side
from pyzmtp.cli.trace.records import Record
from pyzmtp.cli.trace.relay import Relay
from pyzmtp.cli.trace.tracing import Trace

__all__ = ["Detour", "Outcome", "Stage", "hold"]


#: Bytes of each frame that an excerpt shows.
_SHOWN: Final = 32


@frozen
class Outcome:
    """What came of one meeting."""

    meeting: Meeting
    address: str = ""
    """The real address, if it got that far."""
    seconds: float = 0.0
    """From the first socket to the last message."""
    error: str = ""
    """Why it failed; empty if it did not."""
    unavailable: str = ""
    """Why it was not held: the platform lacks something that pyzmtp cannot bring along."""


#: Maps the address that was bound to the one to connect to.
Detour = Callable[[str], Awaitable[str]]


def _nothing() -> None:
    """Do nothing."""


async def hold(
    reactor: Any,
    meeting: Meeting,
    new_side: Callable[[str, Role], Side],
    address: str,
    timeout: float,
    *,
    detour: Detour | None = None,
    failed: Callable[[], None] = _nothing,
) -> Outcome:
    """Hold one meeting at ``address``; never raises for what went wrong in it.

    :param new_side: makes the socket of a role in the implementation of that name.
    :param failed: called after a failure and before the sockets are closed.
    """
    bound = ""
    sides: list[Side] = []
    start = reactor.seconds()

    async def meet() -> None:
        nonlocal bound
        binder = new_side(meeting.bound_by, meeting.binds)
        sides.append(binder)
        bound = await binder.bind(address)
        connecter = new_side(meeting.connected_by, meeting.connects)
        sides.append(connecter)
        await connecter.connect(bound if detour is None else await detour(bound))
        await gatherResults(
            [
                ensureDeferred(binder.play(connecter.other_heard_sync)),
                ensureDeferred(connecter.play(binder.other_heard_sync)),
            ],
            consumeErrors=True,
        )

    error = await _attempt(reactor, meet(), timeout)
    seconds = reactor.seconds() - start
    if error:
        failed()
    for side in sides:
        trouble = await _attempt(reactor, side.close(), timeout)
        error = error or trouble
    return Outcome(meeting, address=bound, seconds=seconds, error=error)


async def _attempt(reactor: Any, doing: Coroutine[Any, Any, None], timeout: float) -> str:
    """Wait for ``doing`` and return what went wrong with it, in words; nothing if all went well."""

    def too_late(result: object, seconds: float) -> None:
        # Whatever the cancellation made of it: gatherResults wraps a CancelledError, for one.
        raise TimeoutError(f"not done within {seconds:g} s")

    try:
        await ensureDeferred(doing).addTimeout(timeout, reactor, onTimeoutCancel=too_late)
    except TimeoutError as error:
        return str(error)
    except FirstError as first:
        return _describe(first.subFailure.value)
    except Exception as error:  # a demo reports whatever it meets, and goes on to the next meeting
        return _describe(error)
    return ""


def _describe(error: BaseException | None) -> str:
    return f"{type(error).__name__}: {error}"


class Stage:
    """Where meetings are held: the libzmq process, and a directory for ``ipc`` sockets.

    :ivar libzmq: what the libzmq process says of itself, ``None`` if there is none.
    :ivar libzmq_missing: why there is none.
    """

    def __init__(self, reactor: Any, timeout: float) -> None:
        self._reactor = reactor
        self._timeout = timeout
        self._process = LibzmqProcess(reactor)
        self._numbers = count(1)
        self.directory = ""
        self.libzmq: dict[str, Any] | None = None
        self.libzmq_missing = ""

    async def __aenter__(self) -> Stage:
        self.directory = tempfile.mkdtemp(prefix="pyzmtp-demo-")
        try:
            self.libzmq = await self._process.start()
        except LibzmqMissing as error:
            self.libzmq_missing = str(error)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.stop()
        shutil.rmtree(self.directory, ignore_errors=True)

    async def run(self, meeting: Meeting) -> Outcome:
        """Hold ``meeting``, if this machine can."""
        if unavailable := self._lacks(meeting):
            return Outcome(meeting, unavailable=unavailable)
        return await self._hold(meeting)

    async def record(self, meeting: Meeting) -> tuple[Outcome, list[Record]]:
        """Hold ``meeting`` over TCP through a relay, and return what passed there as well."""
        records: list[Record] = []
        relays: list[Relay] = []
        trace = Trace(self._reactor.seconds, records.append, _SHOWN)

        async def detour(address: str) -> str:
            relays.append(Relay(self._reactor, address, [trace.watch]))
            return await relays[0].listen("tcp://127.0.0.1:*")

        try:
            outcome = await self._hold(meeting, detour)
        finally:
            for relay in relays:
                await relay.stop()
        return outcome, records

    async def _hold(self, meeting: Meeting, detour: Detour | None = None) -> Outcome:
        if meeting.with_libzmq and not self._process.running:
            await self._process.start()
        return await hold(
            self._reactor,
            meeting,
            self._new_side,
            self._address(meeting.transport),
            self._timeout,
            detour=detour,
            # It may be in the middle of anything; the next meeting gets a new one.
            failed=lambda: self._process.stop(kill=True),
        )

    def _new_side(self, implementation: str, role: Role) -> Side:
        if implementation == LIBZMQ:
            return LibzmqSide(self._process, role, self._timeout)
        return PyzmtpSide(self._reactor, role)

    def _address(self, transport: str) -> str:
        if transport == "ipc":
            return f"ipc://{Path(self.directory, f'{next(self._numbers)}.ipc')}"
        return "tcp://127.0.0.1:*"

    def _lacks(self, meeting: Meeting) -> str:
        if meeting.transport != "ipc":
            return ""
        if not IReactorUNIX.providedBy(self._reactor):
            return "this reactor has no UNIX sockets"
        if meeting.with_libzmq and not (self.libzmq or {}).get("ipc"):
            return "this libzmq has no ipc"
        return ""
