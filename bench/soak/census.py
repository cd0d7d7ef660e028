"""What there is at one moment, counted: :func:`take`."""

from __future__ import annotations

import gc
import sys
from array import array
from collections import Counter
from collections.abc import Iterable
from typing import Any

import psutil
from twisted.internet.base import DelayedCall

from pyzmtp import Socket

_PROCESS = psutil.Process()

#: What a timed call keeps that was cancelled. Twisted holds on to such calls until they are 50 and
#: outnumber the others: so many come and go, and say nothing.
_OBJECTS_CANCELLED, _BLOCKS_CANCELLED = 3, 5

#: What is counted. Of what a socket has, those sockets count that last.
COLUMNS = (
    "seconds",  # since the beginning
    "connections",  # made so far, each counted at both of its ends
    "rss",  # bytes of real memory
    "objects",  # of which the garbage collector knows
    "blocks",  # of memory that Python has handed out, for objects of all kinds
    "descriptors",  # that are open
    "delayed_calls",  # in the reactor
    "pipes",
    "peers",
    "queued",  # messages
)


class Series:
    """Samples in a row. They are kept as plain numbers, which are no objects, lest they be counted."""

    def __init__(self) -> None:
        self._numbers = array("d")

    def add(self, sample: dict[str, float]) -> None:
        """Note one sample, with a number for each column."""
        self._numbers.extend(sample[name] for name in COLUMNS)

    def __len__(self) -> int:
        return len(self._numbers) // len(COLUMNS)

    def column(self, name: str) -> list[float]:
        """Give all numbers of one column."""
        return list(self._numbers[COLUMNS.index(name) :: len(COLUMNS)])

    def columns(self) -> dict[str, list[float]]:
        """Give all numbers."""
        return {name: self.column(name) for name in COLUMNS}


def take(
    reactor: Any, sockets: Iterable[Socket], seconds: float, connections: int
) -> dict[str, float]:
    """Give a sample of all that there is, garbage included."""
    queues = [queue for socket in sockets for queue in socket.queues]
    objects, calls = gc.get_objects(), len(reactor.getDelayedCalls())
    cancelled = sum(type(each) is DelayedCall for each in objects) - calls
    return {
        "seconds": round(seconds, 3),
        "connections": connections,
        "rss": _PROCESS.memory_info().rss,
        "objects": len(objects) - cancelled * _OBJECTS_CANCELLED,
        "blocks": sys.getallocatedblocks() - cancelled * _BLOCKS_CANCELLED,
        "descriptors": descriptors(),
        "delayed_calls": calls,
        "pipes": len(queues),
        "peers": sum(len(socket.peers) for socket in sockets),
        "queued": sum(queue.send_queue + queue.receive_queue for queue in queues),
    }


def descriptors() -> int:
    """Count the descriptors that are open."""
    return _PROCESS.num_fds()


def types() -> Counter[str]:
    """Count the objects of each type."""
    return Counter(map(_name_of, gc.get_objects()))


def _name_of(thing: object) -> str:
    kind = type(thing)
    return f"{kind.__module__}.{kind.__qualname__}"
