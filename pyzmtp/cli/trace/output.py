"""Lines on their way to whoever reads them, who may be slow: :class:`Output`."""

from __future__ import annotations

from collections.abc import Callable
from threading import Condition, Thread
from typing import Final

__all__ = ["Output"]

#: Bytes that wait for the reader, at the most.
_ROOM: Final = 8 * 1024 * 1024
#: Seconds that a reader is given in the end.
_PATIENCE: Final = 2.0


class Output:
    """Writes lines in a thread of its own, so that nothing waits for whoever reads them.

    When too much waits, further lines are dropped; how many that were is written in their place.
    """

    def __init__(
        self,
        write: Callable[[bytes], int],
        line_of_dropped: Callable[[int], str],
        gone: Callable[[], None],
    ) -> None:
        """:param write: writes bytes and tells how many, as ``os.write`` does; it may take its time.
        :param line_of_dropped: makes the line that tells how many lines are missing.
        :param gone: called, in the thread, when nobody reads any more.
        """
        self._write = write
        self._line_of_dropped = line_of_dropped
        self._gone = gone
        self._waiting = bytearray()
        self._dropped = 0
        self._is_closed = False
        self._changed = Condition()
        self._thread = Thread(target=self.run, name="output", daemon=True)

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def put(self, line: str) -> None:
        """Let ``line`` be written, if there is room."""
        encoded = _encode(line)
        with self._changed:
            if self._dropped or len(self._waiting) + len(encoded) > _ROOM:
                self._dropped += 1
            else:
                self._waiting += encoded
            self._changed.notify()

    def close(self) -> None:
        """Take no more lines, and wait a moment for those that are there to be written."""
        with self._changed:
            self._is_closed = True
            self._changed.notify()
        self._thread.join(_PATIENCE)

    def run(self) -> None:
        """What the thread does, until it is closed."""
        try:
            while data := self._take():
                while data:
                    data = data[self._write(data) :]
        except OSError:  # there is no other end any more
            self._gone()

    def _take(self) -> bytes:
        """The lines that wait, as soon as there are any; nothing in the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._is_closed)
            if self._dropped:
                self._waiting += _encode(self._line_of_dropped(self._dropped))
                self._dropped = 0
            data = bytes(self._waiting)
            self._waiting.clear()
            return data


def _encode(line: str) -> bytes:
    return f"{line}\n".encode("utf-8", "backslashreplace")
