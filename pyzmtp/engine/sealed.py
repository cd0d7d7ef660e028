"""Frames that travel in the bodies of other frames, sealed by a :class:`Cipher` (RFC 26, "MESSAGE").

As in libzmq each frame of a message or command, whatever it is, becomes one frame without flags.
"""

from __future__ import annotations

from typing import Any, Final

from pyzmtp.constants import COMMAND, LONG, MAX_COMMAND, MORE, SHORT_FRAME_LIMIT
from pyzmtp.errors import FrameTooLarge, FramingError, ProtocolError, UnexpectedCommand
from pyzmtp.mechanisms.base import Cipher, Frame
from pyzmtp.wire.command import decode_command
from pyzmtp.wire.hot import FrameDecoder
from pyzmtp.wire.message import Message, Outgoing

__all__ = ["SealedDecoder", "encode_sealed_batch", "seal_frames"]

#: Flags of a frame that says something of its own, and not how its size is written.
_OWN_FLAGS: Final = MORE | COMMAND
_SHORT_HEADS: Final = [bytes((0, size)) for size in range(SHORT_FRAME_LIMIT + 1)]
_LONG_HEAD: Final = bytes((LONG,))


class SealedDecoder:
    """Used as a :class:`FrameDecoder`, for what another one finds in the bodies of its frames.

    The limits hold for what was opened. The first fault, inside or outside, ends the decoding; what
    came before it is delivered.
    """

    __slots__ = (
        "_cipher",
        "_max_parts",
        "_max_size",
        "_message",
        "_message_size",
        "_outer",
        "_outer_error",
        "_sealed",
        "command",
        "error",
    )

    def __init__(self, outer: FrameDecoder, cipher: Cipher) -> None:
        self.command: bytes | None = None
        self.error: ProtocolError | None = None
        self._cipher = cipher
        self._outer = outer
        self._outer_error: ProtocolError | None = None  # behind all that is still sealed
        self._max_size = outer.max_message_size
        self._max_parts = outer.max_message_parts
        self._sealed: list[Message] = []  # frames that are whole, and not opened yet
        self._message: Message = []  # the frames so far of a multipart message
        self._message_size = 0
        outer.max_message_parts = 1
        if outer.max_message_size:
            outer.max_message_size = max(outer.max_message_size, MAX_COMMAND) + cipher.overhead

    @property
    def pending(self) -> bool:
        """See :class:`FrameDecoder`."""
        return bool(self._sealed) or self._outer_error is not None or self._outer.pending

    def feed(self, data: bytes, limit: int) -> list[Message]:
        """See :class:`FrameDecoder`."""
        messages: list[Message] = []
        self.command = None
        while self.error is None:
            room = max(0, limit - len(messages) - len(self._sealed))
            came = self._collect(data, room)
            data = b""
            if len(messages) < limit:
                self._open(messages, limit)
            if self._sealed or self.command is not None or len(messages) >= limit:
                break
            if self._outer_error is not None:
                self.error = self.error or self._outer_error
            if came < room:
                break
        return messages

    def _collect(self, data: bytes, limit: int) -> int:
        """Take the frames that are whole now; return how many."""
        outer = self._outer
        if self._outer_error is not None:
            return 0
        came = outer.feed(data, limit)
        self._sealed += came
        if outer.error is not None:
            self._outer_error = outer.error
        elif outer.command is not None:
            self._outer_error = _in_clear(outer.command)
        return len(came)

    def _open(self, messages: list[Message], limit: int) -> None:
        """Open frames up to the first command, fault, or the limit."""
        opened = 0
        try:
            for flags, frame in self._cipher.open(self._sealed):
                opened += 1
                if flags or self._message or self._max_size:
                    self._check(flags, len(frame))
                if flags & COMMAND:
                    self.command = frame
                    break
                if flags:
                    self._message.append(frame)
                    self._message_size += len(frame)
                    continue
                if self._message:
                    messages.append([*self._message, frame])
                    self._message = []
                    self._message_size = 0
                else:
                    messages.append([frame])
                if len(messages) >= limit:
                    break
        except ProtocolError as error:
            self.error = error
            self._sealed = []
        else:
            del self._sealed[:opened]

    def _check(self, flags: int, size: int) -> None:
        """Hold a frame that was opened to the rules of all frames."""
        if flags & COMMAND:
            if flags & MORE:
                raise FramingError("a command frame with the MORE flag")
            if size > MAX_COMMAND:
                raise FrameTooLarge(size, MAX_COMMAND)
            return
        if 0 < self._max_size < self._message_size + size:
            raise FrameTooLarge(self._message_size + size, self._max_size)
        if 0 < self._max_parts <= len(self._message) + (flags & MORE):
            raise FramingError(f"a message of more than {self._max_parts} frames")


def _in_clear(command: bytes) -> ProtocolError:
    """What is wrong with a command that was not sealed."""
    try:
        name, _ = decode_command(command)
    except ProtocolError as error:
        return error
    return UnexpectedCommand(name.decode("ascii", "replace"), "a MESSAGE")


def encode_sealed_batch(
    cipher: Cipher, messages: list[Outgoing], limit: int
) -> tuple[list[bytes], int]:
    """As :func:`encode_batch`, and sealed. Raises what the cipher raises when it is used up."""
    frames: list[Frame] = []
    size = 0
    count = 0
    for message in messages:
        if isinstance(message, list):
            more = len(message)
            for body in message:
                more -= 1
                size += len(body)
                frames.append((MORE if more else 0, body))
        else:
            size += len(message.wire)
            frames += _frames_in(message.wire)
        count += 1
        if size + cipher.overhead * len(frames) >= limit:
            break
    return [_seal(cipher, frames)], count


def seal_frames(cipher: Cipher, data: bytes) -> bytes:
    """The whole frames in ``data``, which are our own, each of them sealed.

    Nothing if the cipher is used up: the next message will end the connection.
    """
    try:
        return _seal(cipher, _frames_in(data))
    except ProtocolError:
        return b""


def _frames_in(data: bytes) -> list[Frame]:
    """The frames that ``data`` consists of."""
    frames: list[Frame] = []
    view: Any = memoryview(data)
    position = 0
    while position < len(data):
        flags = data[position]
        start = position + (9 if flags & LONG else 2)
        position = start + int.from_bytes(view[position + 1 : start], "big")
        frames.append((flags & _OWN_FLAGS, data[start:position]))
    return frames


def _seal(cipher: Cipher, frames: list[Frame]) -> bytes:
    """The frames that carry ``frames``."""
    parts: list[bytes] = []
    for head, box in cipher.seal(frames):
        size = len(head) + len(box)
        if size > SHORT_FRAME_LIMIT:
            parts += (_LONG_HEAD + size.to_bytes(8, "big"), head, box)
        else:
            parts += (_SHORT_HEADS[size], head, box)
    return b"".join(parts)
