"""What a queue to a peer holds: a message, a message with many receivers, or a command."""

from __future__ import annotations

from typing import Protocol

from pyzmtp.wire.hot import encode_message

__all__ = ["Message", "Outgoing", "SharedMessage", "Wired"]

#: A message is a list of its frames.
Message = list[bytes]


class Wired(Protocol):
    """Something that knows its own bytes on a plain (unencrypted) connection of ZMTP 2.0 or later."""

    @property
    def wire(self) -> bytes:
        """Those bytes."""


class SharedMessage(list[bytes]):
    """A message for many peers: its wire form is made once, by the first connection that needs it.

    To everything but the encoder it is the list of frames that any message is, so peers that need
    another form (``inproc``, an encrypted connection) can share it too.
    """

    __slots__ = ("_wire",)

    def __init__(self, frames: Message) -> None:
        super().__init__(frames)
        self._wire: bytes | None = None

    @property
    def wire(self) -> bytes:
        """The message as frames of ZMTP 2.0 and later."""
        wire = self._wire
        if wire is None:
            wire = self._wire = encode_message(list(self))
        return wire


#: What may stand in a pipe's outbox. A plain ``list`` is encoded there, anything else brings its bytes,
#: unless the connection needs others (ZMTP 1.0).
Outgoing = Message | Wired
