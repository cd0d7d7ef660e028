"""What libzmq's monitor says of a peer's fault, and what ours says.

The numbers were captured from libzmq 4.3.5 (ZMQ_PULL bound, ZMQ_PUSH connected; the same for both) with
peers that send these bytes and wait.
"""

from __future__ import annotations

from typing import Final

import pytest
from twisted.internet.error import ConnectionDone

from pyzmtp import (
    AuthenticationFailed,
    CommandError,
    Connected,
    Disconnected,
    FramingError,
    HandshakeFailed,
    HandshakeTimeout,
    IncompatibleSocketType,
    MechanismMismatch,
    MetadataError,
    NotZMTP,
    PeerRefused,
    PullSocket,
    PushSocket,
    UnexpectedCommand,
)
from pyzmtp.testing import MemoryTransport

from .world import GREETING, World, ready, short

NO_DETAIL: Final = 0x0800
PROTOCOL: Final = 0x2000
AUTH: Final = 0x4000

CURVE = GREETING[:12] + b"CURVE".ljust(20, b"\0") + GREETING[32:]


def command(body: bytes) -> bytes:
    """A command frame."""
    return short(4, body)


#: What the peer says -> libzmq's event and value, our error. libzmq's NO_DETAIL has an errno.
SAME = {
    "another mechanism": (CURVE, PROTOCOL, 0x11000002, MechanismMismatch),
    "a message": (GREETING + short(0, b"hi"), PROTOCOL, 0x10000001, UnexpectedCommand),
    "HELLO": (GREETING + command(b"\x05HELLO"), PROTOCOL, 0x10000001, UnexpectedCommand),
    "PING": (GREETING + command(b"\x04PING\0\0"), PROTOCOL, 0x10000001, UnexpectedCommand),
    "ERROR without reason": (GREETING + command(b"\x05ERROR"), PROTOCOL, 0x10000015, CommandError),
    "ERROR cut": (GREETING + command(b"\x05ERROR\x09abc"), PROTOCOL, 0x10000015, CommandError),
    "ERROR 300": (GREETING + command(b"\x05ERROR\x03300"), AUTH, 300, AuthenticationFailed),
    "ERROR 400": (GREETING + command(b"\x05ERROR\x03400"), AUTH, 400, AuthenticationFailed),
    "ERROR 500": (GREETING + command(b"\x05ERROR\x03500"), AUTH, 500, AuthenticationFailed),
}

#: The same, where libzmq tells nothing but DISCONNECTED. We always say why; and the number is the one
#: that libzmq has for the fault, if it has one: its PLAIN and CURVE clients do tell bad metadata.
SILENT = {
    "wrong type": (GREETING + ready("PAIR"), PROTOCOL, 0x10000018, IncompatibleSocketType),
    "unknown type": (GREETING + ready("NOPE"), PROTOCOL, 0x10000018, IncompatibleSocketType),
    "READY cut": (GREETING + command(b"\x05READY\x0bSocket"), PROTOCOL, 0x10000018, MetadataError),
    "ERROR 200": (GREETING + command(b"\x05ERROR\x03200"), NO_DETAIL, 0, PeerRefused),
    "ERROR 301": (GREETING + command(b"\x05ERROR\x03301"), NO_DETAIL, 0, PeerRefused),
    "ERROR in words": (GREETING + command(b"\x05ERROR\x08Get lost"), NO_DETAIL, 0, PeerRefused),
}

#: Where libzmq says something else: its NULL looks at the name before the form (0x10000001), and at no
#: reserved bits (0x10000001 for the "message"); noise is a ZMTP 1.0 peer to it, and only its end is told.
OTHERWISE = {
    "a command without name": (GREETING + command(b""), PROTOCOL, 0x10000011, CommandError),
    "half a name": (GREETING + command(b"\x09READY"), PROTOCOL, 0x10000011, CommandError),
    "reserved bits": (GREETING + b"\xf0\x02hi", NO_DETAIL, 0, FramingError),
    "HTTP": (b"GET / HTTP/1.1\r\n\r\n", NO_DETAIL, 0, NotZMTP),
}

FAULTS = [pytest.param(*fault, id=name) for name, fault in {**SAME, **SILENT, **OTHERWISE}.items()]


@pytest.mark.parametrize(("said", "number", "value", "kind"), FAULTS)
def test_a_fault_of_who_connects(
    world: World, said: bytes, number: int, value: int, kind: type[Exception]
) -> None:
    pull = world.make(PullSocket)
    world.attach_raw(pull, said)
    [event] = world.of(pull, HandshakeFailed)
    assert type(event.error) is kind
    assert (event.libzmq_event, event.libzmq_code) == (number, value)
    assert world.names(pull) == ["Listening", "Accepted", "HandshakeFailed", "Disconnected"]


@pytest.mark.parametrize(("said", "number", "value", "kind"), FAULTS)
def test_a_fault_of_who_listens(
    world: World, said: bytes, number: int, value: int, kind: type[Exception]
) -> None:
    push = world.make(PushSocket)
    world.accept_raw(push, said)
    [event] = world.of(push, HandshakeFailed)
    assert type(event.error) is kind
    assert (event.libzmq_event, event.libzmq_code) == (number, value)
    assert world.names(push)[:4] == [
        "ConnectDelayed", "Connected", "HandshakeFailed", "Disconnected",
    ]  # fmt: skip


@pytest.mark.parametrize("said", [b"", GREETING[:30], GREETING])
def test_a_peer_that_vanishes(world: World, said: bytes) -> None:
    """libzmq: NO_DETAIL with EPIPE or ECONNRESET."""
    push = world.make(PushSocket)
    _, peer = world.accept_raw(push, said)
    peer.close()
    world.settle()
    [event] = world.of(push, HandshakeFailed)
    assert isinstance(event.error, ConnectionDone)
    assert (event.libzmq_event, event.libzmq_code) == (NO_DETAIL, 0)
    assert world.names(push) == [
        "ConnectDelayed", "Connected", "HandshakeFailed", "Disconnected", "ConnectRetried",
    ]  # fmt: skip


@pytest.mark.parametrize("said", [b"", GREETING])
def test_a_peer_that_takes_too_long(world: World, said: bytes) -> None:
    """libzmq: NO_DETAIL with EAGAIN, and it tries again."""
    push = world.make(PushSocket, handshake_timeout=1.0)
    world.accept_raw(push, said)
    world.advance(1.05)
    [event] = world.of(push, HandshakeFailed)
    assert isinstance(event.error, HandshakeTimeout)
    assert (event.libzmq_event, event.libzmq_code) == (NO_DETAIL, 0)
    assert world.names(push)[:5] == [
        "ConnectDelayed", "Connected", "HandshakeFailed", "Disconnected", "ConnectRetried",
    ]  # fmt: skip


def test_a_connection_that_takes_no_options_has_failed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some systems say EINVAL to who sets an option on a connection that is reset already."""
    pull, push = world.make(PullSocket), world.make(PushSocket)
    error = OSError(22, "Invalid argument")

    def set_no_delay(transport: MemoryTransport, enabled: bool) -> None:
        owner: object = transport.owner
        if owner is push._reactor:
            raise error

    monkeypatch.setattr(MemoryTransport, "setTcpNoDelay", set_no_delay)
    push.connect(world.bind(pull))
    world.settle()
    assert world.names(push) == [
        "ConnectDelayed", "Connected", "HandshakeFailed", "Disconnected", "ConnectRetried",
    ]  # fmt: skip
    assert world.of(push, HandshakeFailed)[0].error is error
    assert world.of(push, Connected)[0].connection == world.of(push, Disconnected)[0].connection
    assert world.names(pull) == ["Listening", "Accepted", "HandshakeFailed", "Disconnected"]
