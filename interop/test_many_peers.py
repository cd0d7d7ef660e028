"""Several libzmq sockets on one of ours: who gets what, and who is heard when."""

from __future__ import annotations

from pathlib import Path

import pytest

from interop.conversations import BURST, CONVERSATIONS, MULTIPART, check, let_publish
from interop.payloads import Made, expected, message_bytes, numbered
from interop.peer import LibzmqPeer, RemoteSocket, Spawn
from interop.reactor import reactor, until, within
from interop.sockets import CLASSES, EventLog, any_address, lasting_address
from pyzmtp import (
    DealerSocket,
    Disconnected,
    HandshakeFailed,
    HandshakeSucceeded,
    PairSocket,
    PubSocket,
    PushSocket,
    ReqSocket,
    RouterSocket,
)

#: How many libzmq sockets there are.
CROWD = 3


async def open_crowd(
    libzmq: LibzmqPeer, kind: str, number: int = CROWD, **options: int
) -> list[RemoteSocket]:
    """Open several sockets of a kind, in one process."""
    return [await libzmq.open(kind, **options) for _ in range(number)]


def places(crowd: list[RemoteSocket], transport: str, directory: Path) -> list[str]:
    """Give each of `crowd` an address of its own."""
    return [
        "tcp://127.0.0.1:*" if transport == "tcp" else f"ipc://{directory}/{number}"
        for number, _ in enumerate(crowd)
    ]


SENDING = [("PUSH", "PULL"), ("DEALER", "DEALER")]


@pytest.mark.parametrize("pair", SENDING, ids=["-".join(pair) for pair in SENDING])
async def test_messages_go_to_each_peer_in_turn(
    pair: tuple[str, str], binder: str, transport: str, libzmq: LibzmqPeer, directory: Path
) -> None:
    crowd = await open_crowd(libzmq, pair[1])
    async with CLASSES[pair[0]](reactor) as ours:
        events = EventLog(ours)
        if binder == "pyzmtp":
            address = await ours.bind(any_address(transport, directory))
            for theirs in crowd:
                await theirs.connect(address)
        else:
            for theirs, place in zip(crowd, places(crowd, transport, directory), strict=True):
                await within(ours.connect(await theirs.bind(place)), "connect")
        await events.wait(HandshakeSucceeded, CROWD)
        messages = numbered(CROWD * 100)
        for message in messages:
            assert ours.try_send(message_bytes(message))
        shares = [await theirs.receive(100) for theirs in crowd]
        wanted = [expected(messages[first::CROWD]) for first in range(CROWD)]
        assert sorted(shares) == sorted(wanted)


async def test_peers_that_are_not_there_yet_have_their_turn(
    transport: str, libzmq: LibzmqPeer, directory: Path
) -> None:
    """Two connects and nobody up: m0 m2 m4 and m1 m3 m5, as in libzmq (ZMTP.md 7.1)."""
    one, other = await open_crowd(libzmq, "PULL", 2)
    (directory / "other").mkdir()
    addresses = [
        lasting_address(transport, directory),
        lasting_address(transport, directory / "other"),
    ]
    async with PushSocket(reactor, reconnect_interval=0.02) as ours:
        for address in addresses:
            ours.connect(address)
        messages = numbered(100)
        for message in messages:
            assert ours.try_send(message_bytes(message))
        for theirs, address, first in zip((one, other), addresses, (0, 1), strict=True):
            await theirs.bind(address)
            check(await theirs.receive(50), messages[first::2], f"share of {address}")


async def test_requests_go_to_each_replier_in_turn(
    transport: str, libzmq: LibzmqPeer, directory: Path
) -> None:
    crowd = await open_crowd(libzmq, "REP")
    async with ReqSocket(reactor) as ours:
        for theirs, place in zip(crowd, places(crowd, transport, directory), strict=True):
            await within(ours.connect(await theirs.bind(place)), "connect")
        for _ in range(10):
            for theirs in crowd:
                reply = ours.request([b"whose", b"turn?"])
                await theirs.echo(1)
                assert await within(reply, "reply") == [b"whose", b"turn?"]


RECEIVING = [("PULL", "PUSH"), ("DEALER", "DEALER"), ("ROUTER", "DEALER"), ("SUB", "PUB")]


@pytest.mark.parametrize("pair", RECEIVING, ids=["-".join(pair) for pair in RECEIVING])
async def test_each_peer_is_heard_in_turn(
    pair: tuple[str, str], transport: str, libzmq: LibzmqPeer, directory: Path
) -> None:
    """Whoever has sent much must not keep the others waiting."""
    crowd = await open_crowd(libzmq, pair[1])
    async with CLASSES[pair[0]](reactor) as ours:
        events = EventLog(ours)
        address = await ours.bind(any_address(transport, directory))
        for number, theirs in enumerate(crowd, start=1):
            await theirs.connect(address)
            await events.wait(HandshakeSucceeded, number)
            if pair[0] == "SUB":
                await let_publish(ours, theirs)
        for name, theirs in enumerate(crowd):
            await theirs.send([[b"from %d" % name, *message] for message in numbered(200)])
        await until(lambda: ours.stats.receive_queue == CROWD * 200, "arrival of all messages")
        heard: dict[bytes, list[bytes]] = {}
        for done in range(CROWD * 200):
            name, number = (await within(ours.receive(), f"message {done}"))[-2:]
            heard.setdefault(name, []).append(number)
            lengths = [len(numbers) for numbers in heard.values()]
            assert max(lengths) - min(lengths) <= 1 or done < CROWD
        for numbers in heard.values():
            assert [[number] for number in numbers] == [message_bytes(m) for m in numbered(200)]


async def test_each_subscriber_gets_each_message(
    transport: str, libzmq: LibzmqPeer, directory: Path
) -> None:
    """Twenty of them; the large message is encoded once and shared."""
    crowd = await open_crowd(libzmq, "SUB", 20)
    async with PubSocket(reactor) as ours:
        address = await ours.bind(any_address(transport, directory))
        for theirs in crowd:
            await theirs.subscribe(b"")
            await theirs.connect(address)
        await within(ours.wait_subscribed(b"", count=20), "subscriptions")
        messages = [*MULTIPART.messages, [Made(1 << 20, 9)], *BURST.messages[:500]]
        for message in messages:
            assert ours.try_send(message_bytes(message))
        for theirs in crowd:
            check(await theirs.receive(len(messages)), messages, theirs.name)


async def test_router_tells_anonymous_peers_apart(
    transport: str, libzmq: LibzmqPeer, directory: Path
) -> None:
    crowd = [*await open_crowd(libzmq, "DEALER"), *await open_crowd(libzmq, "DEALER")]
    async with RouterSocket(reactor, router_mandatory=True) as ours:
        address = await ours.bind(any_address(transport, directory))
        names = {}
        for theirs in crowd:
            await theirs.connect(address)
            await theirs.send([[b"name?"]])
            name, question = await within(ours.receive(), "question")
            assert question == b"name?"
            assert name[:1] == b"\x00"
            assert len(name) == 5
            names[name] = theirs
        assert len(names) == len(crowd)
        for name in names:
            await within(ours.send([name, b"you are", name]), "reply")
        for name, theirs in names.items():
            check(await theirs.receive(1), [[b"you are", name]], theirs.name)


async def test_libzmq_router_names_our_anonymous_dealers(
    transport: str, libzmq: LibzmqPeer, directory: Path
) -> None:
    theirs = await libzmq.open("ROUTER")
    address = await theirs.bind(any_address(transport, directory))
    async with DealerSocket(reactor) as one, DealerSocket(reactor) as other:
        for ours in (one, other):
            ours.connect(address)
            echo = theirs.echo(1)
            await within(ours.send([b"hello", b""]), "send")
            assert await within(ours.receive(), "echo") == [b"hello", b""]
            await echo


async def test_second_pair_waits_until_the_first_has_left(
    transport: str, spawn: Spawn, directory: Path
) -> None:
    """libzmq would leave it connected and deaf; here it is turned away, and may try again."""
    first = await (await spawn()).open("PAIR")
    second = await (await spawn()).open("PAIR", RECONNECT_IVL=20)
    async with PairSocket(reactor) as ours:
        events = EventLog(ours)
        address = await ours.bind(any_address(transport, directory))
        await first.connect(address)
        await events.wait(HandshakeSucceeded)
        await second.connect(address)
        await events.wait(HandshakeFailed, 2)
        for conversation in CONVERSATIONS["PAIR", "PAIR"]:
            await conversation(ours, first, MULTIPART)
        await first.peer.kill()
        await events.wait(HandshakeSucceeded, 2)
        for conversation in CONVERSATIONS["PAIR", "PAIR"]:
            await conversation(ours, second, MULTIPART)


async def test_second_peer_of_a_name_waits_until_the_first_has_left(
    transport: str, spawn: Spawn, directory: Path
) -> None:
    first = await (await spawn()).open("DEALER", ROUTING_ID=b"name")
    second = await (await spawn()).open("DEALER", ROUTING_ID=b"name", RECONNECT_IVL=20)
    async with RouterSocket(reactor) as ours:
        events = EventLog(ours)
        address = await ours.bind(any_address(transport, directory))
        await first.connect(address)
        await events.wait(HandshakeSucceeded)
        await second.connect(address)
        await events.wait(HandshakeFailed, 2)
        await within(ours.send([b"name", b"for the first"]), "send")
        check(await first.receive(1), [[b"for the first"]], "first")
        await first.peer.kill()
        await events.wait(HandshakeSucceeded, 2)
        await within(ours.send([b"name", b"for the second"]), "send")
        check(await second.receive(1), [[b"for the second"]], "second")


async def test_handover_gives_the_name_to_the_second_peer(
    transport: str, spawn: Spawn, directory: Path
) -> None:
    first = await (await spawn()).open("DEALER", ROUTING_ID=b"name", RECONNECT_IVL=-1)
    second = await (await spawn()).open("DEALER", ROUTING_ID=b"name")
    async with RouterSocket(reactor, router_handover=True) as ours:
        events = EventLog(ours)
        address = await ours.bind(any_address(transport, directory))
        await first.connect(address)
        await events.wait(HandshakeSucceeded)
        await second.connect(address)
        await events.wait(HandshakeSucceeded, 2)
        await events.wait(Disconnected)
        assert len(ours.peers) == 1
        await within(ours.send([b"name", b"hello"]), "send")
        check(await second.receive(1), [[b"hello"]], "second")
        await second.send([[b"hello back"]])
        assert await within(ours.receive(), "message") == [b"name", b"hello back"]


async def test_what_a_peer_says_of_itself_is_known(
    transport: str, binder: str, libzmq: LibzmqPeer, directory: Path
) -> None:
    theirs = await libzmq.open("DEALER", ROUTING_ID=b"name")
    async with RouterSocket(reactor) as ours:
        events = EventLog(ours)
        where = any_address(transport, directory)
        if binder == "pyzmtp":
            where = await ours.bind(where)
            await theirs.connect(where)
        else:
            where = await theirs.bind(where)
            assert await within(ours.connect(where), "connect") in ours.peers
        event = await events.wait(HandshakeSucceeded)
        (peer,) = ours.peers
        assert event.peer is peer
        await theirs.send([[b"hello"]])
        assert await within(ours.receive_from(), "message") == (peer, [b"name", b"hello"])
        assert peer.address == event.address == where
        assert peer.incoming is (binder == "pyzmtp")
        assert peer.version == (3, 1)
        assert peer.mechanism == "NULL"
        assert peer.socket_type is not None
        assert peer.socket_type.name == "DEALER"
        assert peer.routing_id == b"name"
        assert peer.user_id is None
