"""Hexadecimal: two digits a byte."""

from __future__ import annotations

import re
from typing import Final

from pyzmtp.cli.formats.base import FormatError, Reader, RecordReader
from pyzmtp.wire.message import Message

__all__ = ["HexFormat"]

_DIGITS: Final = re.compile(rb"(?: *[0-9a-fA-F]{2})* *")


class HexFormat:
    """Each frame in hexadecimal digits; spaces between bytes are read, and not written.

    Raises :exc:`ValueError` for a separator that could be read as a frame.
    """

    def __init__(self, separator: bytes, end: bytes) -> None:
        if re.search(rb"[ 0-9a-fA-F]", separator):
            raise ValueError("with hexadecimal frames a separator holds no digits and no spaces")
        self.separator = separator
        self.end = end

    def encode(self, message: Message) -> bytes:
        """See :class:`Format`."""
        return self.separator.join(frame.hex().encode() for frame in message)

    def decode(self, data: bytes) -> Message:
        """See :class:`Format`."""
        frames = data.split(self.separator) if self.separator else [data]
        return [_frame(digits) for digits in frames]

    def reader(self) -> Reader:
        """See :class:`Format`."""
        return RecordReader(self.decode, self.end)


def _frame(digits: bytes) -> bytes:
    if not _DIGITS.fullmatch(digits):
        shown = digits.decode("utf-8", "replace")
        raise FormatError(f"{shown!r:.60} is no frame in hexadecimal: two digits stand for a byte")
    return bytes.fromhex(digits.decode())
