"""txZMQ's PUB and SUB: the tag and the message are one frame, with a zero byte between them."""

from __future__ import annotations

from typing import Final

from pyzmtp.constants import SocketType
from pyzmtp.sockets.sub import SubSocket
from pyzmtp.txzmq.connection import ZmqConnection
from pyzmtp.wire.message import Message

__all__ = ["ZmqPubConnection", "ZmqSubConnection"]

_SEPARATOR: Final = b"\0"


class ZmqPubConnection(ZmqConnection):
    """Publishes."""

    socketType = SocketType.PUB

    def publish(self, message: bytes, tag: bytes = b"") -> None:
        """Send ``message`` to those who subscribed to what ``tag`` begins with."""
        self.send(tag + _SEPARATOR + message)


class ZmqSubConnection(ZmqConnection):
    """Subscribes; a subclass overrides :meth:`gotMessage`."""

    socketType = SocketType.SUB

    def subscribe(self, tag: bytes) -> None:
        """Receive what is published with a tag that begins with ``tag``; each call counts."""
        self._socketAs(SubSocket).subscribe(tag)

    def unsubscribe(self, tag: bytes) -> None:
        """Undo one :meth:`subscribe`."""
        self._socketAs(SubSocket).unsubscribe(tag)

    def messageReceived(self, message: Message) -> None:
        """Take the tag off. A message of two frames, as others than txZMQ send it, is taken as well."""
        if len(message) == 2:
            self.gotMessage(message[1], message[0])
        else:  # without a separator there is only a message
            self.gotMessage(*reversed(message[0].split(_SEPARATOR, 1)))

    def gotMessage(self, message: bytes, tag: bytes) -> None:
        """Something was published; to be overridden. What it raises is logged."""
        raise NotImplementedError(self)
