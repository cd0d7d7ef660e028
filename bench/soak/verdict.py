"""Whether anything has grown: :class:`Lines`, :func:`judge`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from attrs import define, field, frozen

from bench.soak.census import Series

__all__ = ["BOUNDS", "Finding", "Lines", "judge"]


#: How much each quantity may rise, however many connections were made. One end of a connection takes 5.8
#: kB, 38 objects and 72 blocks: ten that are forgotten are found, or a little that is lost with each. What
#: happens for the first time after an hour may load a module (100 objects); freed memory may be kept for
#: the next large message, and 3 MB were seen to come and go. All else is the same at each rest, but for a
#: peer who is noticed a moment later.
BOUNDS: Final = {
    "rss": 8_000_000.0,
    "objects": 300.0,
    "blocks": 600.0,
    "descriptors": 1.0,
    "delayed_calls": 1.0,
    "pipes": 1.0,
    "peers": 1.0,
    "queued": 1.0,
}


@define
class Lines:
    """Straight lines through points, one for each name: those that fit best. The points are not kept.

    Where a name has no value, it counts as zero.
    """

    _count: int = 0
    _x: float = 0.0  # sums, of all that was added
    _xx: float = 0.0
    _first: float = 0.0
    _last: float = 0.0
    _y: dict[str, float] = field(factory=dict)
    _xy: dict[str, float] = field(factory=dict)

    def add(self, x: float, values: Mapping[str, float]) -> None:
        """Add a point to each line."""
        if not self._count:
            self._first = x
        self._last = x
        x -= self._first
        self._count += 1
        self._x += x
        self._xx += x * x
        for name, y in values.items():
            self._y[name] = self._y.get(name, 0.0) + y
            self._xy[name] = self._xy.get(name, 0.0) + x * y

    @property
    def length(self) -> float:
        """From the first ``x`` to the last."""
        return self._last - self._first

    def rises(self) -> dict[str, float]:
        """What each line rises by from the first ``x`` to the last; 0 if there is but one."""
        spread = self._count * self._xx - self._x * self._x
        scale = self.length / spread if spread else 0.0
        return {
            name: (self._count * self._xy[name] - self._x * y) * scale
            for name, y in self._y.items()
        }


@frozen
class Finding:
    """What was found of one quantity.

    :ivar first, last: what there was after the warm-up, and in the end.
    :ivar rise: what its line rises by between the two.
    :ivar allowed: what it may rise by.
    """

    quantity: str
    first: float
    last: float
    rise: float
    allowed: float

    @property
    def grows(self) -> bool:
        """Whether it is too much."""
        return self.rise > self.allowed


def judge(resting: Series, warm_up: int) -> list[Finding]:
    """Judge samples at rest, of which the first ``warm_up`` do not count."""
    columns = {name: values[warm_up:] for name, values in resting.columns().items()}
    lines = Lines()
    for number, connections in enumerate(columns["connections"]):
        lines.add(connections, {name: columns[name][number] for name in BOUNDS})
    rises = lines.rises()
    return [
        Finding(name, columns[name][0], columns[name][-1], rises[name], allowed)
        for name, allowed in BOUNDS.items()
    ]
