"""What the tests of the trace share: conversations, and what a trace makes of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from attrs import frozen

from pyzmtp.cli.trace.decoder import Decoder
from pyzmtp.cli.trace.records import Said, Side
from pyzmtp.constants import SocketType
from tests import vectors
from tests.helpers import command, greeting, message, pieces, ready

C: Final = Side.CLIENT
T: Final = Side.TARGET

#: Bytes of one side; what a side says next, it says when it has heard what is before.
Part = tuple[Side, bytes]

#: The greeting and the handshake of a REQ and a REP, and the same for other types.
REQ_REP: Final[Sequence[Part]] = (
    (C, greeting()),
    (T, greeting() + ready("REP")),
    (C, ready("REQ", (b"Identity", b""))),
)


def handshake(client: str, target: str) -> Sequence[Part]:
    """Both greetings and both READYs."""
    return (
        (C, greeting()),
        (T, greeting()),
        (C, ready(client)),
        (T, ready(target)),
    )


#: PLAIN, as ZMTP.md 4.2 has it: who is "u" has the password "pw".
HELLO: Final = vectors.from_hex("04 0b 05 48454c4c4f 01 75 02 7077")
WELCOME: Final = vectors.from_hex("04 08 07 57454c434f4d45")
INITIATE: Final = vectors.from_hex(
    "04 1d 08 494e495449415445 0b 536f636b65742d54797065 00000004 50555348"
)
PLAIN: Final[Sequence[Part]] = (
    (C, greeting(b"PLAIN")),
    (T, greeting(b"PLAIN")),
    (C, HELLO),
    (T, WELCOME),
    (C, INITIATE),
    (T, ready("PULL")),
    (C, message(b"hello")),
)


def curve_message(nonce: int, payload: int, flags: int = 0x00) -> bytes:
    """A MESSAGE of CURVE, of which only the outside is true (ZMTP.md 4.3)."""
    body = b"\x07MESSAGE" + nonce.to_bytes(8, "big") + bytes(17 + payload)
    if len(body) > 255:
        return bytes((flags | 0x02,)) + len(body).to_bytes(8, "big") + body
    return bytes((flags, len(body))) + body


CURVE_HELLO: Final = command(
    b"HELLO", b"\x01\x00" + bytes(72) + b"C" * 32 + (1).to_bytes(8, "big") + bytes(80)
)
CURVE_WELCOME: Final = command(b"WELCOME", bytes(160))
CURVE_INITIATE: Final = command(b"INITIATE", bytes(96) + (2).to_bytes(8, "big") + bytes(144 + 20))
CURVE_READY: Final = command(b"READY", (1).to_bytes(8, "big") + bytes(16 + 20))
CURVE_HANDSHAKE: Final[Sequence[Part]] = (
    (C, greeting(b"CURVE")),
    (T, greeting(b"CURVE")),
    (C, CURVE_HELLO),
    (T, CURVE_WELCOME),
    (C, CURVE_INITIATE),
    (T, CURVE_READY),
)


@frozen
class Seen:
    """What a trace says of one thing."""

    side: Side
    said: Said
    socket_type: SocketType | None

    @property
    def problems(self) -> list[str]:
        """What is wrong with it."""
        return [fault.problem for fault in self.said.faults]


def decode(parts: Iterable[Part], size: int | None = None, limit: int = 64) -> list[Seen]:
    """What a trace makes of a conversation whose parts come in chunks of ``size`` bytes.

    The time is the number of the part.
    """
    decoders = dict(zip(Side, Decoder.pair(limit), strict=True))
    seen: list[Seen] = []
    for at, (side, data) in enumerate(parts):
        for chunk in pieces(data, size or max(1, len(data))):
            for each, fed in ((side, chunk), (side.other, b"")):
                decoder = decoders[each]
                seen += (
                    Seen(each, said, decoder.socket_type) for said in decoder.feed(fed, float(at))
                )
    return seen


def last(parts: Iterable[Part], limit: int = 64) -> Seen:
    """What a trace makes of the last thing in a conversation."""
    return decode(parts, limit=limit)[-1]


def problems(parts: Iterable[Part]) -> list[str]:
    """All that is wrong in a conversation."""
    return [problem for each in decode(parts) for problem in each.problems]
