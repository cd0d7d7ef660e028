"""Names are not found; then they are, and then they lead elsewhere."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from twisted.internet.error import DNSLookupError
from twisted.names import dns

from interop.faults.machine import Place
from interop.faults.name_server import NameServer
from interop.faults.row import row
from interop.faults.stage import Stage
from interop.peer import RemoteSocket
from interop.reactor import reactor, within
from interop.restarts import RECONNECT
from interop.sockets import EventLog, lasting_address
from pyzmtp import BindError, ConnectError, ConnectRetried, Disconnected, PullSocket, PushSocket

_GROUP = "Names"

_NAME = "pyzmtp.example"

#: Twisted logs each name that Twisted Names did not find.
_NOT_FOUND = (f"while looking up {_NAME}",)


async def _fails(events: EventLog) -> None:
    """Wait for the next attempt that does not find the name."""
    seen = len(events.of(ConnectRetried))
    retried = await events.wait(ConnectRetried, seen + 1)
    assert isinstance(retried.error, ConnectError)
    assert isinstance(retried.error.reason, DNSLookupError)


async def _is_heard(ours: PushSocket, theirs: RemoteSocket, text: bytes) -> None:
    report = theirs.receive(1)
    await within(ours.send([text]), text.decode())
    assert await report == [[f"{len(text)} bytes {text.hex()}"]]


async def _two_hosts(stage: Stage) -> tuple[str, RemoteSocket, RemoteSocket]:
    """Have somebody listen at the same port of two addresses; give that port's address by name."""
    peer = await stage.spawn()
    first, second = await peer.open("PULL"), await peer.open("PULL")
    address = await first.bind(lasting_address("tcp", stage.directory))
    await second.bind(address.replace("127.0.0.1", "127.0.0.2"))
    return address.replace("127.0.0.1", _NAME), first, second


@row(
    _GROUP,
    "a name server that is silent, knows no such name, answers, and changes its mind",
    place=Place.CHILD,
    logs=_NOT_FOUND,
)
async def from_a_name_server(stage: Stage) -> str:
    """Each attempt asks anew."""
    address, first, second = await _two_hosts(stage)
    async with (
        NameServer() as server,
        PushSocket(reactor, reconnect_interval=RECONNECT, connect_timeout=2) as ours,
    ):
        events = EventLog(ours)
        connected = ours.connect(address)
        for mood in ("silent", dns.ENAME, dns.ESERVER):
            server.mood = mood
            await _fails(events)
        server.mood = "answer"
        await within(connected, "connect")
        await _is_heard(ours, first, b"the first")
        server.address = "127.0.0.2"
        await first.close()
        await events.wait(Disconnected)
        await _is_heard(ours, second, b"the second")
        return f"{len(events.of(ConnectRetried))} attempts in vain, asked {server.asked} times"


@row(_GROUP, "a bind to a name that is not found, and then is", place=Place.CHILD, logs=_NOT_FOUND)
async def bind_to_a_name(stage: Stage) -> None:
    """The first one fails, and says why."""
    theirs = await (await stage.spawn()).open("PUSH")
    async with NameServer() as server, PullSocket(reactor) as ours:
        server.mood = dns.ENAME
        with pytest.raises(BindError) as raised:
            await within(ours.bind(f"tcp://{_NAME}:*"), "bind")
        assert isinstance(raised.value.reason, DNSLookupError)
        server.mood = "answer"
        await theirs.connect(await within(ours.bind(f"tcp://{_NAME}:*"), "bind again"))
        await theirs.send([[b"hello"]])
        assert await within(ours.receive(), "hello") == [b"hello"]


@row(
    _GROUP, "the system's resolver: no such name, then there is, then another", place=Place.NETWORK
)
async def from_the_system(stage: Stage) -> str:
    """The name is looked up in files, which are exchanged, and at a name server, which is not there."""
    address, first, second = await _two_hosts(stage)
    hosts = _instead_of("/etc/hosts", stage.directory)
    _instead_of("/etc/resolv.conf", stage.directory).write_text(
        "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n"
    )
    async with PushSocket(reactor, reconnect_interval=RECONNECT) as ours:
        events = EventLog(ours)
        connected = ours.connect(address)
        await _fails(events)
        hosts.write_text(f"127.0.0.1 {_NAME}\n")
        await within(connected, "connect")
        await _is_heard(ours, first, b"the first")
        hosts.write_text(f"127.0.0.2 {_NAME}\n")
        await first.close()
        await events.wait(Disconnected)
        await _is_heard(ours, second, b"the second")
        return f"{len(events.of(ConnectRetried))} attempts in vain"


def _instead_of(path: str, directory: Path) -> Path:
    """Give an empty file that stands, in this place, where another is."""
    file = directory / Path(path).name
    file.touch()
    subprocess.run(("mount", "--bind", str(file), path), check=True)
    return file
