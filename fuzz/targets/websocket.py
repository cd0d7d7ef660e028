"""ZMTP over a websocket, either side.

* Nothing is raised; what is wrong is kept, is a ``ProtocolError``, and stays the first one.
* Whole, byte by byte and in pieces the same messages and peer come of it, and the same kind of error.
* There are no messages without a peer, nor behind an error; none is larger than allowed.
* No more memory is taken than what arrived needs: never what a head announces.

Input: our side, the mechanism, the verdict, whether the upgrade has been done,
whether frames or bare bytes follow, then these. A frame is its first byte and its payload.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Hashable
from typing import Final

from fuzz.feeding import ways
from fuzz.reader import Reader
from fuzz.session import VERDICTS, Outcome, Session
from pyzmtp.constants import SocketType
from pyzmtp.engine.settings import ConnectionSettings
from pyzmtp.engine.websocket import WebsocketConnection
from pyzmtp.mechanisms.base import Mechanism, Properties
from pyzmtp.mechanisms.null import NullMechanism
from pyzmtp.mechanisms.plain import PlainServerMechanism

BASE: Final = 60_000
#: h11 finds the phrase behind the status with an expression that goes back a step for each character:
#: the matching takes that much for a moment, of the 16 KiB at the most that h11 reads.
EACH: Final = 400
MAX_SIZE: Final = 2_000

_LARGEST: Final = 1000
_MECHANISMS: Final[list[Callable[[Properties], Mechanism]]] = [
    NullMechanism,
    PlainServerMechanism,
    lambda said: NullMechanism(said, asks=True),
]
_MASK: Final = b"\x37\xfa\x21\x3d"
#: RFC 6455, section 1.3.
_GUID: Final = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def _request(name: bytes) -> bytes:
    """How a client asks for the upgrade (RFC 6455, section 4.1; RFC 45)."""
    return (
        b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
        b"Sec-WebSocket-Protocol: ZWS2.0/" + name + b"\r\n\r\n"
    )


def _response(request: bytes, name: bytes) -> bytes:
    """How a server agrees to ``request``."""
    _, _, tail = request.partition(b"Sec-WebSocket-Key: ")
    token = hashlib.sha1(tail.partition(b"\r\n")[0] + _GUID).digest()
    return (
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: " + base64.b64encode(token) + b"\r\n"
        b"Sec-WebSocket-Protocol: ZWS2.0/" + name + b"\r\n\r\n"
    )


def _frame(first: int, payload: bytes, masked: bool) -> bytes:
    """A websocket frame (RFC 6455, section 5.2)."""
    size, bit = len(payload), 0x80 * masked
    head = bytes((first, bit | min(size, 126)))
    if size >= 126:
        head += size.to_bytes(2, "big")
    if not masked:
        return head + payload
    return head + _MASK + bytes(byte ^ _MASK[place % 4] for place, byte in enumerate(payload))


def _begin(source: Reader) -> tuple[Session, bytes]:
    """A session, and all that the peer says."""
    incoming, mechanism = not source.byte() & 1, source.choice(_MECHANISMS)
    verdict = source.choice(VERDICTS)
    settings = ConnectionSettings(
        SocketType.PULL,
        lambda: mechanism([("Socket-Type", b"PULL")]),
        max_message_size=_LARGEST,
        max_message_parts=10,
    )
    engine = WebsocketConnection(settings, 0.0, "", "", incoming, "host:1", "/")
    session = Session(engine, verdict)
    asked = session.take_output()
    stream = b""
    if source.byte() & 1:
        name = settings.mechanism().name
        stream = _request(name) if incoming else _response(asked, name)
    if source.byte() & 1:
        return session, stream + source.rest()
    while source:
        stream += _frame(source.byte(), source.chunk(), incoming)
    return session, stream


def run(data: bytes) -> Hashable:
    outcomes: list[Outcome] = []
    for number in range(3):
        session, stream = _begin(Reader(data))
        session.feed(list(ways(stream))[number])
        outcomes.append(session.outcome(exact=False))  # masks are random
    first = outcomes[0]
    assert all(outcome == first for outcome in outcomes)
    assert all(sum(map(len, message)) <= _LARGEST for message in first.messages)
    return first.signature


def feed(data: bytes) -> object:
    session, stream = _begin(Reader(data))
    session.feed([stream])
    return session
