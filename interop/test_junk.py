"""Strangers on the port: what is not ZMTP is shown out, and nobody else notices."""

from __future__ import annotations

import random
import ssl
from pathlib import Path

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import TCP4ClientEndpoint, UNIXClientEndpoint, connectProtocol
from twisted.internet.interfaces import IStreamClientEndpoint
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure

from interop.conversations import (
    BURST,
    CONVERSATIONS,
    MULTIPART,
    let_publish,
    our_options,
    their_options,
)
from interop.peer import LibzmqPeer
from interop.reactor import reactor, within
from interop.sockets import CLASSES, EventLog, any_address
from pyzmtp import (
    Disconnected,
    HandshakeFailed,
    HandshakeSucceeded,
    HandshakeTimeout,
    NotZMTP,
    ProtocolError,
)

#: How long a stranger may be silent, in these tests.
SILENCE = 0.6

GREETING = b"\xff" + bytes(8) + b"\x7f\x03\x01" + b"NULL".ljust(20, b"\x00") + bytes(32)


def tls_hello() -> bytes:
    """Make the first flight of a TLS client."""
    outgoing = ssl.MemoryBIO()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client = context.wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname="localhost")
    with pytest.raises(ssl.SSLWantReadError):
        client.do_handshake()
    return outgoing.read()


RANDOM = random.Random(1).randbytes(1 << 20)

#: What a stranger says that is no ZMTP, and what is then said about the stranger.
LOUD: dict[str, tuple[bytes, type[ProtocolError]]] = {
    "http": (b"GET / HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\n\r\n", NotZMTP),
    "tls": (tls_hello(), NotZMTP),
    "random": (RANDOM, NotZMTP),
    "zeros": (bytes(1000), NotZMTP),
    "random-after-signature": (GREETING[:10] + b"\x03\x01" + RANDOM, ProtocolError),
    "random-after-greeting": (GREETING + RANDOM, ProtocolError),
    "http-after-greeting": (GREETING + b"GET / HTTP/1.1\r\n\r\n", ProtocolError),
    "huge-command": (GREETING + b"\x06" + b"\x7f" + b"\xff" * 7 + b"\x05READY", ProtocolError),
}

#: What could become ZMTP, if anything followed.
SILENT: dict[str, bytes] = {
    "nothing": b"",
    "half-signature": GREETING[:5],
    "half-greeting": GREETING[:32],
    "greeting-only": GREETING,
    "half-ready": GREETING + b"\x04\x1a\x05READY\x0bSock",
}


class Stranger(Protocol):
    """Says its piece and listens until it is shown out."""

    def __init__(self, junk: bytes) -> None:
        self.junk = junk
        self.heard = b""
        self.gone: Deferred[None] = Deferred()

    def connectionMade(self) -> None:
        assert self.transport is not None
        self.transport.write(self.junk)

    def dataReceived(self, data: bytes) -> None:
        self.heard += data

    def heard_no_more_than_a_greeting(self) -> bool:
        """Tell whether nothing but a greeting and a READY was told to it: no message above all."""
        return self.heard[:1] in (b"", b"\xff") and len(self.heard) < 2 * len(GREETING)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.gone.callback(None)


async def visit(address: str, junk: bytes) -> Stranger:
    """Connect to `address` without any ZeroMQ, and say `junk`."""
    where: IStreamClientEndpoint
    if address.startswith("ipc://"):
        where = UNIXClientEndpoint(reactor, address.removeprefix("ipc://"))
    else:
        host, _, port = address.removeprefix("tcp://").rpartition(":")
        where = TCP4ClientEndpoint(reactor, host, int(port))
    stranger = Stranger(junk)
    await connectProtocol(where, stranger)
    return stranger


SERVING = [
    ("PUB", "SUB"),
    ("XPUB", "XSUB"),
    ("PULL", "PUSH"),
    ("PUSH", "PULL"),
    ("REP", "REQ"),
    ("ROUTER", "DEALER"),
    ("PAIR", "PAIR"),
]


@pytest.mark.parametrize("pair", SERVING, ids=["-".join(pair) for pair in SERVING])
async def test_strangers_are_shown_out_and_a_peer_is_served_beside_them(
    pair: tuple[str, str], transport: str, libzmq: LibzmqPeer, directory: Path
) -> None:
    theirs = await libzmq.open(pair[1], **their_options(pair[1]))
    options = {**our_options(pair[0]), "handshake_timeout": SILENCE}
    async with CLASSES[pair[0]](reactor, **options) as ours:
        events = EventLog(ours)
        address = await ours.bind(any_address(transport, directory))
        await theirs.connect(address)
        await events.wait(HandshakeSucceeded)
        await let_publish(ours, theirs)

        for number, (name, (junk, reason)) in enumerate(LOUD.items(), start=1):
            stranger = await visit(address, junk)
            for conversation in CONVERSATIONS[pair]:
                await conversation(ours, theirs, MULTIPART)
            failed = await events.wait(HandshakeFailed, number)
            assert isinstance(failed.error, reason), name
            assert str(failed.error), name
            await within(stranger.gone, f"end of the connection, {name}")
            assert stranger.heard_no_more_than_a_greeting(), name

        silent = [await visit(address, junk) for junk in SILENT.values()]
        for conversation in CONVERSATIONS[pair]:
            await conversation(ours, theirs, BURST)
        await events.wait(HandshakeFailed, len(LOUD) + len(SILENT))
        for name, stranger in zip(SILENT, silent, strict=True):
            await within(stranger.gone, f"end of the connection, {name}")
            assert stranger.heard_no_more_than_a_greeting(), name
        for failed in events.of(HandshakeFailed)[len(LOUD) :]:
            assert isinstance(failed.error, HandshakeTimeout)
            assert str(failed.error)

        for conversation in CONVERSATIONS[pair]:
            await conversation(ours, theirs, MULTIPART)
        assert len(events.of(HandshakeFailed)) == len(LOUD) + len(SILENT), "one event for each"
        assert len(events.of(HandshakeSucceeded)) == 1
        assert len(ours.peers) == 1
        assert {event.peer for event in events.of(Disconnected)} == {None}


async def test_a_crowd_of_strangers(transport: str, libzmq: LibzmqPeer, directory: Path) -> None:
    """Many at once, all kinds mixed, while a burst goes through."""
    theirs = await libzmq.open("DEALER")
    async with CLASSES["DEALER"](reactor, handshake_timeout=SILENCE) as ours:
        events = EventLog(ours)
        address = await ours.bind(any_address(transport, directory))
        await theirs.connect(address)
        await events.wait(HandshakeSucceeded)
        # A megabyte each would only be a test of the kernel.
        junk = [*(loud[:5000] for loud, _ in LOUD.values()), *SILENT.values()]
        crowd = [await visit(address, piece) for piece in junk * 4]
        for conversation in CONVERSATIONS["DEALER", "DEALER"]:
            await conversation(ours, theirs, BURST)
        for stranger in crowd:
            await within(stranger.gone, "end of the connection")
        await events.wait(HandshakeFailed, len(crowd))
        assert len(events.of(HandshakeFailed)) == len(crowd)
        assert {event.peer for event in events.of(Disconnected)} == {None}


async def test_strangers_who_hang_up(transport: str, libzmq: LibzmqPeer, directory: Path) -> None:
    """A port scanner connects and is gone; so is a client that loses heart half-way."""
    theirs = await libzmq.open("PUSH")
    async with CLASSES["PULL"](reactor) as ours:
        events = EventLog(ours)
        address = await ours.bind(any_address(transport, directory))
        await theirs.connect(address)
        await events.wait(HandshakeSucceeded)
        for number, junk in enumerate((b"", b"\xff", GREETING[:10], GREETING), start=1):
            stranger = await visit(address, junk)
            assert stranger.transport is not None
            stranger.transport.loseConnection()
            await within(stranger.gone, "end of the connection")
            await events.wait(HandshakeFailed, number)
        for conversation in CONVERSATIONS["PULL", "PUSH"]:
            await conversation(ours, theirs, MULTIPART)
        assert len(ours.peers) == 1
        assert {event.peer for event in events.of(Disconnected)} == {None}
