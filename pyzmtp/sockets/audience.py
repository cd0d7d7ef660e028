"""What publishers and radios share: to wait until somebody wants what they send."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred, fail, succeed

from pyzmtp.errors import SocketClosed
from pyzmtp.net.reactor import Reactor
from pyzmtp.options import SocketOptions
from pyzmtp.sockets.sender import SendingSocket

__all__ = ["AudienceSocket"]


class AudienceSocket(SendingSocket):
    """A socket that sends to those peers only who asked for it."""

    def __init__(
        self, reactor: Reactor, options: SocketOptions | None = None, **overrides: Any
    ) -> None:
        super().__init__(reactor, options, **overrides)
        self._awaited: list[tuple[bytes | None, int, Deferred[None]]] = []

    def _audience(self, wanted: bytes | None) -> int:
        """How many peers want it; ``None``: want anything at all."""
        raise NotImplementedError

    def _wait_for(self, wanted: bytes | None, count: int) -> Deferred[None]:
        """Fires when as many peers want it. Raises :exc:`TypeError`."""
        if not isinstance(count, int):
            raise TypeError(f"a count of peers is a whole number, not {count!r}")
        if self.closed:
            return fail(SocketClosed())
        if self._audience(wanted) >= count:
            return succeed(None)
        done: Deferred[None] = Deferred(lambda _: self._awaited.remove(entry))
        entry = (wanted, count, done)
        self._awaited.append(entry)
        return done

    def _audience_grew(self) -> None:
        if not self._awaited:
            return
        for entry in list(self._awaited):
            wanted, count, done = entry
            if entry in self._awaited and self._audience(wanted) >= count:
                self._awaited.remove(entry)
                done.callback(None)

    def _stop_waiting(self) -> None:
        super()._stop_waiting()
        while self._awaited:  # one by one: whoever is told may cancel the others
            _, _, done = self._awaited.pop()
            done.errback(SocketClosed())
