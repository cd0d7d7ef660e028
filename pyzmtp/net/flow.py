"""How bytes leave in good portions: the turns in which writes are collected."""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger

__all__ = ["WriteTurn"]


_log = Logger(namespace="pyzmtp")


class WriteTurn:
    """One turn of the reactor, shared by all connections of a socket.

    A message that finds nothing pending is written at once, for the sake of its delay; those that
    follow it in the same turn are collected, for the sake of theirs, and written when it ends. What is
    sent while a chunk is received, as most replies are, is written when that has been dealt with: a
    transport sends later anyhow, and so a reply costs no timed call.

    :ivar receiving: how many chunks are being received: one may lead to another, on another connection.
    """

    __slots__ = ("_call", "_members", "_reactor", "_writes", "receiving")

    def __init__(self, reactor: IReactorTime) -> None:
        self._reactor = reactor
        self._members: list[Callable[[], None]] = []
        self._call: IDelayedCall | None = None
        self._writes: list[Callable[[], None]] = []
        self.receiving = 0

    def collect(self, write: Callable[[], None]) -> None:
        """Call ``write`` when the chunk that is being received has been dealt with, or the turn is over."""
        if self.receiving:
            self._writes.append(write)
        else:
            self.join(write)

    def received(self) -> None:
        """A chunk has been dealt with: write what was sent meanwhile."""
        self.receiving -= 1
        if self._writes and not self.receiving:
            writes, self._writes = self._writes, []
            _call_all(writes)

    def join(self, at_end: Callable[[], None]) -> None:
        """Call ``at_end`` when the present turn is over."""
        if self._call is None:
            self._call = self._reactor.callLater(0, self._end)
        self._members.append(at_end)

    def next(self) -> Deferred[None]:
        """A Deferred that fires when the present turn is over."""
        over: Deferred[None] = Deferred()

        def fire() -> None:
            if not over.called:  # it was cancelled
                over.callback(None)

        self.join(fire)
        return over

    def cancel(self) -> None:
        """End the turn now, for there will be no other."""
        if self._call is not None:
            self._call.cancel()
            self._end()

    def _end(self) -> None:
        self._call = None
        members, self._members = self._members, []
        _call_all(members)


def _call_all(members: list[Callable[[], None]]) -> None:
    for member in members:
        try:
            member()
        except Exception:  # one connection's trouble is not the others'
            _log.failure("the end of a turn failed")
