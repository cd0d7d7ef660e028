"""XSUB: from all publishers, and subscriptions are sent as messages (RFC 29)."""

from __future__ import annotations

from pyzmtp.constants import SocketType
from pyzmtp.patterns.base import Sender
from pyzmtp.patterns.hot import distribute
from pyzmtp.patterns.subscriber import Subscriber
from pyzmtp.wire.message import Message
from pyzmtp.wire.subscription import is_subscription, parts_of

__all__ = ["XSubPattern"]


class XSubPattern(Sender, Subscriber):
    """``\\x01topic`` subscribes, ``\\x00topic`` cancels, any other message goes to all publishers.

    As in :class:`XPubPattern`, only a message of a single frame is a subscription, unless
    ``only_first_subscribe`` is set; then what such a message holds besides is sent on its own.
    """

    socket_type = SocketType.XSUB

    def try_send(self, message: Message) -> bool:
        if self.options.only_first_subscribe:
            for part in parts_of(message):
                self._send(part)
        else:
            self._send(message)
        return True

    def _send(self, message: Message) -> None:
        if not is_subscription(message):
            self.dropped_sent += distribute(message, self.attached)
        elif self._count(message[0][:1], message[0][1:]) or self.options.xsub_verbose_unsubscribe:
            for pipe in self.ready_pipes():
                # As it is: libzmq sends an application's own subscriptions as messages too.
                pipe.push(message)
