"""Who may not come in, or comes with another mechanism: what both sides are told, and that it is told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import pytest

from interop.peer import LibzmqPeer, RemoteSocket
from interop.reactor import reactor, within
from interop.secured import CLIENT_KEYS, CURVE, PASSWORD, PLAIN, SERVER_KEYS, USER, Scheme
from interop.sockets import EventLog
from pyzmtp import (
    AuthenticationFailed,
    ConnectRetried,
    CryptographicError,
    CurveClient,
    CurveServer,
    HandshakeFailed,
    HandshakeSucceeded,
    HandshakeTimeout,
    MechanismMismatch,
    Null,
    PlainClient,
    PlainServer,
    PullSocket,
    PushSocket,
    Refusal,
    RoleMismatch,
    curve_keypair,
)

ANYWHERE: Final = "tcp://127.0.0.1:*"

DISCONNECTED: Final = 0x0200
NO_DETAIL: Final = 0x0800
PROTOCOL: Final = 0x2000
AUTH: Final = 0x4000

CRYPTOGRAPHIC: Final = 0x11000001
MISMATCH: Final = 0x11000002
UNEXPECTED: Final = 0x10000001

FAILURES: Final = {NO_DETAIL, PROTOCOL, AUTH}

STRANGER: Final = curve_keypair()
OTHER_SERVER: Final = curve_keypair()


def plain(name: str, password: str) -> dict[str, int | bytes]:
    """The options of a libzmq client."""
    return {"PLAIN_USERNAME": name.encode(), "PLAIN_PASSWORD": password.encode()}


def curve(server_key: str, public: str, secret: str) -> dict[str, int | bytes]:
    """The options of a libzmq client."""
    return {
        "CURVE_SERVERKEY": server_key.encode(),
        "CURVE_PUBLICKEY": public.encode(),
        "CURVE_SECRETKEY": secret.encode(),
    }


async def failure_of(socket: RemoteSocket) -> tuple[int, int]:
    """Number and value of the event with which a handshake of libzmq's socket has failed."""
    seen = await socket.events(DISCONNECTED)
    (failed,) = [event for event in seen if event[0] in FAILURES]
    return failed


def told(event: HandshakeFailed) -> tuple[int, int]:
    """The same of ours."""
    return event.libzmq_event, event.libzmq_code


def one_at_least(code: int, *sides: tuple[int, int]) -> None:
    """See that a side names the reason: the faster one may have closed before the other has read it."""
    reason = (PROTOCOL, code)
    assert reason in sides
    assert all(side == reason or side[0] == NO_DETAIL for side in sides), sides


async def still_serves(server: PullSocket, good: RemoteSocket) -> None:
    """The peer beside those that were refused is not disturbed."""
    await good.send([[b"good"]])
    assert await within(server.receive(), "message of the good client") == [b"good"]


#: libzmq's clients which a server of ours has to refuse.
BAD_CLIENTS: dict[str, tuple[Scheme, dict[str, int | bytes]]] = {
    "bad password": (PLAIN, plain(USER, "guessed")),
    "unknown user": (PLAIN, plain("nobody", PASSWORD)),
    "unknown key": (CURVE, curve(SERVER_KEYS.public, *STRANGER)),
}


@pytest.mark.parametrize("name", BAD_CLIENTS)
async def test_our_server_refuses(name: str, libzmq: LibzmqPeer) -> None:
    scheme, options = BAD_CLIENTS[name]
    good = await libzmq.open("PUSH", **scheme.their_client)
    bad = await libzmq.open("PUSH", RECONNECT_IVL=20, **options)
    await bad.monitor()
    async with PullSocket(reactor, security=scheme.our_server()) as ours:
        events = EventLog(ours)
        address = await ours.bind(ANYWHERE)
        await good.connect(address)
        await events.wait(HandshakeSucceeded)
        await bad.connect(address)
        assert await failure_of(bad) == (AUTH, 400)
        failed = await events.wait(HandshakeFailed)
        assert isinstance(failed.error, AuthenticationFailed)
        assert failed.error.mechanism == scheme.mechanism
        assert failed.error.address == address
        assert failed.error.reason
        assert told(failed) == (AUTH, 400)
        await still_serves(ours, good)
        assert len(events.of(HandshakeFailed)) == 1, "libzmq does not try again"


@pytest.mark.parametrize(("status", "code"), [(400, 400), (500, 500)])
@pytest.mark.parametrize("scheme", [PLAIN, CURVE], ids=["PLAIN", "CURVE"])
async def test_a_client_of_libzmq_is_told_the_status(
    scheme: Scheme, status: int, code: int, libzmq: LibzmqPeer
) -> None:
    def refuse(request: object) -> Refusal:
        return Refusal(status, "a reason that is not told")

    policy: Any = (
        PlainServer(refuse) if scheme is PLAIN else CurveServer(SERVER_KEYS.secret, refuse)
    )
    client = await libzmq.open("PUSH", **scheme.their_client)
    await client.monitor()
    async with PullSocket(reactor, security=policy) as ours:
        events = EventLog(ours)
        await client.connect(await ours.bind(ANYWHERE))
        assert await failure_of(client) == (AUTH, code)
        assert told(await events.wait(HandshakeFailed)) == (AUTH, code)


@pytest.mark.parametrize("scheme", [PLAIN, CURVE], ids=["PLAIN", "CURVE"])
async def test_a_client_of_libzmq_comes_again_after_a_refusal_for_now(
    scheme: Scheme, libzmq: LibzmqPeer
) -> None:
    answers: list[object] = [True, Refusal(300), Refusal(300)]

    def decide(request: object) -> object:
        return answers.pop()

    policy: Any = (
        PlainServer(decide) if scheme is PLAIN else CurveServer(SERVER_KEYS.secret, decide)
    )
    client = await libzmq.open("PUSH", RECONNECT_IVL=20, **scheme.their_client)
    await client.monitor()
    async with PullSocket(reactor, security=policy) as ours:
        events = EventLog(ours)
        await client.connect(await ours.bind(ANYWHERE))
        assert (await failure_of(client))[0] == NO_DETAIL
        assert told(await events.wait(HandshakeFailed, 2)) == (AUTH, 300)
        await events.wait(HandshakeSucceeded)
        await still_serves(ours, client)


#: Our clients which a server of libzmq has to refuse.
OUR_BAD_CLIENTS: dict[str, tuple[Scheme, Callable[[], Any]]] = {
    "bad password": (PLAIN, lambda: PlainClient(USER, "guessed")),
    "unknown user": (PLAIN, lambda: PlainClient("nobody", PASSWORD)),
    "unknown key": (CURVE, lambda: CurveClient(SERVER_KEYS.public, STRANGER)),
}


@pytest.mark.parametrize("name", OUR_BAD_CLIENTS)
async def test_our_client_is_refused(name: str, libzmq: LibzmqPeer, directory: Any) -> None:
    scheme, policy = OUR_BAD_CLIENTS[name]
    await libzmq.authenticate({USER: PASSWORD}, keys=directory)  # without certificates
    theirs = await libzmq.open("PULL", **scheme.their_server)
    await theirs.monitor()
    address = await theirs.bind(ANYWHERE)
    async with PushSocket(reactor, linger=0, security=policy()) as ours:
        events = EventLog(ours)
        with pytest.raises(AuthenticationFailed) as refused:
            await within(ours.connect(address), "refusal")
        assert refused.value.status == 400
        assert refused.value.mechanism == scheme.mechanism
        assert refused.value.address == address
        assert told(events.of(HandshakeFailed)[0]) == (AUTH, 400)
        assert not events.of(ConnectRetried)
        assert await failure_of(theirs) == (AUTH, 400)


# -- CURVE, with a key that is not the server's ---------------------------------------------------


async def test_a_client_of_libzmq_with_the_key_of_another_server(libzmq: LibzmqPeer) -> None:
    good = await libzmq.open("PUSH", **CURVE.their_client)
    bad = await libzmq.open("PUSH", RECONNECT_IVL=20, **curve(OTHER_SERVER.public, *CLIENT_KEYS))
    await bad.monitor()
    async with PullSocket(reactor, security=CURVE.our_server()) as ours:
        events = EventLog(ours)
        address = await ours.bind(ANYWHERE)
        await good.connect(address)
        await events.wait(HandshakeSucceeded)
        await bad.connect(address)
        assert (await failure_of(bad))[0] == NO_DETAIL
        for failed in (await events.wait(HandshakeFailed), await events.wait(HandshakeFailed, 3)):
            assert isinstance(failed.error, CryptographicError)
            assert told(failed) == (PROTOCOL, CRYPTOGRAPHIC)
        await still_serves(ours, good)


async def test_our_client_with_the_key_of_another_server(libzmq: LibzmqPeer) -> None:
    theirs = await libzmq.open("PULL", **CURVE.their_server)
    await theirs.monitor()
    address = await theirs.bind(ANYWHERE)
    policy = CurveClient(OTHER_SERVER.public, CLIENT_KEYS)
    async with PushSocket(reactor, linger=0, security=policy, reconnect_interval=0.02) as ours:
        events = EventLog(ours)
        ours.connect(address).addErrback(lambda _: None)
        assert await failure_of(theirs) == (PROTOCOL, CRYPTOGRAPHIC)
        assert told(await events.wait(HandshakeFailed)) == (NO_DETAIL, 0)
        await events.wait(ConnectRetried, 2)


# -- two that do not suit each other --------------------------------------------------------------

OURS: dict[str, Callable[[], Any]] = {
    "NULL": Null,
    "PLAIN": lambda: PlainClient(USER, PASSWORD),
    "CURVE": lambda: CurveClient(SERVER_KEYS.public, CLIENT_KEYS),
}
OUR_SERVERS = {"NULL": Null, "PLAIN": PLAIN.our_server, "CURVE": CURVE.our_server}
THEIRS: dict[str, dict[str, int | bytes]] = {
    "NULL": {},
    "PLAIN": PLAIN.their_client,
    "CURVE": CURVE.their_client,
}
THEIR_SERVERS = {"NULL": {}, "PLAIN": PLAIN.their_server, "CURVE": CURVE.their_server}

DIFFERENT = [(one, other) for one in OURS for other in OURS if one != other]


@pytest.mark.parametrize(("mine", "yours"), DIFFERENT)
async def test_another_mechanism_at_our_server(mine: str, yours: str, libzmq: LibzmqPeer) -> None:
    client = await libzmq.open("PUSH", **THEIRS[yours])
    await client.monitor()
    async with PullSocket(reactor, security=OUR_SERVERS[mine]()) as ours:
        events = EventLog(ours)
        await client.connect(await ours.bind(ANYWHERE))
        failed = await events.wait(HandshakeFailed)
        one_at_least(MISMATCH, told(failed), await failure_of(client))


@pytest.mark.parametrize(("mine", "yours"), DIFFERENT)
async def test_another_mechanism_at_their_server(mine: str, yours: str, libzmq: LibzmqPeer) -> None:
    await PLAIN.admit(libzmq)
    server = await libzmq.open("PULL", **THEIR_SERVERS[yours])
    await server.monitor()
    address = await server.bind(ANYWHERE)
    policy = OURS[mine]()
    async with PushSocket(reactor, linger=0, security=policy, reconnect_interval=0.02) as ours:
        events = EventLog(ours)
        # As long as libzmq is the faster, we only see that it has closed, and try again.
        with pytest.raises(MechanismMismatch) as mismatch:
            await within(ours.connect(address), "refusal")
        assert f"{mismatch.value}".count(mine) == f"{mismatch.value}".count(yours) == 1
        assert told(events.of(HandshakeFailed)[-1]) == (PROTOCOL, MISMATCH)
        one_at_least(MISMATCH, await failure_of(server), (PROTOCOL, MISMATCH))


@pytest.mark.parametrize("scheme", [PLAIN, CURVE], ids=["PLAIN", "CURVE"])
async def test_two_clients(scheme: Scheme, binder: str, libzmq: LibzmqPeer) -> None:
    theirs = await libzmq.open("PULL", **scheme.their_client)
    await theirs.monitor()
    async with PushSocket(reactor, linger=0, security=scheme.our_client()) as ours:
        events = EventLog(ours)
        if binder == "pyzmtp":
            await theirs.connect(await ours.bind(ANYWHERE))
        else:
            ours.connect(await theirs.bind(ANYWHERE)).addErrback(lambda _: None)
        failed = await events.wait(HandshakeFailed)
        assert isinstance(failed.error, RoleMismatch) == (failed.libzmq_code == UNEXPECTED)
        one_at_least(UNEXPECTED, told(failed), await failure_of(theirs))


@pytest.mark.parametrize("scheme", [PLAIN, CURVE], ids=["PLAIN", "CURVE"])
async def test_two_servers(scheme: Scheme, binder: str, libzmq: LibzmqPeer) -> None:
    """libzmq does not say that it is a server: time has to tell."""
    await scheme.admit(libzmq)
    theirs = await libzmq.open("PUSH", HANDSHAKE_IVL=2000, **scheme.their_server)
    await theirs.monitor()
    policy = scheme.our_server()
    async with PullSocket(reactor, security=policy, handshake_timeout=0.3) as ours:
        events = EventLog(ours)
        if binder == "pyzmtp":
            await theirs.connect(await ours.bind(ANYWHERE))
        else:
            ours.connect(await theirs.bind(ANYWHERE)).addErrback(lambda _: None)
        failed = await events.wait(HandshakeFailed)
        assert isinstance(failed.error, HandshakeTimeout)
        assert (await failure_of(theirs))[0] == NO_DETAIL
