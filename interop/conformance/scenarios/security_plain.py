"""PLAIN: the handler decides by a name and a password."""

from __future__ import annotations

from interop.conformance.actor import Actor
from interop.conformance.probes import bounce
from interop.conformance.raw_peer import GREETING_SIZE, command, greeting
from interop.conformance.scenario import PURE, TCP, scenario
from interop.conformance.security import PlainLogin, PlainServing
from interop.conformance.security_probes import goes_through, reasons, sneak_in
from interop.conformance.stage import Stage
from interop.conformance.zap_handler import allow

_RAW = "a raw peer plays the client"

_LOGIN = PlainLogin(b"admin", b"password")
_KNOWN = allow((b"admin", b"password"))
_MALFORMED_HELLO = 0x10000013


def _server(stage: Stage) -> Actor:
    return stage.first("DEALER", routing_id=b"IDENT", zap_domain="test", security=PlainServing())


@scenario(
    "security_plain",
    expected=[
        [True, True],
        [[b"1.0", b"test", b"127.0.0.1", b"IDENT", b"PLAIN", b"admin", b"password"]],
    ],
    transports=TCP,
)
async def right_password(stage: Stage) -> object:
    """Who knows the password is let in, after one question."""
    handler = await stage.zap(_KNOWN)
    server, client = _server(stage), stage.second("DEALER", security=_LOGIN)
    await stage.link(server, client)
    return [await bounce(server, client), handler.requests]


@scenario("security_plain", expected=[True, True], transports=("ipc",))
async def right_password_over_ipc(stage: Stage) -> object:
    """The same on another transport."""
    await stage.zap(_KNOWN)
    server, client = _server(stage), stage.second("DEALER", security=_LOGIN)
    await stage.link(server, client)
    return await bounce(server, client)


@scenario(
    "security_plain",
    expected={"through": False, "server": [("refused", 400)], "client": [("refused", 400)]},
)
async def wrong_password(stage: Stage) -> object:
    """Who does not is refused, and both sides know why."""
    await stage.zap(_KNOWN)
    server = _server(stage)
    client = stage.second("DEALER", security=PlainLogin(b"wronguser", b"wrongpass"))
    client.connect(await server.bind(stage.address()))
    await server.wait_event("handshake-failed")
    await client.wait_event("handshake-failed")
    return {"through": await goes_through(stage, server, client), **reasons(server, client)}


@scenario("security_plain", expected={"through": False, "asked": [], "server": [], "client": []})
async def a_server_connects(stage: Stage) -> object:
    """Of two servers neither speaks first, and nobody is asked."""
    handler = await stage.zap(_KNOWN)
    server = _server(stage)
    client = stage.second("DEALER", zap_domain="test", security=PlainServing())
    client.connect(await server.bind(stage.address()))
    through = await goes_through(stage, server, client)
    return {"through": through, "asked": handler.requests, **reasons(server, client)}


@scenario("security_plain", expected=[], transports=TCP, combinations=PURE, why=_RAW)
async def old_peer_sneaks_in(stage: Stage) -> object:
    """A peer of ZMTP 1.0, which has no password, is not heard."""
    await stage.zap(_KNOWN)
    server = _server(stage)
    return await sneak_in(stage, server, await server.bind(stage.address()))


@scenario(
    "security_plain",
    expected={
        "nothing": [_MALFORMED_HELLO],
        "a name cut short": [_MALFORMED_HELLO],
        "no password": [_MALFORMED_HELLO],
        "a password cut short": [_MALFORMED_HELLO],
        "bytes behind it": [_MALFORMED_HELLO],
    },
    transports=TCP,
    combinations=PURE,
    why=_RAW,
)
async def malformed_hello(stage: Stage) -> object:
    """A HELLO that is not a name and a password ends the connection, and nobody is asked."""
    handler = await stage.zap(_KNOWN)
    came: dict[str, list[int]] = {}
    for what, data in {
        "nothing": b"",
        "a name cut short": b"\x06admin",
        "no password": b"\x05admin",
        "a password cut short": b"\x05admin\x09password",
        "bytes behind it": b"\x05admin\x08password\x00",
    }.items():
        server = _server(stage)
        peer = await stage.raw_connect(await server.bind(stage.address()))
        peer.write(greeting(mechanism=b"PLAIN"))
        await peer.read(GREETING_SIZE)
        peer.write(command(b"HELLO", data))
        await peer.until_lost()
        await server.wait_event("handshake-failed")
        came[what] = [value for _, value in server.failures]
    assert handler.requests == []
    return came


@scenario(
    "security_plain",
    expected=[b"^RROR\x03400", "open"],
    transports=TCP,
    combinations=PURE,
    why=_RAW,
)
async def what_a_refused_client_sees(stage: Stage) -> object:
    """The status, in libzmq's spelling."""
    await stage.zap(_KNOWN)
    server = _server(stage)
    peer = await stage.raw_connect(await server.bind(stage.address()))
    peer.write(greeting(mechanism=b"PLAIN") + command(b"HELLO", b"\x05admin\x05wrong"))
    await peer.read(GREETING_SIZE)
    _, said = await peer.read_frame()
    await stage.settle()
    return [said, "closed" if peer.lost else "open"]


@scenario(
    "security_plain",
    expected=[[b"1.0", b"test", b"127.0.0.1", b"IDENT", b"PLAIN", b"", b""]],
    transports=TCP,
    combinations=PURE,
    why=_RAW,
)
async def nothing_for_a_name(stage: Stage) -> object:
    """An empty name and password are asked about, as any."""
    handler = await stage.zap(_KNOWN)
    peer = await stage.raw_connect(await _server(stage).bind(stage.address()))
    peer.write(greeting(mechanism=b"PLAIN") + command(b"HELLO", b"\x00\x00"))
    await handler.asked()
    return handler.requests
