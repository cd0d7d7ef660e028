"""The XPUB socket."""

from __future__ import annotations

from pyzmtp.constants import SocketType
from pyzmtp.patterns.xpub import XPubPattern
from pyzmtp.sockets.publisher import PublishingSocket
from pyzmtp.sockets.receiver import ReceivingSocket
from pyzmtp.wire.sendable import BytesLike, to_topic
from pyzmtp.wire.subscription import CANCEL, SUBSCRIBE

__all__ = ["XPubSocket"]


class XPubSocket(PublishingSocket, ReceivingSocket):
    """A PUB that receives the subscriptions: ``\\x01topic``, and ``\\x00topic`` when they end (ZMQ_XPUB).

    They have to be received: as for any socket, a peer with ``receive_hwm`` unread messages is not
    read any more.
    """

    socket_type = SocketType.XPUB
    _pattern_class = XPubPattern
    _pattern: XPubPattern

    def subscribe(self, topic: BytesLike = b"") -> None:
        """Under ``xpub_manual``: subscribe the peer whose request was received last to ``topic``.

        That need not be the topic that it asked for. If the peer has left, nothing happens. Raises
        :exc:`WrongState` before any request was received. (ZMQ_SUBSCRIBE on an XPUB)
        """
        self._check_open()
        self._pattern.answer(SUBSCRIBE, to_topic(topic))

    def unsubscribe(self, topic: BytesLike = b"") -> None:
        """Under ``xpub_manual``: take ``topic`` from the peer whose request was received last.

        If the peer has left, nothing happens. Raises :exc:`WrongState` before any request was received.
        (ZMQ_UNSUBSCRIBE on an XPUB)
        """
        self._check_open()
        self._pattern.answer(CANCEL, to_topic(topic))
