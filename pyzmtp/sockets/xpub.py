"""The XPUB socket."""

from __future__ import annotations

from pyzmtp.constants import SocketType
from pyzmtp.patterns.xpub import XPubPattern
from pyzmtp.sockets.publisher import PublishingSocket
from pyzmtp.sockets.receiver import ReceivingSocket

__all__ = ["XPubSocket"]


class XPubSocket(PublishingSocket, ReceivingSocket):
    """A PUB that receives the subscriptions: ``\\x01topic``, and ``\\x00topic`` when they end (ZMQ_XPUB).

    They have to be received: as for any socket, a peer with ``receive_hwm`` unread messages is not
    read any more.
    """

    socket_type = SocketType.XPUB
    _pattern_class = XPubPattern
    _pattern: XPubPattern
