"""Gives everything back, in each pattern that txZMQ has: METHOD ADDRESS...

Addresses: of REP, ROUTER, PULL, PUSH, SUB and PUB, in this order.
"""

from __future__ import annotations

import sys
from typing import Any

from twisted.internet import reactor as installed

from pyzmtp.txzmq import (
    ZmqEndpoint,
    ZmqFactory,
    ZmqPubConnection,
    ZmqPullConnection,
    ZmqPushConnection,
    ZmqREPConnection,
    ZmqRouterConnection,
    ZmqSubConnection,
)

reactor: Any = installed
factory = ZmqFactory()
factory.registerForShutdown()
rep, router, pull, push, sub, pub = (ZmqEndpoint(sys.argv[1], each) for each in sys.argv[2:])


class Rep(ZmqREPConnection):
    """Replies with the request."""

    def gotMessage(self, messageId: bytes, *messageParts: bytes) -> None:
        self.reply(messageId, *messageParts)


class Router(ZmqRouterConnection):
    """Sends each message back to who sent it."""

    def gotMessage(self, senderId: bytes, *messageParts: bytes) -> None:
        self.sendMultipart(senderId, list(messageParts))


class Pull(ZmqPullConnection):
    """Pushes what it is given."""

    def onPull(self, message: list[bytes]) -> None:
        pusher.push(message)


class Sub(ZmqSubConnection):
    """Publishes what it is told."""

    def gotMessage(self, message: bytes, tag: bytes) -> None:
        publisher.publish(message, tag)


pusher = ZmqPushConnection(factory, push)
publisher = ZmqPubConnection(factory, pub)
connections = [Rep(factory, rep), Router(factory, router), Pull(factory, pull)]
subscriber = Sub(factory, sub)
subscriber.subscribe(b"")
reactor.run()
