"""How a DISH tells a RADIO of the groups that it is in: JOIN and LEAVE (RFC 48)."""

from __future__ import annotations

from typing import Final

from pyzmtp.constants import MAX_GROUP
from pyzmtp.errors import CommandError
from pyzmtp.wire.command import Command, decode_command

__all__ = ["JOIN", "LEAVE", "Membership", "membership_of", "read_membership"]

JOIN: Final = b"JOIN"
LEAVE: Final = b"LEAVE"


class Membership(list[bytes]):
    """What a RADIO is told: ``[JOIN, group]`` or ``[LEAVE, group]``.

    It comes among the messages and in their order, but no message is ever one: that is what the class
    is for.
    """

    __slots__ = ()


def membership_of(command: Command) -> Membership:
    """A queued JOIN or LEAVE, for a RADIO that has no connection to read it from."""
    return Membership(decode_command(command.body))


def read_membership(name: bytes, group: bytes) -> Membership:
    """The JOIN or LEAVE that has come as a command. Raises :exc:`CommandError`."""
    if len(group) > MAX_GROUP:
        raise CommandError(name.decode("ascii"), f"a group has at most {MAX_GROUP} bytes")
    return Membership((name, group))
