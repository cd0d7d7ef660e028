"""Asks six times, the last time in vain, or replies: MODE METHOD ADDRESS."""

from __future__ import annotations

import sys
from typing import Any

import zmq
from twisted.internet import reactor as installed
from twisted.internet.defer import inlineCallbacks
from twisted.internet.task import deferLater
from twisted.python.failure import Failure

from pyzmtp.txzmq import (
    ZmqEndpoint,
    ZmqFactory,
    ZmqREPConnection,
    ZmqREQConnection,
    ZmqRequestTimeoutError,
)

reactor: Any = installed
mode, method, address = sys.argv[1:]
factory = ZmqFactory()
factory.registerForShutdown()
endpoint = ZmqEndpoint(method, address)


class Replier(ZmqREPConnection):
    """Replies at once, or late, or never."""

    def gotMessage(self, messageId: bytes, *messageParts: bytes) -> None:
        if messageParts == (b"late",):
            reactor.callLater(0.1, self.reply, messageId, b"re:", *messageParts)
        elif messageParts != (b"never",):
            self.reply(messageId, b"re:", *messageParts)


def print_reply(reply: list[bytes]) -> None:
    """Print a reply."""
    print(*(part.decode() for part in reply))


def print_timeout(failure: Failure) -> None:
    """Print that none has come."""
    failure.trap(ZmqRequestTimeoutError)
    print("timeout")


@inlineCallbacks
def ask(requester: ZmqREQConnection) -> Any:
    """Ask one after the other, and then two at a time."""
    while True:
        try:
            first = requester.sendMsg(b"0", timeout=10)
        except zmq.error.Again:  # one that binds has nobody to ask at first
            yield deferLater(reactor, 0.05)
        else:
            yield first.addCallback(print_reply)
            break
    for request in (b"1", b"2"):
        yield requester.sendMsg(request, b"two", timeout=10).addCallback(print_reply)
    late = requester.sendMsg(b"late").addCallback(print_reply)
    yield requester.sendMsg(b"early").addCallback(print_reply)
    yield late
    yield requester.sendMsg(b"never", timeout=0.1).addCallbacks(print_reply, print_timeout)
    reactor.stop()


if mode == "req":
    reactor.callWhenRunning(ask, ZmqREQConnection(factory, endpoint))
else:
    replier = Replier(factory, endpoint)
reactor.run()
