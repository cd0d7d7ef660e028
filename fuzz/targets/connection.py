"""A whole connection: either side, several security settings, and whatever may happen to it.

* Nothing is raised; what is wrong is kept, is a ``ProtocolError``, stays the first one, and ends it.
* Whole, byte by byte and in pieces the same messages, peer, error and own bytes come of it, and the
  engine made of the other implementation of framing does the same.
* There are no messages without a peer, nor behind an error; none is larger than allowed.
* Its own bytes are a greeting and whole commands, at most one PONG at a time.
* No more memory is taken than what arrived needs: never what a head announces.

Input: our socket type and side, mechanism, oldest version, how many messages are taken at a time, then
what happens: bytes come, time passes, messages are sent, the verdict changes, the transport is lost...
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Final

from fuzz.feeding import CONNECTIONS, in_pieces, one_by_one
from fuzz.reader import Reader
from fuzz.session import VERDICTS, Outcome, Session
from pyzmtp.constants import SocketType
from pyzmtp.engine.connection import Connection
from pyzmtp.engine.settings import ConnectionSettings
from pyzmtp.errors import TooManyPeers
from pyzmtp.mechanisms.base import Mechanism, Properties
from pyzmtp.mechanisms.curve_client import CurveClientMechanism
from pyzmtp.mechanisms.curve_server import CurveServerMechanism
from pyzmtp.mechanisms.null import NullMechanism
from pyzmtp.mechanisms.plain import PlainClientMechanism, PlainServerMechanism
from pyzmtp.wire.command import Command
from pyzmtp.wire.message import Outgoing, SharedMessage
from tests.mechanisms.curve_peers import Long

BASE: Final = 24_000
MAX_SIZE: Final = 4096

TYPES: Final = [each for each in SocketType if not each.is_raw]
_VERSIONS: Final = ((2, 0), (1, 0), (3, 0), (3, 1))
_ROOMS: Final = (1000, 1, 2)
_LARGEST: Final = 2000

_KEYS: Final = Long()
_MECHANISMS: Final[list[Callable[[Properties], Mechanism]]] = [
    NullMechanism,
    lambda said: NullMechanism(said, asks=True),
    PlainServerMechanism,
    lambda said: PlainClientMechanism(said, b"user", bytearray(b"password")),
    lambda said: CurveServerMechanism(said, _KEYS.S, bytearray(_KEYS.s)),
    lambda said: CurveClientMechanism(said, _KEYS.S, _KEYS.C, bytearray(_KEYS.c)),
]

Cut = Callable[[bytes], list[bytes]]


def _begin(source: Reader, kind: type[Connection]) -> Session:
    ours, incoming = source.choice(TYPES), bool(source.byte() & 1)
    mechanism = source.choice(_MECHANISMS)
    said = [("Socket-Type", ours.value.encode())]
    settings = ConnectionSettings(
        ours,
        lambda: mechanism(said),
        min_version=source.choice(_VERSIONS),
        handshake_timeout=30.0,
        greeting_timeout=5.0,
        max_message_size=_LARGEST,
        max_message_parts=20,
        heartbeat_interval=3.0 if incoming else None,
    )
    room = source.choice(_ROOMS)
    return Session(kind(settings, 0.0, incoming=incoming), source.choice(VERDICTS), room)


def _happens(session: Session, source: Reader, cut: Cut) -> None:
    """One thing that the input asks for."""
    what = source.byte() % 8
    if what < 3:
        session.feed(cut(source.chunk()))
    elif what == 3:
        _pass_time(session, source.byte() / 10)
    elif what == 4:
        output = session.take_output()
        assert output.count(b"\4PONG") <= 1
    elif what == 5:
        _send(session, source)
    elif what == 6:
        session.verdict = source.choice(VERDICTS)
    else:
        engine = session.engine
        actions: list[Callable[[], object]] = [
            lambda: engine.excuse(session.now),
            lambda: engine.moved(session.now),
            lambda: engine.handle_timer(session.now),
            lambda: engine.reject(TooManyPeers(1)),
            engine.transport_lost,
        ]
        session.do(source.choice(actions))


def _pass_time(session: Session, seconds: float) -> None:
    """As a reactor does: the engine is called at each of its deadlines."""
    end = session.now + seconds
    for _ in range(30):
        deadline = session.engine.next_deadline()
        if deadline is None or deadline > end:
            break
        session.now = max(session.now, deadline)
        session.do(lambda: session.engine.handle_timer(session.now))
        session.take_output()
    session.now = end


def _send(session: Session, source: Reader) -> None:
    peer = session.engine.peer
    frames = [source.chunk() for _ in range(1 + source.byte() % 3)]
    messages: list[Outgoing] = [frames, SharedMessage([b"shared"])]
    if peer is not None and session.engine.error is None:
        if peer.version >= (3, 0):
            messages.append(Command(b"SUBSCRIBE", frames[0][:100]))
        assert session.send(messages) or session.engine.error is not None


def _go(data: bytes, kind: type[Connection], cut: Cut) -> tuple[Session, Outcome]:
    source = Reader(data)
    secret = data[2:3] and data[2] % len(_MECHANISMS) >= 4  # random keys are in what is said
    session = _begin(source, kind)
    while source:
        _happens(session, source, cut)
    return session, session.outcome(exact=not secret)


def run(data: bytes) -> Hashable:
    ours, other = CONNECTIONS
    session, outcome = _go(data, ours, lambda chunk: [chunk])
    assert all(sum(map(len, message)) <= _LARGEST for message in outcome.messages)
    assert all(0 < len(message) <= 20 for message in outcome.messages)
    assert _go(data, other, one_by_one)[1] == outcome
    assert _go(data, ours, in_pieces)[1] == outcome
    return outcome.signature, session.engine.peer and session.engine.peer.version


def feed(data: bytes) -> object:
    return _go(data, Connection, lambda chunk: [chunk])
