"""No descriptor is left, neither to accept nor to connect; then there are some again."""

from __future__ import annotations

import errno
from functools import partial

import pytest
from twisted.internet.task import deferLater

from interop.descriptors import no_more_descriptors
from interop.faults.effort import Effort, effort
from interop.faults.machine import Place
from interop.faults.row import row
from interop.faults.stage import Stage
from interop.reactor import reactor, within
from interop.sockets import EventLog, lasting_address
from pyzmtp import (
    Accepted,
    AcceptFailed,
    BindError,
    ConnectError,
    ConnectRetried,
    HandshakeSucceeded,
    PullSocket,
    PushSocket,
)

_GROUP = "No descriptor is left"

#: Seconds that there is none.
_WHILE = 2.0

#: libzmq's sockets that knock, and milliseconds between two knocks of one; libzmq adds up to as many.
_KNOCKING, _INTERVAL = 3, 50

#: Turns of the reactor for a knock or an attempt: to see it, to tell of it, and to try again.
_TURNS_EACH = 8


def _check_rest(spent: Effort, occasions: int) -> None:
    """See that nothing was done but what there was occasion for."""
    assert spent.turns <= _TURNS_EACH * occasions + 20, spent
    assert spent.cpu < _WHILE / 4, spent


async def _accept(transport: str, stage: Stage) -> str:
    theirs = await stage.spawn()
    async with PullSocket(reactor) as ours:
        events = EventLog(ours)
        address = await ours.bind(lasting_address(transport, stage.directory))
        early = await theirs.open("PUSH")
        await early.connect(address)
        await events.wait(HandshakeSucceeded)
        late = [await theirs.open("PUSH", RECONNECT_IVL=_INTERVAL) for _ in range(_KNOCKING)]
        with no_more_descriptors():
            for one in late:
                await one.connect(address)
            failed = await events.wait(AcceptFailed)
            assert failed.address == address
            assert failed.error.errno == errno.EMFILE
            with effort() as spent:
                await deferLater(reactor, _WHILE)
            await early.send([[b"who is there"]])
            assert await within(ours.receive(), "who is there") == [b"who is there"]
            assert len(events.of(Accepted)) == 1
        _check_rest(spent, occasions=_KNOCKING * int(_WHILE * 1000 / _INTERVAL))
        await events.wait(HandshakeSucceeded, 1 + _KNOCKING)
        for one in late:
            await one.send([[b"hello"]])
            assert await within(ours.receive(), "hello") == [b"hello"]
        return f"{len(events.of(AcceptFailed))} events; {_WHILE:g} s took {spent}"


for _transport in ("tcp", "ipc"):
    row(_GROUP, f"to accept, {_transport}", place=Place.CHILD)(partial(_accept, _transport))


async def _connect(transport: str, host: str, stage: Stage) -> str:
    theirs = await (await stage.spawn()).open("PULL")
    address = await theirs.bind(lasting_address(transport, stage.directory))
    where = address.replace("127.0.0.1", host)
    async with PushSocket(reactor, reconnect_interval=0.05, connect_timeout=1.0) as ours:
        # The first name that a process looks up makes Python load a module.
        await within(ours.connect(where), "connect")
        await within(ours.disconnect(where), "disconnect")
        events = EventLog(ours)
        with no_more_descriptors():
            connected = ours.connect(where)
            assert ours.try_send([b"patience"])
            with effort() as spent:
                await deferLater(reactor, _WHILE)
            retried = events.of(ConnectRetried)
            assert retried
            assert all(isinstance(event.error, ConnectError) for event in retried)
            assert not connected.called
        _check_rest(spent, occasions=int(_WHILE / 0.05))
        await within(connected, "connect again")
        report = await theirs.receive(1)
        assert report == [["8 bytes " + b"patience".hex()]]
        return f"{len(retried)} attempts in vain; {_WHILE:g} s took {spent}"


row(_GROUP, "to connect, tcp", place=Place.CHILD)(partial(_connect, "tcp", "127.0.0.1"))
#: Twisted's resolver does not expect what `getaddrinfo()` raises then: it logs that, and never answers.
_RESOLVER_FAILS = ("Unhandled error in Deferred:", "in resolveAndProcess")
row(_GROUP, "to connect, tcp, by name", place=Place.CHILD, logs=_RESOLVER_FAILS)(
    partial(_connect, "tcp", "localhost")
)
row(_GROUP, "to connect, ipc", place=Place.CHILD)(partial(_connect, "ipc", ""))


async def _bind(transport: str, stage: Stage) -> None:
    theirs = await (await stage.spawn()).open("PUSH")
    async with PullSocket(reactor) as ours:
        await ours.bind("tcp://127.0.0.1:*")  # with the first one, Twisted reserves a descriptor
        address = lasting_address(transport, stage.directory)
        with no_more_descriptors(), pytest.raises(BindError) as raised:
            await ours.bind(address)
        assert isinstance(raised.value.reason, OSError)
        assert raised.value.reason.errno == errno.EMFILE
        assert await ours.bind(address) == address
        await theirs.connect(address)
        await theirs.send([[b"hello"]])
        assert await within(ours.receive(), "hello") == [b"hello"]


for _transport in ("tcp", "ipc"):
    row(_GROUP, f"to bind, {_transport}", place=Place.CHILD)(partial(_bind, _transport))
