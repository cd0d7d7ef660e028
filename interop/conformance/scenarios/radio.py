"""RADIO and DISH: groups, joined and left."""

from __future__ import annotations

from typing import Any

from interop.conformance.actor import OK, Actor, Refused
from interop.conformance.pyzmtp_actor import PyzmtpActor, in_common_terms
from interop.conformance.raw_peer import command, message
from interop.conformance.scenario import OURS, TCP, TCP_INPROC, scenario
from interop.conformance.stage import Stage

_WHY = "the wheel has no draft types"


def _in_group(dish: Actor, verb: str, group: bytes) -> str:
    """Join or leave, and say what came of it."""
    assert isinstance(dish, PyzmtpActor)
    try:
        with in_common_terms():
            getattr(dish.socket, verb)(group)
    except Refused as refused:
        return refused.name
    return OK


def _open(stage: Stage, **options: Any) -> tuple[Actor, Actor]:
    return stage.first("RADIO", **options), stage.second("DISH")


@scenario(
    "radio_dish",
    expected={"join": [OK, "invalid"], "leave": [OK, "invalid"]},
    transports=TCP_INPROC,
    combinations=OURS,
    why=_WHY,
)
async def join_twice_leave_twice(stage: Stage) -> object:
    """To join a group again, or to leave one that was not joined, is refused."""
    radio, dish = _open(stage)
    await stage.link(dish, radio)
    return {
        verb: [_in_group(dish, verb, b"Movies"), _in_group(dish, verb, b"Movies")]
        for verb in ("join", "leave")
    }


@scenario(
    "radio_dish",
    expected={"join": [OK, "invalid"], "message": [b"g" * 255, b"HELLO"]},
    transports=TCP_INPROC,
    combinations=OURS,
    why=_WHY,
)
async def long_group(stage: Stage) -> object:
    """A group has at most 255 bytes."""
    radio, dish = _open(stage)
    await stage.link(dish, radio)
    joined = [_in_group(dish, "join", b"g" * 255), _in_group(dish, "join", b"g" * 256)]
    await stage.settle()
    await radio.send(b"g" * 255, b"HELLO")
    return {"join": joined, "message": await dish.receive()}


@scenario(
    "radio_dish",
    expected=[
        [b"Movies", b"Godfather"],
        [b"TV", b"Friends"],
    ],
    transports=TCP_INPROC,
    combinations=OURS,
    why=_WHY,
)
async def join_and_leave(stage: Stage) -> object:
    """Joined before and after the connection; what was not joined, or was left, does not come."""
    radio, dish = _open(stage)
    _in_group(dish, "join", b"Movies")
    await stage.link(dish, radio)
    await stage.settle()
    await radio.send(b"TV", b"Friends")
    await radio.send(b"Movies", b"Godfather")
    received = [await dish.receive()]
    _in_group(dish, "join", b"TV")
    _in_group(dish, "leave", b"Movies")
    await stage.settle()
    await radio.send(b"Movies", b"Godfather")
    await radio.send(b"TV", b"Friends")
    received.append(await dish.receive())
    await stage.settle()
    return received + dish.drain()


@scenario(
    "mock_pub_sub",
    expected={"join": [b"\x04JOINTV"], "message": [b"TV", b"Friends"], "leave": [b"\x05LEAVETV"]},
    transports=TCP,
    combinations=OURS,
    why=_WHY,
)
async def dish_on_the_wire(stage: Stage) -> object:
    """A DISH joins and leaves by commands, and a message is a group and a body."""
    dish = stage.second("DISH")
    _in_group(dish, "join", b"TV")
    raw = await stage.raw_connect(await dish.bind(stage.address()))
    await raw.shake_hands(b"RADIO")
    join = await raw.read_message()
    raw.write(message(b"Movies", b"Godfather") + message(b"TV", b"Friends"))
    received = await dish.receive()
    _in_group(dish, "leave", b"TV")
    return {"join": join, "message": received, "leave": await raw.read_message()}


@scenario(
    "mock_pub_sub",
    expected=[[b"TV", b"1"], [b"TV", b"2"], [b"TV", b"4"]],
    transports=TCP,
    combinations=OURS,
    why=_WHY,
)
async def radio_on_the_wire(stage: Stage) -> object:
    """A RADIO counts the JOINs of a peer: two need two LEAVEs."""
    radio = stage.first("RADIO")
    raw = await stage.raw_connect(await radio.bind(stage.address()))
    await raw.shake_hands(b"DISH")
    received = []
    for number, commands in enumerate(("JOIN", "JOIN LEAVE", "LEAVE", "JOIN"), 1):
        for name in commands.split():
            raw.write(command(name.encode(), b"TV"))
        await stage.settle()
        await radio.send(b"TV", b"%d" % number)
        if number != 3:
            received.append(await raw.read_message())
    return received
