"""A live socket of any type, and a stranger who connects to it.

* Nothing is raised into the reactor, and nothing is logged as a failure.
* Whole and byte by byte the same messages are received and the same events told.
* What parts a stranger who breaks the rules is a ``ProtocolError``, and a good peer is still welcome.
* After ``close()`` nothing is left in the reactor.
* No more memory is taken than what arrived needs: never what a head announces.

Input: the type, the options, whether over ``udp://`` where it can, then what happens: the stranger says
something, goes, comes back or does not read; time passes; the application sends, receives, subscribes...
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Final

from fuzz.live import Stage
from fuzz.reader import Reader

BASE: Final = 200_000
#: Two bytes can be another connection, of which both ends are in memory.
EACH: Final = 5_000
MAX_SIZE: Final = 1024


def _go(data: bytes, segment_size: int | None) -> Stage:
    stage = Stage(Reader(data), True, segment_size)
    stage.go()
    return stage


def run(data: bytes) -> Hashable:
    whole, bytewise = _go(data, None), _go(data, 1)
    assert whole.outcome == bytewise.outcome
    return type(whole.socket), *dict.fromkeys(whole.outcome[1])


def feed(data: bytes) -> object:
    return _go(data, None)
