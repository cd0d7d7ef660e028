"""PING and PONG."""

from __future__ import annotations

from interop.conformance.actor import OK
from interop.conformance.probes import option_of
from interop.conformance.raw_peer import command
from interop.conformance.scenario import PURE, TCP, scenario
from interop.conformance.stage import Stage

_RAW = "a raw peer, which does what no library does"
_ALONE = "one socket, and nobody to talk to"

#: Who connects, and to whom.
_PAIRS = (
    ("DEALER", "ROUTER"),
    ("REQ", "REP"),
    ("PULL", "PUSH"),
    ("SUB", "PUB"),
    ("PAIR", "PAIR"),
)


@scenario(
    "heartbeats",
    expected=["listening", "accepted", "handshake-succeeded", "disconnected"],
    transports=TCP,
    combinations=PURE,
    why=_RAW,
)
async def a_silent_peer_is_disconnected(stage: Stage) -> object:
    """Who answers no PING is dropped after the interval."""
    router = stage.first("ROUTER", heartbeat_interval=0.05)
    peer = await stage.raw_connect(await router.bind(stage.address()))
    await peer.shake_hands(b"DEALER")
    await peer.until_lost()
    await router.wait_event("disconnected")
    return list(router.events)


@scenario(
    "heartbeats",
    expected=[(4, b"\x04PONGLOL"), (4, b"\x04PONGLOL" + b"z" * 13), False],
    transports=TCP,
    combinations=PURE,
    why=_RAW,
)
async def the_context_of_a_ping_comes_back(stage: Stage) -> object:
    """PONG has the context of the PING, of which 16 bytes at the most."""
    router = stage.first("ROUTER")
    peer = await stage.raw_connect(await router.bind(stage.address()))
    await peer.shake_hands(b"DEALER")
    outcome: list[object] = []
    for context in (b"LOL", b"LOL" + b"z" * 55):
        peer.write(command(b"PING", b"\x00\x00" + context))
        outcome.append(await peer.read_frame())
    await stage.settle()
    return [*outcome, peer.lost]


@scenario("heartbeats", expected=[True] * len(_PAIRS))
async def a_time_to_live_is_heeded(stage: Stage) -> object:
    """A peer that sends no heartbeats itself drops one that is silent for longer than it said.

    The first part is the one that heeds: it was told 0.1 s, and the PINGs come every 0.25 s.
    """
    heeding = []
    for connecter, binder in _PAIRS:
        server = stage.first(binder)
        client = stage.second(connecter, heartbeat_ttl=0.1, heartbeat_interval=0.25)
        await stage.link(server, client)
        heeding.append(server)
    for server in heeding:
        await server.wait_event("disconnected")
    return ["disconnected" in server.events for server in heeding]


@scenario("heartbeats", expected=[[]] * len(_PAIRS))
async def who_answers_is_not_disconnected(stage: Stage) -> object:
    """A peer that has nothing to say, but answers, stays; for ten times the interval here."""
    servers = []
    for connecter, binder in _PAIRS:
        server = stage.first(binder, heartbeat_interval=0.1)
        await stage.link(server, stage.second(connecter))
        servers.append(server)
    await stage.settle(1.0)
    return [server.events[3:] for server in servers]


@scenario(
    "heartbeats",
    expected={"99 ms": 0, "250 ms": 200, "6553.599 s": OK, "6553.6 s": "invalid"},
    transports=TCP,
    combinations=PURE,
    why=_ALONE,
)
async def the_time_to_live_has_steps(stage: Stage) -> object:
    """Steps of 0.1 s, up to what fits into 16 bits."""
    return {
        "99 ms": option_of(stage.first("PAIR", heartbeat_ttl=0.099), "heartbeat_ttl"),
        "250 ms": option_of(stage.first("PAIR", heartbeat_ttl=0.25), "heartbeat_ttl"),
        "6553.599 s": stage.try_first("PAIR", heartbeat_ttl=6553.599),
        "6553.6 s": stage.try_first("PAIR", heartbeat_ttl=6553.6),
    }
