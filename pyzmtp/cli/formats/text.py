"""Text: the frames as they are, with something between them, a message a line."""

from __future__ import annotations

from pyzmtp.cli.formats.base import Reader, RecordReader
from pyzmtp.wire.message import Message

__all__ = ["TextFormat"]


class TextFormat:
    """Frames as they are. Without a separator a line is one frame, and frames are joined unseen.

    What a frame holds can look like a separator or an end: text is for people and for text.
    """

    def __init__(self, separator: bytes, end: bytes) -> None:
        self.separator = separator
        self.end = end

    def encode(self, message: Message) -> bytes:
        """See :class:`Format`."""
        return self.separator.join(message)

    def decode(self, data: bytes) -> Message:
        """See :class:`Format`."""
        return data.split(self.separator) if self.separator else [data]

    def reader(self) -> Reader:
        """See :class:`Format`."""
        return RecordReader(self.decode, self.end)
