"""Publishes the time under two tags, or prints five messages of one tag: MODE METHOD ADDRESS."""

from __future__ import annotations

import sys
import time
from typing import Any

from twisted.internet import reactor as installed

from pyzmtp.txzmq import ZmqEndpoint, ZmqFactory, ZmqPubConnection, ZmqSubConnection

reactor: Any = installed
mode, method, address = sys.argv[1:]
factory = ZmqFactory()
factory.registerForShutdown()
endpoint = ZmqEndpoint(method, address)


class Subscriber(ZmqSubConnection):
    """Prints what it is told, and stops after the fifth message."""

    left = 5

    def gotMessage(self, message: bytes, tag: bytes) -> None:
        if self.left:
            print(tag.decode(), float(message) <= time.time())
            self.left -= 1
            if not self.left:
                reactor.callLater(0, reactor.stop)


def publish(publisher: ZmqPubConnection) -> None:
    """Publish, now and every twentieth of a second."""
    for tag in (b"wanted.time", b"unwanted"):
        publisher.publish(str(time.time()).encode(), tag)
    reactor.callLater(0.05, publish, publisher)


if mode == "publisher":
    publish(ZmqPubConnection(factory, endpoint))
else:
    subscriber = Subscriber(factory, endpoint)
    subscriber.subscribe(b"wanted")
reactor.run()
