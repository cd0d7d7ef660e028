"""Which conversations the demo holds, and between whom."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from attrs import frozen

from pyzmtp.cli.demo.conversations import Conversation, Role

__all__ = ["LIBZMQ", "PYZMTP", "TRANSPORTS", "Meeting", "plan"]

PYZMTP: Final = "pyzmtp"
LIBZMQ: Final = "libzmq"
TRANSPORTS: Final = ("tcp", "ipc")


@frozen
class Meeting:
    """One conversation between two sockets: who binds, who connects, and how."""

    conversation: Conversation
    transport: str
    binds: Role
    bound_by: str
    """The implementation that has the bound socket: ``pyzmtp`` or ``libzmq``."""
    connects: Role
    connected_by: str

    @property
    def with_libzmq(self) -> bool:
        """Whether either side is libzmq's."""
        return LIBZMQ in (self.bound_by, self.connected_by)


def plan(
    conversations: Iterable[Conversation], transports: Sequence[str], with_libzmq: bool
) -> list[Meeting]:
    """Return every meeting: each role bound and connecting, with pyzmtp and with libzmq."""
    pairs = [(PYZMTP, PYZMTP)]
    if with_libzmq:
        pairs += [(PYZMTP, LIBZMQ), (LIBZMQ, PYZMTP)]
    return [
        Meeting(conversation, transport, binds, bound_by, connects, connected_by)
        for conversation in conversations
        for transport in transports
        for bound_by, connected_by in pairs
        for binds, connects in (conversation.roles, conversation.roles[::-1])
    ]
