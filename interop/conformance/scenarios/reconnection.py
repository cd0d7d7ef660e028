"""Connections that are lost, and made again, or not."""

from __future__ import annotations

from interop.conformance.probes import bounce
from interop.conformance.scenario import OUR_FIRST, OURS, TCP, scenario
from interop.conformance.stage import Stage
from pyzmtp import ReconnectStop

_DRAFT = "ZMQ_RECONNECT_STOP is a draft option, which the libzmq of pyzmq's wheels lacks"

_MET = ["connect-delayed", "connected", "handshake-succeeded"]
_LOST = ["disconnected", "connect-retried"]


async def _not_again(stage: Stage, address: str, **options: object) -> object:
    binder = stage.second("PAIR", **options)
    connecter = stage.first("PAIR", reconnect_interval=None, **options)
    address = await stage.link(binder, connecter, address=address)
    outcome: list[object] = [await bounce(binder, connecter)]
    await binder.unbind(address)
    await connecter.wait_event("disconnected")
    await stage.settle()
    await binder.bind(address)
    await stage.settle(0.3)
    outcome.append(connecter.events.count("connected"))
    await stage.join(connecter, address, binder)
    return [*outcome, await bounce(binder, connecter)]


@scenario("reconnect_ivl", expected=[[True, True], 1, [True, True]])
async def without_an_interval_it_does_not_connect_again(stage: Stage) -> object:
    """RECONNECT_IVL -1: when the listener is back, nothing happens before connect() is called."""
    return await _not_again(stage, stage.lasting_address())


@scenario("reconnect_ivl", expected=[[True, True], 1, [True, True]], transports=TCP)
async def the_same_with_ipv6(stage: Stage) -> object:
    """The same at an IPv6 address."""
    address = stage.lasting_address().replace("127.0.0.1", "[::1]")
    return await _not_again(stage, address, ipv6=True)


@scenario("reconnect_options", expected=_MET + _LOST, transports=TCP)
async def a_lost_connection_is_told(stage: Stage) -> object:
    """The order of the events; the next attempt comes only after the interval of 60 s."""
    sub, pub = stage.first("SUB", reconnect_interval=60.0), stage.second("PUB")
    await stage.link(pub, sub)
    await pub.close()
    await sub.wait_event("connect-retried")
    await stage.settle(0.3)
    return list(sub.events)


async def _made_again(stage: Stage) -> object:
    sub, pub = stage.first("SUB", reconnect_interval=0.5), stage.second("PUB")
    address = await stage.link(pub, sub, address=stage.lasting_address())
    await pub.close()
    await sub.wait_event("connect-retried")
    await stage.settle()
    pub = stage.second("PUB")
    await pub.bind(address)
    await sub.met(2)
    await stage.settle()
    return list(sub.events)


@scenario("reconnect_options", expected=_MET + _LOST + _MET, transports=TCP)
async def a_lost_connection_is_made_again(stage: Stage) -> object:
    """When the other side is back, it is connected again."""
    return await _made_again(stage)


@scenario("reconnect_options", expected=(_MET + _LOST + _MET)[1:5] + _MET[1:], transports=("ipc",))
async def a_lost_connection_is_made_again_over_ipc(stage: Stage) -> object:
    """The same over ipc, where connecting takes no time, and is not told by libzmq as begun."""
    return await _made_again(stage)


@scenario(
    "reconnect_options",
    expected=[*_MET, *_LOST, "connect-delayed", "closed"],
    transports=TCP,
    combinations=OUR_FIRST,
    why=_DRAFT,
)
async def stop_when_refused(stage: Stage) -> object:
    """RECONNECT_STOP_CONN_REFUSED: one attempt that is refused is the last."""
    sub = stage.first("SUB", reconnect_stop=ReconnectStop.REFUSED)
    pub = stage.second("PUB")
    await stage.link(pub, sub, address=stage.lasting_address())
    await pub.close()
    await sub.wait_event("closed")
    await stage.settle(0.3)
    return list(sub.events)


@scenario(
    "reconnect_options",
    expected=["connect-delayed", "connected", "handshake-failed", "disconnected", 1],
    transports=TCP,
    combinations=OURS,
    why=_DRAFT,
)
async def stop_when_the_handshake_failed(stage: Stage) -> object:
    """RECONNECT_STOP_HANDSHAKE_FAILED: who never greets is not dialled again."""
    listener = await stage.raw_listen()
    sub = stage.first("SUB", handshake_timeout=0.2, reconnect_stop=ReconnectStop.HANDSHAKE_FAILED)
    sub.connect(listener.address)
    await sub.wait_event("handshake-failed")
    await stage.settle(0.3)
    return [*sub.events[:4], len(listener.peers)]
