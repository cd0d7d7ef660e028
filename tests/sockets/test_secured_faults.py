"""Handshakes of PLAIN and CURVE that go wrong: the events, with libzmq's numbers (ZMTP.md 4.2 and 4.3)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import pytest

from pyzmtp import (
    ALLOW_ANY,
    CurveClient,
    CurveServer,
    HandshakeFailed,
    PlainClient,
    PlainServer,
    PullSocket,
    PushSocket,
)
from pyzmtp.testing import RawPeer

from ..mechanisms.curve_peers import Long, ReferenceClient, ReferenceServer, body_of
from .world import GREETING, World, short

PROTOCOL: Final = 0x2000

UNEXPECTED: Final = 0x10000001
KEY_EXCHANGE: Final = 0x10000003
NO_COMMAND: Final = 0x10000011
HELLO: Final = 0x10000013
INITIATE: Final = 0x10000014
READY: Final = 0x10000016
WELCOME: Final = 0x10000017
CRYPTOGRAPHIC: Final = 0x11000001

KEYS: Final = Long()


def greeting(mechanism: bytes) -> bytes:
    return GREETING[:12] + mechanism.ljust(20, b"\0") + GREETING[32:]


def frame(body: bytes) -> bytes:
    """A command frame, long if it has to be."""
    return short(4, body) if len(body) < 256 else b"\x06" + len(body).to_bytes(8, "big") + body


def changed(body: bytes, at: int) -> bytes:
    """With one bit of one byte flipped."""
    at %= len(body)
    return body[:at] + bytes((body[at] ^ 1,)) + body[at + 1 :]


def stranger() -> ReferenceClient:
    """A client that has the key of another server."""
    return ReferenceClient(Long())


def other_vouch(client: ReferenceClient) -> bytes:
    """An INITIATE whose vouch is for another connection's key."""
    return client.initiate(vouch=client.vouch(C1=bytes(range(32))))


#: What a client says in the place of HELLO.
HELLOS: dict[str, tuple[Callable[[ReferenceClient], bytes], int]] = {
    "too short": (lambda client: client.hello()[:-1], HELLO),
    "too long": (lambda client: client.hello() + b"x", HELLO),
    "longer than any": (lambda client: client.hello() + bytes(100), HELLO),
    "another version": (lambda client: client.hello(version=b"\x02\x00"), HELLO),
    "a box that does not open": (lambda client: changed(client.hello(), -1), CRYPTOGRAPHIC),
    "another server's key": (lambda client: stranger().hello(), CRYPTOGRAPHIC),
    "something else": (lambda client: b"\x05READY", UNEXPECTED),
    "no command": (lambda client: b"\x09HELLO", NO_COMMAND),
}

#: What it says in the place of INITIATE.
INITIATES: dict[str, tuple[Callable[[ReferenceClient], bytes], int]] = {
    "too short": (lambda client: client.initiate()[:256], INITIATE),
    "another cookie": (lambda client: client.initiate(cookie=bytes(96)), CRYPTOGRAPHIC),
    "a cookie that does not open": (lambda client: changed(client.initiate(), 50), CRYPTOGRAPHIC),
    "a box that does not open": (lambda client: changed(client.initiate(), -1), CRYPTOGRAPHIC),
    "a vouch for another connection": (other_vouch, KEY_EXCHANGE),
    "HELLO again": (lambda client: client.hello(), UNEXPECTED),
    "no command": (lambda client: b"\x20INITIATE", NO_COMMAND),
}

#: What a server says in the place of WELCOME.
WELCOMES: dict[str, tuple[Callable[[ReferenceServer], bytes], int]] = {
    "too short": (lambda server: server.welcome()[:-1], CRYPTOGRAPHIC),
    "too long": (lambda server: server.welcome() + b"x", CRYPTOGRAPHIC),
    "longer than any": (lambda server: server.welcome() + bytes(100), CRYPTOGRAPHIC),
    "a box that does not open": (lambda server: changed(server.welcome(), -1), CRYPTOGRAPHIC),
    "READY": (lambda server: server.ready(), UNEXPECTED),
    "no command": (lambda server: b"\x09WELCOME", NO_COMMAND),
}

#: What it says in the place of READY.
READYS: dict[str, tuple[Callable[[ReferenceServer], bytes], int]] = {
    "too short": (lambda server: server.ready()[:29], READY),
    "a box that does not open": (lambda server: changed(server.ready(), -1), CRYPTOGRAPHIC),
    "WELCOME again": (lambda server: server.welcome(), UNEXPECTED),
    "no command": (lambda server: b"\x06READY", NO_COMMAND),
}


def check(world: World, socket: PullSocket | PushSocket, code: int) -> None:
    """The handshake has failed, and the event has this value; nobody came in."""
    world.settle()
    [failed] = world.of(socket, HandshakeFailed)
    assert (failed.libzmq_event, failed.libzmq_code) == (PROTOCOL, code)
    assert not socket.peers


@pytest.mark.parametrize("fault", HELLOS.values(), ids=HELLOS)
def test_a_curve_client_that_says_no_hello(
    world: World, fault: tuple[Callable[[ReferenceClient], bytes], int]
) -> None:
    pull = world.make(PullSocket, security=CurveServer(KEYS.s, ALLOW_ANY))
    say, code = fault
    world.attach_raw(pull, greeting(b"CURVE") + frame(say(ReferenceClient(KEYS))))
    check(world, pull, code)


@pytest.mark.parametrize("fault", INITIATES.values(), ids=INITIATES)
def test_a_curve_client_that_says_no_initiate(
    world: World, fault: tuple[Callable[[ReferenceClient], bytes], int]
) -> None:
    pull = world.make(PullSocket, security=CurveServer(KEYS.s, ALLOW_ANY))
    say, code = fault
    client = ReferenceClient(KEYS)
    peer = world.attach_raw(pull, greeting(b"CURVE") + frame(client.hello()))
    client.read_welcome(body_of(peer.take()[64:]))
    peer.send(frame(say(client)))
    check(world, pull, code)


def curve_server(world: World) -> tuple[PushSocket, ReferenceServer, RawPeer]:
    """A client of ours, and the server that has read its HELLO."""
    push = world.make(PushSocket, security=CurveClient(KEYS.S))
    server = ReferenceServer(KEYS)
    _, peer = world.accept_raw(push, greeting(b"CURVE"))
    server.read_hello(body_of(peer.take()[64:]))
    return push, server, peer


@pytest.mark.parametrize("fault", WELCOMES.values(), ids=WELCOMES)
def test_a_curve_server_that_says_no_welcome(
    world: World, fault: tuple[Callable[[ReferenceServer], bytes], int]
) -> None:
    push, server, peer = curve_server(world)
    say, code = fault
    peer.send(frame(say(server)))
    check(world, push, code)


@pytest.mark.parametrize("fault", READYS.values(), ids=READYS)
def test_a_curve_server_that_says_no_ready(
    world: World, fault: tuple[Callable[[ReferenceServer], bytes], int]
) -> None:
    push, server, peer = curve_server(world)
    say, code = fault
    peer.send(frame(server.welcome()))
    world.settle()
    server.read_initiate(body_of(peer.take()))
    peer.send(frame(say(server)))
    check(world, push, code)


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (b"\x05HELLO\x01u\x01p!", HELLO),
        (b"\x05HELLO\x01u\x09p", HELLO),
        (b"\x05HELLO", HELLO),
        (b"\x05HELLO" + bytes(600), HELLO),
        (b"\x08INITIATE", UNEXPECTED),
        (b"\x07WELCOME", UNEXPECTED),
        (b"\x09HELLO", NO_COMMAND),
    ],
)
def test_a_plain_client_that_says_no_hello(world: World, said: bytes, code: int) -> None:
    pull = world.make(PullSocket, security=PlainServer({"u": "p"}))
    world.attach_raw(pull, greeting(b"PLAIN") + frame(said))
    check(world, pull, code)


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (b"\x07WELCOMEx", WELCOME),
        (b"\x05READY", UNEXPECTED),
        (b"\x08INITIATE", UNEXPECTED),
        (b"\x05HELLO\x01u\x01p", UNEXPECTED),  # another client
        (b"\x09WELCOME", NO_COMMAND),
    ],
)
def test_a_plain_server_that_says_no_welcome(world: World, said: bytes, code: int) -> None:
    push = world.make(PushSocket, security=PlainClient("u", "p"))
    world.accept_raw(push, greeting(b"PLAIN") + frame(said))
    check(world, push, code)
