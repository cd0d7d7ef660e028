"""Cuts one direction of a connection into frames: :class:`FrameReader`.

Not the decoder of sockets: that collects whole messages, and tells neither flags nor sizes. Here
nothing is kept of a body but its beginning, however large it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from attrs import frozen

from pyzmtp.cli.trace.preview import Preview
from pyzmtp.cli.trace.rules import FRAMING, ZMTP_1, ZMTP_2_FRAMING, Fault, Undecodable
from pyzmtp.constants import COMMAND, LONG, MAX_COMMAND, MORE

__all__ = [
    "WIRE_KEPT",
    "FrameReader",
    "HeadReader",
    "RawFrame",
    "flag_faults",
    "read_head",
    "read_head_v1",
]

#: The bytes on the wire that are kept of whatever is said.
WIRE_KEPT: Final = 16
_LARGEST: Final = 2**63 - 1
#: A first byte of this value announces the long form (RFC 13).
_LONG_V1: Final = 0xFF

#: The flags, the size of the body and that of the head, if ``data`` holds it from ``position`` on.
_Head = tuple[int, int, int]
HeadReader = Callable[[bytes, int], _Head | None]


@frozen
class RawFrame:
    """A frame that has passed.

    :ivar flags: as they were.
    :ivar size: of the body.
    :ivar body: the beginning of the body.
    :ivar head: what was before it.
    """

    flags: int
    size: int
    body: bytes
    head: bytes

    @property
    def is_command(self) -> bool:
        """Whether it says that it is a command."""
        return bool(self.flags & COMMAND)

    @property
    def is_whole(self) -> bool:
        """Whether all of the body was kept."""
        return len(self.body) == self.size

    def wire(self, shown: int = WIRE_KEPT) -> Preview:
        """Its bytes, and no more than ``shown`` bytes of its body."""
        return Preview(len(self.head) + self.size, (self.head + self.body[:shown])[:WIRE_KEPT])


def read_head(data: bytes, position: int) -> _Head | None:
    """Of ZMTP 2.0 and later. Raises :exc:`Undecodable`."""
    if position >= len(data):
        return None
    flags = data[position]
    if flags > MORE | LONG | COMMAND:
        raise Undecodable(f"reserved bits are set in the flags byte 0x{flags:02x}", FRAMING)
    length = 9 if flags & LONG else 2
    if position + length > len(data):
        return None
    size = int.from_bytes(data[position + 1 : position + length], "big")
    if size > _LARGEST:
        raise Undecodable(f"a frame of {size} bytes", FRAMING)
    return flags, size, length


def read_head_v1(data: bytes, position: int) -> _Head | None:
    """Of ZMTP 1.0. Raises :exc:`Undecodable`."""
    if position >= len(data):
        return None
    is_long = data[position] == _LONG_V1
    length = 10 if is_long else 2
    size = data[position]
    if position + length > len(data):
        if not size:
            raise Undecodable("a frame of length 0", ZMTP_1)
        return None
    if is_long:
        size = int.from_bytes(data[position + 1 : position + 9], "big")
    if not 0 < size <= _LARGEST:
        raise Undecodable(f"a frame of length {size}", ZMTP_1)
    return data[position + length - 1], size - 1, length


def flag_faults(frame: RawFrame, version: tuple[int, int]) -> Iterator[Fault]:
    """What is wrong with the flags of a frame that is none the less understood.

    In ZMTP 1.0 nothing is: libzmq 2.1 sets most of them, always.
    """
    if version == (2, 0) and frame.flags & COMMAND:
        yield Fault("a command in ZMTP 2.0", ZMTP_2_FRAMING)
    elif version > (2, 0) and frame.flags & COMMAND and frame.flags & MORE:
        yield Fault("a command with the MORE flag", FRAMING)


class FrameReader:
    """Takes bytes, and gives frames.

    :ivar keep: how many bytes are kept of the body of a message's frame. Those of a command are all
        kept, up to :data:`MAX_COMMAND`.
    :ivar read_head: what heads look like.
    """

    def __init__(self, read_head: HeadReader) -> None:
        self.keep = MAX_COMMAND
        self._read_head = read_head
        self._chunk = b""
        self._position = 0
        self._flags = 0
        self._size = self._missing = self._kept = 0
        self._head = b""  # of the frame whose body is passing
        self._body = bytearray()

    @property
    def unread(self) -> int:
        """The bytes in no frame yet."""
        return len(self._chunk) - self._position

    @property
    def partial(self) -> str:
        """What there is of a frame that is not whole; empty if there is none."""
        if self._head:
            return f"{self._size - self._missing} of {self._size} bytes of a frame's body"
        return f"{self.unread} bytes of a frame's head" if self.unread else ""

    def feed(self, data: bytes) -> None:
        """Take ``data``, for :meth:`next`."""
        self._chunk = self._chunk[self._position :] + data
        self._position = 0

    def next(self) -> RawFrame | None:
        """The next frame, if all of it has passed. Raises :exc:`Undecodable`."""
        if not self._head:
            found = self._read_head(self._chunk, self._position)
            if found is None:
                return None
            self._flags, self._size, length = found
            self._head = self._chunk[self._position : self._position + length]
            self._position += length
            self._missing = self._size
            self._kept = MAX_COMMAND if self._flags & COMMAND else self.keep
        passed = min(self._missing, self.unread)
        kept = min(passed, self._kept - len(self._body))
        self._body += self._chunk[self._position : self._position + kept]
        self._position += passed
        self._missing -= passed
        if self._missing:
            return None
        frame = RawFrame(self._flags, self._size, bytes(self._body), self._head)
        self._head = b""
        self._body.clear()
        return frame
