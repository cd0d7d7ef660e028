"""What PUB and XPUB share: to know who has subscribed."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from twisted.internet.defer import Deferred

from pyzmtp.net.reactor import Reactor
from pyzmtp.options import SocketOptions
from pyzmtp.patterns.xpub import XPubPattern
from pyzmtp.sockets.audience import AudienceSocket
from pyzmtp.wire.sendable import BytesLike, to_topic

__all__ = ["PublishingSocket"]


class PublishingSocket(AudienceSocket):
    """A socket whose messages go to those who subscribed to them, and are dropped for the others."""

    _pattern: XPubPattern

    def __init__(
        self, reactor: Reactor, options: SocketOptions | None = None, **overrides: Any
    ) -> None:
        super().__init__(reactor, options, **overrides)
        self._pattern.on_subscribed = self._audience_grew

    def wait_subscribed(self, topic: BytesLike | None = b"", count: int = 1) -> Deferred[None]:
        """Fires when at least ``count`` peers would get a message that begins with ``topic``.

        So the first messages need not be lost on subscribers that are just connecting. ``None``: when
        as many have subscribed to anything.
        """
        return self._wait_for(None if topic is None else to_topic(topic), count)

    @property
    def topics(self) -> Collection[bytes]:
        """What the peers have subscribed to, each topic once. (ZMQ_TOPICS_COUNT is their number.)"""
        return self._pattern.topics

    def _audience(self, wanted: bytes | None) -> int:
        return len(
            self._pattern.all_subscribers if wanted is None else self._pattern.subscribers(wanted)
        )
