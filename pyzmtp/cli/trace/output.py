"""Lines on their way to whoever reads them, who may be slow: :class:`Output`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from twisted.internet.defer import Deferred, succeed
from twisted.python.failure import Failure

__all__ = ["Output", "Write"]

#: Bytes that wait for the reader, at the most.
_ROOM: Final = 8 * 1024 * 1024

#: Fires when bytes are written, or fails with :exc:`OSError`.
Write = Callable[[bytes], Deferred[None]]


class Output:
    """Writes lines, as many at a time as there are, and never makes anybody wait.

    When too much waits to be written, further lines are dropped; how many that were is written in
    their place.

    :ivar gone: fires when nothing can be written any more, with the reason.
    """

    def __init__(self, write: Write, line_of_dropped: Callable[[int], str]) -> None:
        """:param line_of_dropped: makes the line that tells how many lines are missing."""
        self.gone: Deferred[OSError] = Deferred()
        self._write = write
        self._line_of_dropped = line_of_dropped
        self._waiting = bytearray()
        self._dropped = 0
        self._is_writing = self._is_gone = False
        self._empty: list[Deferred[None]] = []

    def put(self, line: str) -> None:
        """Let ``line`` be written, if there is room."""
        encoded = _encode(line)
        if self._is_gone or self._dropped or len(self._waiting) + len(encoded) > _ROOM:
            self._dropped += 1
        else:
            self._waiting += encoded
        self._go_on()

    def flush(self) -> Deferred[None]:
        """Fires when all lines are written, or cannot be."""
        if not self._is_writing:
            return succeed(None)
        self._empty.append(Deferred())
        return self._empty[-1]

    def _go_on(self) -> None:
        if not self._is_writing and self._waiting:
            self._is_writing = True
            data = bytes(self._waiting)
            self._waiting.clear()
            self._write(data).addCallbacks(self._written, self._failed)

    def _written(self, _: None) -> None:
        self._is_writing = False
        if self._dropped:
            self._waiting += _encode(self._line_of_dropped(self._dropped))
            self._dropped = 0
        self._go_on()
        if not self._is_writing:
            self._tell_empty()

    def _failed(self, reason: Failure) -> None:
        error = reason.value
        if not isinstance(error, OSError):
            reason.raiseException()
        self._is_writing = False
        self._is_gone = True
        self._waiting.clear()
        self._tell_empty()
        self.gone.callback(error)

    def _tell_empty(self) -> None:
        empty, self._empty = self._empty, []
        for each in empty:
            if not each.called:  # whoever waited has lost patience
                each.callback(None)


def _encode(line: str) -> bytes:
    return f"{line}\n".encode("utf-8", "backslashreplace")
