"""The seam between a connection and its security mechanism."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

from pyzmtp.authentication import Verdict

__all__ = ["Cipher", "Frame", "Mechanism", "Properties"]

#: What a socket says of itself, in the order in which it does.
Properties = Sequence[tuple[str, bytes]]


#: A frame: its flags (MORE, COMMAND), and its body.
Frame = tuple[int, bytes]


class Cipher(Protocol):
    """What becomes of frames after a handshake that agreed on keys.

    Each frame travels as the body of one frame without flags; its own flags travel inside.

    :ivar overhead: bytes by which a body is longer than the frame's, at the most.
    """

    overhead: int

    def seal(self, frames: Iterable[Frame]) -> Iterator[tuple[bytes, bytes]]:
        """The bodies that carry ``frames``, one by one.

        Each in two parts, which follow one another: a large one need not be copied to be one.

        Raises :exc:`ProtocolError` when that is no longer safe, or the keys are wiped.
        """

    def open(self, sealed: Iterable[Sequence[bytes]]) -> Iterator[Frame]:
        """The frames that the bodies in ``sealed`` carry, which are messages of one frame each.

        Raises :exc:`ProtocolError` for what is malformed, out of order or was tampered with. Nothing
        happens to bodies that are not asked for.
        """

    def wipe(self) -> None:
        """Forget the keys: nothing will be sealed or opened any more."""


class Mechanism(Protocol):
    """One side of one handshake. A connection makes a new one for itself.

    A handshake goes on as its table of states says; one that must know whether the peer may come in
    sets :attr:`question`, and waits for :meth:`answer`.

    :ivar name: what the greeting says, at most 20 bytes.
    :ivar min_version: the oldest ZMTP that it can do with: below 3.0 nothing says who a peer is.
    :ivar as_server: the greeting's as-server bit.
    :ivar expected: the command that :meth:`receive` waits for, for the errors' text.
    :ivar max_command: the most bytes that its body may have, or that of an ERROR in its place;
        ``None``: as many as the option ``max_handshake_size`` allows.
    :ivar question: the peer's credentials while nobody has said whether it may come in, else ``None``.
    :ivar done: whether the handshake is over, and messages may flow.
    :ivar peer_properties: what the peer said of itself, once it did, else ``None``.
    :ivar cipher: what the messages go through, once it is done; ``None``: they go as they are. The
        connection wipes it.
    """

    name: bytes
    min_version: tuple[int, int]
    as_server: bool
    expected: str
    max_command: int | None
    question: tuple[bytes, ...] | None
    done: bool
    peer_properties: dict[str, bytes] | None
    cipher: Cipher | None

    def start(self) -> bytes:
        """The frames to send as soon as both greetings are whole."""

    def receive(self, name: bytes, data: bytes) -> bytes:
        """Take a handshake command, and return the frames that answer it.

        Raises :exc:`ProtocolError` for a command that is malformed or out of order. Of ERROR
        only the one with its right name never comes here: the connection knows what it means.
        """

    def answer(self, verdict: Verdict) -> bytes:
        """Go on where :attr:`question` was asked, and return the frames that follow from it.

        After a :class:`Refusal` that is what tells the peer; the connection ends behind it.
        """

    def wipe(self) -> None:
        """Forget all secrets: the connection is over, or the handshake is."""
