"""How far a run has come, on a terminal."""

from __future__ import annotations

import sys
from typing import Any


class Progress:
    """A bar on standard error, where that is a terminal and rich is installed; else nothing.

    :ivar total: how many steps there will be.
    """

    def __init__(self, total: int) -> None:
        self.total = total
        self._bar = _bar() if sys.stderr.isatty() else None
        self._task = None if self._bar is None else self._bar.add_task("", total=total)

    def show(self, text: str) -> None:
        """Say what the next step is."""
        if self._bar is not None:
            self._bar.start()
            self._bar.update(self._task, description=text)

    def advance(self) -> None:
        """A step is done."""
        if self._bar is not None:
            self._bar.advance(self._task)

    def hide(self) -> None:
        """Leave the terminal to something else, until there is more to show."""
        if self._bar is not None:
            self._bar.stop()


def _bar() -> Any:
    try:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeRemainingColumn,
        )
    except ImportError:
        return None
    columns = (
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.description}"),
    )
    return Progress(*columns, console=Console(stderr=True), transient=True)
