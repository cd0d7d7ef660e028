"""What a handler and an observer share: :class:`LogPublisher`."""

from __future__ import annotations

from collections import deque
from threading import RLock
from typing import Final

from twisted.internet.interfaces import IReactorFromThreads

from pyzmtp.errors import ZMTPError
from pyzmtp.logs.entry import LogEntry
from pyzmtp.net.threads import ReactorThread
from pyzmtp.sockets.publisher import PublishingSocket

__all__ = ["LogPublisher"]

#: Entries of other threads that wait for the reactor.
_MOST_WAITING: Final = 1000


class LogPublisher:
    """Publishes log entries from any thread. It never waits and never raises.

    :ivar dropped: entries that ``socket`` was not given or did not take: while it sent another one (to
        publish what comes of publishing would have no end), when more than 1000 of other threads were
        waiting for the reactor, and after its end. What it dropped for slow subscribers is in its
        ``stats``.
    """

    def __init__(self, reactor: IReactorFromThreads, socket: PublishingSocket) -> None:
        if not isinstance(socket, PublishingSocket):
            raise TypeError(f"a PUB or XPUB socket is needed, not {type(socket).__name__}")
        self.dropped = 0
        self._reactor = reactor
        self._socket = socket
        self._thread = ReactorThread()
        self._waiting: deque[LogEntry] = deque()
        self._lock = RLock()  # a finalizer may log at any place
        self._sending = False

    def publish(self, entry: LogEntry) -> None:
        """Publish an entry: at once in the reactor's thread, else as soon as that gets to it."""
        if self._thread.is_present:
            self._send(entry)
            return
        with self._lock:
            full = len(self._waiting) == _MOST_WAITING
            self.dropped += full
            if not full:
                self._waiting.append(entry)
            call = len(self._waiting) == 1 and not full
        if call:
            self._reactor.callFromThread(self._send_waiting)

    def _send_waiting(self) -> None:
        while self._waiting:
            self._send(self._waiting.popleft())

    def _send(self, entry: LogEntry) -> None:
        taken = False
        if not self._sending:
            self._sending = True
            try:
                taken = self._socket.try_send(entry.to_message())
            except ZMTPError:  # it is closed
                pass
            finally:
                self._sending = False
        if not taken:
            with self._lock:
                self.dropped += 1
