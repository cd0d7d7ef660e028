"""Makes inputs to begin with of the vectors that the tests have: ``python -m fuzz.vectors``.

They are in ``corpus/`` already; run it again when there are other vectors, or a target reads its input
in another way.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from fuzz.corpus import keep
from fuzz.dictionary import greeting_of
from fuzz.reader import Writer
from fuzz.target import CORPUS
from fuzz.targets import connection, curve, metadata, null
from pyzmtp.constants import SocketType
from tests import vectors
from tests.vectors import Vector, from_hex

__all__ = ["PREFIX", "all_inputs"]

#: How the names of these inputs begin.
PREFIX: Final = "vector"

# PLAIN's handshake (ZMTP.md 4.2)
_HELLO: Final = from_hex("04 0b 05 48454c4c4f 01 75 02 7077")
_WELCOME: Final = from_hex("04 08 07 57454c434f4d45")
_INITIATE: Final = from_hex("04 1d 08 494e495449415445 0b 536f636b65742d54797065 00000004 50555348")
_READY_PULL: Final = from_hex("04 1a 05 5245414459 0b 536f636b65742d54797065 00000004 50554c4c")

#: Where the frames of a vector begin, by the first part of its section.
_GREETINGS: Final = ("1.1", "1.3", "1.4", "1.6")


def _greetings() -> Iterator[Vector]:
    return (vector for vector in vectors.ALL if vector.section in _GREETINGS)


def _frames() -> Iterator[Vector]:
    return (vector for vector in vectors.ALL if vector.section not in (*_GREETINGS, "1.2"))


def _commands() -> Iterator[tuple[Vector, bytes]]:
    """Frames that are one command, and its body."""
    for vector in _frames():
        data = vector.data
        start = 9 if data[0] & 2 else 2
        if data[0] & 4 and len(data) == start + int.from_bytes(data[1:start], "big"):
            yield vector, data[start:]


def _readies() -> Iterator[Vector]:
    return (vector for vector, body in _commands() if body.startswith(b"\5READY"))


def _greeting() -> Iterator[bytes]:
    for vector in _greetings():
        yield b"\0" + vector.data
    for minimum in range(1, 4):
        yield bytes((minimum,)) + vectors.GREETING
        yield bytes((minimum,)) + vectors.UNVERSIONED_SHORT


def _framing() -> Iterator[bytes]:
    for vector in _frames():
        yield b"\0\0" + vector.data
    together = b"".join(vector.data for vector, _ in vectors.MESSAGES) + vectors.THREE_PINGS
    for limits in range(4):
        yield bytes((limits, limits)) + together


def _framing_v1() -> Iterator[bytes]:
    for version, vector in vectors.OLD_PEERS:
        start = 0 if version == (1, 0) else 12
        yield b"\0\0" + vector.data[start:]
    yield b"\0\0" + vectors.FRAMES_1_0 + b"\3\1ab\1\0"
    yield b"\1\1" + vectors.FRAMES_1_0 + b"\3\1ab\1\0"


def _bodies() -> Iterator[bytes]:
    for _, body in _commands():
        yield body
    yield b"\3grphello"
    yield b"\x04JOIN" + b"g" * 256


def _metadata() -> Iterator[bytes]:
    for vector in _readies():
        block = vector.data[9 if vector.data[0] & 2 else 2 :].removeprefix(b"\5READY")
        yield bytes((metadata.TYPES.index(SocketType.ROUTER), 0)) + block
    for status in (b"200", b"300", b"201"):
        reply = Writer(0, 7)
        for frame in (b"", b"1.0", b"1", status, b"text", b"user", b"\1a\0\0\0\1b"):
            reply.chunk(frame)
        yield reply.data


def _null() -> Iterator[bytes]:
    ours = bytes((null.TYPES.index(SocketType.ROUTER),))
    pull = bytes((null.TYPES.index(SocketType.PULL),))
    for vector in _readies():
        yield (ours if b"DEALER" in vector.data else pull) + b"\0\0" + vector.data
    for asked in (0, 1, 2, 3, 4, 5):
        yield pull + bytes((1, asked)) + vectors.READY_PUSH + vectors.THREE_PINGS
    for vector, _ in vectors.ERRORS:
        yield pull + b"\0\0" + vector.data


def _plain() -> Iterator[bytes]:
    for verdict in range(6):
        yield bytes((0, verdict, 0)) + _HELLO + _INITIATE + vectors.PING
    yield b"\1\0\1" + _WELCOME + _READY_PULL + vectors.PING
    yield b"\1\0\1" + vectors.ERROR_400
    yield b"\1\0\1" + vectors.ERROR_OF_PLAIN


def _curve() -> Iterator[bytes]:
    for role in (0, 1):
        for ours in range(len(curve.TYPES)):
            honest = Writer(role, 0, ours, *([0] * (4 if role == 0 else 3)))
            for flags, body in ((0, b"hello"), (1, b"a"), (2, b"\4PING\0\0"), (0, b"b" * 300)):
                honest.byte(flags)
                honest.chunk(body)
                honest.byte(0)
            yield honest.data
        for lie in range(4, 8):
            yield bytes((role, 0, 0, 0, lie, 3, 0, 1))
            yield bytes((role, 0, 0, 0, 0, 0, lie, 3, 0, 1))


def script_of(ours: SocketType, side: int, mechanism: int, version: int, *said: bytes) -> Writer:
    """An input for a connection: who we are, and what the peer says."""
    script = Writer(connection.TYPES.index(ours), side, mechanism, version, 0, 0)
    for part in said:
        script.byte(0)
        script.chunk(part)
        script.byte(4)
    return script


def _connection() -> Iterator[bytes]:
    null, old = vectors.GREETING, vectors.VERSIONS[3, 0]
    sub = vectors.ready("0b", b"Socket-Type", "00000003", b"SUB")
    subscriptions = vectors.SUBSCRIBE_AB + vectors.MESSAGE_AB
    for side in (0, 1):
        for script in (
            script_of(
                SocketType.PULL, side, 0, 0, null, vectors.READY_PUSH, b"\1\1a\0\1b" + vectors.PING
            ),
            script_of(
                SocketType.ROUTER, side, 0, 0, null, vectors.READY_DEALER_ABC, vectors.THREE_PINGS
            ),
            script_of(SocketType.PUB, side, 0, 0, old, sub, subscriptions),
            script_of(SocketType.PULL, side, 1, 0, null, vectors.READY_PUSH),
            script_of(SocketType.PULL, side, 2, 0, greeting_of(b"PLAIN"), _HELLO, _INITIATE),
            script_of(SocketType.PUSH, side, 3, 0, greeting_of(b"PLAIN"), _WELCOME, _READY_PULL),
            script_of(
                SocketType.PULL, side, 4, 0, greeting_of(b"CURVE"), b"\4\xc8\5HELLO" + bytes(194)
            ),
        ):
            # Messages are sent, six seconds pass, the timer is asked, the transport is lost.
            yield script.data + b"\5\1\1x\1y\3\x3c\7\2\7\4"
    for _, vector in vectors.OLD_PEERS:
        script = script_of(SocketType.ROUTER, 1, 0, 1, vector.data, b"\0\1ab")
        yield script.data + b"\5\0\1x"


def _websocket() -> Iterator[bytes]:
    ready = b"\2" + vectors.READY_PUSH[2:]
    for side in (0, 1):
        plain = [b"\2" + _HELLO[2:], b"\2" + _INITIATE[2:]]
        for mechanism, begin in enumerate(([ready], plain, [ready])):
            script = Writer(side, mechanism, 0, 1, 0)
            for payload in (*begin, b"\0hello", b"\1a", b"\0b"):
                script.byte(0x82)
                script.chunk(payload)
            for first, payload in (
                (0x89, b"ping"),
                (0x02, b"\0sp"),
                (0x80, b"lit"),
                (0x88, b"\3\xe8"),
            ):
                script.byte(first)
                script.chunk(payload)
            yield script.data
    yield b"\0\0\0\0\1GET / HTTP/1.1\r\nHost: a\r\n\r\n"
    yield b"\1\0\0\0\1HTTP/1.1 404 Not Found\r\n\r\n"


def _live() -> Iterator[bytes]:
    for kind, theirs in enumerate(_PEERS):
        ready = vectors.ready("0b", b"Socket-Type", len(theirs).to_bytes(4, "big"), theirs)
        for options in (0, 1 + kind % 9):
            script = Writer(kind, options, 0, 0)
            script.chunk(greeting_of(b"NULL") + ready)
            script.byte(0)
            script.chunk(_SAID.get(theirs, b"\0\5hello"))
            script.data += b"\4\0\2hi\5\7\0\1a\3\x14\6\2\3\x28"
            yield script.data


#: What talks to each of the types of ``fuzz.live``, and what it says first.
_PEERS: Final = (
    *(
        b"PAIR",
        b"SUB",
        b"PUB",
        b"SUB",
        b"PUB",
        b"REP",
        b"REQ",
        b"ROUTER",
        b"DEALER",
        b"PULL",
        b"PUSH",
    ),
    *(
        b"",
        b"CLIENT",
        b"SERVER",
        b"DISH",
        b"RADIO",
        b"GATHER",
        b"SCATTER",
        b"PEER",
        b"CHANNEL",
        b"",
    ),
)
_SAID: Final = {
    b"SUB": vectors.SUBSCRIBE_AB + vectors.MESSAGE_ALL,
    b"REQ": b"\1\0\0\5hello",
    b"REP": b"\1\0\0\5hello",
    b"DISH": vectors.JOIN + vectors.LEAVE + vectors.JOIN,
    b"RADIO": b"\1\3grp\0\5hello",
}

_MAKERS: Final = {
    "greeting": _greeting,
    "framing": _framing,
    "framing_v1": _framing_v1,
    "commands": _bodies,
    "metadata": _metadata,
    "null": _null,
    "plain": _plain,
    "curve": _curve,
    "connection": _connection,
    "websocket": _websocket,
    "listening": _live,
    "connecting": _live,
}


def all_inputs() -> Iterator[tuple[str, bytes]]:
    """A target and an input, again and again."""
    for target, make in _MAKERS.items():
        for data in make():
            yield target, data


def main() -> None:
    """Write all inputs, in place of those of before."""
    for old in CORPUS.glob(f"*/{PREFIX}-*"):
        old.unlink()
    for target, data in all_inputs():
        keep(data, CORPUS / target, PREFIX)


if __name__ == "__main__":
    main()
