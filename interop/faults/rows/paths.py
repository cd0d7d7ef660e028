"""The directory of an ipc socket goes away, becomes another one, or can only be read."""

from __future__ import annotations

import errno
import shutil
from pathlib import Path

import pytest

from interop.faults.mounts import READ_ONLY_PLACE, read_only
from interop.faults.row import row
from interop.faults.stage import Stage
from interop.peer import RemoteSocket
from interop.reactor import reactor, within
from interop.restarts import RECONNECT
from interop.sockets import EventLog
from pyzmtp import (
    BindError,
    Closed,
    CloseFailed,
    ConnectRetried,
    Disconnected,
    HandshakeSucceeded,
    PullSocket,
    PushSocket,
)

_GROUP = "The directory of an ipc socket"


def _directory(stage: Stage) -> Path:
    """Make a directory that may be harmed."""
    directory = stage.directory / "harmed"
    directory.mkdir()
    return directory


async def _arrives(theirs: RemoteSocket, ours: PullSocket, text: bytes) -> None:
    """See that a message comes through."""
    await theirs.send([[text]])
    assert await within(ours.receive(), text.decode()) == [text]


async def _is_heard(ours: PushSocket, theirs: RemoteSocket, text: bytes) -> None:
    """See that a message comes through, the other way."""
    report = theirs.receive(1)
    await within(ours.send([text]), text.decode())
    assert await report == [[f"{len(text)} bytes {text.hex()}"]]


@row(_GROUP, "is removed, we bind")
async def removed_under_a_bind(stage: Stage) -> None:
    """Who is there stays; nobody comes any more; the end leaves nothing, and a new bind is found."""
    directory = _directory(stage)
    address = f"ipc://{directory}/socket"
    theirs = await stage.spawn()
    early, late = await theirs.open("PUSH"), await theirs.open("PUSH", RECONNECT_IVL=20)
    async with PullSocket(reactor) as ours:
        events = EventLog(ours)
        await ours.bind(address)
        await early.connect(address)
        await events.wait(HandshakeSucceeded)
        shutil.rmtree(directory)
        await late.connect(address)
        await _arrives(early, ours, b"still here")
        assert len(events.of(HandshakeSucceeded)) == 1
        await within(ours.unbind(address), "unbind")
        assert events.of(Closed)
        assert not events.of(CloseFailed)
        directory.mkdir()
        await ours.bind(address)
        await _arrives(late, ours, b"here again")
    assert list(directory.iterdir()) == []


@row(_GROUP, "is removed, we connect")
async def removed_under_a_connect(stage: Stage) -> None:
    """A connect that is lost tries again, until somebody is there again."""
    directory = _directory(stage)
    address = f"ipc://{directory}/socket"
    theirs = await (await stage.spawn()).open("PULL")
    await theirs.bind(address)
    async with PushSocket(reactor, reconnect_interval=RECONNECT) as ours:
        events = EventLog(ours)
        await within(ours.connect(address), "connect")
        shutil.rmtree(directory)
        await _is_heard(ours, theirs, b"still here")
        await theirs.close()
        await events.wait(Disconnected)
        await events.wait(ConnectRetried, 5)
        directory.mkdir()
        theirs = await theirs.peer.open("PULL")
        await theirs.bind(address)
        await _is_heard(ours, theirs, b"here again")


@row(_GROUP, "is replaced, we bind")
async def replaced_under_a_bind(stage: Stage) -> None:
    """At the path is somebody else's socket by now: we let it be."""
    directory = _directory(stage)
    address = f"ipc://{directory}/socket"
    theirs = await (await stage.spawn()).open("PUSH")
    async with PullSocket(reactor) as ours, PullSocket(reactor) as other:
        await ours.bind(address)
        directory.rename(stage.directory / "elsewhere")
        directory.mkdir()
        await other.bind(address)
        await within(ours.unbind(address), "unbind")
        assert (directory / "socket").is_socket()
        await theirs.connect(address)
        await _arrives(theirs, other, b"to the other")
    assert list(directory.iterdir()) == []


@row(_GROUP, "is replaced, we connect")
async def replaced_under_a_connect(stage: Stage) -> None:
    """Who is there stays; when it is lost, the next attempt finds who is at the path now."""
    directory = _directory(stage)
    address = f"ipc://{directory}/socket"
    peer = await stage.spawn()
    first, second = await peer.open("PULL"), await peer.open("PULL")
    await first.bind(address)
    async with PushSocket(reactor, reconnect_interval=RECONNECT) as ours:
        events = EventLog(ours)
        await within(ours.connect(address), "connect")
        directory.rename(stage.directory / "elsewhere")
        directory.mkdir()
        await second.bind(address)
        await _is_heard(ours, first, b"to the first")
        await first.close()
        await events.wait(Disconnected)
        await _is_heard(ours, second, b"to the second")


@row(_GROUP, "can only be read, we bind", place=READ_ONLY_PLACE)
async def no_bind_where_only_reading_is_allowed(stage: Stage) -> None:
    """The bind fails, and says why; later it is possible."""
    directory = _directory(stage)
    address = f"ipc://{directory}/socket"
    theirs = await (await stage.spawn()).open("PUSH")
    async with PullSocket(reactor) as ours:
        with read_only(directory), pytest.raises(BindError) as raised:
            await ours.bind(address)
        assert isinstance(raised.value.reason, OSError)
        assert raised.value.reason.errno in (errno.EROFS, errno.EACCES)
        await ours.bind(address)
        await theirs.connect(address)
        await _arrives(theirs, ours, b"hello")
    assert list(directory.iterdir()) == []


@row(_GROUP, "can only be read, we have bound", place=READ_ONLY_PLACE)
async def no_removal_where_only_reading_is_allowed(stage: Stage) -> None:
    """People go on coming; the path cannot be removed, which is told, and taken over later."""
    directory = _directory(stage)
    address = f"ipc://{directory}/socket"
    theirs = await (await stage.spawn()).open("PUSH", RECONNECT_IVL=20)
    async with PullSocket(reactor) as ours:
        events = EventLog(ours)
        await ours.bind(address)
        with read_only(directory):
            await theirs.connect(address)
            await _arrives(theirs, ours, b"hello")
            await within(ours.unbind(address), "unbind")
            assert len(events.of(CloseFailed)) == 1
            assert len(events.of(Closed)) == 1
        assert (directory / "socket").is_socket()
        await ours.bind(address)
        await _arrives(theirs, ours, b"hello again")
    assert list(directory.iterdir()) == []


@row(_GROUP, "can only be read, we connect", place=READ_ONLY_PLACE)
async def connecting_where_only_reading_is_allowed(stage: Stage) -> None:
    """A connect needs no more than that."""
    directory = _directory(stage)
    address = f"ipc://{directory}/socket"
    theirs = await (await stage.spawn()).open("PULL")
    await theirs.bind(address)
    async with PushSocket(reactor) as ours:
        with read_only(directory):
            await within(ours.connect(address), "connect")
            await _is_heard(ours, theirs, b"hello")
