"""What all formats have in common: :class:`Format`, and :class:`RecordReader` for those of records."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol

from pyzmtp.wire.message import Message

__all__ = ["Format", "FormatError", "Found", "Reader", "RecordReader"]


class FormatError(ValueError):
    """What was read is no message in this format."""


#: What a reader finds.
Found = Message | FormatError


class Reader(Protocol):
    """Finds the messages in a stream of bytes, and the places where there is none."""

    def feed(self, data: bytes) -> Iterator[Found]:
        """What is complete with ``data``."""

    def finish(self) -> Iterator[Found]:
        """What the stream ended with, without saying that it is complete."""


class Format(Protocol):
    """One way to write messages down.

    :ivar end: what ends a message in a stream.
    """

    end: bytes

    def encode(self, message: Message) -> bytes:
        """A message, without what ends it."""

    def decode(self, data: bytes) -> Message:
        """The message in one argument of the command line. Raises :exc:`FormatError`."""

    def reader(self) -> Reader:
        """What reads a stream."""


class RecordReader:
    """Cuts a stream at ``end``, of one byte, and decodes each record."""

    def __init__(self, decode: Callable[[bytes], Message], end: bytes) -> None:
        self._decode = decode
        self._end = end
        self._begun: list[bytes] = []  # of a record, in pieces: to join them each time is quadratic
        self._records = 0

    def feed(self, data: bytes) -> Iterator[Found]:
        """See :class:`Reader`."""
        first, *others = data.split(self._end)
        self._begun.append(first)
        for record in others:
            whole, self._begun = b"".join(self._begun), [record]
            yield self._next(whole)

    def finish(self) -> Iterator[Found]:
        """See :class:`Reader`. As with any text, the end of the last line may be missing."""
        last, self._begun = b"".join(self._begun), []
        if last:
            yield self._next(last)

    def _next(self, record: bytes) -> Found:
        self._records += 1
        try:
            return self._decode(record)
        except FormatError as error:
            return FormatError(f"message {self._records} of the input: {error}")
