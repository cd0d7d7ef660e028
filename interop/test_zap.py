"""Who decides on peers, across the libraries: ZAP handlers of both, and certificates that both read."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any, Final

import pytest
from zmq.auth import create_certificates as their_certificates
from zmq.auth import load_certificate as they_load

from interop.peer import LibzmqPeer, RemoteSocket
from interop.reactor import reactor, within
from interop.secured import CLIENT_KEYS, CURVE, PASSWORD, PLAIN, SERVER_KEYS, USER, Scheme
from interop.sockets import EventLog
from pyzmtp import (
    ZAP,
    AuthenticationFailed,
    AuthenticationRevoked,
    Authenticator,
    CurveClient,
    CurveServer,
    Disconnected,
    HandshakeFailed,
    HandshakeSucceeded,
    Null,
    PlainServer,
    PullSocket,
    PushSocket,
)
from pyzmtp.certificates import create_certificates, load_certificate

ANYWHERE: Final = "tcp://127.0.0.1:*"
HERE, ELSEWHERE = "127.0.0.1", "127.0.0.2"

schemes = pytest.mark.parametrize("scheme", [PLAIN, CURVE], ids=["PLAIN", "CURVE"])


# -- pyzmq decides on our clients -----------------------------------------------------------------


async def comes_in(theirs: RemoteSocket, policy: Any) -> str:
    """Have a client of ours say something to a server of libzmq; return who that says it is."""
    address = await theirs.bind(ANYWHERE)
    async with PushSocket(reactor, linger=0, security=policy) as ours:
        await within(ours.connect(address), "connect")
        await within(ours.send(b"hello"), "send")
        (user_id,) = await theirs.receive_properties("User-Id")
    return user_id


async def stays_out(theirs: RemoteSocket, policy: Any) -> None:
    """See that a server of libzmq refuses a client of ours."""
    address = await theirs.bind(ANYWHERE)
    async with PushSocket(reactor, linger=0, security=policy) as ours:
        with pytest.raises(AuthenticationFailed) as refused:
            await within(ours.connect(address), "refusal")
        assert refused.value.status == 400


@schemes
@pytest.mark.parametrize(
    "rules", [{}, {"allow": [HERE]}, {"deny": [ELSEWHERE]}], ids=["none", "allowed", "not denied"]
)
async def test_pyzmq_lets_us_in(scheme: Scheme, rules: dict[str, Any], libzmq: LibzmqPeer) -> None:
    await libzmq.authenticate({USER: PASSWORD}, **rules)
    theirs = await libzmq.open("PULL", **scheme.their_server)
    assert await comes_in(theirs, scheme.our_client()) == scheme.user_id


@schemes
@pytest.mark.parametrize(
    "rules", [{"allow": [ELSEWHERE]}, {"deny": [HERE]}], ids=["not allowed", "denied"]
)
async def test_pyzmq_refuses_our_address(
    scheme: Scheme, rules: dict[str, Any], libzmq: LibzmqPeer
) -> None:
    await libzmq.authenticate({USER: PASSWORD}, **rules)
    theirs = await libzmq.open("PULL", **scheme.their_server)
    await stays_out(theirs, scheme.our_client())


async def test_pyzmq_decides_on_our_address_alone(libzmq: LibzmqPeer) -> None:
    await libzmq.authenticate(deny=[HERE])
    theirs = await libzmq.open("PULL", ZAP_DOMAIN=b"global")
    await stays_out(theirs, Null())


# -- our Authenticator decides on libzmq's clients ------------------------------------------------


async def our_server(scheme: Scheme, form: str, authenticator: Authenticator) -> Any:
    """A policy whose question goes to `authenticator`: directly, or by way of ZAP."""
    authenticator.configure_plain(passwords={USER: PASSWORD})
    authenticator.configure_curve(location=[CLIENT_KEYS.public])
    check: Any = authenticator
    if form == "ZAP":
        await within(authenticator.start(), "start")
        check = ZAP
    return PlainServer(check) if scheme is PLAIN else CurveServer(SERVER_KEYS.secret, check)


forms = pytest.mark.parametrize("form", ["policy", "ZAP"])


@forms
@schemes
@pytest.mark.parametrize("addresses", ["none", "allowed", "not denied"])
async def test_authenticator_lets_libzmq_in(
    scheme: Scheme, form: str, addresses: str, libzmq: LibzmqPeer
) -> None:
    authenticator = Authenticator(reactor)
    if addresses == "allowed":
        authenticator.allow(HERE)
    elif addresses == "not denied":
        authenticator.deny(ELSEWHERE)
    policy = await our_server(scheme, form, authenticator)
    theirs = await libzmq.open("PUSH", **scheme.their_client)
    async with PullSocket(reactor, security=policy) as ours:
        events = EventLog(ours)
        await theirs.connect(await ours.bind(ANYWHERE))
        peer = (await events.wait(HandshakeSucceeded)).peer
        assert peer.user_id == scheme.user_id
        await theirs.send([[b"hello"]])
        assert await within(ours.receive(), "message") == [b"hello"]
    await within(authenticator.stop(), "stop")


@forms
@schemes
@pytest.mark.parametrize("addresses", ["not allowed", "denied"])
async def test_authenticator_refuses_the_address_of_libzmq(
    scheme: Scheme, form: str, addresses: str, libzmq: LibzmqPeer
) -> None:
    authenticator = Authenticator(reactor)
    if addresses == "denied":
        authenticator.deny(HERE)
    else:
        authenticator.allow(ELSEWHERE)
    policy = await our_server(scheme, form, authenticator)
    theirs = await libzmq.open("PUSH", **scheme.their_client)
    await theirs.monitor()
    async with PullSocket(reactor, security=policy) as ours:
        events = EventLog(ours)
        await theirs.connect(await ours.bind(ANYWHERE))
        failed = await events.wait(HandshakeFailed)
        assert isinstance(failed.error, AuthenticationFailed)
        assert (failed.libzmq_event, failed.libzmq_code) == (0x4000, 400)
        assert (0x4000, 400) in await theirs.events(0x0200)
    await within(authenticator.stop(), "stop")


# -- certificates ---------------------------------------------------------------------------------


async def test_certificates_of_pyzmq_are_read_by_us(libzmq: LibzmqPeer, directory: Path) -> None:
    public, secret = their_certificates(str(directory), "client", {"Team": "blue"})
    key, secret_key = they_load(secret)
    assert secret_key is not None
    certificate = load_certificate(public)
    assert certificate.public_key == key.decode()
    assert load_certificate(secret).secret_key == secret_key.decode()

    keys = directory / "keys"
    keys.mkdir()
    shutil.copy(public, keys)
    authenticator = Authenticator(reactor)
    authenticator.configure_curve(location=keys)
    policy = CurveServer(SERVER_KEYS.secret, authenticator)
    options = {**CURVE.their_client, "CURVE_PUBLICKEY": key, "CURVE_SECRETKEY": secret_key}
    theirs = await libzmq.open("PUSH", **options)
    stranger = await libzmq.open("PUSH", **CURVE.their_client)
    async with PullSocket(reactor, security=policy) as ours:
        events = EventLog(ours)
        address = await ours.bind(ANYWHERE)
        await stranger.connect(address)
        assert (await events.wait(HandshakeFailed)).libzmq_code == 400
        await theirs.connect(address)
        peer = (await events.wait(HandshakeSucceeded)).peer
        assert peer.user_id == key.decode()
        await theirs.send([[b"hello"]])
        assert await within(ours.receive(), "message") == [b"hello"]


async def test_our_certificates_are_read_by_pyzmq(libzmq: LibzmqPeer, directory: Path) -> None:
    public, secret = create_certificates(directory, "client", {"team": "blue"})
    certificate = load_certificate(secret)
    assert certificate.secret_key is not None
    known, also = they_load(secret)
    assert also is not None
    assert (known.decode(), also.decode()) == (certificate.public_key, certificate.secret_key)

    keys = directory / "keys"
    keys.mkdir()
    shutil.copy(public, keys)
    await libzmq.authenticate(keys=keys)
    theirs = await libzmq.open("PULL", **CURVE.their_server)
    pair = (certificate.public_key, certificate.secret_key)
    assert await comes_in(theirs, CurveClient(SERVER_KEYS.public, pair)) == pair[0]
    another = await libzmq.open("PULL", **CURVE.their_server)
    await stays_out(another, CURVE.our_client())


@forms
async def test_a_certificate_that_is_removed_takes_its_peer_along(
    form: str, libzmq: LibzmqPeer, directory: Path
) -> None:
    made = {}
    clients = {}
    for name in ("stays", "goes"):
        made[name], secret = create_certificates(directory, name)
        certificate = load_certificate(secret)
        assert certificate.secret_key is not None
        mine = {
            "CURVE_PUBLICKEY": certificate.public_key.encode(),
            "CURVE_SECRETKEY": certificate.secret_key.encode(),
        }
        clients[name] = await libzmq.open("PUSH", **{**CURVE.their_client, **mine})
    authenticator = Authenticator(reactor, reload_interval=0.1)
    policy = await our_server(CURVE, form, authenticator)
    authenticator.configure_curve(location=directory)
    async with PullSocket(reactor, security=policy) as ours:
        events = EventLog(ours)
        address = await ours.bind(ANYWHERE)
        for client in clients.values():
            await client.watch()
            await client.connect(address)
        await events.wait(HandshakeSucceeded, 2)
        made["goes"].unlink()
        if form == "policy":
            authenticator.reload()  # only a started one looks by itself
        lost = await events.wait(Disconnected)
        assert isinstance(lost.reason, AuthenticationRevoked)
        assert lost.peer is not None
        await clients["goes"].wait_lost()
        # It comes back, as libzmq does, and has to stay out.
        assert (await events.wait(HandshakeFailed)).libzmq_code == 400
        await clients["stays"].send([[b"still here"]])
        assert await within(ours.receive(), "message") == [b"still here"]
    await within(authenticator.stop(), "stop")
