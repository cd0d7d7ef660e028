"""MessagePack: an array of frames a message, one behind the other (msgpack.org)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pyzmtp.cli.formats.base import FormatError, Found, Reader
from pyzmtp.errors import LibraryMissing
from pyzmtp.wire.message import Message

__all__ = ["MessagePackFormat"]


class MessagePackFormat:
    """An array of binary frames; strings are read too. Separator and end mean nothing.

    Raises :exc:`LibraryMissing` without msgpack.
    """

    def __init__(self, separator: bytes, end: bytes) -> None:
        try:
            import msgpack
        except ImportError as error:
            raise LibraryMissing("the format msgpack", "msgpack", "msgpack") from error
        self._library: Any = msgpack
        self.end = b""

    def encode(self, message: Message) -> bytes:
        """See :class:`Format`."""
        packed: bytes = self._library.packb(message)
        return packed

    def decode(self, data: bytes) -> Message:
        """See :class:`Format`."""
        try:
            value = self._library.unpackb(data, raw=True)
        except ValueError as error:  # as all its errors are, some of them without a word
            raise FormatError(f"it is no MessagePack: {error or type(error).__name__}") from None
        return _frames(value)

    def reader(self) -> Reader:
        """See :class:`Format`."""
        # 0: no limit but its own of 2 GiB, in place of 100 MB
        return _PackReader(self._library.Unpacker(raw=True, max_buffer_size=0))


class _PackReader:
    """Unpacks values from a stream."""

    def __init__(self, unpacker: Any) -> None:
        self._unpacker = unpacker
        self._fed = 0
        self._read = 0  # bytes in values that are complete

    def feed(self, data: bytes) -> Iterator[Found]:
        """See :class:`Reader`. What is no MessagePack is so for good: nothing says where to go on."""
        self._unpacker.feed(data)
        self._fed += len(data)
        while True:
            try:
                value = next(self._unpacker)
            except StopIteration:
                return
            except ValueError as error:
                yield FormatError(f"it is no MessagePack: {error or type(error).__name__}")
                return
            self._read = self._unpacker.tell()
            try:
                yield _frames(value)
            except FormatError as error:
                yield error

    def finish(self) -> Iterator[Found]:
        """See :class:`Reader`."""
        begun = self._fed - self._read
        if begun:
            yield FormatError(f"the last message is cut short: {begun} bytes of it have come")


def _frames(value: Any) -> Message:
    frames = [value] if isinstance(value, bytes) else value
    if not isinstance(frames, list) or not frames:
        raise FormatError(f"a message is an array of frames, not {value!r:.40}")
    for frame in frames:
        if not isinstance(frame, bytes):
            raise FormatError(f"a frame is binary or a string, not {frame!r:.40}")
    return frames
