"""The PUB socket."""

from __future__ import annotations

from pyzmtp.constants import SocketType
from pyzmtp.patterns.pub import PubPattern
from pyzmtp.sockets.publisher import PublishingSocket

__all__ = ["PubSocket"]


class PubSocket(PublishingSocket):
    """Sends to all peers that subscribed to what a message begins with (ZMQ_PUB).

    It never waits: a subscriber that is full misses messages, which :attr:`stats` counts. With
    ``xpub_nodrop`` it waits instead.
    """

    socket_type = SocketType.PUB
    _pattern_class = PubPattern
    _pattern: PubPattern
