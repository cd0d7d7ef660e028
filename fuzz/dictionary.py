"""Words of the protocol, which chance alone would hardly find: :data:`WORDS`.

Nothing of pyzmtp is imported here: what is imported before atheris is at work is not covered.
"""

from __future__ import annotations

from typing import Final

__all__ = ["WORDS", "greeting_of"]


def greeting_of(mechanism: bytes, minor: int = 1) -> bytes:
    """The greeting of a peer of ZMTP 3."""
    start = b"\xff" + bytes(7) + b"\x01\x7f\x03" + bytes((minor,))
    return start + mechanism.ljust(20, b"\0") + bytes(32)


_TYPES: Final = (
    *(
        b"PAIR",
        b"PUB",
        b"SUB",
        b"XPUB",
        b"XSUB",
        b"REQ",
        b"REP",
        b"DEALER",
        b"ROUTER",
        b"PUSH",
        b"PULL",
    ),
    *(b"SERVER", b"CLIENT", b"RADIO", b"DISH", b"SCATTER", b"GATHER", b"PEER", b"CHANNEL"),
)

_COMMANDS: Final = (
    *(b"READY", b"ERROR", b"HELLO", b"WELCOME", b"INITIATE", b"MESSAGE", b"PING", b"PONG"),
    *(b"SUBSCRIBE", b"CANCEL", b"JOIN", b"LEAVE"),
)
_PROPERTIES: Final = (b"Socket-Type", b"Identity", b"User-Id", b"Peer-Address", b"X-a", b"__a")

#: Greetings, commands, properties, and heads of frames.
WORDS: Final[tuple[bytes, ...]] = (
    greeting_of(b"NULL"),
    greeting_of(b"NULL", minor=0),
    greeting_of(b"PLAIN"),
    greeting_of(b"CURVE"),
    greeting_of(b"NULL")[:10],
    greeting_of(b"NULL")[:10] + b"\x01\x05\x00\x00",  # ZMTP 2.0
    *(bytes((len(name),)) + name for name in (*_COMMANDS, *_PROPERTIES)),
    *(len(name).to_bytes(4, "big") + name for name in _TYPES),
    *(b"300", b"400", b"500", b"1.0", b"\x5eRROR", b"NULL", b"PLAIN", b"CURVE"),
    b"\x00\x00",
    b"\x01\x00\x00\x00",
    b"\x04\x07\x04PING\x00\x00",
    b"\x04\x06\x05READY",
    b"\x02" + (256).to_bytes(8, "big"),
    b"\x06" + (2**16).to_bytes(8, "big"),
    b"\x03" + (2**62).to_bytes(8, "big"),
    bytes(64),
)
