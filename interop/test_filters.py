"""ZMQ_TCP_ACCEPT_FILTER, ZMQ_IPC_FILTER_*: whom a bind lets in (libzmq's test_filter_ipc)."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from interop.payloads import expected
from interop.peer import LibzmqPeer
from interop.reactor import reactor, within
from interop.sockets import EventLog, any_address
from pyzmtp import HandshakeFailed, NotAdmitted, PushSocket

#: The libzmq process runs as we do.
GOOD: list[tuple[str, dict[str, Any]]] = [
    ("tcp", {"tcp_accept_filter": ["127.0.0.0/8"]}),
    ("ipc", {"ipc_filter_uid": [os.getuid()]}),
    ("ipc", {"ipc_filter_gid": [os.getgid()]}),
    ("ipc", {"ipc_filter_uid": [os.getuid() + 1], "ipc_filter_gid": [os.getgid()]}),
]
BAD: list[tuple[str, dict[str, Any]]] = [
    ("tcp", {"tcp_accept_filter": ["192.0.2.0/24", "::1"]}),
    ("ipc", {"ipc_filter_uid": [os.getuid() + 1]}),
    ("ipc", {"ipc_filter_gid": [os.getgid() + 12345]}),
    ("ipc", {"ipc_filter_pid": [os.getpid()]}),
]


@pytest.mark.parametrize(("over", "options"), GOOD)
async def test_libzmq_is_let_in(
    over: str, options: dict[str, Any], libzmq: LibzmqPeer, directory: Path
) -> None:
    theirs = await libzmq.open("PULL")
    async with PushSocket(reactor, **options) as ours:
        await theirs.connect(await ours.bind(any_address(over, directory)))
        await within(ours.send(b"hello"), "send")
        assert await theirs.receive(1) == expected([[b"hello"]])


async def test_libzmq_is_let_in_by_its_process_id(libzmq: LibzmqPeer, directory: Path) -> None:
    theirs = await libzmq.open("PULL")
    async with PushSocket(reactor, ipc_filter_pid=[libzmq.process_id]) as ours:
        await theirs.connect(await ours.bind(any_address("ipc", directory)))
        await within(ours.send(b"hello"), "send")
        assert await theirs.receive(1) == expected([[b"hello"]])


@pytest.mark.parametrize(("over", "options"), BAD)
async def test_libzmq_is_not_let_in(
    over: str, options: dict[str, Any], libzmq: LibzmqPeer, directory: Path
) -> None:
    theirs = await libzmq.open("PULL")
    async with PushSocket(reactor, **options) as ours:
        events = EventLog(ours)
        await theirs.connect(await ours.bind(any_address(over, directory)))
        again = await events.wait(HandshakeFailed, 2)  # it tries for ever
        assert isinstance(again.error, NotAdmitted)
        assert not ours.try_send(b"hello")
        assert ours.peers == ()
