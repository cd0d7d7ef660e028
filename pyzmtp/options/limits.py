"""What a peer may cost before it is ready for messages."""

from __future__ import annotations

from typing import Final

from attrs import frozen

from pyzmtp.constants import (
    MAX_HANDSHAKE_COMMAND,
    MAX_HANDSHAKE_COMMANDS,
    MAX_PROPERTIES,
    MAX_PROPERTY_VALUE,
    SocketType,
)
from pyzmtp.validators import integer, option, or_none, seconds

__all__ = ["LimitOptions"]

_ZMTP: Final = frozenset(kind for kind in SocketType if not kind.is_raw)


@frozen(slots=False)
class LimitOptions:
    """What a peer may cost before it is ready for messages; nobody knows yet who it is.

    A part of :class:`SocketOptions`.
    """

    greeting_timeout: float | None = option(
        5.0,
        or_none(seconds(zero=False), "no limit but that of the handshake"),
        "how long the greeting of an accepted connection may take, which begins the handshake",
        types=_ZMTP,
    )
    max_handshake_size: int = option(
        MAX_HANDSHAKE_COMMAND,
        integer(1),
        "the most bytes in one command of the handshake, which is all that is kept of a new peer",
        types=_ZMTP,
    )
    max_handshake_commands: int = option(
        MAX_HANDSHAKE_COMMANDS,
        integer(1),
        "the most commands of a peer in one handshake; the mechanisms here take one or two",
        types=_ZMTP,
    )
    max_properties: int = option(
        MAX_PROPERTIES,
        integer(1),
        "the most properties that a peer may say of itself",
        types=_ZMTP,
    )
    max_property_size: int = option(
        MAX_PROPERTY_VALUE,
        integer(1),
        "the most bytes in the value of one of them",
        types=_ZMTP,
    )
    max_half_open: int = option(
        1000,
        integer(1),
        "accepted connections of one bind whose handshake is not done; one too many is closed",
        types=_ZMTP,
    )
    max_half_open_per_address: int = option(
        500,
        integer(1),
        "the same, for connections from one address",
        types=_ZMTP,
    )
