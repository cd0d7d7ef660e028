"""CURVE, in both roles, against a peer that has the keys and may lie at each step.

* Nothing is raised; what is wrong is kept, and is a ``ProtocolError``.
* Whole, byte by byte and in pieces the same comes of it.
* Nobody is ready who has lied in the handshake, or who was asked about and not granted.
* The messages are those that the peer has sealed, in their order, up to its first lie.
* What is said can be read by whoever has the keys, and by the RFC.
* No more memory is taken than what arrived needs: never what a head announces.

Input: our role, the verdict, our socket type, then what the peer does instead of what it should.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Final

from nacl.bindings import crypto_box_keypair

from fuzz.dictionary import greeting_of
from fuzz.feeding import in_pieces, one_by_one
from fuzz.reader import Reader
from fuzz.session import VERDICTS, Outcome, Session, own_frames
from pyzmtp.authentication import Grant
from pyzmtp.constants import MAX_COMMAND, SocketType
from pyzmtp.engine.connection import Connection
from pyzmtp.engine.settings import ConnectionSettings
from pyzmtp.mechanisms.base import Mechanism
from pyzmtp.mechanisms.curve_client import CurveClientMechanism
from pyzmtp.mechanisms.curve_server import CurveServerMechanism
from tests.mechanisms.curve_peers import PULL, PUSH, Long, ReferenceClient, ReferenceServer

BASE: Final = 40_000
MAX_SIZE: Final = 1500

#: Our socket types, and what the peer says of itself where it is honest.
TYPES: Final = (
    (SocketType.PULL, PUSH),
    (SocketType.PUSH, PULL),
    (SocketType.ROUTER, b"\x0bSocket-Type\0\0\0\6DEALER"),
    (SocketType.XPUB, b"\x0bSocket-Type\0\0\0\3SUB"),
)
_GREETING: Final = greeting_of(b"CURVE")
_KEYS: Final = Long()
_LARGEST: Final = 1000
_MOST_PARTS: Final = 10
#: Where a HELLO has its padding, at which nobody looks.
_PADDING: Final = range(8, 80)

Cut = Callable[[bytes], list[bytes]]


class _Liar:
    """Says what it should, or something else, as the input has it.

    :ivar honest: whether it has said nothing else yet.
    :ivar may_enter: whether that was so at the end of the handshake.
    :ivar metadata: what it should say of itself.
    :ivar last_number: the nonce of what it has sealed last, in the handshake or after it.
    :ivar sealed: the flags and bodies of what it has sealed honestly.
    """

    def __init__(self, session: Session, source: Reader, metadata: bytes, cut: Cut) -> None:
        self.honest = True
        self.may_enter = False
        self.sealed: list[tuple[int, bytes]] = []
        self.last_number = 2  # a client's INITIATE has it
        self.session = session
        self.source = source
        self.metadata = metadata
        self._cut = cut
        self._greeted = False

    def say(self, flags: int, body: bytes, unread: range = range(0)) -> None:
        """Say ``body`` in a frame, or something in its place. Nobody reads its bytes ``unread``."""
        source, kind = self.source, self.source.byte() % 8
        meant = flags, body
        if kind == 4:
            body = source.chunk()
        elif kind == 5:
            position = source.byte() + 256 * source.byte()
            patched = bytearray(body)
            patched[position % len(body)] ^= source.byte()
            body = bytes(patched)
            if position % len(body) in unread:
                meant = flags, body
        elif kind == 6:
            body = body[: len(body) - source.byte()] + source.chunk()
        elif kind == 7:
            flags = source.byte() & ~2
        self.honest = self.honest and meant == (flags, body)
        long = len(body) > 255
        size = len(body).to_bytes(8 if long else 1, "big")
        self.session.feed(self._cut(bytes((flags | 2 * long,)) + size + body))

    def hear(self) -> list[bytes]:
        """The bodies of all commands that were said since the last time."""
        output = self.session.take_output()
        if not self._greeted:
            self._greeted = True
            output = output[len(_GREETING) :]
        return [body for _, body in own_frames(output)]

    def seal_all(self, message: Callable[[int, bytes], bytes]) -> None:
        """Seal what is left of the input."""
        self.may_enter = self.honest
        while self.source:
            flags, body = self.source.byte(), self.source.chunk()
            if flags & 0x80:
                self.honest = False  # the last number once more
            else:
                self.last_number += 1
            if self.honest:
                self.sealed.append((flags & 3, body))
            before = self.honest
            self.say(0, message(self.last_number, bytes((flags & 0x0F,)) + body))
            if before and not self.honest:
                self.sealed.pop()
        if not self.honest:  # of an outer MORE is judged with the frame that follows
            self.session.feed([b"\0\0"])


def _attack_server(liar: _Liar) -> None:
    client, source = ReferenceClient(_KEYS), liar.source
    kind = source.byte() % 4
    version = source.chunk() if kind == 1 else b"\1\0"
    plain = source.chunk() if kind == 2 else bytes(64)
    liar.honest = version == b"\1\0" and plain == bytes(64)
    padding = source.chunk().ljust(72, b"x")[:72] if kind == 3 else bytes(72)
    liar.say(4, client.hello(version=version, plain=plain, padding=padding), _PADDING)
    for body in liar.hear():
        if body.startswith(b"\x07WELCOME"):
            assert liar.honest
            client.read_welcome(body)
            liar.say(4, _initiate(liar, client))
    for body in liar.hear():
        if body.startswith(b"\x05READY"):
            assert client.read_ready(body).startswith(b"\x0bSocket-Type")
    if client.S1:
        liar.seal_all(client.message)


def _initiate(liar: _Liar, client: ReferenceClient) -> bytes:
    """INITIATE, perhaps sealed with other things in it than should be."""
    source = liar.source
    kind = source.byte() % 8
    metadata = source.chunk() if kind & 1 else liar.metadata
    other, secret = crypto_box_keypair()
    number, vouch, cookie = liar.last_number, None, None
    if kind == 2:
        number = liar.last_number = source.byte()
        liar.honest = liar.honest and number > 1
    elif kind == 4:
        vouch = client.vouch(C1=other)
    elif kind == 6:
        vouch = source.choice([client.vouch(S=other), client.vouch(c=secret), bytes(96)])
    elif kind == 7:
        cookie = bytes(96)
    liar.honest = liar.honest and vouch is cookie is None
    return client.initiate(number, metadata, vouch, cookie)


def _attack_client(liar: _Liar) -> None:
    server, source = ReferenceServer(_KEYS), liar.source
    for body in liar.hear():
        server.read_hello(body)
    if not server.C1:
        return
    liar.say(4, server.welcome())
    for body in liar.hear():
        if not body.startswith(b"\x08INITIATE"):
            continue
        assert liar.honest
        assert server.read_initiate(body).startswith(b"\x0bSocket-Type")
        kind = source.byte() % 4
        liar.last_number = source.byte() if kind & 1 else 1
        metadata = source.chunk() if kind & 2 else liar.metadata
        liar.say(4, server.ready(liar.last_number, metadata))
        liar.seal_all(server.message)


def _go(data: bytes, cut: Cut) -> tuple[_Liar, Outcome]:
    source = Reader(data)
    as_server = not source.byte() & 1
    verdict, (ours, theirs) = source.choice(VERDICTS), source.choice(TYPES)
    said = [("Socket-Type", ours.value.encode())]

    def mechanism() -> Mechanism:
        if as_server:
            return CurveServerMechanism(said, _KEYS.S, bytearray(_KEYS.s))
        return CurveClientMechanism(said, _KEYS.S, _KEYS.C, bytearray(_KEYS.c))

    settings = ConnectionSettings(
        ours, mechanism, max_message_size=_LARGEST, max_message_parts=_MOST_PARTS
    )
    session = Session(Connection(settings, 0.0), verdict)
    liar = _Liar(session, source, theirs, cut)
    session.feed(cut(_GREETING))
    (_attack_server if as_server else _attack_client)(liar)
    outcome = session.outcome(exact=False)  # keys are random
    if as_server and session.engine.peer is not None:
        assert isinstance(verdict, Grant)
        assert outcome.asked == (_KEYS.C,)
    return liar, outcome


def _meant(sealed: list[tuple[int, bytes]]) -> tuple[list[list[bytes]], bool]:
    """The messages in honest frames, and whether all of the frames are good."""
    messages: list[list[bytes]] = []
    message: list[bytes] = []
    for flags, body in sealed:
        if flags & 2:
            named = len(body) > 1 and 0 < body[0] < len(body)
            short = body.startswith(b"\4PING") and len(body) < 7
            if flags & 1 or not named or short or len(body) > MAX_COMMAND:
                return messages, False
            continue
        message.append(body)
        if sum(map(len, message)) > _LARGEST or len(message) + (flags & 1) > _MOST_PARTS:
            return messages, False
        if not flags & 1:
            messages.append(message)
            message = []
    return messages, True


def run(data: bytes) -> Hashable:
    liar, outcome = _go(data, lambda chunk: [chunk])
    assert outcome.peer is None or liar.may_enter
    meant, good = _meant(liar.sealed if outcome.peer else [])
    received = [message for message in outcome.messages if message[0][:1] not in (b"\0", b"\1")]
    assert received == [message for message in meant if message[0][:1] not in (b"\0", b"\1")]
    if outcome.peer is not None and not (good and liar.honest):
        assert outcome.error is not None
    for cut in (one_by_one, in_pieces):
        assert _go(data, cut)[1] == outcome
    return outcome.signature, liar.honest, good


def feed(data: bytes) -> object:
    return _go(data, lambda chunk: [chunk])
