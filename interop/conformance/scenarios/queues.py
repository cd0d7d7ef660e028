"""High-water marks, and what is queued before there is anybody to send it to."""

from __future__ import annotations

from interop.conformance.actor import OK
from interop.conformance.scenario import EVERYWHERE, INPROC, TCP, scenario
from interop.conformance.stage import Stage

#: More than any limit here; libzmq's tests take 10,000 for it.
_PLENTY = 3000


@scenario("hwm", expected=[2000, 2000], transports=INPROC)
async def the_defaults_are_a_thousand_each(stage: Stage) -> object:
    """Over inproc, which has no connection in between, the limits of both sides add up."""
    pull, push = stage.first("PULL"), stage.second("PUSH")
    await stage.link(pull, push)
    sent = push.fill(b"", limit=_PLENTY)
    got = await pull.receive_many(sent)
    await stage.settle()
    return [sent, len(got + pull.drain())]


@scenario(
    "hwm",
    expected={
        f"{first} first, {sender}+{receiver}": (due, due, [b""])
        for first in ("bind", "connect")
        for sender, receiver, due in ((0, 0, _PLENTY), (1, 0, _PLENTY), (0, 1, _PLENTY), (1, 1, 2))
    },
    transports=INPROC,
)
async def inproc_limits_add_up(stage: Stage) -> object:
    """1 + 1 = 2, and no limit on either side is no limit; whoever comes first."""
    outcome = {}
    for first in ("bind", "connect"):
        for sender, receiver in ((0, 0), (1, 0), (0, 1), (1, 1)):
            address = stage.address()
            if first == "bind":
                pull = stage.first("PULL", receive_hwm=receiver)
                await pull.bind(address)
                push = stage.second("PUSH", send_hwm=sender)
                push.connect(address)
            else:
                push = stage.second("PUSH", send_hwm=sender)
                push.connect(address)
                pull = stage.first("PULL", receive_hwm=receiver)
                await pull.bind(address)
            await stage.turn()
            sent = push.fill(b"", limit=_PLENTY)
            await stage.turn()
            got = len(await pull.receive_many(sent) + pull.drain())
            await push.send(b"")
            outcome[f"{first} first, {sender}+{receiver}"] = (sent, got, await pull.receive())
    return outcome


@scenario("hwm", expected=[1, [[b""]]], transports=INPROC)
async def before_the_bind_the_senders_limit_counts(stage: Stage) -> object:
    """What is queued for an inproc name that nobody has bound yet is delivered after the bind."""
    push = stage.second("PUSH", send_hwm=1)
    address = stage.address()
    push.connect(address)
    sent = push.fill(b"", limit=_PLENTY)
    pull = stage.first("PULL", receive_hwm=0)
    await pull.bind(address)
    await stage.settle()
    return [sent, pull.drain()]


@scenario("hwm", expected=["would-block", 0], transports=INPROC)
async def a_bound_push_has_nobody_to_queue_for(stage: Stage) -> object:
    """A PUSH that is bound has no queue before somebody connects."""
    push = stage.first("PUSH", send_hwm=1)
    await push.bind(stage.address())
    return [push.try_send(b""), push.fill(b"", limit=_PLENTY)]


@scenario("hwm", expected=[10, [[b"%d" % number] for number in range(10)]])
async def before_the_bind_a_connection_queues_up_to_the_limit(stage: Stage) -> object:
    """The same on a connection: exactly the sender's limit is taken, and all of it arrives."""
    push = stage.first("PUSH", send_hwm=10)
    address = stage.lasting_address()
    push.connect(address)
    sent = 0
    while push.try_send(b"%d" % sent) == OK:
        sent += 1
    pull = stage.second("PULL", receive_hwm=1)
    await pull.bind(address)
    return [sent, await pull.receive_many(sent)]


@scenario("hwm", expected=[True, True])
async def each_direction_has_its_own_limit(stage: Stage) -> object:
    """A DEALER that may send no more still receives."""
    one = stage.first("DEALER", send_hwm=5, receive_hwm=5)
    two = stage.second("DEALER", send_hwm=5, receive_hwm=5)
    await stage.link(one, two)
    large = bytes(1_000_000)
    sent, quiet = 0, 0
    while quiet < 5:  # until the kernel's buffers take no more either
        taken = one.fill(large, limit=_PLENTY)
        sent, quiet = sent + taken, 0 if taken else quiet + 1
        await stage.turn()
    await two.send(b"the other way")
    back = await one.receive() == [b"the other way"]
    got = await two.receive_many(sent)
    return [back, got == [[large]] * sent]


async def _published(stage: Stage, number: int) -> object:
    xpub = stage.first("XPUB", send_hwm=number)
    sub = stage.second("SUB")
    await stage.link(xpub, sub)
    sub.subscribe(b"")
    notice = await xpub.receive()
    sent = xpub.fill(b"test message", limit=number)
    got = await sub.receive_many(number)
    await stage.turn()
    return [notice, sent, len(got), sub.drain()]


@scenario("hwm_pubsub", expected=[[b"\x01"], 1000, 1000, []], transports=EVERYWHERE)
async def up_to_the_limit_nothing_is_dropped(stage: Stage) -> object:
    """As many messages as an XPUB may queue all arrive."""
    return await _published(stage, 1000)


@scenario("hwm_pubsub", expected=[[b"\x01"], 100, 100, []], transports=EVERYWHERE)
async def up_to_a_small_limit_nothing_is_dropped(stage: Stage) -> object:
    """The same with a limit of 100."""
    return await _published(stage, 100)


@scenario("hwm_pubsub", expected=[OK, 2, [[b"0"], [b"1"]], [b"after"]], transports=INPROC)
async def above_the_limit_it_is_dropped(stage: Stage) -> object:
    """Publishing never blocks: what has no room is dropped, and there is room when some was read."""
    pub, sub = stage.first("PUB", send_hwm=1), stage.second("SUB", receive_hwm=1)
    sub.subscribe(b"")
    await stage.link(pub, sub)
    await stage.settle()
    results = {pub.try_send(b"%d" % number) for number in range(10)}
    got = await sub.receive_many(2)
    await stage.turn()
    got += sub.drain()
    pub.try_send(b"after")
    return [*results, len(got), got, await sub.receive()]


@scenario("hwm_pubsub", expected={"blocked": True, "sent": 600, "received": 600, "in order": True})
async def nodrop_blocks_and_loses_nothing(stage: Stage) -> object:
    """With XPUB_NODROP a full subscriber makes the publisher wait; there is room when it has read."""
    xpub = stage.first("XPUB", send_hwm=100, xpub_nodrop=True)
    sub = stage.second("SUB", receive_hwm=100)
    await stage.link(xpub, sub)
    sub.subscribe(b"")
    await xpub.receive()
    sent, blocked, stuck = 0, False, 0
    got: list[list[bytes]] = []
    while sent < 600:
        result = xpub.try_send(b"%03d" % sent + bytes(50_000))
        if result == OK:
            sent, stuck = sent + 1, 0
            continue
        assert result == "would-block"
        await stage.turn()
        stuck += 1
        if stuck == 10:  # the kernel's buffers are full, too
            blocked = True
            got += sub.drain()
            stuck = 0
    got += await sub.receive_many(sent - len(got))
    in_order = [int(message[0][:3]) for message in got] == list(range(600))
    return {"blocked": blocked, "sent": sent, "received": len(got), "in order": in_order}


@scenario("hwm_pubsub", expected=[9999, 9999, 1100, 1100, []], transports=TCP)
async def the_room_comes_back(stage: Stage) -> object:
    """What a subscriber has read makes room: a second burst within the limit arrives whole."""
    pub = stage.first("PUB", send_hwm=11024)
    sub = stage.second("SUB", receive_hwm=11024)
    sub.subscribe(b"")
    await stage.link(pub, sub)
    await stage.settle()
    outcome: list[object] = []
    for number in (9999, 1100):
        outcome.append(pub.fill(b"", limit=number))
        outcome.append(len(await sub.receive_many(number)))
        await stage.settle()
    return [*outcome, sub.drain()]


@scenario("immediate", expected=5)
async def messages_wait_for_a_connection_that_is_not_there(stage: Stage) -> object:
    """By default a PUSH gives half of its messages to a connection that was never made."""
    pull = stage.second("PULL")
    address = await pull.bind(stage.address())
    push = stage.first("PUSH")
    push.connect(stage.lasting_address())
    await stage.join(push, address, pull)
    for _ in range(10):
        await push.send(b"Hello")
    got = await pull.receive_many(5)
    await stage.settle()
    return len(got + pull.drain())


@scenario("immediate", expected=10)
async def immediate_gives_all_to_the_connection_that_is_there(stage: Stage) -> object:
    """With IMMEDIATE only connections that are made have a queue."""
    pull = stage.second("PULL")
    address = await pull.bind(stage.address())
    push = stage.first("PUSH", immediate=True)
    push.connect(stage.lasting_address())
    push.connect(address)
    for _ in range(10):
        await push.send(b"Hello")
    return len(await pull.receive_many(10))


@scenario("immediate", expected=[[b"Hello"], OK, "would-block", [b"again"], OK, [b"and back"]])
async def immediate_forgets_a_connection_that_is_lost(stage: Stage) -> object:
    """With IMMEDIATE nothing is queued for a peer that has gone; when it is back, it is served."""
    frontend = stage.first("DEALER", immediate=True)
    backend = stage.second("DEALER")
    address = await stage.link(backend, frontend, address=stage.lasting_address())
    await backend.send(b"Hello")
    outcome: list[object] = [await frontend.receive(), frontend.try_send(b"Hello")]
    await backend.receive()
    await backend.close()
    await frontend.wait_event("disconnected")
    await stage.turn()
    outcome.append(frontend.try_send(b"Hello"))
    backend = stage.second("DEALER")
    await backend.bind(address)
    await backend.send(b"again")
    outcome.append(await frontend.receive())
    outcome.append(frontend.try_send(b"and back"))
    return [*outcome, await backend.receive()]


@scenario("bind_after_connect_tcp", expected=[[b"foobar"], [b"baz"], [b"buzz"]])
async def what_was_sent_before_the_bind_arrives_after_it(stage: Stage) -> object:
    """Messages wait for a peer that is not there yet, and arrive in order."""
    connecter = stage.first("DEALER")
    address = stage.lasting_address()
    connecter.connect(address)
    for text in (b"foobar", b"baz", b"buzz"):
        await connecter.send(text)
    binder = stage.second("DEALER")
    await binder.bind(address)
    return await binder.receive_many(3)
