"""Frames of ZMTP 2.0 and later: bytes to messages, messages to bytes (RFC 37, "Framing").

This one source is both the fallback and the accelerator: Cython compiles it a second time as
``pyzmtp._speedups.framing``, with the types of ``_speedups/framing.pxd``. It therefore imports
absolutely, keeps its constants as plain numbers, and names the bytes that it indexes ``view``: in C
that is a pointer, here it is the ``bytes`` object itself.
"""

from __future__ import annotations

import sys
from typing import Any

from pyzmtp.errors import FrameTooLarge, FramingError, ProtocolError, UnexpectedCommand
from pyzmtp.wire import assembly, collector

__all__ = ["FrameDecoder", "encode_batch", "encode_frame", "encode_message"]

# The headers of all short frames, made once: _LAST[5] is b"\x00\x05", _MORE[5] is b"\x01\x05".
_LAST = [bytes((0x00, size)) for size in range(256)]
_MORE = [bytes((0x01, size)) for size in range(256)]

# No peer can mean a longer frame than this; it also keeps every sum below within a C integer.
_LARGEST_FRAME = min(2**62, sys.maxsize // 2 + 1)

# Pieces of a split body that are smaller than this are gathered in one bytearray: a peer that drips
# single bytes must not cost an object each, a peer that sends large segments must not cost a copy.
_SMALL_PIECE = 4096

# When one part in so many of a split body has come, room is made for all of it: who only announces
# a large one costs nothing, and who sends a part of it not many times as much.
_PART = 4


class FrameDecoder:
    """Turns the bytes of one peer into messages, and stops behind each command.

    It stops there because what a command says may change how the next frame must be read: the
    limits fall when the handshake is done, and nothing is read any more once the peer has failed.

    :ivar command: the body of the command that ended the last :meth:`feed`, else ``None``.
    :ivar error: what was wrong with the bytes. Once set, all further bytes are ignored.
    :ivar commands_only: whether a message frame is an error, as it is during the handshake.
    :ivar max_message_size: the most bytes that the frames of one message may have together; 0 means
        any number. Checked at the header, before a byte of the body is kept.
    :ivar max_message_parts: the most frames that a message may have; 0 means any number.
    :ivar max_command_size: the most bytes in the body of a command.
    """

    __slots__ = (
        "_flags",
        "_message",
        "_message_size",
        "_missing",
        "_offset",
        "_pieces",
        "_rest",
        "_size",
        "_whole",
        "command",
        "commands_only",
        "error",
        "max_command_size",
        "max_message_parts",
        "max_message_size",
    )

    def __init__(self, max_command_size: int) -> None:
        self.command: bytes | None = None
        self.error: ProtocolError | None = None
        self.commands_only = False
        self.max_message_size = 0
        self.max_message_parts = 0
        self.max_command_size = max_command_size
        # A chunk that is not used up: its end is part of a header, or lies behind a stop.
        self._rest = b""
        self._offset = 0  # where that end begins
        self._flags = 0  # of the frame whose body is being collected
        self._size = 0  # how many bytes that body has
        self._missing = 0  # how many of them have not come yet
        self._pieces: list[bytes | bytearray] = []  # those that have,
        self._whole: bytes | None = None  # or what they are put into
        self._message: list[bytes] = []  # the frames so far of a multipart message
        self._message_size = 0  # their bytes together

    @property
    def pending(self) -> bool:
        """Whether bytes are waiting that the next call of :meth:`feed` will look at."""
        return self._offset < len(self._rest)

    def feed(self, data: bytes, limit: int) -> list[list[bytes]]:
        """Take ``data`` and return the messages that are complete now, ``limit`` at the most.

        Never raises for what a peer sent: look at :attr:`error` and :attr:`command` afterwards, and
        call again with ``b""`` to go on behind a command or when there is room for more messages.
        """
        if type(data) is not bytes:
            raise TypeError(f"feed() takes bytes, not {type(data).__name__}")
        messages: list[list[bytes]] = []
        self.command = None
        if self.error is not None:
            return messages
        position = 0
        if self._rest:
            if data:
                data = self._rest[self._offset :] + data
            else:
                data = self._rest
                position = self._offset
            self._rest = b""
            self._offset = 0
        view = data
        length = len(data)
        count = 0
        while count < limit:
            if self._missing > 0:
                # The body of a frame whose head came with an earlier chunk.
                end = position + self._missing
                if end > length:
                    self._collect(data, position)
                    return messages
                if self._whole is None:
                    self._pieces.append(view[position:end])
                    frame = b"".join(self._pieces)
                    self._pieces = []
                else:
                    assembly.put(self._whole, self._size - self._missing, data, position)
                    frame = self._whole
                    self._whole = None
                flags = self._flags
                self._missing = 0
            else:
                if length - position < 2:
                    break
                flags = view[position]
                if flags & 0x02:
                    if length - position < 9:
                        break
                    start = position + 9
                    long_size = int.from_bytes(view[position + 1 : start], "big")
                    if long_size > _LARGEST_FRAME:
                        self._fail(FrameTooLarge(long_size, _LARGEST_FRAME))
                        return messages
                    size = long_size
                else:
                    start = position + 2
                    size = view[position + 1]
                if self._refuses(flags, size):
                    return messages
                end = start + size
                if end > length:
                    # A frame whose body has not come whole yet.
                    self._flags = flags
                    self._size = self._missing = size
                    self._collect(data, start)
                    return messages
                frame = view[start:end]
            position = end
            if flags & 0x04:
                self.command = frame
                break
            if flags & 0x01:
                self._message.append(frame)
                self._message_size += len(frame)
            elif self._message:
                message = self._message
                message.append(frame)
                collector.untrack(message)
                messages.append(message)
                self._message = []
                self._message_size = 0
                count += 1
            else:
                message = [frame]
                collector.untrack(message)
                messages.append(message)
                count += 1
        if position < length:
            if count < limit and self.command is None:
                self._rest = data[position:]  # part of a header: let the chunk go
            else:
                self._rest = data  # to be gone on with, without a copy at each stop
                self._offset = position
        return messages

    def _collect(self, data: bytes, position: int) -> None:
        """Keep what has come of a body; little is allocated for what is only announced."""
        if self._whole is not None:
            assembly.put(self._whole, self._size - self._missing, data, position)
            self._missing -= len(data) - position
            return
        piece = data[position:]
        size = len(piece)
        self._missing -= size
        if size >= _SMALL_PIECE:
            self._pieces.append(piece)
        elif self._pieces and type(self._pieces[-1]) is bytearray:
            self._pieces[-1] += piece
        else:
            self._pieces.append(bytearray(piece))
        if self._missing <= self._size - self._size // _PART:
            self._whole = assembly.begun(self._pieces, self._size)
            if self._whole is not None:
                self._pieces = []

    def _refuses(self, flags: int, size: int) -> bool:
        """Check a header before anything of the body is kept; the first fault ends the decoding."""
        if flags > 0x07:
            self._fail(FramingError(f"reserved bits are set in the flags byte 0x{flags:02x}"))
        elif flags & 0x04:
            if flags & 0x01:
                self._fail(FramingError("a command frame with the MORE flag"))
            elif size > self.max_command_size:
                self._fail(FrameTooLarge(size, self.max_command_size))
        elif self.commands_only:
            self._fail(UnexpectedCommand("a message", "a handshake command"))
        elif 0 < self.max_message_size < self._message_size + size:
            self._fail(FrameTooLarge(self._message_size + size, self.max_message_size))
        elif 0 < self.max_message_parts <= len(self._message):
            self._fail(FramingError(f"a message of more than {self.max_message_parts} frames"))
        return self.error is not None

    def _fail(self, error: ProtocolError) -> None:
        self.error = error
        self._rest = b""
        self._offset = 0
        self._pieces = []
        self._whole = None
        self._message = []


def encode_frame(flags: int, body: bytes) -> bytes:
    """One frame: ``flags`` (MORE, COMMAND; LONG is added where ``body`` needs it), then ``body``."""
    size = len(body)
    if size > 255:
        return bytes((flags | 0x02,)) + size.to_bytes(8, "big") + body
    return bytes((flags, size)) + body


def encode_message(message: list[bytes]) -> bytes:
    """The frames of one message, ready to be written."""
    parts: list[bytes] = []
    _append_frames(parts, message)
    return b"".join(parts)


def encode_batch(messages: list[Any], limit: int) -> tuple[list[bytes], int]:
    """Encode messages from the front of ``messages`` until ``limit`` bytes are reached.

    Returns what is to be written, one after the other, and how many messages that is, at least one
    where there is one. It is one piece, but for bodies of ``limit`` bytes and more, which are not
    copied. ``messages`` are plain lists of frames, or bring their bytes themselves as ``wire``.
    """
    parts: list[bytes] = []
    size = 0
    count = 0
    last = 0  # where the parts of the last message begin
    for message in messages:
        last = len(parts)
        if type(message) is list:
            size += _append_frames(parts, message)
        else:
            wire = message.wire
            parts.append(wire)
            size += len(wire)
        count += 1
        if size >= limit:
            return _join_small(parts, last, limit), count
    return [b"".join(parts)], count


def _join_small(parts: list[bytes], start: int, limit: int) -> list[bytes]:
    """Join all parts but those of ``limit`` bytes and more, which are to be found from ``start`` on."""
    pieces: list[bytes] = []
    first = 0  # of those that are still to be joined
    for index in range(start, len(parts)):
        if len(parts[index]) >= limit:
            if first < index:
                pieces.append(b"".join(parts[first:index]))
            pieces.append(parts[index])
            first = index + 1
    if first < len(parts):
        pieces.append(b"".join(parts[first:]))
    return pieces


def _append_frames(parts: list[bytes], message: list[bytes]) -> int:
    """Append the heads and bodies of a message to ``parts``; return how many bytes that were."""
    size = 0
    more = len(message)
    for frame in message:
        length = len(frame)
        more -= 1
        if length > 255:
            parts.append((b"\x03" if more > 0 else b"\x02") + length.to_bytes(8, "big"))
        elif more > 0:
            parts.append(_MORE[length])
        else:
            parts.append(_LAST[length])
        parts.append(frame)
        size += length + 2
    return size
