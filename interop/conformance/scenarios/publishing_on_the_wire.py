"""Subscriptions as bytes: commands to a peer of ZMTP 3.1, messages to one of 3.0."""

from __future__ import annotations

from interop.conformance.raw_peer import command, message
from interop.conformance.scenario import PURE, TCP, scenario
from interop.conformance.stage import Stage

_RAW = "the other side is a raw TCP peer, which tells the bytes"


async def _raw_subscriber(stage: Stage, minor: int) -> object:
    publisher = stage.first("XPUB")
    raw = await stage.raw_connect(await publisher.bind(stage.address()))
    await raw.shake_hands(b"SUB", minor)
    raw.write(command(b"SUBSCRIBE", b"A") if minor else message(b"\x01A"))
    seen: list[object] = [await publisher.receive()]
    await publisher.send(b"ALOL")
    seen.append(await raw.read(6))
    raw.write(command(b"CANCEL", b"A") if minor else message(b"\x00A"))
    return [*seen, await publisher.receive(), bytes(raw.received)]


_RECEIVED = [[b"\x01A"], b"\x00\x04ALOL", [b"\x00A"], b""]


@scenario("mock_pub_sub", expected=_RECEIVED, transports=TCP, combinations=PURE, why=_RAW)
async def commands_from_a_subscriber(stage: Stage) -> object:
    """XPUB reads SUBSCRIBE and CANCEL of a 3.1 peer, and shows the messages."""
    return await _raw_subscriber(stage, 1)


@scenario("mock_pub_sub", expected=_RECEIVED, transports=TCP, combinations=PURE, why=_RAW)
async def messages_from_a_subscriber(stage: Stage) -> object:
    """XPUB takes the messages of a 3.0 peer."""
    return await _raw_subscriber(stage, 0)


@scenario("mock_pub_sub", expected=_RECEIVED, transports=TCP, combinations=PURE, why=_RAW)
async def messages_from_a_newer_subscriber(stage: Stage) -> object:
    """XPUB takes them of a 3.1 peer as well."""
    publisher = stage.first("XPUB")
    raw = await stage.raw_connect(await publisher.bind(stage.address()))
    await raw.shake_hands(b"SUB", 1)
    raw.write(message(b"\x01A"))
    seen: list[object] = [await publisher.receive()]
    await publisher.send(b"ALOL")
    seen.append(await raw.read(6))
    raw.write(message(b"\x00A"))
    return [*seen, await publisher.receive(), bytes(raw.received)]


async def _raw_publisher(stage: Stage, minor: int, size: int) -> object:
    subscriber = stage.first("SUB")
    raw = await stage.raw_connect(await subscriber.bind(stage.address()))
    await raw.shake_hands(b"XPUB", minor)
    await subscriber.met()
    subscriber.subscribe(b"A")
    seen: list[object] = [await raw.read(size)]
    raw.write(message(b"ALOL"))
    seen.append(await subscriber.receive())
    subscriber.unsubscribe(b"A")
    seen.append(await raw.read(size - (3 if minor else 0)))
    await stage.settle()
    return [*seen, bytes(raw.received)]


@scenario(
    "mock_pub_sub",
    expected=[b"\x04\x0b\x09SUBSCRIBEA", [b"ALOL"], b"\x04\x08\x06CANCELA", b""],
    transports=TCP,
    combinations=PURE,
    why=_RAW,
)
async def commands_to_a_publisher(stage: Stage) -> object:
    """SUB sends SUBSCRIBE and CANCEL to a 3.1 peer."""
    return await _raw_publisher(stage, 1, 13)


@scenario(
    "mock_pub_sub",
    expected=[b"\x00\x02\x01A", [b"ALOL"], b"\x00\x02\x00A", b""],
    transports=TCP,
    combinations=PURE,
    why=_RAW,
)
async def messages_to_a_publisher(stage: Stage) -> object:
    """SUB sends messages to a 3.0 peer."""
    return await _raw_publisher(stage, 0, 4)
