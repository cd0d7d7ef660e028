"""Publishes what Twisted logs: :class:`PublishingObserver`."""

from __future__ import annotations

from typing import Final

from twisted.internet.interfaces import IReactorFromThreads
from twisted.logger import ILogObserver, LogEvent, LogLevel, eventAsText
from zope.interface import implementer

from pyzmtp.logs.entry import LogEntry
from pyzmtp.logs.publisher import LogPublisher
from pyzmtp.sockets.publisher import PublishingSocket

__all__ = ["PublishingObserver"]

#: Those that the standard library has other names for.
_NAMES: Final = {LogLevel.warn: "WARNING"}


@implementer(ILogObserver)
class PublishingObserver:
    """A log observer that publishes on a PUB or XPUB socket.

    The topic of an event is ``root_topic``, its level in the words of the standard library, and its
    namespace: ``app.WARNING.pyzmtp``. Tracebacks are part of the text.

    It can be called in any thread, never blocks, never publishes what comes of its own publishing, and
    drops, and counts, what cannot be sent. ``socket`` belongs to the caller, and is used in
    ``reactor``'s thread only. To publish from a level up, put it behind Twisted's
    ``FilteringLogObserver``.
    """

    def __init__(
        self, reactor: IReactorFromThreads, socket: PublishingSocket, root_topic: str = ""
    ) -> None:
        self.root_topic = root_topic
        self._publisher = LogPublisher(reactor, socket)

    @property
    def dropped(self) -> int:
        """Events that the socket was not given or did not take. What it dropped for slow subscribers is
        in its ``stats``.
        """
        return self._publisher.dropped

    def __call__(self, event: LogEvent) -> None:
        """Publish an event."""
        level = event.get("log_level") or LogLevel.info
        text = eventAsText(event, includeTimestamp=False, includeSystem=False)
        name = _NAMES.get(level, level.name.upper())
        namespace = event.get("log_namespace") or ""
        self._publisher.publish(LogEntry(self.root_topic, name, namespace, text))
