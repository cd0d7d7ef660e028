"""The events of a socket, in libzmq's order: the same peer meets a libzmq monitor and ours."""

from __future__ import annotations

import socket as system_sockets
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import pytest
from attrs import frozen
from twisted.internet.endpoints import clientFromString, connectProtocol, serverFromString
from twisted.internet.protocol import Factory, Protocol

from interop.descriptors import no_more_descriptors
from interop.peer import LibzmqPeer
from interop.reactor import reactor, until, within
from interop.sockets import EventLog, lasting_address
from pyzmtp import (
    Accepted,
    AcceptFailed,
    Connected,
    ConnectRetried,
    Disconnected,
    Event,
    HandshakeFailed,
    HandshakeSucceeded,
    Listening,
    PullSocket,
    PushSocket,
)

CONNECTED: Final = 0x0001
DELAYED: Final = 0x0002
RETRIED: Final = 0x0004
LISTENING: Final = 0x0008
ACCEPTED: Final = 0x0020
CLOSED: Final = 0x0080
DISCONNECTED: Final = 0x0200
NO_DETAIL: Final = 0x0800
SUCCEEDED: Final = 0x1000
PROTOCOL: Final = 0x2000
AUTH: Final = 0x4000

GREETING = b"\xff" + bytes(7) + b"\x01\x7f\x03\x01NULL" + bytes(48)
CURVE = GREETING[:12] + b"CURVE" + bytes(47)


def command(body: bytes) -> bytes:
    """A command frame."""
    return bytes((4, len(body))) + body


def ready(kind: bytes) -> bytes:
    """A READY that says no more than a socket type."""
    return command(b"\x05READY\x0bSocket-Type" + len(kind).to_bytes(4, "big") + kind)


@frozen
class Behaviour:
    """What a peer does: says its first words, the rest when it has heard our READY, and may leave.

    `told`: libzmq's event between the beginning and the end of the connection, and its value.
    `silent`: libzmq tells nothing there, though we do.
    """

    first: bytes
    rest: bytes = b""
    leaves: bool = False
    retried: bool = False
    told: tuple[int, int] = (NO_DETAIL, 0)
    silent: bool = False


#: `@` stands for the type that suits.
BEHAVIOURS = {
    "good, then gone": Behaviour(GREETING, b"@", True, True, (SUCCEEDED, 0)),
    "vanishes before READY": Behaviour(GREETING, b"", True, True),
    "another mechanism": Behaviour(CURVE, told=(PROTOCOL, 0x11000002)),
    "a message for READY": Behaviour(GREETING, b"\0\2hi", told=(PROTOCOL, 0x10000001)),
    "a cut ERROR": Behaviour(GREETING, command(b"\x05ERROR"), told=(PROTOCOL, 0x10000015)),
    "refuses": Behaviour(GREETING, command(b"\x05ERROR\x03400"), told=(AUTH, 400)),
    "another type": Behaviour(GREETING, ready(b"SUB"), told=(PROTOCOL, 0x10000018), silent=True),
    "says nothing": Behaviour(b"", retried=True),
}


class Actor(Protocol):
    """A peer with a behaviour."""

    def __init__(self, behaviour: Behaviour, suits: bytes) -> None:
        self._behaviour = behaviour
        self._rest = ready(suits) if behaviour.rest == b"@" else behaviour.rest
        self._heard = 0
        self._said = False

    def connectionMade(self) -> None:
        assert self.transport is not None
        self.transport.write(self._behaviour.first)

    def dataReceived(self, data: bytes) -> None:
        assert self.transport is not None
        self._heard += len(data)
        if self._heard > len(GREETING) and not self._said:
            self._said = True
            self.transport.write(self._rest)
            if self._behaviour.leaves:
                self.leave()

    def leave(self) -> None:
        assert self.transport is not None
        self.transport.loseConnection()


def endpoint(address: str) -> str:
    """What Twisted calls an address, to connect to it."""
    scheme, _, rest = address.partition("://")
    if scheme == "ipc":
        return f"unix:{rest}"
    host, _, port = rest.rpartition(":")
    return f"tcp:{host}:{port}"


async def listen(address: str, factory: Factory) -> Any:
    """Listen where a ZeroMQ socket will connect."""
    scheme, _, rest = address.partition("://")
    where = (
        f"unix:{rest}" if scheme == "ipc" else f"tcp:{rest.rpartition(':')[2]}:interface=127.0.0.1"
    )
    return await serverFromString(reactor, where).listen(factory)


def ours(events: list[Event], last: int) -> list[tuple[int, int]]:
    """Our events as libzmq's numbers, up to the first that is `last`."""
    numbers = [
        (event.libzmq_event, event.libzmq_code if isinstance(event, HandshakeFailed) else 0)
        for event in events
    ]
    return numbers[: [number for number, _ in numbers].index(last) + 1]


def theirs(events: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The same of libzmq's: values only where they are no descriptors, system errors or times."""
    return [(number, value if number in (PROTOCOL, AUTH) else 0) for number, value in events]


def plain(*numbers: int) -> list[tuple[int, int]]:
    """Events without a value."""
    return [(number, 0) for number in numbers]


async def has(events: EventLog, last: int) -> None:
    """Wait for an event of that number."""
    await until(lambda: any(event.libzmq_event == last for event in events.events), hex(last))


@pytest.mark.parametrize("name", BEHAVIOURS)
async def test_who_listens(libzmq: LibzmqPeer, transport: str, directory: Path, name: str) -> None:
    behaviour = BEHAVIOURS[name]
    (directory / "ours").mkdir()
    pull = await libzmq.open("PULL", HANDSHAKE_IVL=300)
    await pull.monitor()
    address = await pull.bind(lasting_address(transport, directory))
    meet: Callable[[str], Any] = lambda where: connectProtocol(  # noqa: E731
        clientFromString(reactor, endpoint(where)), Actor(behaviour, b"PUSH")
    )
    actor = await meet(address)
    seen = await pull.events(DISCONNECTED)
    actor.leave()
    await pull.close()

    async with PullSocket(reactor, handshake_timeout=0.3) as our_pull:
        events = EventLog(our_pull)
        address = await our_pull.bind(lasting_address(transport, directory / "ours"))
        actor = await meet(address)
        await has(events, DISCONNECTED)
        actor.leave()
        # While it is there: what libzmq gives as a descriptor is one of the same kind.
        assert events.of(Listening)[0].fileno is not None
        assert events.of(Accepted)[0].fileno == events.of(Disconnected)[0].fileno is not None

    middle = [behaviour.told]
    expected = [*plain(LISTENING, ACCEPTED), *middle, *plain(DISCONNECTED)]
    assert ours(events.events, DISCONNECTED) == expected
    assert theirs(seen) == [
        event for event in expected if not (behaviour.silent and event in middle)
    ]


@pytest.mark.parametrize("name", BEHAVIOURS)
async def test_who_connects(libzmq: LibzmqPeer, transport: str, directory: Path, name: str) -> None:
    behaviour = BEHAVIOURS[name]
    last = RETRIED if behaviour.retried else DISCONNECTED
    address = lasting_address(transport, directory)
    actors: list[Actor] = []

    class Actors(Factory):
        noisy = False

        def buildProtocol(self, addr: Any) -> Actor:
            actors.append(Actor(behaviour, b"PULL"))
            return actors[-1]

    port = await listen(address, Actors())
    push = await libzmq.open("PUSH", HANDSHAKE_IVL=300)
    await push.monitor()
    await push.connect(address)
    seen = await push.events(last)
    await push.close()

    async with PushSocket(reactor, handshake_timeout=0.3) as our_push:
        events = EventLog(our_push)
        our_push.connect(address)
        await has(events, last)
        assert events.of(Connected)[0].fileno == events.of(Disconnected)[0].fileno is not None
    for actor in actors:
        actor.leave()
    await within(port.stopListening(), "end of the port")

    middle = [behaviour.told]
    expected = [*plain(DELAYED, CONNECTED), *middle, *plain(DISCONNECTED)]
    if behaviour.retried:
        expected += plain(RETRIED)
    assert ours(events.events, last) == expected
    without = [event for event in expected if not (behaviour.silent and event in middle)]
    # libzmq has no CONNECT_DELAYED where the system connects at once, as it does over ipc.
    assert theirs(seen) == (without[1:] if transport == "ipc" else without)


async def test_a_refused_attempt(libzmq: LibzmqPeer, directory: Path) -> None:
    """libzmq tells of each attempt's socket that it is closed; we tell it once, of the connect."""
    address = lasting_address("tcp", directory)
    push = await libzmq.open("PUSH")
    await push.monitor()
    await push.connect(address)
    assert theirs(await push.events(RETRIED)) == plain(DELAYED, CLOSED, RETRIED)
    await push.close()
    async with PushSocket(reactor) as our_push:
        events = EventLog(our_push)
        our_push.connect(address)
        await events.wait(ConnectRetried)
        assert ours(events.events, RETRIED) == plain(DELAYED, RETRIED)
    assert ours(events.events, CLOSED)[-1:] == plain(CLOSED)


async def test_both_ends_of_one_connection(
    libzmq: LibzmqPeer, transport: str, directory: Path
) -> None:
    """libzmq listens, we connect, and it closes."""
    address = lasting_address(transport, directory)
    pull = await libzmq.open("PULL")
    await pull.monitor()
    await pull.bind(address)
    async with PushSocket(reactor) as push:
        events = EventLog(push)
        await within(push.connect(address), "connect")
        assert theirs(await pull.events(SUCCEEDED)) == plain(LISTENING, ACCEPTED, SUCCEEDED)
        await pull.close()
        await events.wait(ConnectRetried)
        expected = plain(DELAYED, CONNECTED, SUCCEEDED, DISCONNECTED, RETRIED)
        assert ours(events.events, RETRIED) == expected
        assert events.of(HandshakeSucceeded)[0].peer is events.of(Disconnected)[0].peer


async def test_no_descriptors_are_left_for_who_comes(transport: str, directory: Path) -> None:
    """Twisted turns them away, and we hear of it (libzmq: ACCEPT_FAILED)."""
    async with PullSocket(reactor) as pull:
        events = EventLog(pull)
        address = await pull.bind(lasting_address(transport, directory))
        if transport == "tcp":
            client = system_sockets.socket()
            where: Any = ("127.0.0.1", int(address.rpartition(":")[2]))
        else:
            client = system_sockets.socket(system_sockets.AF_UNIX)
            where = address.removeprefix("ipc://")
        with client, no_more_descriptors():
            client.setblocking(False)
            with suppress(BlockingIOError):
                client.connect(where)
            failed = await events.wait(AcceptFailed)
        assert failed.address == address
        assert isinstance(failed.error, OSError)
        # The port lives on.
        async with PushSocket(reactor) as push:
            await within(push.connect(address), "connect")
            await within(push.send(b"hello"), "send")
            assert await within(pull.receive(), "receive") == [b"hello"]
