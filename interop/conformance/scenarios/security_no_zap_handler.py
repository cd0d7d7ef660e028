"""A domain, or a mechanism that asks, and no ZAP handler to be asked."""

from __future__ import annotations

from interop.conformance.probes import bounce, try_bind
from interop.conformance.scenario import TCP, scenario
from interop.conformance.security import CurveKeys, CurveServing, Keys, PlainServing
from interop.conformance.security_probes import goes_through, reasons
from interop.conformance.stage import Stage


@scenario("security_no_zap_handler", expected=[True, True])
async def ignored_unless_enforced(stage: Stage) -> object:
    """Where it is not enforced, a domain without a handler lets everybody in."""
    server = stage.first("DEALER", zap_domain="TEST", zap_enforce_domain=False)
    client = stage.second("DEALER")
    await stage.link(server, client)
    return await bounce(server, client)


@scenario("security_no_zap_handler", expected=True)
async def the_default(stage: Stage) -> object:
    """Without a word about it, it is not enforced."""
    server, client = stage.first("DEALER", zap_domain="TEST"), stage.second("DEALER")
    client.connect(await server.bind(stage.address()))
    return await goes_through(stage, server, client)


@scenario("security_no_zap_handler", expected={"through": False, "server": [("no-detail", 0)]})
async def enforced(stage: Stage) -> object:
    """Where it is enforced, nobody is let in."""
    server = stage.first("DEALER", zap_domain="TEST", zap_enforce_domain=True)
    client = stage.second("DEALER")
    client.connect(await server.bind(stage.address()))
    await server.wait_event("handshake-failed")
    return {
        "through": await goes_through(stage, server, client),
        "server": reasons(server, client)["server"],
    }


@scenario("security_no_zap_handler", expected=True, transports=TCP)
async def curve_lets_any_key_in(stage: Stage) -> object:
    """Under CURVE, too, nobody is asked for want of a handler."""
    keys, client_keys = Keys.new(), Keys.new()
    server = stage.first("DEALER", security=CurveServing(keys.secret))
    client = stage.second("DEALER", security=CurveKeys(keys.public, *client_keys))
    client.connect(await server.bind(stage.address()))
    return await goes_through(stage, server, client)


@scenario(
    "security_no_zap_handler",
    expected={"PLAIN": "ok", "CURVE": "ok"},
    transports=TCP,
)
async def a_server_that_asks_nobody(stage: Stage) -> object:
    """A server can be bound that was not told who may come in."""
    plain = stage.first("DEALER", security=PlainServing(asks=False))
    curve = stage.first("DEALER", security=CurveServing(Keys.new().secret, asks=False))
    return {
        "PLAIN": await try_bind(plain, stage.address()),
        "CURVE": await try_bind(curve, stage.address()),
    }
