"""PUB: XPUB for an application that only sends (RFC 29)."""

from __future__ import annotations

from pyzmtp.constants import SocketType
from pyzmtp.patterns.pipe import Pipe
from pyzmtp.patterns.xpub import XPubPattern
from pyzmtp.wire.message import Message
from pyzmtp.wire.subscription import is_subscription

__all__ = ["PubPattern"]


class PubPattern(XPubPattern):
    """As :class:`XPubPattern`, but nothing is received: messages from below are dropped."""

    socket_type = SocketType.PUB

    def _hand_up(self, pipe: Pipe, messages: list[Message]) -> None:
        self.dropped_received += sum(not is_subscription(message) for message in messages)
