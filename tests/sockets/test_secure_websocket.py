"""``wss://``, and websockets whose mechanism is another than NULL."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import pytest

from pyzmtp import (
    AddressError,
    AuthenticationFailed,
    CurveClient,
    CurveServer,
    Disconnected,
    FrameTooLarge,
    HandshakeFailed,
    LibraryMissing,
    OptionError,
    PairSocket,
    PlainClient,
    PlainServer,
    ProtocolError,
    RoleMismatch,
    RouterSocket,
    StreamSocket,
    TLSClientCertificate,
    TLSFailed,
    UpgradeFailed,
    UsageError,
    curve_keypair,
)
from pyzmtp.authentication import Verdict
from pyzmtp.mechanisms.base import Frame, Properties
from pyzmtp.mechanisms.null import NullMechanism
from pyzmtp.net.address import TcpAddress, WebsocketAddress, parse
from pyzmtp.testing import Conditions

from ..tls_certificates import HOST, Authority
from .test_websocket import client, frame, port_in, ready, request, unmasked
from .world import Outcomes, World

CA, OTHER = Authority(), Authority("other")
SERVER = CA.issue("server")
ANNE = CA.issue("anne")
SERVING: dict[str, Any] = {"wss_cert_pem": SERVER.certificate, "wss_key_pem": SERVER.key}
TRUSTING: dict[str, Any] = {"wss_trust_pem": CA.identity.certificate}
SHOWING: dict[str, Any] = {"wss_cert_pem": ANNE.certificate, "wss_key_pem": ANNE.key}


def join(world: World, one: Any, other: Any, scheme: str = "wss") -> Any:
    """Bind one and connect the other; return what became of that."""
    address = world.run(one.bind(f"{scheme}://127.0.0.1:*/path"))
    assert address.startswith(f"{scheme}://127.0.0.1:")
    assert address.endswith("/path")
    outcomes: Outcomes[Any] = Outcomes(other.connect(address))
    world.settle()
    return outcomes


def exchange(world: World, one: Any, other: Any, body: bytes = b"a") -> None:
    """A message each way."""
    for here, there in ((one, other), (other, one)):
        world.run(here.send([body, b"", b"b"]))
        assert world.run(there.receive(), 1) == [body, b"", b"b"]


def failure(world: World, socket: Any) -> Any:
    """Why the first connection came to no handshake."""
    return world.of(socket, HandshakeFailed)[0].error


# TLS below


@pytest.mark.parametrize("segment", [None, 1])
def test_messages_both_ways(world: World, segment: int | None) -> None:
    world.network.conditions = Conditions(segment_size=segment)
    one, other = world.make(PairSocket, **SERVING), world.make(PairSocket, **TRUSTING)
    [peer] = join(world, one, other)
    assert (peer.mechanism, peer.version, peer.address) == ("NULL", (3, 0), one.last_endpoint)
    exchange(world, one, other)


def test_large_messages_and_heartbeats(world: World) -> None:
    pulse: dict[str, Any] = {"heartbeat_interval": 1.0, "heartbeat_timeout": 2.0}
    one = world.make(PairSocket, **SERVING, **pulse)
    other = world.make(PairSocket, **TRUSTING, **pulse)
    join(world, one, other)
    exchange(world, one, other, bytes(300_000))
    world.advance(30)
    assert not world.of(one, Disconnected)


def test_addresses() -> None:
    assert parse("wss://host:5/a/b") == WebsocketAddress(TcpAddress("host", 5), "/a/b", True)
    assert parse("ws://host:5") == WebsocketAddress(TcpAddress("host", 5), "", False)


def test_what_has_no_messages_has_no_websocket(world: World) -> None:
    with pytest.raises(AddressError):
        world.make(StreamSocket).bind("wss://127.0.0.1:*")


@pytest.mark.parametrize(
    ("options", "fine"),
    [
        ({}, True),
        ({"wss_hostname": HOST}, True),
        ({"wss_hostname": "elsewhere.example"}, False),
        ({"wss_trust_pem": OTHER.identity.certificate}, False),
        (
            {"wss_trust_pem": OTHER.identity.certificate + CA.identity.certificate},
            True,
        ),
        ({"wss_trust_system": True}, True),
        ({"wss_trust_system": True, "wss_trust_pem": None}, False),
    ],
)
def test_whom_a_client_trusts(world: World, options: dict[str, Any], fine: bool) -> None:
    one, other = world.make(PairSocket, **SERVING), world.make(PairSocket, **TRUSTING | options)
    outcomes = join(world, one, other)
    assert (len(outcomes) == 1) is fine
    if not fine:
        assert isinstance(failure(world, other), TLSFailed)


def test_a_chain_of_authorities(world: World) -> None:
    between = Authority("between", CA)
    server = between.issue("server")
    chain = server.certificate + between.identity.certificate
    one = world.make(PairSocket, wss_cert_pem=chain, wss_key_pem=server.key)
    assert len(join(world, one, world.make(PairSocket, **TRUSTING))) == 1


@pytest.mark.parametrize("options", [SHOWING, {}], ids=["a certificate", "none"])
def test_a_client_certificate(world: World, options: dict[str, Any]) -> None:
    one = world.make(PairSocket, security=TLSClientCertificate(["anne"]), **SERVING, **TRUSTING)
    other = world.make(PairSocket, **TRUSTING, **options)
    outcomes = join(world, one, other)
    if options:
        assert [peer.user_id for peer in one.peers] == ["anne"]
        assert len(outcomes) == 1
    else:
        assert isinstance(outcomes.error, AuthenticationFailed)


def test_a_stranger_is_refused(world: World) -> None:
    stranger = OTHER.issue("anne")
    one = world.make(PairSocket, security=TLSClientCertificate(["anne"]), **SERVING, **TRUSTING)
    shown: dict[str, Any] = {"wss_cert_pem": stranger.certificate, "wss_key_pem": stranger.key}
    join(world, one, world.make(PairSocket, **TRUSTING, **shown))
    assert isinstance(failure(world, one), TLSFailed)
    assert not one.peers


@pytest.mark.parametrize("schemes", [("ws", "wss"), ("wss", "ws")])
def test_one_side_without_tls(world: World, schemes: tuple[str, str]) -> None:
    one, other = world.make(PairSocket, **SERVING), world.make(PairSocket, **TRUSTING)
    address = world.run(one.bind(f"{schemes[0]}://127.0.0.1:*"))
    other.connect(address.replace(schemes[0], schemes[1], 1))
    world.settle()
    secure = one if schemes[0] == "wss" else other
    assert isinstance(failure(world, secure), TLSFailed)


# What is missing, or wrong

JUNK = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"


@pytest.mark.parametrize(
    ("options", "error", "says"),
    [
        ({}, UsageError, "set wss_cert_pem and wss_key_pem"),
        ({"wss_cert_pem": SERVER.certificate}, UsageError, "go together"),
        ({"wss_key_pem": SERVER.key}, UsageError, "go together"),
        (SERVING | {"wss_cert_pem": "nonsense"}, OptionError, "wss_cert_pem"),
        (SERVING | {"wss_cert_pem": JUNK}, OptionError, "wss_cert_pem"),
        (SERVING | {"wss_key_pem": "nonsense"}, OptionError, "wss_key_pem"),
        (SERVING | {"wss_key_pem": ANNE.key}, OptionError, "does not belong to wss_cert_pem"),
        (SERVING | {"wss_trust_pem": JUNK}, OptionError, "wss_trust_pem"),
    ],
)
def test_a_bind_that_cannot_be(
    world: World, options: dict[str, Any], error: type[Exception], says: str
) -> None:
    socket = world.make(PairSocket, **options)
    with pytest.raises(error, match=says) as raised:
        world.run(socket.bind("wss://127.0.0.1:*"))
    assert "nonsense" not in str(raised.value)
    assert "PRIVATE KEY" not in str(raised.value)


@pytest.mark.parametrize(
    ("options", "error", "says"),
    [
        ({}, UsageError, "whom to trust"),
        (TRUSTING | {"wss_hostname": "a..b"}, OptionError, "wss_hostname"),
        (TRUSTING | {"wss_trust_pem": JUNK}, OptionError, "wss_trust_pem"),
        (TRUSTING | SHOWING | {"wss_key_pem": SERVER.key}, OptionError, "does not belong"),
    ],
)
def test_a_connect_that_cannot_be(
    world: World, options: dict[str, Any], error: type[Exception], says: str
) -> None:
    with pytest.raises(error, match=says):
        world.run(world.make(PairSocket, **options).connect("wss://127.0.0.1:5"))


def test_a_key_with_a_passphrase_asks_nobody(world: World) -> None:
    from cryptography.hazmat.primitives import serialization

    key = serialization.load_pem_private_key(SERVER.key.encode(), None)
    locked = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"s3cret"),
    )
    socket = world.make(PairSocket, **SERVING | {"wss_key_pem": locked.decode()})
    with pytest.raises(OptionError, match="without a passphrase"):
        world.run(socket.bind("wss://127.0.0.1:*"))


def test_the_key_is_not_shown(world: World) -> None:
    assert SERVER.key not in repr(world.make(PairSocket, **SERVING).options)


@pytest.mark.parametrize("way", ["bind", "connect"])
def test_without_the_library(world: World, way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "OpenSSL", None)
    socket = world.make(PairSocket, **SERVING, **TRUSTING)
    with pytest.raises(LibraryMissing, match=r"pyzmtp\[tls\]"):
        world.run(getattr(socket, way)("wss://127.0.0.1:5"))


# Mechanisms


@pytest.mark.parametrize("segment", [None, 1])
@pytest.mark.parametrize("scheme", ["ws", "wss"])
def test_plain(world: World, scheme: str, segment: int | None) -> None:
    world.network.conditions = Conditions(segment_size=segment)
    policy = PlainServer({"anne": "s3cret"})
    one = world.make(PairSocket, security=policy, **SERVING)
    other = world.make(PairSocket, security=PlainClient("anne", "s3cret"), **TRUSTING)
    [peer] = join(world, one, other, scheme)
    assert peer.mechanism == "PLAIN"
    assert [peer.user_id for peer in one.peers] == ["anne"]
    exchange(world, one, other)


def test_plain_refused(world: World) -> None:
    one = world.make(PairSocket, security=PlainServer({"anne": "s3cret"}))
    other = world.make(PairSocket, security=PlainClient("anne", "wrong"))
    assert isinstance(join(world, one, other, "ws").error, AuthenticationFailed)


def test_other_mechanisms_than_the_peers(world: World) -> None:
    one = world.make(PairSocket, security=PlainServer({"anne": "s3cret"}))
    outcomes = join(world, one, world.make(PairSocket), "ws")
    assert isinstance(outcomes.error, UpgradeFailed)
    assert "ZWS2.0/NULL, not ZWS2.0/PLAIN" in str(failure(world, one))


def test_two_clients(world: World) -> None:
    one = world.make(PairSocket, security=PlainClient("anne", "a"))
    outcomes = join(world, one, world.make(PairSocket, security=PlainClient("bob", "b")), "ws")
    assert isinstance(outcomes.error, ProtocolError)
    assert isinstance(failure(world, one), RoleMismatch)


@pytest.mark.parametrize("segment", [None, 1])
@pytest.mark.parametrize("scheme", ["ws", "wss"])
def test_curve(world: World, scheme: str, segment: int | None) -> None:
    world.network.conditions = Conditions(segment_size=segment)
    keys, ours = curve_keypair(), curve_keypair()
    pulse: dict[str, Any] = {"heartbeat_interval": 1.0, "heartbeat_timeout": 2.0}
    policy = CurveServer(keys.secret, allow=[ours.public])
    one = world.make(PairSocket, security=policy, **SERVING, **pulse)
    client = CurveClient(keys.public, key_pair=ours)
    other = world.make(PairSocket, security=client, **TRUSTING, **pulse)
    [peer] = join(world, one, other, scheme)
    assert peer.mechanism == "CURVE"
    exchange(world, one, other, bytes(70_000))
    world.advance(10)
    exchange(world, one, other)
    assert not world.of(one, Disconnected)


class Scrambled:
    """A cipher that hides everything, and adds 20 bytes to it."""

    overhead = 20

    def seal(self, frames: Iterable[Frame]) -> Iterator[tuple[bytes, bytes]]:
        for flags, body in frames:
            # What a PING begins with, lest it be taken for one.
            head = b"\x04PING".ljust(19, b"#") + bytes((flags,))
            yield head, bytes(b ^ 0xA5 for b in body)

    def open(self, sealed: Iterable[Sequence[bytes]]) -> Iterator[Frame]:
        for [body] in sealed:
            assert body.startswith(b"\x04PING#")
            yield body[19], bytes(b ^ 0xA5 for b in body[20:])

    def wipe(self) -> None:
        """There is no key."""


class ScrambledMechanism(NullMechanism):
    """NULL, and then the cipher."""

    __slots__ = ()

    def __init__(self, properties: Properties) -> None:
        super().__init__(properties)
        self.name = b"CURVE"
        self.cipher = Scrambled()

    def answer(self, verdict: Verdict) -> bytes:
        raise AssertionError("it asks nothing")


class Scrambling:
    """The policy that goes with it."""

    mechanism = "CURVE"
    domain = None
    check = None
    needs_check = False

    def new_mechanism(self, properties: Properties, domain: str) -> ScrambledMechanism:
        return ScrambledMechanism(properties)


@pytest.mark.parametrize("segment", [None, 1])
@pytest.mark.parametrize("kept", [{}, {"max_message_size": 1000}], ids=["any size", "1000 bytes"])
def test_sealed_frames(world: World, segment: int | None, kept: dict[str, Any]) -> None:
    world.network.conditions = Conditions(segment_size=segment)
    one = world.make(PairSocket, security=Scrambling(), **kept)
    other = world.make(PairSocket, security=Scrambling(), **kept)
    [peer] = join(world, one, other, "ws")
    assert peer.mechanism == "CURVE"
    exchange(world, one, other, bytes(999))
    world.run(other.send([bytes(1001)]))
    world.settle()
    if kept:
        assert isinstance(world.of(one, Disconnected)[0].reason, FrameTooLarge)
    else:
        assert world.run(one.receive()) == [bytes(1001)]


def test_heartbeats_are_the_websockets_own_and_not_sealed(world: World) -> None:
    one = world.make(
        RouterSocket, security=Scrambling(), heartbeat_interval=1.0, heartbeat_timeout=3.0
    )
    offer = request(Sec_WebSocket_Protocol=b"ZWS2.0/CURVE")
    peer = client(world, one, offer + frame(ready(b"DEALER")))
    assert len(one.peers) == 1
    head, _, rest = peer.take().partition(b"\r\n\r\n")
    assert b"Sec-WebSocket-Protocol: ZWS2.0/CURVE" in head
    assert [opcode for opcode, _ in unmasked(rest)] == [0x82]  # READY
    world.advance(1.1)
    assert unmasked(peer.take()) == [(0x89, b"")]
    peer.send(frame(b"", 0x8A))
    world.advance(2.5)
    assert len(one.peers) == 1


def test_a_sealed_frame_that_is_too_large_is_refused_at_its_head(world: World) -> None:
    one = world.make(PairSocket, security=Scrambling(), max_message_size=100_000)
    address = world.run(one.bind("ws://127.0.0.1:*"))
    peer = world.network.raw_connect(port_in(address))
    offer = request(Sec_WebSocket_Protocol=b"ZWS2.0/CURVE")
    peer.send(offer + frame(ready(b"PAIR")) + frame(b"\0" + bytes(100_022))[:-1])
    world.settle()
    assert isinstance(world.of(one, Disconnected)[0].reason, FrameTooLarge)
