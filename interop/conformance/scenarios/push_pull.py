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


@scenario("spec_pushpull", expected=[2, [], "would-block", [], 2], transports=INPROC)
async def queues_end_with_the_peer(stage: Stage) -> object:
    """Messages queued for a peer that disconnects are gone, and its place is free again."""
    push, pull = stage.first("PUSH", send_hwm=1), stage.second("PULL", receive_hwm=1)
    address = await stage.link(push, pull)
    before = push.fill(b"ABC")
    await pull.disconnect(address)
    await stage.turn()
    left, blocked = pull.drain(), push.try_send(b"")
    await stage.join(pull, address, push)
    return [before, left, blocked, pull.drain(), push.fill(b"ABC")]


@scenario("spec_pushpull", expected=[[], "would-block", [[b"new"]]])
async def queues_end_with_the_connection(stage: Stage) -> object:
    """The same on a stream: what had not been received is gone when the peer comes back."""
    push, pull = stage.first("PUSH"), stage.second("PULL")
    address = await stage.link(push, pull)
    for _ in range(3):
        await push.send(b"old")
    await stage.settle()
    await pull.disconnect(address)
    await push.wait_event("disconnected")
    left, blocked = pull.drain(), push.try_send(b"")
    await stage.join(pull, address, push)
    await push.send(b"new")
    return [left, blocked, [await pull.receive(), *pull.drain()]]


@scenario("spec_pushpull", expected=[[b"5", b"5", 4_000_000], True], transports=EVERYWHERE)
async def a_message_is_dropped_whole(stage: Stage) -> object:
    """Of a message whose peer leaves within it, no frame goes to that peer's next connection."""
    large = 4_000_000  # more than the kernel's buffers hold
    push, pull = stage.first("PUSH", send_hwm=1), stage.second("PULL", receive_hwm=1)
    address = await stage.link(push, pull)
    await push.send(b"0", b"0", b"a" * large)
    await pull.receive()
    await push.send(b"1")
    await push.send(b"2", b"2", b"b" * large)
    await pull.disconnect(address)
    await stage.settle()
    pull.connect(address)
    await push.send(b"3", b"3", b"c" * large, b"3b")
    await push.send(b"5", b"5", b"d" * large)
    seen: list[list[object]] = []
    while not seen or seen[-1][0] != b"5":
        first, second, body, *rest = await pull.receive()
        seen.append([first, second, len(body), *rest])
    # On a slow machine the one before arrives as well.
    return [seen.pop(), seen in ([], [[b"3", b"3", large, b"3b"]])]
