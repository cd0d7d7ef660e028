"""ZMTP over TLS, in memory: what is carried, and who a certificate lets in."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from typing import Any

import pytest
from cryptography.x509.oid import ExtendedKeyUsageOID
from OpenSSL import SSL
from twisted.internet import ssl
from twisted.internet.defer import succeed

from pyzmtp import (
    ZAP,
    AuthenticationFailed,
    AuthenticationRequest,
    AuthenticationRevoked,
    Authenticator,
    ConnectRetried,
    DealerSocket,
    Disconnected,
    Grant,
    HandshakeFailed,
    HandshakeTimeout,
    Null,
    OptionError,
    PairSocket,
    PlainClient,
    PlainServer,
    PullSocket,
    PushSocket,
    Refusal,
    RouterSocket,
    TLSClientCertificate,
    TLSFailed,
)
from pyzmtp.testing import Conditions

from ..tls_certificates import (
    Authority,
    Identity,
    TLSClient,
    TLSServer,
    client_options,
    server_options,
)
from .world import Outcomes, World, hello

CA = Authority()
SERVER = CA.issue("server")
ANNE = CA.issue("anne")


def serve(world: World, server: Any, options: Any = None, **bind: Any) -> int:
    """Bind over TLS, wanting certificates of CA by default; return the port."""
    if options is None:
        options = server_options(SERVER, CA.identity)
    endpoint = TLSServer(server._reactor, options)
    world.run(server.bind(endpoint, **bind))
    return endpoint.port


def reach(client: Any, port: int, identity: Identity | None = ANNE, **connect: Any) -> Any:
    """Connect over TLS, showing a certificate."""
    options = client_options(CA.identity, identity)
    return client.connect(TLSClient(client._reactor, port, options), **connect)


def refusal(world: World, server: Any) -> Any:
    """Why the only connection came to no handshake."""
    [event] = world.of(server, HandshakeFailed)
    return event.error


@pytest.fixture(params=[None, 1], ids=["whole", "byte by byte"])
def segmented(request: pytest.FixtureRequest, world: World) -> Iterator[World]:
    """A world whose network cuts what is sent in pieces."""
    world.network.conditions = Conditions(segment_size=request.param)
    yield world
    world.network.conditions = Conditions(segment_size=None)


# What is carried


def test_messages_both_ways(segmented: World) -> None:
    world = segmented
    one, other = world.make(PairSocket), world.make(PairSocket)
    peer = world.run(reach(other, serve(world, one)), 1)
    assert (peer.mechanism, peer.version) == ("NULL", (3, 1))
    for here, there in ((one, other), (other, one)):
        world.run(here.send([b"a", b"", b"b"]))
        assert world.run(there.receive()) == [b"a", b"", b"b"]


def test_large_messages(world: World) -> None:
    push, pull = world.make(PushSocket), world.make(PullSocket)
    world.run(reach(push, serve(world, pull)), 1)
    body = bytes(range(256)) * 4096
    for _ in range(3):
        push.send([body])
    assert [world.run(pull.receive(), 1) for _ in range(3)] == [[body]] * 3


@pytest.mark.parametrize("password", ["s3cret", "wrong"])
def test_plain(world: World, password: str) -> None:
    router = world.make(RouterSocket)
    dealer = world.make(DealerSocket, security=PlainClient("anne", password))
    port = serve(world, router, security=PlainServer({"anne": "s3cret"}))
    connected = Outcomes(reach(dealer, port))
    world.settle()
    if password == "wrong":
        assert isinstance(connected.error, AuthenticationFailed)
    else:
        assert [(peer.mechanism, peer.user_id) for peer in router.peers] == [("PLAIN", "anne")]


def test_heartbeats(world: World) -> None:
    pulse: dict[str, Any] = {"heartbeat_interval": 1.0, "heartbeat_timeout": 2.0}
    one, other = world.make(PairSocket, **pulse), world.make(PairSocket, **pulse)
    world.run(reach(other, serve(world, one)), 1)
    world.advance(30)
    assert not world.of(one, Disconnected)
    assert len(one.peers) == len(other.peers) == 1


# What is not TLS, or not all of it


@pytest.mark.parametrize(
    "noise",
    [hello("PUSH"), b"GET / HTTP/1.1\r\n\r\n", bytes(100), b"\xff" * 99],
    ids=["ZMTP", "HTTP", "zeros", "ones"],
)
def test_what_is_no_tls_at_all(world: World, noise: bytes) -> None:
    pull = world.make(PullSocket)
    world.attach_raw(pull, noise, f"tcp://127.0.0.1:{serve(world, pull)}")
    assert isinstance(refusal(world, pull), TLSFailed)
    assert "TLS failed: " in str(refusal(world, pull))


def test_a_server_without_tls(world: World) -> None:
    pull, push = world.make(PullSocket), world.make(PushSocket)
    address = world.bind(pull)
    reach(push, int(address.rpartition(":")[2]))
    world.settle()
    assert isinstance(refusal(world, push), TLSFailed)
    [retried] = world.of(push, ConnectRetried)  # TLS may be set up by the next time
    assert retried.error is refusal(world, push)


@pytest.mark.parametrize("said", [b"", b"\x16", b"\x16\x03\x01\x02\x00"])
def test_a_tls_handshake_that_never_ends(world: World, said: bytes) -> None:
    pull = world.make(PullSocket, handshake_timeout=5.0)
    peer = world.attach_raw(pull, said, f"tcp://127.0.0.1:{serve(world, pull)}")
    world.advance(4.9)
    assert not world.of(pull, HandshakeFailed)
    world.advance(2)
    assert isinstance(refusal(world, pull), HandshakeTimeout)
    assert peer.closed


def test_a_certificate_for_another_name(world: World) -> None:
    pull, push = world.make(PullSocket), world.make(PushSocket)
    port = serve(world, pull)
    options = client_options(CA.identity, ANNE, "elsewhere.example")
    push.connect(TLSClient(push._reactor, port, options))
    world.settle()
    assert isinstance(refusal(world, push), TLSFailed)
    assert "another name" in str(refusal(world, push))


# Who a certificate says a peer is


def by_serial(certificate: Any) -> str:
    """A user id of one's own."""
    return f"serial {certificate.serial_number}"


def no_one(certificate: Any) -> str:
    """What refuses everybody."""
    raise ValueError("nobody is known")


async def later(request: AuthenticationRequest) -> Grant:
    """A coroutine that gives a role."""
    return Grant(metadata={"X-Role": b"admin"})


def named(
    world: World,
    policy: TLSClientCertificate,
    identity: Identity = ANNE,
    options: Any = None,
) -> Any:
    """The peer of a server with ``policy``, once it is connected."""
    router, dealer = world.make(RouterSocket, security=policy), world.make(DealerSocket)
    world.run(reach(dealer, serve(world, router, options), identity), 1)
    [peer] = router.peers
    return peer


def refused(
    world: World,
    policy: TLSClientCertificate,
    identity: Identity | None = ANNE,
    options: Any = None,
) -> AuthenticationFailed:
    """Why a server with ``policy`` does not let a client in that passes TLS."""
    router, dealer = world.make(RouterSocket, security=policy), world.make(DealerSocket)
    with pytest.raises(AuthenticationFailed) as told:
        world.run(reach(dealer, serve(world, router, options), identity), 1)
    assert (told.value.status, told.value.reason) == (refusal(world, router).status, "")
    assert not router.peers
    reason: AuthenticationFailed = refusal(world, router)
    return reason


def test_the_common_name_is_the_user_id(segmented: World) -> None:
    peer = named(segmented, TLSClientCertificate())
    assert (peer.user_id, peer.mechanism) == ("anne", "NULL")


def test_a_user_id_of_ones_own(world: World) -> None:
    peer = named(world, TLSClientCertificate(user_id=by_serial))
    assert peer.user_id == f"serial {ANNE.x509.serial_number}"


@pytest.mark.parametrize(
    "check",
    [
        ["anne"],
        {"bob", "anne"},
        [ANNE.fingerprint],
        [ANNE.fingerprint.hex()],
        [ANNE.fingerprint.hex(":").upper()],
        lambda request: True,
        lambda request: succeed(True),
        lambda request: request.certificate == ANNE.der,
        lambda request: "anne",
        later,
    ],
)
def test_who_is_let_in(world: World, check: Any) -> None:
    peer = named(world, TLSClientCertificate(check))
    assert peer.user_id == "anne"
    assert peer.metadata.get("X-Role") == (b"admin" if check is later else None)


@pytest.mark.parametrize(
    ("check", "status"),
    [
        ([], 400),
        (["bob"], 400),
        (["Anne"], 400),
        ([SERVER.fingerprint], 400),
        (lambda request: False, 400),
        (lambda request: Refusal(400, "no"), 400),
        (lambda request: None, 500),
        (lambda request: 1 / 0, 500),
    ],
)
def test_who_is_not(world: World, check: Any, status: int) -> None:
    assert refused(world, TLSClientCertificate(check)).status == status


def test_a_name_that_looks_like_a_fingerprint_is_none(world: World) -> None:
    fingerprint = ANNE.fingerprint.hex()
    impostor = CA.issue(fingerprint)
    assert refused(world, TLSClientCertificate([fingerprint]), impostor).status == 400


@pytest.mark.parametrize("identity", [CA.issue("anne", "bob"), CA.issue()], ids=["two", "none"])
def test_no_name_or_two(world: World, identity: Identity) -> None:
    assert "common name" in refused(world, TLSClientCertificate(), identity).reason


def test_whom_user_id_refuses(world: World) -> None:
    assert refused(world, TLSClientCertificate(user_id=no_one)).reason == "nobody is known"


@pytest.mark.parametrize("check", ["anne", b"anne", 5, {"anne": "admin"}])
def test_what_cannot_decide(check: Any) -> None:
    with pytest.raises(TypeError):
        TLSClientCertificate(check)


@pytest.mark.parametrize("entry", [5, b"anne", None, ":".join(["a1"] * 20)])
def test_what_cannot_be_in_a_list(entry: Any) -> None:
    with pytest.raises(OptionError):
        TLSClientCertificate([entry])


@pytest.mark.parametrize("domain", [5, "d" * 256, "\ud800"])
def test_what_is_no_domain(domain: Any) -> None:
    for policy in (TLSClientCertificate, Null, PlainServer):
        with pytest.raises(OptionError, match="domain"):
            policy(domain=domain)


def test_the_handler_is_asked_with_name_and_certificate(world: World) -> None:
    asked: list[tuple[AuthenticationRequest, tuple[bytes, ...]]] = []

    def handler(strict: bool, request: AuthenticationRequest, *credentials: bytes) -> Any:
        assert strict  # a handler that is not there must not mean yes
        asked.append((request, credentials))
        return succeed(Grant(metadata={"X-Role": b"admin"}))

    router = world.make(
        RouterSocket, security=TLSClientCertificate(ZAP, domain="d"), zap_enforce_domain=False
    )
    router._core.ask_zap = handler
    world.run(reach(world.make(DealerSocket), serve(world, router)), 1)
    [(request, credentials)] = asked
    der = ANNE.der
    assert (request.mechanism, request.domain) == ("NULL", "d")
    assert credentials == (b"anne", der)
    assert [peer.user_id for peer in router.peers] == ["anne"]


# What must not count


def test_without_tls(world: World) -> None:
    router = world.make(RouterSocket, security=TLSClientCertificate())
    dealer = world.make(DealerSocket)
    with pytest.raises(AuthenticationFailed) as told:
        world.run(dealer.connect(world.bind(router)), 1)
    assert told.value.status == 400
    assert refusal(world, router).reason == "there is no verified TLS certificate"


def test_a_server_that_asks_for_no_certificate(world: World) -> None:
    reason = refused(world, TLSClientCertificate(), options=server_options(SERVER))
    assert reason.reason == "there is no verified TLS certificate"


def test_a_client_that_shows_none(world: World) -> None:
    options = server_options(SERVER, CA.identity)
    options.requireCertificate = False
    refused(world, TLSClientCertificate(), None, options)


STRANGER = Authority("stranger")
STRANGERS = [
    STRANGER.issue("anne"),
    STRANGER.identity,  # signed by itself
    Authority().issue("anne"),  # by somebody of the same name
    CA.issue("anne", days=-1),
]
strangers = pytest.mark.parametrize(
    "identity", STRANGERS, ids=["stranger", "self-signed", "same name", "expired"]
)


@strangers
def test_tls_refuses_a_stranger(world: World, identity: Identity) -> None:
    router = world.make(RouterSocket, security=TLSClientCertificate())
    dealer = world.make(DealerSocket)
    reach(dealer, serve(world, router), identity)
    world.settle()
    assert isinstance(refusal(world, router), TLSFailed)
    assert "verify failed" in str(refusal(world, router))
    # With TLS 1.3 the client is done before the server has looked, and told by an alert.
    assert isinstance(refusal(world, dealer), TLSFailed)


@strangers
def test_a_server_that_lets_any_certificate_pass(world: World, identity: Identity) -> None:
    options = server_options(SERVER, CA.identity)
    asks = SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT
    options.getContext().set_verify(asks, lambda *anything: True)
    refused(world, TLSClientCertificate(), identity, options)
    dealer = world.make(DealerSocket)
    router = world.make(RouterSocket, security=TLSClientCertificate())
    world.run(reach(dealer, serve(world, router, options)), 1)  # but it knows who is none


@pytest.mark.parametrize(
    ("usages", "good"),
    [
        ([], True),
        ([ExtendedKeyUsageOID.CLIENT_AUTH], True),
        ([ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE], True),
        ([ExtendedKeyUsageOID.SERVER_AUTH], False),
        ([ExtendedKeyUsageOID.CODE_SIGNING], False),
    ],
    ids=["all", "client", "any", "server", "code"],
)
def test_what_the_certificate_is_for(world: World, usages: Any, good: bool) -> None:
    options = server_options(SERVER, CA.identity)
    options.getContext().set_verify(SSL.VERIFY_PEER, lambda *anything: True)
    identity = CA.issue("anne", usages=usages)
    if good:
        assert named(world, TLSClientCertificate(), identity, options).user_id == "anne"
    else:
        assert refused(world, TLSClientCertificate(), identity, options).status == 400


def test_an_authenticator_as_the_handler(world: World) -> None:
    router = world.make(RouterSocket, security=TLSClientCertificate(ZAP))
    dealer = world.make(DealerSocket)
    authenticator = Authenticator(router._reactor)
    world.run(authenticator.start())
    world.run(reach(dealer, serve(world, router)), 1)
    assert [peer.user_id for peer in router.peers] == ["anne"]
    gc.collect()
    authenticator.deny("127.0.0.1")
    world.settle()
    assert isinstance(world.of(router, Disconnected)[0].reason, AuthenticationRevoked)
    world.run(authenticator.stop())


def test_a_server_that_trusts_nobody_and_lets_all_pass(world: World) -> None:
    options = server_options(SERVER)
    options.getContext().set_verify(SSL.VERIFY_PEER, lambda *anything: True)
    refused(world, TLSClientCertificate(), options=options)


def test_on_a_connect_it_is_the_server_that_is_named(world: World) -> None:
    router, dealer = world.make(RouterSocket), world.make(DealerSocket)
    port = serve(world, router)
    peer = world.run(reach(dealer, port, security=TLSClientCertificate(["server"])), 1)
    assert peer.user_id == "server"


def test_a_client_that_verifies_nothing_knows_nobody(world: World) -> None:
    router, dealer = world.make(RouterSocket), world.make(DealerSocket)
    port = serve(world, router, server_options(SERVER))
    endpoint = TLSClient(dealer._reactor, port, ssl.CertificateOptions(verify=False))
    with pytest.raises(AuthenticationFailed, match="no verified TLS certificate"):
        world.run(dealer.connect(endpoint, security=TLSClientCertificate()), 1)


def test_revoking_closes_the_connection(world: World) -> None:
    requests: list[AuthenticationRequest] = []

    def check(request: AuthenticationRequest) -> bool:
        requests.append(request)
        return True

    router, dealer = world.make(RouterSocket), world.make(DealerSocket)
    world.run(reach(dealer, serve(world, router, security=TLSClientCertificate(check))), 1)
    requests[0].revoke("gone")
    world.settle()
    assert not router.peers
