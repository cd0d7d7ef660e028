"""Inputs made of other inputs: :class:`Mutator`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from typing import Final

from fuzz.dictionary import WORDS

__all__ = ["Mutator"]

#: Numbers at which something changes, in one, two, four and eight bytes.
_NUMBERS: Final = [
    value.to_bytes(size, "big")
    for size in (1, 2, 4, 8)
    for value in (0, 1, 9, 2 ** (8 * size - 1) - 1, 2 ** (8 * size - 1), 2 ** (8 * size) - 1)
]
#: How often a piece is repeated: what costs little once may cost much in a crowd.
_TIMES: Final = (1, 1, 2, 16, 1000)
#: How many changes one input goes through at the most.
_MOST_CHANGES: Final = 5


class Mutator:
    """Changes inputs at random, up to ``max_size`` bytes. The same ``random`` makes the same inputs."""

    def __init__(self, random: Random, max_size: int) -> None:
        self._random = random
        self._max_size = max_size
        self._changes: tuple[Callable[[bytearray, bytes], None], ...] = (
            self._flip,
            self._set,
            self._add_or_subtract,
            self._insert_word,
            self._write_number,
            self._remove,
            self._repeat,
            self._splice,
        )

    def mutate(self, data: bytes, pool: Sequence[bytes]) -> bytes:
        """``data`` with a few changes, to which another input out of the ``pool`` may lend bytes."""
        changed = bytearray(data)
        for _ in range(self._random.randint(1, _MOST_CHANGES)):
            self._random.choice(self._changes)(changed, self._random.choice(pool))
        return bytes(changed[: self._max_size])

    def _place(self, data: bytearray) -> int:
        return self._random.randrange(len(data) + 1)

    def _span(self, data: bytes | bytearray) -> slice:
        start = self._random.randrange(len(data) + 1)
        return slice(start, start + self._random.choice((1, 2, 4, 16, 64, len(data))))

    def _flip(self, data: bytearray, other: bytes) -> None:
        if data:
            data[self._random.randrange(len(data))] ^= 1 << self._random.randrange(8)

    def _set(self, data: bytearray, other: bytes) -> None:
        if data:
            data[self._random.randrange(len(data))] = self._random.randrange(256)

    def _add_or_subtract(self, data: bytearray, other: bytes) -> None:
        if data:
            place = self._random.randrange(len(data))
            data[place] = (data[place] + self._random.randint(-9, 9)) % 256

    def _insert_word(self, data: bytearray, other: bytes) -> None:
        place = self._place(data)
        data[place:place] = self._random.choice(WORDS)

    def _write_number(self, data: bytearray, other: bytes) -> None:
        place, number = self._place(data), self._random.choice(_NUMBERS)
        data[place : place + len(number)] = number

    def _remove(self, data: bytearray, other: bytes) -> None:
        del data[self._span(data)]

    def _repeat(self, data: bytearray, other: bytes) -> None:
        place, times = self._place(data), self._random.choice(_TIMES)
        data[place:place] = (data[self._span(data)] * times)[: self._max_size]

    def _splice(self, data: bytearray, other: bytes) -> None:
        place = self._place(data)
        data[place:place] = other[self._span(other)]
