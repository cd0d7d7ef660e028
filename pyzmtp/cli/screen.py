"""What is shown while something goes on: :class:`Screen`."""

from __future__ import annotations

from io import StringIO
from typing import Any

from rich.console import Console
from twisted.internet.defer import Deferred, succeed

from pyzmtp.cli.streams import Sink

__all__ = ["Screen"]


class Screen(StringIO):
    """A file for a console, whose writing to a sink is not waited for.

    :ivar busy: whether the sink has not taken what was written before; then better write no more.
    """

    def __init__(self, sink: Sink) -> None:
        super().__init__()
        self.busy = False
        self._sink = sink
        self._drained: list[Deferred[None]] = []

    def console(self, **settings: Any) -> Console:
        """A console that writes here, as to the terminal that the sink is, if it is one."""
        return Console(file=self, force_terminal=self._sink.interactive, **settings)

    def line(self, text: str) -> None:
        """Write a line."""
        self.write(f"{text}\n")
        self.flush()

    def flush(self) -> None:
        """Hand what was written to the sink."""
        text = self.getvalue()
        if not text or self.busy:
            return
        self.seek(0)
        self.truncate()
        self.busy = True
        self._sink.write(text.encode()).addBoth(self._written)

    def drain(self) -> Deferred[None]:
        """Fires when all is written, or cannot be."""
        if not self.busy:
            return succeed(None)
        drained: Deferred[None] = Deferred(self._drained.remove)
        self._drained.append(drained)
        return drained

    def _written(self, result: object) -> None:
        # If nobody reads it any more: what was to be shown goes on all the same.
        self.busy = False
        self.flush()
        while self._drained and not self.busy:
            self._drained.pop().callback(None)
