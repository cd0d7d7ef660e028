"""A publisher of log entries, and a subscriber to them."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from pyzmtp import PubSocket, SubSocket

from ..sockets.world import World


class Subscribed:
    """A PUB socket, and a SUB that has subscribed to everything, or to a topic."""

    def __init__(self, world: World, topic: bytes = b"", **options: Any) -> None:
        self.world = world
        self.reactor: Any = world.network.reactor()
        self.pub = world.make(PubSocket, on=self.reactor, **options)
        self.sub = world.make(SubSocket)
        self.sub.subscribe(topic)
        world.link(self.pub, self.sub)
        world.run(self.pub.wait_subscribed(topic), 1)

    def messages(self) -> list[list[bytes]]:
        """What has been published."""
        return self.world.drain(self.sub)


class Threads:
    """Stands for the reactor in a call from another thread, and keeps what it is to call."""

    def __init__(self) -> None:
        self.calls: list[Callable[[], object]] = []

    def callFromThread(self, call: Callable[[], object]) -> None:
        self.calls.append(call)

    def run(self) -> None:
        """Do what was to be done."""
        while self.calls:
            self.calls.pop(0)()


def record_of(message: object, level: int = logging.INFO, *args: object) -> logging.LogRecord:
    """A log record of line 7 of source.py."""
    return logging.LogRecord("name", level, "/a/source.py", 7, message, args, None)
