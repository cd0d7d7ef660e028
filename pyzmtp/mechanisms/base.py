"""The seam between a connection and its security mechanism."""

from __future__ import annotations

from typing import Protocol

__all__ = ["Mechanism"]


class Mechanism(Protocol):
    """One side of one handshake. A connection makes a new one for itself.

    :ivar name: what the greeting says, at most 20 bytes.
    :ivar min_version: the oldest ZMTP that it can do with: below 3.0 nothing says who a peer is.
    :ivar as_server: the greeting's as-server bit.
    :ivar expected: the command that :meth:`receive` waits for, for the errors' text.
    :ivar peer_properties: what the peer said of itself, once the handshake is done, else ``None``.
    :ivar user_id: who the peer has proved to be, if the mechanism proves it.
    """

    name: bytes
    min_version: tuple[int, int]
    as_server: bool
    expected: str
    peer_properties: dict[str, bytes] | None
    user_id: str | None

    def start(self) -> bytes:
        """The frames to send as soon as both greetings are whole."""

    def receive(self, name: bytes, data: bytes) -> bytes:
        """Take a handshake command, and return the frames that answer it.

        Raises :exc:`ProtocolError` for a command that is malformed or out of order. ERROR never
        comes here: the connection knows what it means.
        """
