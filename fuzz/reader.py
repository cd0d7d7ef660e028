"""An input as a list of choices: :class:`Reader`; and how to write one: :class:`Writer`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, TypeVar

__all__ = ["Reader", "Writer"]

T = TypeVar("T")

#: A first byte of this value announces a length of two bytes; any other is the length itself.
_LONG: Final = 0xFF


class Reader:
    """Takes an input apart from its front. Where it has ended, everything is zero or empty."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._position = 0

    def __bool__(self) -> bool:
        """Whether there is more."""
        return self._position < len(self._data)

    def take(self, size: int) -> bytes:
        """The next ``size`` bytes, or as many as there are."""
        start = self._position
        self._position = min(start + size, len(self._data))
        return self._data[start : self._position]

    def byte(self) -> int:
        """The next byte."""
        return int.from_bytes(self.take(1), "big")

    def choice(self, options: Sequence[T]) -> T:
        """One of ``options``."""
        return options[self.byte() % len(options)]

    def chunk(self) -> bytes:
        """A length and as many bytes."""
        size = self.byte()
        if size == _LONG:
            size = int.from_bytes(self.take(2), "big")
        return self.take(size)

    def rest(self) -> bytes:
        """All that is left."""
        return self.take(len(self._data))


class Writer:
    """Writes what a :class:`Reader` will read."""

    def __init__(self, *choices: int) -> None:
        self.data = bytes(choices)

    def byte(self, value: int) -> None:
        """See :meth:`Reader.byte`."""
        self.data += bytes((value,))

    def chunk(self, data: bytes) -> None:
        """See :meth:`Reader.chunk`."""
        size = len(data)
        head = bytes((size,)) if size < _LONG else bytes((_LONG,)) + size.to_bytes(2, "big")
        self.data += head + data

    def rest(self, data: bytes) -> None:
        """See :meth:`Reader.rest`."""
        self.data += data
