"""PUSH and PULL."""

from __future__ import annotations

from interop.conformance.raw_peer import frame
from interop.conformance.scenario import EVERYWHERE, INPROC, PURE, TCP, scenario
from interop.conformance.stage import Stage


@scenario(
    "spec_pushpull",
    expected=[[[b"1"], [b"4"]], [[b"2"], [b"5"]], [[b"3"], [b"6"]]],
    transports=EVERYWHERE,
)
async def push_gives_to_each_in_turn(stage: Stage) -> object:
    """PUSH gives its messages to its peers in turn."""
    push = stage.first("PUSH")
    pulls = [stage.second("PULL") for _ in range(3)]
    await stage.link(push, *pulls)
    for number in b"123456":
        await push.send(bytes([number]))
    return [await pull.receive_many(2) for pull in pulls]


@scenario(
    "spec_pushpull",
    expected=[[b"A"], [b"B"], [b"A"], [b"B"], [b"A"], [b"B"]],
    transports=EVERYWHERE,
)
async def pull_takes_from_each_in_turn(stage: Stage) -> object:
    """PULL takes one message of each peer that has any."""
    pull = stage.second("PULL")
    pushes = [stage.first("PUSH") for _ in range(2)]
    await stage.link(pull, *pushes)
    for push, name in zip(pushes, (b"A", b"B"), strict=True):
        for _ in range(3):
            await push.send(name)
    await stage.settle()
    got = await pull.receive_many(6)
    return got if got[0] == [b"A"] else [*got[1:], got[0]]


@scenario("spec_pushpull", expected=["would-block", "would-block"], transports=INPROC)
async def push_without_peers(stage: Stage) -> object:
    """PUSH blocks while it has no peers, and after the last one has left."""
    push, pull = stage.first("PUSH"), stage.second("PULL")
    before = push.try_send(b"")
    await stage.link(push, pull)
    await push.send(b"")
    await pull.close()
    await stage.turn()
    return [before, push.try_send(b"")]


@scenario(
    "spec_pushpull",
    expected=[[b"whole"]],
    transports=TCP,
    combinations=PURE,
    why="a raw peer sends half a message",
)
async def half_a_message_is_dropped_with_its_peer(stage: Stage) -> object:
    """PULL gives away nothing of a message whose rest never comes."""
    pull = stage.first("PULL")
    address = await pull.bind(stage.address())
    half, whole = await stage.raw_connect(address), await stage.raw_connect(address)
    await half.shake_hands(b"PUSH")
    await whole.shake_hands(b"PUSH")
    await pull.met(2)
    half.write(frame(b"first", more=True) + frame(b"second", more=True))
    await stage.settle()
    await half.close()
    await pull.wait_event("disconnected")
    whole.write(frame(b"whole"))
    return [await pull.receive(), *pull.drain()]
