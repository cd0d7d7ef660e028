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

from attrs import define, field

from fuzz.mutation import Mutator

__all__ = ["Hang", "Progress", "fuzz", "no_longer_than"]

#: Seconds that one input may take: far more than any does, on a machine that is busy too.
TIMEOUT: Final = 60.0


class Hang(AssertionError):
    """An input took too long."""


@define
class Progress:
    """What a driver has done so far.

    :ivar executions: how many inputs were run, those to begin with included.
    :ivar seconds: how long that took.
    :ivar found: new inputs that led somewhere new.
    """

    executions: int = 0
    seconds: float = 0.0
    found: list[bytes] = field(factory=list)


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
    progress: Progress | None = None,
) -> Progress:
    """Run ``corpus``, then what chance makes of it, until ``seconds`` or ``executions`` are over.

    An input with an outcome that no other has had joins those that new ones are made of. ``note`` is
    told of each input before it runs. Raises what ``target`` raises.
    """
    random = Random(seed)
    mutator = Mutator(random, max_size)
    progress = progress or Progress()
    begin = monotonic()
    pool = [b""]
    known: set[Hashable] = set()
    for number in count():
        progress.seconds = monotonic() - begin
        if progress.seconds >= seconds or number == executions:
            break
        given = number < len(corpus)
        data = corpus[number] if given else mutator.mutate(random.choice(pool), pool)
        note(data)
        with no_longer_than(TIMEOUT):
            outcome = target(data)
        progress.executions += 1
        if outcome not in known:
            known.add(outcome)
            if not given:
                progress.found.append(data)
                pool.append(data)
        if given:
            pool.append(data)
    return progress
