"""Frames that travel in the bodies of other frames, sealed by a :class:`Cipher` (RFC 26, "MESSAGE").

As in libzmq each frame of a message or command, whatever it is, becomes one frame without flags.
"""

from __future__ import annotations

from typing import Any

from pyzmtp._speedups import FrameDecoder, encode_batch, encode_frame
from pyzmtp.constants import COMMAND, LONG, MAX_COMMAND, MORE
from pyzmtp.errors import ProtocolError, UnexpectedCommand
from pyzmtp.mechanisms.base import Cipher
from pyzmtp.wire.message import Message, Outgoing

__all__ = ["SealedDecoder", "encode_sealed_batch", "seal_frames"]

#: Flags of a frame that says something of its own, and not how its size is written.
_OWN_FLAGS = MORE | COMMAND


class SealedDecoder:
    """A :class:`FrameDecoder` of what another one finds in the bodies of its frames.

    What was opened keeps the rules of all frames: the limits, the commands and the errors are those of
    the decoder within.
    """

    __slots__ = ("_cipher", "_inner", "_outer", "_outer_error")

    def __init__(self, outer: FrameDecoder, cipher: Cipher) -> None:
        self._cipher = cipher
        self._outer = outer
        self._outer_error: ProtocolError | None = None
        self._inner = FrameDecoder(outer.max_command_size)
        self._inner.max_message_size = outer.max_message_size
        self._inner.max_message_parts = outer.max_message_parts
        outer.max_message_parts = 1
        outer.max_command_size = 0
        if outer.max_message_size:
            outer.max_message_size = max(outer.max_message_size, MAX_COMMAND) + cipher.overhead

    @property
    def command(self) -> bytes | None:
        """See :class:`FrameDecoder`."""
        return self._inner.command

    @property
    def error(self) -> ProtocolError | None:
        """See :class:`FrameDecoder`: not before all that came ahead of it is delivered."""
        return self._inner.error or (None if self._inner.pending else self._outer_error)

    @property
    def pending(self) -> bool:
        """See :class:`FrameDecoder`."""
        return self._inner.pending or self._outer.pending

    def feed(self, data: bytes, limit: int) -> list[Message]:
        """See :class:`FrameDecoder`."""
        inner, outer = self._inner, self._outer
        if inner.pending:
            messages = inner.feed(b"", limit)
            if inner.command is not None or inner.error is not None or len(messages) >= limit:
                outer.feed(data, 0)  # it keeps them
                return messages
            limit -= len(messages)
        else:
            messages = []
        sealed = outer.feed(data, limit)
        if outer.command is not None:
            self._outer_error = UnexpectedCommand("a command", "a MESSAGE")
        opened = self._open(sealed)
        if opened:
            messages += inner.feed(opened, limit)
        return messages

    def _open(self, sealed: list[Message]) -> bytes:
        """What the frames hold, one behind the other as they would travel unsealed."""
        opened: list[bytes] = []
        try:
            if self._outer_error is None:
                for [body] in sealed:
                    opened.append(encode_frame(*self._cipher.open(body)))
                self._outer_error = self._outer.error
        except ProtocolError as error:
            self._outer_error = error
        return b"".join(opened)


def encode_sealed_batch(cipher: Cipher, messages: list[Outgoing], limit: int) -> tuple[bytes, int]:
    """As :func:`encode_batch`, and sealed."""
    data, count = encode_batch(messages, limit)
    return seal_frames(cipher, data), count


def seal_frames(cipher: Cipher, data: bytes) -> bytes:
    """The whole frames in ``data``, which are our own, each of them sealed."""
    sealed: list[bytes] = []
    view: Any = memoryview(data)
    position = 0
    while position < len(data):
        flags = data[position]
        start = position + (9 if flags & LONG else 2)
        position = start + int.from_bytes(view[position + 1 : start], "big")
        body = cipher.seal(flags & _OWN_FLAGS, data[start:position])
        sealed.append(encode_frame(0, body))
    return b"".join(sealed)
