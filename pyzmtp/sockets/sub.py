"""The SUB socket."""

from __future__ import annotations

from collections.abc import Collection

from pyzmtp.constants import SocketType
from pyzmtp.patterns.sub import SubPattern
from pyzmtp.sockets.receiver import ReceivingSocket
from pyzmtp.wire.sendable import BytesLike, to_topic

__all__ = ["SubSocket"]


class SubSocket(ReceivingSocket):
    """Receives from all publishers what it subscribed to (ZMQ_SUB)."""

    socket_type = SocketType.SUB
    _pattern_class = SubPattern
    _pattern: SubPattern

    def subscribe(self, topic: BytesLike = b"") -> None:
        """Want the messages whose first frame begins with ``topic``; an empty one wants all.

        Subscriptions are counted: twice subscribed has to be twice unsubscribed. (ZMQ_SUBSCRIBE)
        """
        self._check_open()
        self._pattern.subscribe(to_topic(topic))

    def unsubscribe(self, topic: BytesLike = b"") -> None:
        """Take back one :meth:`subscribe`; without one, nothing happens. (ZMQ_UNSUBSCRIBE)"""
        self._check_open()
        self._pattern.unsubscribe(to_topic(topic))

    @property
    def topics(self) -> Collection[bytes]:
        """What is subscribed to, each topic once. (ZMQ_TOPICS_COUNT is their number.)"""
        return frozenset(self._pattern.topics)
