"""The bytes that open a connection.

* Nothing is raised but ``NotZMTP`` and ``UnsupportedVersion``.
* Whole, byte by byte and in pieces they say the same, and the same bytes are left behind them.
* What they say is what RFC 37 and 15 have at those places.
* No more than 64 bytes are kept.

Input: the least version that is served, then the bytes.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Final

from fuzz.feeding import ways
from fuzz.reader import Reader
from pyzmtp.errors import NotZMTP, UnsupportedVersion
from pyzmtp.wire.greeting import Greeting, GreetingReader

BASE: Final = 4_000
MAX_SIZE: Final = 100

_MINIMA: Final = ((2, 0), (1, 0), (3, 0), (3, 1))


def _read(chunks: list[bytes], minimum: tuple[int, int]) -> tuple[GreetingReader, object, bytes]:
    """The reader, what it has raised, and what is left behind the greeting."""
    reader = GreetingReader(minimum)
    rest = b""
    for position, chunk in enumerate(chunks):
        try:
            rest = reader.feed(chunk)
        except (NotZMTP, UnsupportedVersion) as error:
            return reader, type(error), b""
        if reader.greeting is not None:
            return reader, None, rest + b"".join(chunks[position + 1 :])
        assert not rest
    return reader, None, b""


def _meant(data: bytes, minimum: tuple[int, int]) -> Greeting | type[Exception] | None:
    """What ``data`` says by its places."""
    old = Greeting((1, 0), frames_of_1_0=True)
    if data[:1] not in (b"\xff", b""):
        return old if minimum <= (1, 0) else NotZMTP
    if len(data) < 10:
        return None
    if not data[9] & 1:
        return old if minimum <= (1, 0) else UnsupportedVersion
    if len(data) < 11:
        return None
    if data[10] < 2:
        if minimum > (2, 0):
            return UnsupportedVersion
        second = (
            Greeting((2, 0), socket_type=data[11], frames_of_1_0=not data[10])
            if data[11:]
            else None
        )
        return second
    if len(data) < 64:
        return None
    version = (3, 0) if data[10:12] == b"\3\0" else (3, 1)
    if version < minimum:
        return UnsupportedVersion
    return Greeting(version, data[12:32], data[32] == 1)


def run(data: bytes) -> Hashable:
    source = Reader(data)
    minimum, stream = source.choice(_MINIMA), source.rest()
    meant = _meant(stream, minimum)
    size = {(1, 0): 0, (2, 0): 12}.get(meant.version, 64) if isinstance(meant, Greeting) else 0
    stages = set()
    for chunks in ways(stream):
        reader, error, rest = _read(chunks, minimum)
        assert (error or reader.greeting) == meant
        assert rest == (stream[size:] if isinstance(meant, Greeting) else b"")
        stages.add(reader.stage)
    assert len(stages) == 1
    return minimum, meant if isinstance(meant, type) else getattr(meant, "version", None), *stages


def feed(data: bytes) -> object:
    source = Reader(data)
    return _read([source.take(1), source.rest()], (2, 0))
