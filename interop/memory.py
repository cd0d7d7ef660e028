"""How much memory this process has taken, or another."""

from __future__ import annotations

import re
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


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


def memory_of(process_id: int, what: str) -> int:
    """Give the bytes of real memory that a process has (`VmRSS`) or had at the most (`VmHWM`)."""
    status = Path(f"/proc/{process_id}/status").read_text()
    found = re.search(rf"^{what}:\s+(\d+) kB", status, re.MULTILINE)
    assert found is not None
    return int(found[1]) * 1024
