"""Raw: nothing but the bytes."""

from __future__ import annotations

from collections.abc import Iterator

from pyzmtp.cli.formats.base import Found, Reader
from pyzmtp.wire.message import Message

__all__ = ["RawFormat"]


class RawFormat:
    """What is written has no marks at all; what is read is one message of one frame, up to its end."""

    def __init__(self, separator: bytes, end: bytes) -> None:
        self.end = b""

    def encode(self, message: Message) -> bytes:
        """See :class:`Format`."""
        return b"".join(message)

    def decode(self, data: bytes) -> Message:
        """See :class:`Format`."""
        return [data]

    def reader(self) -> Reader:
        """See :class:`Format`."""
        return _WholeReader()


class _WholeReader:
    """Collects all there is; of nothing there comes no message."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def feed(self, data: bytes) -> Iterator[Found]:
        self._parts.append(data)
        return iter(())

    def finish(self) -> Iterator[Found]:
        whole, self._parts = b"".join(self._parts), []
        return iter([[whole]] if whole else [])
