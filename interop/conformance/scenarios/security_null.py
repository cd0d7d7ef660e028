"""NULL with a ZAP domain: a handler decides by the peer's address."""

from __future__ import annotations

from interop.conformance.actor import Message
from interop.conformance.probes import bounce
from interop.conformance.scenario import PURE, TCP, scenario
from interop.conformance.security_probes import goes_through, reasons, sneak_in
from interop.conformance.stage import Stage
from interop.conformance.zap_handler import reply

_RAW = "a raw peer plays the client"


def _test_only(request: Message) -> Message:
    """Let in who asks for the domain TEST, as the handler of libzmq's test does."""
    if request[2] == b"TEST":
        return reply(request)
    return reply(request, b"400", b"BAD DOMAIN", b"")


@scenario("security_null", expected=[[True, True], []])
async def no_domain(stage: Stage) -> object:
    """Without a domain nobody is asked."""
    handler = await stage.zap(_test_only)
    server, client = stage.first("DEALER"), stage.second("DEALER")
    await stage.link(server, client)
    return [await bounce(server, client), handler.requests]


@scenario(
    "security_null",
    expected={"through": False, "server": [("refused", 400)], "client": [("refused", 400)]},
)
async def wrong_domain(stage: Stage) -> object:
    """The handler refuses: the client is told so, and nothing goes through."""
    await stage.zap(_test_only)
    server, client = stage.first("DEALER", zap_domain="WRONG"), stage.second("DEALER")
    client.connect(await server.bind(stage.address()))
    await server.wait_event("handshake-failed")
    await client.wait_event("handshake-failed")
    return {"through": await goes_through(stage, server, client), **reasons(server, client)}


@scenario(
    "security_null",
    expected=[[True, True], [[b"1.0", b"TEST", b"127.0.0.1", b"SERVER", b"NULL"]]],
    transports=TCP,
)
async def right_domain(stage: Stage) -> object:
    """The handler lets the client in; it is asked once, with the server's routing id."""
    handler = await stage.zap(_test_only)
    server = stage.first("DEALER", zap_domain="TEST", routing_id=b"SERVER")
    client = stage.second("DEALER", routing_id=b"CLIENT")
    await stage.link(server, client)
    return [await bounce(server, client), handler.requests]


@scenario("security_null", expected=[True, True])
async def a_router_as_handler(stage: Stage) -> object:
    """A handler may be a ROUTER, too."""
    await stage.zap(_test_only, "ROUTER")
    server, client = stage.first("DEALER", zap_domain="TEST"), stage.second("DEALER")
    await stage.link(server, client)
    return await bounce(server, client)


@scenario("security_null", expected=[], transports=TCP, combinations=PURE, why=_RAW)
async def old_peer_sneaks_in(stage: Stage) -> object:
    """A peer of ZMTP 1.0, which cannot be asked anything, is not heard."""
    await stage.zap(_test_only)
    server = stage.first("DEALER", zap_domain="WRONG")
    return await sneak_in(stage, server, await server.bind(stage.address()))
