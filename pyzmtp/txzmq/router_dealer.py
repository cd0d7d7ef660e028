"""txZMQ's ROUTER and DEALER, frames as they travel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pyzmtp.constants import SocketType
from pyzmtp.txzmq.connection import ZmqConnection
from pyzmtp.wire.message import Message
from pyzmtp.wire.sendable import BytesLike

__all__ = ["ZmqBase", "ZmqDealerConnection", "ZmqRouterConnection"]


class ZmqBase(ZmqConnection):
    """Passes frames on as arguments; a subclass overrides :meth:`gotMessage`."""

    def sendMsg(self, message: BytesLike) -> None:
        """Send a message of one frame."""
        self.sendMultipart([message])

    def sendMultipart(self, parts: Sequence[BytesLike]) -> None:
        """Send a message of several frames."""
        self.send(parts)

    def messageReceived(self, message: Message) -> None:
        """Pass its frames on to :meth:`gotMessage`."""
        self.gotMessage(*message)

    def gotMessage(self, *parts: Any) -> None:
        """A message has come; to be overridden. What it raises is logged."""
        raise NotImplementedError(self)


class ZmqDealerConnection(ZmqBase):
    """A DEALER."""

    socketType = SocketType.DEALER


class ZmqRouterConnection(ZmqBase):
    """A ROUTER: ``gotMessage(senderId, *parts)`` tells who has sent a message."""

    socketType = SocketType.ROUTER

    # What is sent differs from the base, and so does what these take: it is txZMQ's face.

    def sendMsg(  # type: ignore[override]
        self, recipientId: BytesLike, message: BytesLike
    ) -> None:
        """Send a message of one frame to the peer of that routing id."""
        self.sendMultipart(recipientId, [message])

    def sendMultipart(  # type: ignore[override]
        self, recipientId: BytesLike, parts: Sequence[BytesLike]
    ) -> None:
        """Send a message of several frames to the peer of that routing id."""
        self.send([recipientId, *parts])
