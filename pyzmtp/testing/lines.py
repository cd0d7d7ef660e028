"""What lies between the reactors of a network in memory: :class:`Lines`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyzmtp.testing.conditions import Conditions

if TYPE_CHECKING:
    from pyzmtp.testing.reactor import TCPMemoryReactor

__all__ = ["Lines"]


class Lines:
    """How bytes travel between any two reactors, and whether they do.

    What is set for two reactors comes before what is set for one of them, and that of the older one
    before that of the other. It outlives a restart.

    :ivar conditions: how bytes travel where nothing else is set.
    """

    def __init__(self, conditions: Conditions) -> None:
        self.conditions = conditions
        self._particular: dict[frozenset[int], Conditions] = {}
        self._parted: set[frozenset[int]] = set()

    def set_conditions(self, conditions: Conditions, *between: TCPMemoryReactor) -> None:
        """Set other conditions between two reactors, or between one and all others."""
        self._particular[_key(between)] = conditions

    def part(self, *between: TCPMemoryReactor) -> None:
        """Let nothing pass between two reactors, or between one and all others."""
        self._parted.add(_key(between))

    def join(self, *between: TCPMemoryReactor) -> None:
        """Undo :meth:`part` for the same reactors, or for all if none are given."""
        if between:
            self._parted.discard(_key(between))
        else:
            self._parted.clear()

    def between(self, one: TCPMemoryReactor, other: TCPMemoryReactor) -> Conditions:
        """How bytes travel between two reactors."""
        if self._particular:
            older, newer = sorted((one.number, other.number))
            for key in map(frozenset, ({older, newer}, {older}, {newer})):
                if key in self._particular:
                    return self._particular[key]
        return self.conditions

    def are_parted(self, one: TCPMemoryReactor, other: TCPMemoryReactor) -> bool:
        """Whether nothing passes between two reactors."""
        if not self._parted or one is other:
            return False
        a, b = one.number, other.number
        return not self._parted.isdisjoint(map(frozenset, ({a, b}, {a}, {b})))


def _key(between: tuple[TCPMemoryReactor, ...]) -> frozenset[int]:
    if not 1 <= len(between) <= 2:
        raise TypeError(f"one reactor or two, not {len(between)}")
    return frozenset(reactor.number for reactor in between)
