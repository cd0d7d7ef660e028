"""How much this process does: :func:`effort`."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from attrs import define

from interop.reactor import reactor


@define
class Effort:
    """What was done, once it is over.

    :ivar turns: of the reactor. A loop that never rests makes tens of thousands in a second, hundreds
        even if it gets a hundredth of the processor.
    :ivar cpu: seconds.
    """

    turns: int = 0
    cpu: float = 0.0

    def __str__(self) -> str:
        return f"{self.turns} turns, {self.cpu * 1000:.0f} ms of CPU"


@contextmanager
def effort() -> Iterator[Effort]:
    """Measure within the body."""
    measured = Effort()
    patched: Any = reactor
    turn = patched.runUntilCurrent

    def counted() -> None:
        measured.turns += 1
        turn()

    patched.runUntilCurrent = counted
    before = time.process_time()
    try:
        yield measured
    finally:
        measured.cpu = time.process_time() - before
        patched.runUntilCurrent = turn
