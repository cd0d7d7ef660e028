"""The states of a connection as a picture, made of the very table that the engine follows."""

from __future__ import annotations

from typing import Final

from pyzmtp.engine.states import TRANSITIONS, Input, State
from tools.book.drawing import Arrow, Box, Picture

__all__ = ["STATES"]

#: Where each state stands. One that has no place here makes the picture fail, and with it the build.
_PLACES: Final = {
    State.GREETING: (0, 1.2),
    State.IDENTITY: (2.1, 0),
    State.HANDSHAKE: (1.4, 1.2),
    State.READY: (3.2, 1.2),
    State.CLOSED: (2.1, 2.6),
}


def _name(member: State | Input) -> str:
    return member.name.lower().replace("_", " ")


STATES: Final = Picture(
    "The states of a connection, and what leads from one to another.",
    {state.name: Box(*_PLACES[state], _name(state), look="other") for state in State},
    [
        Arrow(
            before.name,
            after.name,
            _name(change),
            look="refused" if change is Input.FAILED else "message",
            at=0.72 if change is Input.FAILED else 0.6,  # where no other line is crossed
        )
        for (before, change), after in TRANSITIONS.items()
    ],
)
