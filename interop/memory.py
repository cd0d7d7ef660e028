"""How much memory this process has taken."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager


class Memory:
    """What Python has allocated since a moment, buffers of transports included."""

    def __init__(self) -> None:
        self._before = tracemalloc.get_traced_memory()[0]

    @property
    def peak(self) -> int:
        """The most bytes that there were at once, beyond those at the beginning."""
        return tracemalloc.get_traced_memory()[1] - self._before


@contextmanager
def traced() -> Iterator[Memory]:
    """Measure within the body; what was allocated before it is not seen."""
    tracemalloc.start()
    try:
        yield Memory()
    finally:
        tracemalloc.stop()
