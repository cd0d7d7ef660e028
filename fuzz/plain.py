"""The driver that needs nothing but Python: :func:`fuzz`."""

from __future__ import annotations

import signal
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from random import Random
from time import monotonic
from types import FrameType
from typing import Final

from fuzz.mutation import Mutator

__all__ = ["TIMEOUT", "Hang", "fuzz", "no_longer_than"]

#: Seconds that one input may take: far more than any does, on a machine that is busy too.
TIMEOUT: Final = 60.0


class Hang(AssertionError):
    """An input took too long."""


@contextmanager
def no_longer_than(seconds: float) -> Iterator[None]:
    """Raise :exc:`Hang` in what takes longer. For the main thread."""

    def time_out(number: int, frame: FrameType | None) -> None:
        raise Hang(f"it took more than {seconds} s")

    previous = signal.signal(signal.SIGALRM, time_out)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)


def fuzz(
    target: Callable[[bytes], Hashable],
    corpus: Sequence[bytes],
    *,
    seed: int,
    max_size: int,
    seconds: float = float("inf"),
    executions: int | None = None,
    note: Callable[[bytes], None] = lambda data: None,
    found: list[bytes] | None = None,
) -> None:
    """Run ``corpus``, then what chance makes of it, until ``seconds`` or ``executions`` are over.

    An input with an outcome that no other has had joins those that new ones are made of, and ``found``.
    ``note`` is told of each input before it runs. Raises what ``target`` raises.
    """
    random = Random(seed)
    mutator = Mutator(random, max_size)
    end = monotonic() + seconds
    pool = [b""]
    known: set[Hashable] = set()
    for number in count():
        if monotonic() >= end or number == executions:
            break
        given = number < len(corpus)
        data = corpus[number] if given else mutator.mutate(random.choice(pool), pool)
        note(data)
        with no_longer_than(TIMEOUT):
            outcome = target(data)
        if given or outcome not in known:
            pool.append(data)
            if not given and found is not None:
                found.append(data)
        known.add(outcome)
