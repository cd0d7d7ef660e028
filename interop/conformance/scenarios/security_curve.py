"""CURVE: both sides prove who they are, and the handler decides by the client's key."""

from __future__ import annotations

from attrs import evolve

from interop.conformance.actor import Actor
from interop.conformance.probes import bounce
from interop.conformance.raw_curve import RawCurve, greet_with_curve
from interop.conformance.raw_peer import frame, properties
from interop.conformance.scenario import PURE, TCP, scenario
from interop.conformance.security import CurveKeys, CurveServing, Keys, PlainLogin, Security
from interop.conformance.security_probes import goes_through, reasons, sneak_in
from interop.conformance.stage import Stage
from interop.conformance.zap_handler import ZapHandler, allow
from pyzmtp.wire.z85 import z85_decode

_RAW = "a raw peer plays the client"
_ALONE = "one socket, and nobody to talk to"

#: libzmq's ZMQ_PROTOCOL_ERROR_ZMTP_.
_UNEXPECTED_COMMAND = 0x10000001
_MALFORMED_HELLO = 0x10000013
_MALFORMED_INITIATE = 0x10000014
_CRYPTOGRAPHIC = 0x11000001
_MECHANISM_MISMATCH = 0x11000002

_SERVER, _CLIENT = Keys.new(), Keys.new()
_GOOD = CurveKeys(_SERVER.public, _CLIENT.public, _CLIENT.secret)
_CLIENT_KEY = z85_decode(_CLIENT.public.decode())
#: Zeros, in Z85.
_NULL_KEY = b"0" * 40


async def _server(stage: Stage, routing_id: bytes = b"IDENT") -> tuple[ZapHandler, Actor, str]:
    """A handler that knows one key, and a server that is bound."""
    handler = await stage.zap(allow((_CLIENT_KEY,)))
    server = stage.first(
        "DEALER",
        routing_id=routing_id,
        zap_domain="ZAPTEST",
        zap_enforce_domain=True,
        security=CurveServing(_SERVER.secret),
    )
    return handler, server, await server.bind(stage.address())


async def _meet(stage: Stage, security: Security | None) -> tuple[ZapHandler, Actor, Actor]:
    """Have a client connect that will fail, and wait until it has."""
    handler, server, address = await _server(stage)
    client = stage.second("DEALER", **({} if security is None else {"security": security}))
    client.connect(address)
    await server.wait_event("handshake-failed")
    await client.wait_event("handshake-failed")
    return handler, server, client


@scenario(
    "security_curve",
    expected={
        "bounced": [True, True],
        "asked": [[b"1.0", b"ZAPTEST", b"127.0.0.1", b"IDENT", b"CURVE", _CLIENT_KEY]],
        "events": [["handshake-succeeded"], ["handshake-succeeded"]],
    },
    transports=TCP,
)
async def right_keys(stage: Stage) -> object:
    """Who owns a known key is let in, after one question and one handshake."""
    handler, server, address = await _server(stage)
    client = stage.second("DEALER", security=_GOOD)
    await stage.join(client, address, server)
    bounced = await bounce(server, client)
    await stage.settle()
    events = [[one for one in actor.events if "handshake" in one] for actor in (server, client)]
    return {"bounced": bounced, "asked": handler.requests, "events": events}


@scenario("security_curve", expected=[[True, True], b"0123456789" * 25])
async def large_routing_id(stage: Stage) -> object:
    """The metadata may be large; the handler hears the routing id."""
    handler, server, address = await _server(stage, b"0123456789" * 25)
    client = stage.second("DEALER", security=_GOOD, routing_id=b"9" * 255)
    await stage.join(client, address, server)
    return [await bounce(server, client), handler.requests[0][3]]


@scenario("security_curve", expected=[[b"x" * size] for size in (0, 32, 2048, 100_000)])
async def messages_of_all_sizes(stage: Stage) -> object:
    """What is sent arrives."""
    _, server, address = await _server(stage)
    client = stage.second("DEALER", security=_GOOD)
    await stage.join(client, address, server)
    for size in (0, 32, 2048, 100_000):
        await client.send(b"x" * size)
    return await server.receive_many(4)


@scenario(
    "security_curve",
    expected={
        "through": False,
        "server": [("refused", 400)],
        "client": [("refused", 400)],
    },
)
async def unknown_client(stage: Stage) -> object:
    """A client whose key the handler does not know is refused, and told so."""
    keys = Keys.new()
    _, server, client = await _meet(stage, CurveKeys(_SERVER.public, keys.public, keys.secret))
    return {"through": await goes_through(stage, server, client), **reasons(server, client)}


_NOT_ASKED = {"through": False, "asked": 0}


async def _cryptographic(stage: Stage, security: Security) -> object:
    handler, server, client = await _meet(stage, security)
    through = await goes_through(stage, server, client)
    return {
        "through": through,
        "asked": len(handler.requests),
        "server": reasons(server, client)["server"],
    }


@scenario("security_curve", expected={**_NOT_ASKED, "server": [("protocol", _CRYPTOGRAPHIC)]})
async def wrong_server_key(stage: Stage) -> object:
    """A client that means another server is not understood, and nobody is asked."""
    return await _cryptographic(stage, evolve(_GOOD, server_public=Keys.new().public))


@scenario("security_curve", expected={"option": "ok", "through": False, "asked": 0}, transports=TCP)
async def null_server_key(stage: Stage) -> object:
    """Nor is one that means nobody."""
    handler, server, address = await _server(stage)
    security = evolve(_GOOD, server_public=_NULL_KEY)
    came = stage.try_second("DEALER", security=security)
    if came != "ok":
        return {"option": came}
    client = stage.second("DEALER", security=security)
    client.connect(address)
    return {
        "option": came,
        "through": await goes_through(stage, server, client),
        "asked": len(handler.requests),
    }


@scenario("security_curve", expected={"option": "ok", "through": False}, transports=TCP)
async def null_client_public_key(stage: Stage) -> object:
    """A client with half a pair of keys is not let in."""
    return await _half_a_pair(stage, evolve(_GOOD, public=_NULL_KEY))


@scenario("security_curve", expected={"option": "ok", "through": False}, transports=TCP)
async def null_client_secret_key(stage: Stage) -> object:
    """Nor with the other half."""
    return await _half_a_pair(stage, evolve(_GOOD, secret=_NULL_KEY))


async def _half_a_pair(stage: Stage, security: Security) -> object:
    _, server, address = await _server(stage)
    came = stage.try_second("DEALER", security=security)
    if came != "ok":
        return {"option": came}
    client = stage.second("DEALER", security=security)
    client.connect(address)
    await server.wait_event("handshake-failed")
    return {"option": came, "through": await goes_through(stage, server, client)}


@scenario("security_curve", expected={**_NOT_ASKED, "server": [("protocol", _MECHANISM_MISMATCH)]})
async def null_client(stage: Stage) -> object:
    """A client without security is not let in, and nobody is asked."""
    handler, server, client = await _meet(stage, None)
    return {
        "through": await goes_through(stage, server, client),
        "asked": len(handler.requests),
        "server": reasons(server, client)["server"],
    }


@scenario("security_curve", expected={**_NOT_ASKED, "server": [("protocol", _MECHANISM_MISMATCH)]})
async def plain_client(stage: Stage) -> object:
    """Nor one that says a password."""
    handler, server, client = await _meet(stage, PlainLogin(b"admin", b"password"))
    return {
        "through": await goes_through(stage, server, client),
        "asked": len(handler.requests),
        "server": reasons(server, client)["server"],
    }


@scenario("security_curve", expected=[], transports=TCP, combinations=PURE, why=_RAW)
async def old_peer_sneaks_in(stage: Stage) -> object:
    """A peer of ZMTP 1.0, which has no key, is not heard."""
    _, server, address = await _server(stage)
    return await sneak_in(stage, server, address)


@scenario(
    "security_curve",
    expected={
        "right": [],
        "wrong length": [_MALFORMED_HELLO],
        "wrong name": [_UNEXPECTED_COMMAND],
        "wrong version": [_MALFORMED_HELLO],
        "box changed": [_CRYPTOGRAPHIC],
    },
    transports=TCP,
    combinations=PURE,
    why=_RAW,
)
async def hello(stage: Stage) -> object:
    """A HELLO that is not as it should be ends the connection."""
    good = RawCurve(_SERVER.public, _CLIENT).hello()
    handler, server, address = await _server(stage)
    came: dict[str, list[int]] = {}
    for what, body in {
        "right": good,
        "wrong length": b"\x05HELLO",
        "wrong name": _changed(good, 5),
        "wrong version": good[:6] + b"\x02" + good[7:],
        "box changed": _changed(good, 150),
    }.items():
        peer = await stage.raw_connect(address)
        await greet_with_curve(peer)
        known = len(server.failures)
        peer.write(frame(body, command=True))
        if what == "right":
            await peer.read_frame()
        else:
            await server.wait_event("handshake-failed", known + 1)
        came[what] = [value for _, value in server.failures[known:]]
    assert handler.requests == []
    return came


@scenario(
    "security_curve",
    expected={
        "right": [],
        "wrong length": [_MALFORMED_INITIATE],
        "wrong name": [_UNEXPECTED_COMMAND],
        "cookie changed": [_CRYPTOGRAPHIC],
        "box changed": [_CRYPTOGRAPHIC],
    },
    transports=TCP,
    combinations=PURE,
    why=_RAW,
)
async def initiate(stage: Stage) -> object:
    """An INITIATE that is not as it should be ends the connection."""
    handler, server, address = await _server(stage)
    came: dict[str, list[int]] = {}
    for what in ("right", "wrong length", "wrong name", "cookie changed", "box changed"):
        peer = await stage.raw_connect(address)
        await greet_with_curve(peer)
        tools = RawCurve(_SERVER.public, _CLIENT)
        peer.write(frame(tools.hello(), command=True))
        tools.take_welcome((await peer.read_frame())[1])
        known = len(server.failures)
        body = tools.initiate(properties(Socket_Type=b"DEALER"))
        if what == "wrong length":
            body = b"\x08INITIATE"
        elif what != "right":
            body = _changed(body, {"wrong name": 5, "cookie changed": 30, "box changed": 150}[what])
        peer.write(frame(body, command=True))
        if what == "right":
            await server.met()
        else:
            await server.wait_event("handshake-failed", known + 1)
        came[what] = [value for _, value in server.failures[known:]]
    assert len(handler.requests) == 1  # the right one
    return came


def _changed(body: bytes, place: int) -> bytes:
    return body[:place] + bytes([body[place] ^ 0x55]) + body[place + 1 :]


@scenario(
    "security_curve",
    expected=["invalid", "invalid", "invalid", "ok"],
    transports=TCP,
    combinations=PURE,
    why=_ALONE,
)
async def sizes_of_keys(stage: Stage) -> object:
    """A key has 40 characters."""
    long = b"0" * 123
    return [
        stage.try_first("DEALER", security=evolve(_GOOD, server_public=long)),
        stage.try_first("DEALER", security=evolve(_GOOD, public=long)),
        stage.try_first("DEALER", security=evolve(_GOOD, secret=long)),
        stage.try_first("DEALER", security=_GOOD),
    ]
