"""The handshake of PLAIN, in both roles.

* Nothing is raised; what is wrong is kept, and is a ``ProtocolError``.
* Whole, byte by byte and in pieces the same comes of it, and the same is said.
* A server asks for the name and the password that the client has sent, and lets nobody in who was not
  granted; a client is not ready without WELCOME and READY.
* What is said are whole frames; no password is in an error.
* No more memory is taken than what arrived needs: never what a head announces.

Input: our role, the verdict, our socket type, then what the peer says behind its greeting.
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
from pyzmtp.mechanisms.base import Mechanism
from pyzmtp.mechanisms.plain import PlainClientMechanism, PlainServerMechanism

BASE: Final = 16_000
MAX_SIZE: Final = 4096

TYPES: Final = (SocketType.PULL, SocketType.PUSH, SocketType.ROUTER, SocketType.PUB)
_GREETING: Final = greeting_of(b"PLAIN")
_PASSWORD: Final = b"correct horse"


def _begin(source: Reader) -> tuple[Session, bool]:
    """A session, and whether we are the server."""
    as_server = not source.byte() & 1
    verdict, ours = source.choice(VERDICTS), source.choice(TYPES)
    properties = [("Socket-Type", ours.value.encode())]

    def mechanism() -> Mechanism:
        if as_server:
            return PlainServerMechanism(properties)
        return PlainClientMechanism(properties, b"admin", bytearray(_PASSWORD))

    settings = ConnectionSettings(ours, mechanism, max_message_size=1000, max_message_parts=10)
    return Session(Connection(settings, 0.0), verdict), as_server


def _check_asked(stream: bytes, asked: tuple[bytes, ...]) -> None:
    name, password = asked
    said = bytes((len(name),)) + name + bytes((len(password),)) + password
    assert b"\5HELLO" + said in stream


def run(data: bytes) -> Hashable:
    outcomes: list[Outcome] = []
    for number in range(3):
        source = Reader(data)
        session, as_server = _begin(source)
        stream = source.rest()
        session.feed(list(ways(_GREETING + stream))[number])
        outcomes.append(session.outcome())
        if outcomes[-1].asked is not None:
            assert as_server
            _check_asked(stream, outcomes[-1].asked)
        if session.engine.peer is not None and as_server:
            assert isinstance(session.verdict, Grant)
            assert outcomes[-1].asked is not None
            assert b"\x08INITIATE" in stream
        elif session.engine.peer is not None:
            assert b"\x07WELCOME" in stream
            assert b"\x05READY" in stream
        assert _PASSWORD.decode() not in repr(session.engine.error)
    first = outcomes[0]
    assert all(outcome == first for outcome in outcomes)
    said = own_frames(first.output[64:])
    return first.signature, tuple(body[:6] for _, body in said)


def feed(data: bytes) -> object:
    source = Reader(data)
    session, _ = _begin(source)
    session.feed([_GREETING + source.rest()])
    return session
