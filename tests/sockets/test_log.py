"""What peers say of themselves goes into the log and into errors, but never raw."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from twisted.logger import LogEvent, formatEvent, globalLogPublisher

from pyzmtp import PullSocket
from pyzmtp.engine.events import HandshakeFailed

from .world import GREETING, World, hello, short

#: What moves a terminal's cursor, forges a line, or rings its bell.
EVIL = b"X\r\n\x1b[2K2026-01-01 [root] all is well\x07\x00\x9b\xff"

SAID = {
    "command": GREETING + short(4, bytes((len(EVIL),)) + EVIL),
    "ready command": GREETING + short(4, bytes((len(EVIL),)) + EVIL + b"\x05READY"),
    "mechanism": GREETING[:12] + EVIL[:20].ljust(20, b"\0") + GREETING[32:],
    "socket type": hello("X\r\n\x1b[2Kforged"),
    "error reason": GREETING + short(4, b"\x05ERROR" + bytes((len(EVIL),)) + EVIL),
    "property name": hello("PUSH", **{"X\r\n\x1b[2K": b""}),
    "greeting": EVIL * 10,
}


@pytest.fixture
def lines() -> Iterator[list[str]]:
    """All that is logged, as text."""
    lines: list[str] = []

    def note(event: LogEvent) -> None:
        lines.append(formatEvent(event))

    observer: Any = note
    globalLogPublisher.addObserver(observer)
    yield lines
    globalLogPublisher.removeObserver(observer)


@pytest.mark.parametrize("said", SAID.values(), ids=list(SAID))
def test_nothing_that_a_peer_says_reaches_the_terminal(
    world: World, lines: list[str], said: bytes
) -> None:
    pull = world.make(PullSocket)
    world.attach_raw(pull, said)
    world.advance(2)
    [event] = world.of(pull, HandshakeFailed)
    assert str(event.error).isprintable()
    told = [line for line in lines if "HandshakeFailed" in line]
    assert told
    assert all(line.isprintable() for line in lines)
