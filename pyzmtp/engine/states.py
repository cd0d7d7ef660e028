"""The states of a connection, and the one table that says how they follow each other."""

from __future__ import annotations

from enum import Enum, auto
from typing import Final

__all__ = ["EXPECTED", "TRANSITIONS", "Input", "State"]


class State(Enum):
    """Where a connection stands."""

    GREETING = auto()  # the peer's greeting is not whole yet
    IDENTITY = auto()  # an old peer's first frame, its identity, is not whole yet
    HANDSHAKE = auto()  # the mechanism is at work: only commands, and few and small ones
    READY = auto()  # messages flow
    CLOSED = auto()  # over: whatever still arrives is ignored


class Input(Enum):
    """What moves a connection on."""

    GREETING_READ = auto()
    OLD_GREETING_READ = auto()  # of ZMTP 2.0 or 1.0
    HANDSHAKE_DONE = auto()
    FAILED = auto()  # by the peer's fault, by time, or because the transport is gone


TRANSITIONS: Final[dict[tuple[State, Input], State]] = {
    (State.GREETING, Input.GREETING_READ): State.HANDSHAKE,
    (State.GREETING, Input.OLD_GREETING_READ): State.IDENTITY,
    (State.GREETING, Input.FAILED): State.CLOSED,
    (State.IDENTITY, Input.HANDSHAKE_DONE): State.READY,
    (State.IDENTITY, Input.FAILED): State.CLOSED,
    (State.HANDSHAKE, Input.HANDSHAKE_DONE): State.READY,
    (State.HANDSHAKE, Input.FAILED): State.CLOSED,
    (State.READY, Input.FAILED): State.CLOSED,
    (State.CLOSED, Input.FAILED): State.CLOSED,
}

#: What is waited for before the mechanism is at work, which then knows itself.
EXPECTED: Final = {State.GREETING: "greeting", State.IDENTITY: "identity"}
