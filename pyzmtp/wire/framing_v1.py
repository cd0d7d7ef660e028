"""Frames of ZMTP 1.0 (RFC 13): a length, which counts the flags byte, the flags, the body.

Such frames hold the same messages as those of later versions, under other heads. So the decoder
rewrites the heads, and the one decoder of all versions does the rest.
"""

from __future__ import annotations

from typing import Final

from pyzmtp.constants import LONG, MORE, SHORT_FRAME_LIMIT
from pyzmtp.errors import FramingError, ProtocolError
from pyzmtp.wire.hot import FrameDecoder
from pyzmtp.wire.message import Message, Outgoing

__all__ = ["FrameDecoderV1", "encode_batch_v1", "encode_message_v1"]

#: A first byte of this value announces a length of eight bytes; any other is the length itself.
_LONG: Final = 0xFF


class FrameDecoderV1(FrameDecoder):
    """Turns the bytes of a ZMTP 1.0 peer into messages; see :class:`pyzmtp.wire.framing.FrameDecoder`.

    There are no commands. Of the flags only MORE is looked at, as in libzmq and RFC 13.
    """

    def __init__(self) -> None:
        super().__init__(0)
        self._fault: ProtocolError | None = None
        self._head = b""  # the bytes of a head that is not whole yet
        self._body = 0  # how many bytes of a body have not come yet

    def feed(self, data: bytes, limit: int) -> list[Message]:
        """As :meth:`pyzmtp.wire.framing.FrameDecoder.feed`."""
        messages: list[Message] = super().feed(self._rewrite(data), limit)
        if not self.pending:  # what came before the fault is delivered first
            self.error = self.error or self._fault
        return messages

    def _rewrite(self, data: bytes) -> bytes:
        """``data`` under the heads of ZMTP 2.0."""
        if self._fault is not None:
            return b""
        data, self._head = self._head + data, b""
        rewritten = bytearray()  # a list would hold an object for each tiny frame
        position = 0
        while position < len(data):
            if not self._body:
                is_long = data[position] == _LONG
                start = position + (10 if is_long else 2)
                if start > len(data):
                    self._head = data[position:]
                    break
                length = data[position]
                if is_long:
                    length = int.from_bytes(data[position + 1 : position + 9], "big")
                if not length:
                    self._fault = FramingError("a ZMTP 1.0 frame without its flags byte")
                    break
                self._body = length - 1
                rewritten += _head(data[start - 1] & MORE, self._body)
                position = start
            body = data[position : position + self._body]
            rewritten += body
            self._body -= len(body)
            position += len(body)
        return bytes(rewritten)


def _head(flags: int, size: int) -> bytes:
    """The head of a frame of ZMTP 2.0 and later."""
    if size > SHORT_FRAME_LIMIT:
        return bytes((flags | LONG,)) + size.to_bytes(8, "big")
    return bytes((flags, size))


def encode_message_v1(message: Message) -> bytes:
    """The frames of one message."""
    parts = []
    for frame in message[:-1]:
        parts += [_head_v1(MORE, len(frame)), frame]
    parts += [_head_v1(0, len(message[-1])), message[-1]]
    return b"".join(parts)


def encode_batch_v1(messages: list[Outgoing], limit: int) -> tuple[list[bytes], int]:
    """As :func:`pyzmtp.wire.framing.encode_batch`, for messages that are lists of frames."""
    parts: list[bytes] = []
    size = 0
    for message in messages:
        assert isinstance(message, list)  # commands go only to peers that read them
        parts.append(encode_message_v1(message))
        size += len(parts[-1])
        if size >= limit:
            break
    return [b"".join(parts)], len(parts)


def _head_v1(flags: int, size: int) -> bytes:
    """The head of a frame of ZMTP 1.0; as in libzmq, a short one wherever that is possible."""
    length = size + 1
    if length < _LONG:
        return bytes((length, flags))
    return bytes((_LONG,)) + length.to_bytes(8, "big") + bytes((flags,))
