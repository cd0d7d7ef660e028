"""Pushes numbers as often as anybody is there, or prints five of them: MODE METHOD ADDRESS."""

from __future__ import annotations

import sys
from itertools import count
from typing import Any

import zmq
from twisted.internet import reactor as installed

from pyzmtp.txzmq import ZmqEndpoint, ZmqFactory, ZmqPullConnection, ZmqPushConnection

reactor: Any = installed
mode, method, address = sys.argv[1:]
factory = ZmqFactory()
factory.registerForShutdown()
endpoint = ZmqEndpoint(method, address)
numbers = count()


def produce(pusher: ZmqPushConnection) -> None:
    """Push a message of two frames, now and every twentieth of a second."""
    try:
        pusher.push([b"number", b"%d" % next(numbers)])
    except zmq.error.Again:
        print("nobody to push to", flush=True)
    reactor.callLater(0.05, produce, pusher)


def consume(message: list[bytes]) -> None:
    """Print a message, and stop after the fifth."""
    received.append(message)
    if len(received) <= 5:
        print(message[0].decode(), message[1].isdigit())
    if len(received) == 5:
        reactor.callLater(0, reactor.stop)


if mode == "push":
    produce(ZmqPushConnection(factory, endpoint))
else:
    received: list[list[bytes]] = []
    puller = ZmqPullConnection(factory, endpoint)
    puller.onPull = consume  # type: ignore[method-assign]  # txZMQ's examples do it like this
reactor.run()
