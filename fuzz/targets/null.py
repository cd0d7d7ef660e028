"""The handshake of NULL, whether or not somebody is asked about the peer.

* Nothing is raised; what is wrong is kept, and is a ``ProtocolError``.
* Whole, byte by byte and in pieces the same comes of it, and the same is said.
* Nobody is ready without READY, or, if somebody is asked, without being let in.
* What is said are whole frames, and nothing behind the ERROR that ends it.
* No more memory is taken than what arrived needs: never what a head announces.

Input: our socket type, whether somebody is asked, the verdict, then what the peer says behind its
greeting.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Final

from fuzz.dictionary import greeting_of
from fuzz.feeding import ways
from fuzz.reader import Reader
from fuzz.session import VERDICTS, Outcome, Session, own_frames
from pyzmtp.authentication import Grant
from pyzmtp.constants import SocketType
from pyzmtp.engine.connection import Connection
from pyzmtp.engine.settings import ConnectionSettings
from pyzmtp.mechanisms.null import NullMechanism

BASE: Final = 16_000
MAX_SIZE: Final = 4096

TYPES: Final = [each for each in SocketType if not each.is_raw]
_GREETING: Final = greeting_of(b"NULL")


def _begin(source: Reader) -> tuple[Session, bool]:
    """A session, and whether somebody is asked."""
    ours = source.choice(TYPES)
    asks = bool(source.byte() & 1)
    properties = [("Socket-Type", ours.value.encode())]
    settings = ConnectionSettings(
        ours, lambda: NullMechanism(properties, asks), max_message_size=1000, max_message_parts=10
    )
    return Session(Connection(settings, 0.0), source.choice(VERDICTS)), asks


def run(data: bytes) -> Hashable:
    outcomes: list[Outcome] = []
    stream = b""
    for number in range(3):
        source = Reader(data)
        session, asks = _begin(source)
        stream = source.rest()
        session.feed(list(ways(_GREETING + stream))[number])
        outcomes.append(session.outcome())
        if session.engine.peer is not None:
            assert b"\x05READY" in stream
            assert not asks or isinstance(session.verdict, Grant)
    first = outcomes[0]
    assert all(outcome == first for outcome in outcomes)
    said = own_frames(first.output[64:])
    assert all(body.startswith(b"\5ERROR") for _, body in said[1:] if not first.peer)
    return first.signature, tuple(body[:6] for _, body in said)


def feed(data: bytes) -> object:
    source = Reader(data)
    session, _ = _begin(source)
    session.feed([_GREETING + source.rest()])
    return session
