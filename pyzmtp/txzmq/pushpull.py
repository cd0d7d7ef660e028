"""txZMQ's PUSH and PULL."""

from __future__ import annotations

from pyzmtp.constants import SocketType
from pyzmtp.txzmq.connection import ZmqConnection
from pyzmtp.wire.message import Message
from pyzmtp.wire.sendable import Sendable

__all__ = ["ZmqPullConnection", "ZmqPushConnection"]


class ZmqPushConnection(ZmqConnection):
    """Sends each message to one of its peers in turn."""

    socketType = SocketType.PUSH

    def push(self, message: Sendable) -> None:
        """As :meth:`send`."""
        self.send(message)


class ZmqPullConnection(ZmqConnection):
    """Receives; a subclass overrides :meth:`onPull`."""

    socketType = SocketType.PULL

    def messageReceived(self, message: Message) -> None:
        """Pass it on to :meth:`onPull`."""
        self.onPull(message)

    def onPull(self, message: Message) -> None:
        """A message, a list of its frames, has come; to be overridden. What it raises is logged."""
        raise NotImplementedError(self)
