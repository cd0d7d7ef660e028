"""A libzmq process that ends without warning and is started again, as tests of restarts need it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from interop.conversations import (
    CONVERSATIONS,
    MULTIPART,
    hear_publisher,
    let_publish,
    our_options,
    their_options,
)
from interop.peer import RemoteSocket, Spawn
from interop.reactor import reactor, within
from interop.sockets import CLASSES, EventLog, lasting_address
from pyzmtp import Disconnected, HandshakeSucceeded, SubSocket, XPubSocket, XSubSocket

#: Short, so that a test does not wait long for a peer that is back.
RECONNECT = 0.02


async def begin(spawn: Spawn, kind: str, binder: str, address: str, **options: Any) -> RemoteSocket:
    """Start a libzmq process with one socket at `address`.

    A subscriber that binds has subscribed to everything before anybody can reach it, since what
    its publisher has kept will come at once.
    """
    peer = await spawn()
    theirs = await peer.open(kind, **{**their_options(kind), **options})
    if binder == "pyzmtp":
        await theirs.connect(address)
    else:
        if kind in ("SUB", "XSUB"):
            await theirs.subscribe(b"")
        await theirs.bind(address)
    return theirs


async def end(theirs: RemoteSocket, events: EventLog) -> None:
    """Kill the process of `theirs` and wait until our socket has noticed."""
    seen = len(events.of(Disconnected))
    await theirs.peer.kill()
    await events.wait(Disconnected, seen + 1)


async def meet_again(ours: Any, theirs: RemoteSocket, binder: str) -> None:
    """Restore the subscription of a pair that has lost its connection.

    A bound publisher forgets with the connection, one that connects does not. Our subscriber
    subscribes again by itself.
    """
    if isinstance(ours, SubSocket | XSubSocket):
        await hear_publisher(ours, theirs)
    elif binder == "pyzmtp":
        if isinstance(ours, XPubSocket):
            assert await within(ours.receive(), "notice of the lost subscription") == [b"\x00"]
        await let_publish(ours, theirs)


async def two_lives(
    our_kind: str,
    their_kind: str,
    binder: str,
    spawn: Spawn,
    options: dict[str, Any] | None = None,
    theirs_too: dict[str, Any] | None = None,
) -> None:
    """Have a pair talk, kill libzmq's process, start another one, and have them talk again.

    `options` are of our socket, `theirs_too` of libzmq's.
    """
    address = lasting_address("tcp", Path())
    settings = {"reconnect_interval": RECONNECT, **our_options(our_kind), **(options or {})}
    async with CLASSES[our_kind](reactor, **settings) as ours:
        events = EventLog(ours)
        if binder == "pyzmtp":
            await ours.bind(address)
        theirs = await begin(spawn, their_kind, binder, address, **(theirs_too or {}))
        if binder == "libzmq":
            await within(ours.connect(address), "connect")
        await events.wait(HandshakeSucceeded)
        await let_publish(ours, theirs)
        for conversation in CONVERSATIONS[our_kind, their_kind]:
            await conversation(ours, theirs, MULTIPART)

        await end(theirs, events)
        theirs = await begin(spawn, their_kind, binder, address, **(theirs_too or {}))
        await events.wait(HandshakeSucceeded, 2)
        await meet_again(ours, theirs, binder)
        for conversation in CONVERSATIONS[our_kind, their_kind]:
            await conversation(ours, theirs, MULTIPART)
        await end(theirs, events)
