"""One log entry, as it travels: :class:`LogEntry`.

A message has two frames, a topic and a text. A topic is ``LEVEL``, ``root.LEVEL`` or
``root.LEVEL.subtopic``, so that subscribers choose by what it begins with.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, TypeVar

from attrs import frozen

from pyzmtp.wire.message import Message

__all__ = ["LEVELS", "LogEntry"]

_Self = TypeVar("_Self", bound="LogEntry")

#: The names of levels, which are those of the standard library, the least important first.
LEVELS: Final = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")


@frozen
class LogEntry:
    """A log entry.

    :ivar root: what all entries of one publisher have in common; may be empty.
    :ivar level: one of :data:`LEVELS`, another name that the publisher has for a level, or empty if no
        part of the topic is known for one.
    :ivar subtopic: what it is about; may be empty.
    :ivar text: the entry itself; it may be of several lines, the last of which ends here.
    """

    root: str
    level: str
    subtopic: str
    text: str

    @property
    def topic(self) -> str:
        """``root.LEVEL.subtopic``, without what is empty."""
        return ".".join(part for part in (self.root, self.level, self.subtopic) if part)

    def to_message(self) -> Message:
        """The two frames. What UTF-8 has no bytes for becomes a question mark."""
        texts = (self.topic, f"{self.text}\n")
        return [text.encode("utf-8", "replace") for text in texts]

    @classmethod
    def from_message(cls: type[_Self], message: Sequence[bytes]) -> _Self:
        """What a message says, whoever sent it: it never raises.

        The level is the first part of the topic that is one of :data:`LEVELS`. Without a topic, and
        with more than two frames, all frames (but the topic) are the text.
        """
        topic, *rest = message if len(message) > 1 else [b"", *message]
        text = b" ".join(rest).decode("utf-8", "replace").rstrip("\r\n")
        parts = topic.decode("utf-8", "replace").split(".")
        for position, part in enumerate(parts):
            if part in LEVELS:
                after = ".".join(parts[position + 1 :])
                return cls(".".join(parts[:position]), part, after, text)
        return cls(".".join(parts), "", "", text)
