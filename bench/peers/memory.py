"""How much memory a process has taken since a moment."""

from __future__ import annotations

import gc

from bench.model import Sample

#: Connections or messages before the first look, so that what is taken but once does not count.
WARM_UP = 100


class Memory:
    """What this process has taken since it was made: in all (RSS), and for itself alone (USS)."""

    def __init__(self) -> None:
        self._resident, self._own = _look()

    def sample(self, operations: int) -> Sample:
        """Return the growth since then, divided among ``operations``."""
        resident, own = _look()
        return Sample(
            operations=operations,
            seconds=0.0,
            details={
                "uss_bytes": (own - self._own) / operations,
                "rss_bytes": (resident - self._resident) / operations,
            },
        )


def _look() -> tuple[int, int]:
    import psutil  # not at the top: who lacks it lacks these measurements only

    gc.collect()
    memory = psutil.Process().memory_full_info()
    return memory.rss, memory.uss
