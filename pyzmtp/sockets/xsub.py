"""The XSUB socket."""

from __future__ import annotations

from collections.abc import Collection

from pyzmtp.constants import SocketType
from pyzmtp.patterns.xsub import XSubPattern
from pyzmtp.sockets.receiver import ReceivingSocket
from pyzmtp.sockets.sender import SendingSocket

__all__ = ["XSubSocket"]


class XSubSocket(SendingSocket, ReceivingSocket):
    """Receives from all publishers (ZMQ_XSUB).

    To send ``\\x01topic`` subscribes, ``\\x00topic`` cancels; any other message goes to all
    publishers.
    """

    socket_type = SocketType.XSUB
    _pattern_class = XSubPattern
    _pattern: XSubPattern

    @property
    def topics(self) -> Collection[bytes]:
        """What is subscribed to, each topic once. (ZMQ_TOPICS_COUNT is their number.)"""
        return frozenset(self._pattern.topics)
