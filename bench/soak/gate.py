"""Where players wait while all rest: :class:`Gate`."""

from __future__ import annotations

from twisted.internet.defer import Deferred


class Gate:
    """Lets everybody through until it is shut, and tells when all are waiting before it."""

    def __init__(self, number: int) -> None:
        self._number = number
        self._shut: Deferred[None] | None = None
        self._waiting: list[Deferred[None]] = []

    async def pass_through(self) -> None:
        """Go on at once, or wait until it is open."""
        if self._shut is not None:
            waiting: Deferred[None] = Deferred()
            self._waiting.append(waiting)
            if len(self._waiting) == self._number:
                self._shut.callback(None)
            await waiting

    def shut(self) -> Deferred[None]:
        """Let nobody through; fires when all are waiting."""
        self._shut = Deferred()
        return self._shut

    def open(self) -> None:
        """Let all go on."""
        self._shut = None
        waiting, self._waiting = self._waiting, []
        for one in waiting:
            one.callback(None)
