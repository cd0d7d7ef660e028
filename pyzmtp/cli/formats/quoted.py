"""Quoted: as text, with an escape for each byte that cannot be seen; the same bytes come back."""

from __future__ import annotations

import re
from typing import Final

from pyzmtp.cli.formats.base import FormatError, Reader, RecordReader
from pyzmtp.wire.message import Message

__all__ = ["QuotedFormat", "escape_bytes", "quote", "unquote", "visible"]

#: What C, Python and most other languages call these bytes.
_NAMES: Final = {
    "\a": "\\a",
    "\b": "\\b",
    "\t": "\\t",
    "\n": "\\n",
    "\v": "\\v",
    "\f": "\\f",
    "\r": "\\r",
    "\\": "\\\\",
}
_VALUES: Final = {name.encode()[1:]: value.encode() for value, name in _NAMES.items()}

_NOT_PLAIN: Final = re.compile(r"[^ -\[\]-~]")
_NOT_PLAIN_OR_BACKSLASH: Final = re.compile(r"[^ -~]")
_ESCAPE: Final = re.compile(rb"\\(x[0-9a-fA-F]{2}|[0-7]{1,3}|.|$)", re.DOTALL)


def quote(data: bytes) -> bytes:
    """``data`` with escapes, so that :func:`unquote` gives it back."""
    return _escape(_NOT_PLAIN, data)


def visible(data: bytes) -> bytes:
    """``data`` with escapes for what could do harm on a terminal; a backslash may be meant so."""
    return _escape(_NOT_PLAIN_OR_BACKSLASH, data)


def _escape(pattern: re.Pattern[str], data: bytes) -> bytes:
    text = data.decode("utf-8", "surrogateescape")
    return pattern.sub(_escape_character, text).encode()


def _escape_character(match: re.Match[str]) -> str:
    character = match[0]
    if character in _NAMES:
        return _NAMES[character]
    if character.isprintable():
        return character
    return escape_bytes(character.encode("utf-8", "surrogateescape"))


def escape_bytes(data: bytes) -> str:
    """Each byte as ``\\xNN``."""
    return "".join(f"\\x{byte:02x}" for byte in data)


def unquote(data: bytes) -> bytes:
    """The bytes that ``data`` stands for.

    Escapes are ``\\a \\b \\t \\n \\v \\f \\r \\\\ \\xNN``, and one to three octal digits. Raises
    :exc:`FormatError` for any other.
    """
    return _ESCAPE.sub(_value, data)


def _value(match: re.Match[bytes]) -> bytes:
    name = match[1]
    if name in _VALUES:
        return _VALUES[name]
    if len(name) == 3 and name[:1] == b"x":
        return bytes.fromhex(name[1:].decode())
    if name[:1] in b"01234567" and name and int(name, 8) < 256:
        return bytes((int(name, 8),))
    shown = match[0].decode("utf-8", "replace")
    raise FormatError(f"{shown!r} is no escape: there are \\t \\n \\\\ \\xNN and the like")


class QuotedFormat:
    """Text with escapes. Raises :exc:`ValueError` for a separator that could stand in an escape."""

    def __init__(self, separator: bytes, end: bytes) -> None:
        if re.search(rb"[\\0-9A-Za-z]", separator):
            problem = "with quoted frames a separator holds no letters, digits or backslashes"
            raise ValueError(problem)
        self.separator = separator
        self.end = end
        # Without its first character there is no separator within a frame, nor across its edges.
        first = separator.decode("utf-8", "surrogateescape")[:1]
        self._mark = first.encode() if first.isprintable() else b""

    def encode(self, message: Message) -> bytes:
        """See :class:`Format`."""
        return self.separator.join(map(self._quoted, message))

    def _quoted(self, frame: bytes) -> bytes:
        quoted = quote(frame)
        if self._mark in quoted and self._mark:
            quoted = quoted.replace(self._mark, escape_bytes(self._mark).encode())
        return quoted

    def decode(self, data: bytes) -> Message:
        """See :class:`Format`."""
        frames = data.split(self.separator) if self.separator else [data]
        return [unquote(frame) for frame in frames]

    def reader(self) -> Reader:
        """See :class:`Format`."""
        return RecordReader(self.decode, self.end)
