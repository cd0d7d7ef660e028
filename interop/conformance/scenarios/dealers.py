"""DEALER."""

from __future__ import annotations

from interop.conformance.scenario import INPROC, TCP_INPROC, scenario
from interop.conformance.stage import Stage


@scenario("spec_dealer", expected=[[b"ABC"]] * 5, transports=TCP_INPROC)
async def sends_to_each_in_turn(stage: Stage) -> object:
    """DEALER sends to each of its peers in turn."""
    dealer = stage.first("DEALER")
    reps = [stage.second("REP") for _ in range(5)]
    await stage.link(dealer, *reps)
    for _ in reps:
        await dealer.send(b"", b"ABC")
    return [await rep.receive() for rep in reps]


@scenario(
    "spec_dealer",
    expected=[[b"A"], [b"A"], [b"0", b"1", b"2", b"3", b"4"], 5],
    transports=TCP_INPROC,
)
async def takes_from_each_in_turn(stage: Stage) -> object:
    """DEALER takes one message of each peer that has any."""
    dealer = stage.first("DEALER")
    senders = [stage.second("DEALER") for _ in range(5)]
    await stage.link(dealer, *senders)
    seen: list[object] = []
    for _ in range(2):
        await senders[0].send(b"A")
        seen.append(await dealer.receive())
    for number, sender in enumerate(senders):
        for _ in range(2):
            await sender.send(b"%d" % number)
    await stage.settle()
    first = [(await dealer.receive())[0] for _ in senders]
    return [*seen, sorted(first), len(dealer.drain())]


@scenario("spec_dealer", expected="would-block", transports=INPROC)
async def no_peer_no_sending(stage: Stage) -> object:
    """DEALER blocks while it has no peers."""
    return stage.first("DEALER").try_send(b"")


@scenario("spec_dealer", expected=[[], "would-block", [], "ok"], transports=TCP_INPROC)
async def queues_end_with_the_peer(stage: Stage) -> object:
    """What was queued for, or from, a peer that disconnected is gone, also when it comes back.

    libzmq has disabled its test of this, since the queue from the peer may still be read. Here it
    is empty.
    """
    a, b = stage.first("DEALER"), stage.second("DEALER")
    address = await stage.link(a, b)
    await a.send(b"ABC")
    await stage.settle()
    await b.disconnect(address)
    await stage.settle()
    left, blocked = b.drain(), a.try_send(b"")
    await stage.join(b, address, a)
    await stage.turn()
    return [left, blocked, [*a.drain(), *b.drain()], a.try_send(b"")]
