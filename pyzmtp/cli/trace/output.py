"""Lines on their way to whoever reads them, who may be slow: :class:`Output`."""

from __future__ import annotations

import os
from collections.abc import Callable
from queue import SimpleQueue
from threading import Thread
from typing import Final

from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IReactorFromThreads
from twisted.python.failure import Failure

__all__ = ["DescriptorWriter", "Output", "Write"]

#: Bytes that wait for the reader, at the most.
_ROOM: Final = 8 * 1024 * 1024

#: Fires when bytes are written, or fails with :exc:`OSError`.
Write = Callable[[bytes], Deferred[None]]


class Output:
    """Writes lines, as many at a time as there are, and never makes anybody wait.

    When too much waits to be written, further lines are dropped; how many that were is written in
    their place.

    :ivar gone: fires when nothing can be written any more.
    """

    def __init__(self, write: Write, line_of_dropped: Callable[[int], str]) -> None:
        """:param line_of_dropped: makes the line that tells how many lines are missing."""
        self.gone: Deferred[None] = Deferred()
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
        reason.trap(OSError)
        self._is_writing = False
        self._is_gone = True
        self._waiting.clear()
        self._tell_empty()
        self.gone.callback(None)

    def _tell_empty(self) -> None:
        empty, self._empty = self._empty, []
        for each in empty:
            if not each.called:  # whoever waited has lost patience
                each.callback(None)


def _encode(line: str) -> bytes:
    return f"{line}\n".encode("utf-8", "backslashreplace")


class DescriptorWriter:
    """Writes to a file descriptor, in a thread that ends with the process whatever it waits for.

    What standard output is may block, and a reactor can watch some of it only.
    """

    def __init__(self, reactor: IReactorFromThreads, descriptor: int) -> None:
        self._reactor = reactor
        self._descriptor = descriptor
        self._tasks: SimpleQueue[tuple[bytes, Deferred[None]]] = SimpleQueue()
        self._thread = Thread(target=self._run, daemon=True)
        self._thread.start()

    def write(self, data: bytes) -> Deferred[None]:
        """See :data:`Write`."""
        done: Deferred[None] = Deferred()
        self._tasks.put((data, done))
        return done

    def _run(self) -> None:
        while True:
            self.step()

    def step(self) -> None:
        """Wait for bytes, and write them."""
        data, done = self._tasks.get()
        try:
            while data:
                data = data[os.write(self._descriptor, data) :]
        except OSError:
            self._reactor.callFromThread(done.errback, Failure())
        else:
            self._reactor.callFromThread(done.callback, None)
