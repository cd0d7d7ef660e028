"""What the net layer needs of a protocol engine: :class:`Engine`."""

from __future__ import annotations

from typing import Protocol

from pyzmtp.authentication import Verdict
from pyzmtp.errors import ProtocolError
from pyzmtp.peer import Peer
from pyzmtp.wire.message import Message, Outgoing

__all__ = ["Engine"]


class Engine(Protocol):
    """One connection, without I/O; :class:`pyzmtp.engine.connection.Connection` is the model.

    A peer can never make any of these raise.

    :ivar attention: whether the owner must look at the connection; :meth:`data_to_send` clears it.
    :ivar more: whether the last :meth:`receive_data` stopped with bytes left that may hold messages.
    :ivar peer: who it is, from the moment that messages may flow.
    :ivar question: the peer's credentials, while it waits to be let in by :meth:`answer`.
    :ivar error: why the connection is over, if it is by the peer's fault or by time.
    """

    attention: bool
    more: bool
    peer: Peer | None
    error: ProtocolError | None
    question: tuple[bytes, ...] | None

    def receive_data(self, data: bytes, now: float, limit: int) -> list[Message]:
        """Take bytes from the transport and return messages, at most ``limit``."""

    def next_deadline(self) -> float | None:
        """When :meth:`handle_timer` must be called at the latest, on the clock of ``now``."""

    def handle_timer(self, now: float) -> None:
        """Act on the deadline, if it has come."""

    def excuse(self, now: float) -> None:
        """Do not hold it against the peer that nothing came: its owner has not been reading."""

    def moved(self, now: float) -> None:
        """The transport has taken what it was given, after it had no room."""

    def answer(self, verdict: Verdict, now: float) -> None:
        """Say whether the peer may come in, whose credentials :attr:`question` holds."""

    def transport_lost(self) -> None:
        """The transport is gone: whatever was incomplete is forgotten."""

    def reject(self, error: ProtocolError) -> None:
        """End the connection for a reason that only its owner can know."""

    def data_to_send(self, now: float) -> bytes:
        """The engine's own bytes. Clears :attr:`attention`."""

    def encode(self, messages: list[Outgoing], limit: int) -> tuple[list[bytes], int]:
        """Encode from the front of ``messages``, up to about ``limit`` bytes: (what to write, how many)."""
