"""libzmq processes killed without warning and started again at the same address.

What is kept and what is lost is ZMTP.md 8.3: a connecting socket keeps its queue while the peer
is down, a bound one forgets the peer and what was meant for it.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from itertools import count
from pathlib import Path

import pytest
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import deferLater

from interop.conversations import (
    OUR_ID,
    THEIR_ID,
    check,
    our_options,
)
from interop.payloads import (
    Frame,
    Made,
    Message,
    describe,
    described_number,
    expected,
    message_bytes,
    numbered,
)
from interop.peer import LibzmqPeer, RemoteSocket, Spawn
from interop.reactor import reactor, until, within
from interop.restarts import RECONNECT, begin, end, two_lives
from interop.sockets import CLASSES, PAIRS, EventLog, any_address, lasting_address
from pyzmtp import (
    DealerSocket,
    HandshakeSucceeded,
    NotPossibleNow,
    PubSocket,
    PullSocket,
    PushSocket,
    RepSocket,
    ReqSocket,
    XPubSocket,
)


async def settled(value: Callable[[], int]) -> int:
    """Wait until `value` has stood still for a while; give it."""
    seen = [value()]
    while len(seen) < 10 or len(set(seen[-10:])) > 1:
        await deferLater(reactor, 0.01)
        seen.append(value())
    return seen[-1]


@pytest.mark.parametrize(("our_kind", "their_kind"), PAIRS, ids=["-".join(p) for p in PAIRS])
async def test_pair_goes_on_with_a_new_process(
    our_kind: str, their_kind: str, binder: str, spawn: Spawn
) -> None:
    await two_lives(our_kind, their_kind, binder, spawn)


#: Pairs whose first, connecting, keeps what it sends while the second is down, with the frames
#: that each side sees before a message.
KEEPING: dict[tuple[str, str], tuple[list[Frame], list[Frame]]] = {
    ("PUSH", "PULL"): ([], []),
    ("PAIR", "PAIR"): ([], []),
    ("DEALER", "ROUTER"): ([], [OUR_ID]),
    ("DEALER", "DEALER"): ([], []),
    ("ROUTER", "DEALER"): ([THEIR_ID], []),
    ("ROUTER", "ROUTER"): ([THEIR_ID], [OUR_ID]),
    ("PUB", "SUB"): ([], []),
    ("XPUB", "SUB"): ([], []),
}


@pytest.mark.parametrize("pair", KEEPING, ids=["-".join(pair) for pair in KEEPING])
async def test_connecting_socket_keeps_what_it_had_queued_when_the_peer_died(
    pair: tuple[str, str], transport: str, spawn: Spawn, directory: Path
) -> None:
    """What the kernel had is lost; what waited behind it is sent to the next process."""
    our_kind, their_kind = pair
    our_prefix, their_prefix = KEEPING[pair]
    messages = numbered(900, size=10000)
    address = lasting_address(transport, directory)
    theirs = await begin(spawn, their_kind, "libzmq", address, RCVBUF=65536)
    options = {**our_options(our_kind), "send_buffer": 65536}
    async with CLASSES[our_kind](reactor, reconnect_interval=RECONNECT, **options) as ours:
        events = EventLog(ours)
        await within(ours.connect(address), "connect")
        if isinstance(ours, PubSocket | XPubSocket):
            await within(ours.wait_subscribed(b""), "subscription")
        theirs.peer.stop()
        for message in messages:
            assert ours.try_send(message_bytes([*our_prefix, *message]))
        queued = await settled(lambda: ours.stats.send_queue)
        assert 500 < queued < 900

        await end(theirs, events)
        assert ours.stats.send_queue == queued
        theirs = await begin(spawn, their_kind, "libzmq", address)
        kept = [[*their_prefix, *message] for message in messages[-queued:]]
        check(await theirs.receive(queued), kept, "kept")


@pytest.mark.parametrize("pair", KEEPING, ids=["-".join(pair) for pair in KEEPING])
async def test_connecting_socket_keeps_its_queue_while_the_peer_is_down(
    pair: tuple[str, str], transport: str, spawn: Spawn, directory: Path
) -> None:
    our_kind, their_kind = pair
    our_prefix, their_prefix = KEEPING[pair]
    messages = numbered(500, size=200)
    ours_sends = [message_bytes([*our_prefix, *message]) for message in messages]
    theirs_sees = [[*their_prefix, *message] for message in messages]

    address = lasting_address(transport, directory)
    theirs = await begin(spawn, their_kind, "libzmq", address)
    options = {**our_options(our_kind), "send_hwm": 1000}
    async with CLASSES[our_kind](reactor, reconnect_interval=RECONNECT, **options) as ours:
        events = EventLog(ours)
        await within(ours.connect(address), "connect")
        if isinstance(ours, PubSocket | XPubSocket):
            await within(ours.wait_subscribed(b""), "subscription")
        report = theirs.receive(1)
        await within(ours.send(ours_sends[0]), "send")
        check(await report, theirs_sees[:1], "before")

        await end(theirs, events)
        for message in ours_sends:
            assert ours.try_send(message)
        theirs = await begin(spawn, their_kind, "libzmq", address)
        check(await theirs.receive(500), theirs_sees, "kept")


async def test_request_made_while_the_peer_is_down(
    transport: str, spawn: Spawn, directory: Path
) -> None:
    address = lasting_address(transport, directory)
    theirs = await begin(spawn, "REP", "libzmq", address)
    async with ReqSocket(reactor, reconnect_interval=RECONNECT) as ours:
        events = EventLog(ours)
        await within(ours.connect(address), "connect")
        await end(theirs, events)
        reply = ours.request([b"anybody", b"there?"])
        theirs = await begin(spawn, "REP", "libzmq", address)
        await theirs.echo(1)
        assert await within(reply, "reply") == [b"anybody", b"there?"]


async def test_request_lost_with_the_peer_does_not_hinder_the_next(
    spawn: Spawn, directory: Path
) -> None:
    """libzmq would wait for ever; with a time limit, and these options, the next one is free."""
    address = lasting_address("tcp", directory)
    theirs = await begin(spawn, "REP", "libzmq", address)
    async with ReqSocket(
        reactor, reconnect_interval=RECONNECT, req_relaxed=True, req_correlate=True
    ) as ours:
        events = EventLog(ours)
        await within(ours.connect(address), "connect")
        lost = ours.request([b"first"], timeout=0.5)
        await theirs.receive(1)
        await end(theirs, events)
        theirs = await begin(spawn, "REP", "libzmq", address)
        with pytest.raises(NotPossibleNow):
            await within(lost, "end of the lost request")
        reply = ours.request([b"second"])
        await theirs.echo(1)
        assert await within(reply, "reply") == [b"second"]


async def test_connecting_dealer_talks_to_whoever_is_there_now(
    transport: str, spawn: Spawn, directory: Path
) -> None:
    """Several lives of the peer in a row: each gets what was sent since the one before ended."""
    address = lasting_address(transport, directory)
    async with DealerSocket(reactor, reconnect_interval=RECONNECT, routing_id=OUR_ID) as ours:
        events = EventLog(ours)
        ours.connect(address)
        for life in range(4):
            sent = numbered(20, start=20 * life)
            for message in sent:
                assert ours.try_send(message_bytes(message))
            theirs = await begin(spawn, "ROUTER", "libzmq", address)
            echo = theirs.echo(20)
            for message in sent:
                assert await within(ours.receive(), "echo") == message
            await echo
            await end(theirs, events)


async def test_stream_cut_by_a_kill_goes_on_with_whole_messages_in_order(
    transport: str, binder: str, spawn: Spawn, directory: Path
) -> None:
    """What was on its way is lost; nothing comes twice, out of order or in pieces."""
    address = lasting_address(transport, directory)
    async with PushSocket(reactor, reconnect_interval=RECONNECT, linger=0) as ours:
        events = EventLog(ours)
        if binder == "pyzmtp":
            await ours.bind(address)
        theirs = await begin(spawn, "PULL", binder, address)
        if binder == "libzmq":
            await within(ours.connect(address), "connect")

        async def stream() -> None:
            for number in count():
                (message,) = numbered(1, size=1000, start=number)
                await ours.send(message_bytes(message))
                if number % 50 == 0:
                    await deferLater(reactor, 0)  # let others have their turn

        streaming = Deferred.fromCoroutine(stream())
        check(await theirs.receive(300), numbered(300, size=1000), "before the kill")
        await end(theirs, events)
        theirs = await begin(spawn, "PULL", binder, address)
        after = await theirs.receive(1000)
        streaming.cancel()
        with suppress(CancelledError):
            await streaming
    first = described_number(after[0])
    assert first >= 300
    check(after, numbered(1000, size=1000, start=first), "after the kill")


async def test_message_cut_by_a_kill_is_not_sent_again(
    transport: str, spawn: Spawn, directory: Path
) -> None:
    """A stopped process makes sure that 10 MiB are only partly out when it is killed."""
    address = lasting_address(transport, directory)
    theirs = await begin(spawn, "PULL", "libzmq", address, RCVBUF=65536)
    async with PushSocket(reactor, reconnect_interval=RECONNECT, send_buffer=65536) as ours:
        events = EventLog(ours)
        await within(ours.connect(address), "connect")
        theirs.peer.stop()
        await within(ours.send(message_bytes([b"large", Made(10 << 20, 7)])), "send")
        await until(lambda: ours.stats.send_queue == 0, "beginning of the large message")
        await end(theirs, events)
        await within(ours.send([b"after"]), "send")
        theirs = await begin(spawn, "PULL", "libzmq", address)
        check(await theirs.receive(1), [[b"after"]], "first message of the new connection")


async def test_bound_socket_drops_what_a_killed_peer_has_not_taken(
    transport: str, spawn: Spawn, directory: Path
) -> None:
    async with PushSocket(reactor, send_buffer=65536) as ours:
        events = EventLog(ours)
        address = await ours.bind(any_address(transport, directory))
        theirs = await begin(spawn, "PULL", "pyzmtp", address, RCVBUF=65536)
        await events.wait(HandshakeSucceeded)
        theirs.peer.stop()
        for message in numbered(500, size=10000):
            assert ours.try_send(message_bytes(message))
        await end(theirs, events)
        assert ours.stats.dropped_sent > 0
        assert not ours.try_send([b"nobody is there"])
        theirs = await begin(spawn, "PULL", "pyzmtp", address)
        await within(ours.send([b"after"]), "send")
        check(await theirs.receive(1), [[b"after"]], "first message of the new peer")


async def test_messages_of_a_killed_peer_stay_readable(
    transport: str, binder: str, spawn: Spawn, directory: Path
) -> None:
    address = lasting_address(transport, directory)
    messages = numbered(300, size=300)
    async with PullSocket(reactor, reconnect_interval=RECONNECT) as ours:
        events = EventLog(ours)
        if binder == "pyzmtp":
            await ours.bind(address)
        theirs = await begin(spawn, "PUSH", binder, address)
        if binder == "libzmq":
            await within(ours.connect(address), "connect")
        await theirs.send(messages)
        await until(lambda: ours.stats.receive_queue >= 300, "arrival of all messages")
        await end(theirs, events)
        theirs = await begin(spawn, "PUSH", binder, address)
        await theirs.send([[b"after"]])
        got = [await within(ours.receive(), f"message {n}") for n in range(301)]
    got.remove([b"after"])  # fair queuing gives it an early place where its peer is a new one
    check([describe(message) for message in got], messages, "messages of the killed peer")


async def test_immediate_socket_queues_for_nobody_who_is_down(
    transport: str, spawn: Spawn, directory: Path
) -> None:
    address = lasting_address(transport, directory)
    async with PushSocket(reactor, reconnect_interval=RECONNECT, immediate=True) as ours:
        events = EventLog(ours)
        connected = ours.connect(address)
        assert not ours.try_send([b"too early"])
        theirs = await begin(spawn, "PULL", "libzmq", address)
        await within(connected, "connect")
        assert ours.try_send([b"one"])
        check(await theirs.receive(1), [[b"one"]], "first")
        await end(theirs, events)
        assert not ours.try_send([b"too late"])
        waiting = ours.send([b"two"])
        theirs = await begin(spawn, "PULL", "libzmq", address)
        check(await theirs.receive(1), [[b"two"]], "second")
        await within(waiting, "send")


async def push_to(theirs: RemoteSocket, address: str) -> None:
    """Have libzmq's PUSH send to nobody, then receive it all on a new PULL."""
    messages: list[list[Frame]] = numbered(300, size=300)
    await theirs.send(messages)
    async with PullSocket(reactor) as ours:
        await ours.bind(address)
        got = [await within(ours.receive(), f"message {n}") for n in range(300)]
    check([describe(message) for message in got], messages, "kept by libzmq")


async def test_libzmq_keeps_its_queue_while_we_are_down(
    transport: str, libzmq: LibzmqPeer, directory: Path
) -> None:
    """The other way round: our socket is closed, and another one takes the same address."""
    address = lasting_address(transport, directory)
    theirs = await libzmq.open("PUSH", RECONNECT_IVL=20)
    await theirs.watch()
    await theirs.connect(address)
    for _ in range(3):
        await push_to(theirs, address)
        await theirs.wait_lost()


def signed(name: bytes, request: list[bytes]) -> list[bytes]:
    """Reply to a request with who replies, and the request."""
    return [name, *request]


async def test_libzmq_finds_a_new_server_at_the_old_address(
    transport: str, libzmq: LibzmqPeer, directory: Path
) -> None:
    address = lasting_address(transport, directory)
    theirs = await libzmq.open("REQ", RECONNECT_IVL=20)
    await theirs.watch()
    await theirs.connect(address)
    question: list[Message] = [[b"who", b"is", b"it?"]]
    for name in (b"one", b"two", b"three"):
        async with RepSocket(reactor) as ours:
            ours.serve(partial(signed, name))
            await ours.bind(address)
            assert await theirs.request(question) == expected([[name, *question[0]]])
        await theirs.wait_lost()
