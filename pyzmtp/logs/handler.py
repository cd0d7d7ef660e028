"""Publishes what the standard library logs: :class:`PublishingHandler`."""

from __future__ import annotations

import logging
from copy import copy
from typing import Final

from twisted.internet.interfaces import IReactorFromThreads

from pyzmtp.logs.entry import LogEntry
from pyzmtp.logs.publisher import LogPublisher
from pyzmtp.sockets.publisher import PublishingSocket

__all__ = ["PublishingHandler"]

#: Between a subtopic and the text, as in pyzmq.
_SEPARATOR: Final = "::"

_BRIEF: Final = "%(message)s"
_DETAILED: Final = "%(levelname)s %(filename)s:%(lineno)d - %(message)s"


class PublishingHandler(logging.Handler):
    """Publishes log records on a PUB or XPUB socket, as pyzmq's ``PUBHandler`` does.

    The topic of a record is ``root_topic``, its level's name, and its subtopic if it has one:
    ``logger.info("disk.full::no space on %s", path)`` has ``disk.full``. (What has a space before its
    first ``::`` is all text.)

    It can be called in any thread. It never blocks, never publishes what comes of its own publishing,
    and drops, and counts, what cannot be sent. ``socket`` belongs to the caller, and is used in
    ``reactor``'s thread only.
    """

    def __init__(
        self,
        reactor: IReactorFromThreads,
        socket: PublishingSocket,
        root_topic: str = "",
        level: int | str = logging.NOTSET,
    ) -> None:
        super().__init__(level)
        self.root_topic = root_topic
        self._publisher = LogPublisher(reactor, socket)
        self._formatters: dict[int, logging.Formatter | None] = {
            logging.DEBUG: logging.Formatter(_DETAILED),
            logging.INFO: logging.Formatter(_BRIEF),
            logging.WARNING: logging.Formatter(_DETAILED),
        }

    @property
    def dropped(self) -> int:
        """Records that the socket was not given or did not take. What it dropped for slow subscribers
        is in its ``stats``.
        """
        return self._publisher.dropped

    def setFormatter(self, fmt: logging.Formatter | None, level: int = logging.NOTSET) -> None:
        """Format all records with ``fmt``, or those from ``level`` up to the next that has one.

        By default INFO is the text alone, all others name their level and their line of source.
        """
        if level == logging.NOTSET:
            self._formatters.clear()
        self._formatters[level] = fmt

    def format(self, record: logging.LogRecord) -> str:
        """The text of a record."""
        levels = [level for level in self._formatters if level <= record.levelno]
        formatter = self._formatters[max(levels)] if levels else None
        return (formatter or logging.Formatter(_DETAILED)).format(record)

    def emit(self, record: logging.LogRecord) -> None:
        """Publish a record."""
        try:
            subtopic, separator, text = str(record.msg).partition(_SEPARATOR)
            if not separator or " " in subtopic:
                subtopic = ""
            else:
                record = copy(record)  # other handlers see it as it was
                record.msg = text
            entry = LogEntry(self.root_topic, record.levelname, subtopic, self.format(record))
        except Exception:
            self.handleError(record)
            return
        self._publisher.publish(entry)
