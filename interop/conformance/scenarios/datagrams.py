"""Datagrams: RADIO, DISH and DGRAM over udp."""

from __future__ import annotations

from interop.conformance.actor import Actor, Refused
from interop.conformance.pyzmtp_actor import PyzmtpActor
from interop.conformance.scenario import OURS, TCP, scenario
from interop.conformance.stage import Stage

_WHY = "the wheel has no draft types"
_ANY = "udp://127.0.0.1:*"


async def _refusal(actor: Actor, way: str) -> str:
    try:
        if way == "bind":
            return await actor.bind(_ANY)
        actor.connect("udp://127.0.0.1:5556")
    except Refused as refused:
        return refused.name
    return "ok"


@scenario(
    "radio_dish",
    expected=["invalid", "invalid"],
    transports=TCP,
    combinations=OURS,
    why=_WHY,
)
async def udp_one_way(stage: Stage) -> object:
    """Over udp a RADIO cannot bind, and a DISH cannot connect."""
    return [
        await _refusal(stage.first("RADIO"), "bind"),
        await _refusal(stage.second("DISH"), "connect"),
    ]


@scenario(
    "radio_dish",
    expected=[[b"TV", b"Friends"], [b"TV", b"Simpsons"]],
    transports=TCP,
    combinations=OURS,
    why=_WHY,
)
async def radio_dish_udp(stage: Stage) -> object:
    """Unicast: the DISH filters what comes."""
    radio, dish = stage.first("RADIO"), stage.second("DISH")
    assert isinstance(dish, PyzmtpActor)
    radio.connect(await dish.bind(_ANY))
    dish.socket.join(b"TV")
    await radio.send(b"TV", b"Friends")
    await radio.send(b"Movies", b"Godfather")
    await radio.send(b"TV", b"Simpsons")
    return await dish.receive_many(2)


@scenario(
    "dgram",
    expected={"connect": "invalid", "got": [b"Is someone there ?", b"Yes, there is !"]},
    transports=TCP,
    combinations=OURS,
    why=_WHY,
)
async def dgram_round_trip(stage: Stage) -> object:
    """Two DGRAMs, each bound; an address stands before what is sent and received."""
    sender, listener = stage.first("DGRAM"), stage.second("DGRAM")
    await sender.bind(_ANY)
    target = (await listener.bind(_ANY)).removeprefix("udp://").encode()
    await sender.send(target, b"Is someone there ?")
    source, question = await listener.receive()
    await listener.send(source, b"Yes, there is !")
    back, answer = await sender.receive()
    assert back == target
    return {"connect": await _refusal(sender, "connect"), "got": [question, answer]}
