"""The rows that there are, and how one registers: :func:`row`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from attrs import frozen

from interop.faults.machine import Place, obstacle
from interop.faults.stage import Stage

Play = Callable[[Stage], Awaitable[str | None]]
P = TypeVar("P", bound=Play)


@frozen(eq=False)
class Row:
    """Something that goes wrong, and what must come of it.

    :ivar group: the part of the table that it is in.
    :ivar title: the line there.
    :ivar column: the column of that line.
    :ivar play: makes it happen; returns a figure, if there is one to be shown.
    :ivar place: where it runs.
    :ivar needs: a command that has to work there.
    :ivar logs: texts of errors that Twisted logs then.
    """

    group: str
    title: str
    column: str
    play: Play
    place: Place
    needs: tuple[str, ...]
    logs: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.group}: {self.title}, {self.column}"

    def obstacle(self) -> str:
        """Say why it cannot be run on this machine, nothing if it can."""
        return obstacle(self.place) or (obstacle(self.place, *self.needs) if self.needs else "")


#: All of them, by name, in the order of the table.
ROWS: dict[str, Row] = {}


def row(
    group: str,
    title: str,
    column: str = "outcome",
    place: Place = Place.HERE,
    needs: tuple[str, ...] = (),
    logs: tuple[str, ...] = (),
) -> Callable[[P], P]:
    """Register a coroutine function as a row."""

    def register(play: P) -> P:
        made = Row(group, title, column, play, place, needs, logs)
        assert str(made) not in ROWS, f"{made} is there twice"
        ROWS[str(made)] = made
        return play

    return register
