"""A target, one input at a time: :class:`Target`."""

from __future__ import annotations

import gc
import importlib
import tracemalloc
from collections.abc import Callable, Hashable
from pathlib import Path
from typing import Any, Final
from zlib import crc32

from attrs import frozen

__all__ = ["CORPUS", "REGRESSIONS", "TARGETS", "Target", "load"]

_HERE: Final = Path(__file__).parent
CORPUS: Final = _HERE / "corpus"
REGRESSIONS: Final = _HERE / "regressions"

#: All targets, by name: the modules in ``targets/``.
TARGETS: Final = tuple(sorted(path.stem for path in (_HERE / "targets").glob("[a-z]*.py")))

#: Of so many inputs one is looked at for the memory that it takes, which makes it several times slower.
_SAMPLED: Final = 64
#: Bytes that each byte of an input may take, where a target says nothing else. Messages of single frames of
#: one or two bytes cost the most: a list of 64 bytes, its place in another, and the frame.
_EACH: Final = 64


@frozen
class Target:
    """What bytes are given to.

    :ivar run: takes an input. Raises where a promise is broken; whatever else it returns tells inputs
        apart that lead somewhere else.
    :ivar feed: takes an input in one go, and returns all that is left of it.
    :ivar base: bytes of memory that the target itself takes, whatever the input.
    :ivar each: bytes that each byte of an input may take beside that.
    :ivar max_size: the longest input that makes sense.
    """

    name: str
    run: Callable[[bytes], Hashable]
    feed: Callable[[bytes], object]
    base: int
    each: int
    max_size: int

    def __call__(self, data: bytes, measure: bool | None = None) -> Hashable:
        """Run ``data``. Its cost in memory is looked at if ``measure`` is true, or ``None`` and the
        input one of the sample.
        """
        outcome = self.run(data)
        if measure or (measure is None and crc32(data) % _SAMPLED == 0):
            self.check_memory(data)
        return outcome

    def check_memory(self, data: bytes) -> None:
        """See that memory is bounded by what arrived, not by what is announced.

        To be called after :attr:`run`, which leaves everything imported and cached.
        """
        tracemalloc.start()
        try:
            left = self.feed(data)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        del left
        allowed = self.base + self.each * len(data)
        assert peak <= allowed, f"{len(data)} bytes took {peak} bytes of memory, not {allowed}"
        gc.collect(1)  # a failed Deferred that nobody looked at is logged when it is collected


def load(name: str) -> Target:
    """The target of that name. Raises :exc:`ImportError`."""
    module: Any = importlib.import_module(f"fuzz.targets.{name}")
    each = getattr(module, "EACH", _EACH)
    return Target(name, module.run, module.feed, module.BASE, each, module.MAX_SIZE)
