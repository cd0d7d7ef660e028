"""Has everything given back by echo.py, compares it and prints what went well: METHOD ADDRESS..."""

from __future__ import annotations

import sys
from typing import Any

from twisted.internet import reactor as installed
from twisted.internet.defer import Deferred, gatherResults, inlineCallbacks
from twisted.internet.task import deferLater

from pyzmtp.txzmq import (
    ZmqDealerConnection,
    ZmqEndpoint,
    ZmqFactory,
    ZmqPubConnection,
    ZmqPullConnection,
    ZmqPushConnection,
    ZmqREQConnection,
    ZmqSubConnection,
)

reactor: Any = installed
factory = ZmqFactory()
factory.registerForShutdown()
rep, router, pull, push, sub, pub = (ZmqEndpoint(sys.argv[1], each) for each in sys.argv[2:])

MESSAGES = [
    [b"x"],
    [b"", b"empty frames", b""],
    [bytes(range(256)) * 4000, b"after a megabyte"],
    *([b"%d" % number, bytes(number)] for number in range(300)),
]
PUBLISHED = [
    (b"x", b"tag"),
    (b"", b""),
    (b"zero \0 bytes \0", b"tag.more"),
    (bytes(range(256)) * 4000, b"large"),
    *((b"%d" % number, b"tag.%d" % number) for number in range(300)),
]


class Collector:
    """What has come back."""

    def __init__(self, number: int) -> None:
        self.messages: list[Any] = []
        self.done: Deferred[None] = Deferred()
        self._number = number

    def add(self, message: Any) -> None:
        """Note a message."""
        self.messages.append(message)
        if len(self.messages) == self._number:
            self.done.callback(None)


echoed, relayed, published = Collector(len(MESSAGES)), Collector(len(MESSAGES)), Collector(304)


class Dealer(ZmqDealerConnection):
    """Collects."""

    def gotMessage(self, *messageParts: bytes) -> None:
        echoed.add(list(messageParts))


class Pull(ZmqPullConnection):
    """Collects."""

    def onPull(self, message: list[bytes]) -> None:
        relayed.add(message)


class Sub(ZmqSubConnection):
    """Collects, once its probes have come back."""

    arrived = False

    def gotMessage(self, message: bytes, tag: bytes) -> None:
        if tag != b"probe":
            published.add((message, tag))
        else:
            self.arrived = True


@inlineCallbacks
def run() -> Any:
    """Talk to the other side in each pattern."""
    req = ZmqREQConnection(factory, rep, identity=b"a requester")
    dealer = Dealer(factory, router)
    pusher = ZmqPushConnection(factory, pull)
    Pull(factory, push)
    publisher, subscriber = ZmqPubConnection(factory, sub), Sub(factory, pub)
    subscriber.subscribe(b"")
    while not subscriber.arrived:  # until both subscriptions are known
        publisher.publish(b"", b"probe")
        yield deferLater(reactor, 0.05)
    replies = yield gatherResults([req.sendMsg(*message, timeout=20) for message in MESSAGES])
    print("REQ", replies == MESSAGES)
    for message in MESSAGES:
        dealer.sendMultipart(message)
        pusher.push(message)
    yield echoed.done
    print("DEALER", echoed.messages == MESSAGES)
    yield relayed.done
    print("PUSH", relayed.messages == MESSAGES)
    for body, tag in PUBLISHED:
        publisher.publish(body, tag)
    yield published.done
    print("PUB", published.messages == PUBLISHED)
    reactor.stop()


reactor.callWhenRunning(lambda: run().addErrback(lambda failure: print(failure) or reactor.stop()))
reactor.run()
