"""What PUB and XPUB share: to know who has subscribed."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from twisted.internet.defer import Deferred, fail, succeed

from pyzmtp.errors import SocketClosed
from pyzmtp.net.reactor import Reactor
from pyzmtp.options import SocketOptions
from pyzmtp.patterns.xpub import XPubPattern
from pyzmtp.sockets.sender import SendingSocket
from pyzmtp.wire.sendable import BytesLike, to_topic

__all__ = ["PublishingSocket"]


class PublishingSocket(SendingSocket):
    """A socket whose messages go to those who subscribed to them, and are dropped for the others."""

    _pattern: XPubPattern

    def __init__(
        self, reactor: Reactor, options: SocketOptions | None = None, **overrides: Any
    ) -> None:
        super().__init__(reactor, options, **overrides)
        self._awaited: list[tuple[bytes, int, Deferred[None]]] = []
        self._pattern.on_subscribed = self._subscribed

    def wait_subscribed(self, topic: BytesLike = b"", count: int = 1) -> Deferred[None]:
        """Fires when at least ``count`` peers would get a message that begins with ``topic``.

        So the first messages need not be lost on subscribers that are just connecting.
        """
        wanted = to_topic(topic)
        if self.closed:
            return fail(SocketClosed())
        if len(self._pattern.subscribers(wanted)) >= count:
            return succeed(None)
        done: Deferred[None] = Deferred(lambda _: self._awaited.remove(entry))
        entry = (wanted, count, done)
        self._awaited.append(entry)
        return done

    @property
    def topics(self) -> Collection[bytes]:
        """What the peers have subscribed to, each topic once. (ZMQ_TOPICS_COUNT is their number.)"""
        return self._pattern.topics

    def _subscribed(self) -> None:
        if not self._awaited:
            return
        for entry in list(self._awaited):
            topic, count, done = entry
            if entry in self._awaited and len(self._pattern.subscribers(topic)) >= count:
                self._awaited.remove(entry)
                done.callback(None)

    def _stop_waiting(self) -> None:
        super()._stop_waiting()
        while self._awaited:  # one by one: whoever is told may cancel the others
            _, _, done = self._awaited.pop()
            done.errback(SocketClosed())
