"""Whom a bind lets in, and a bind that is given its socket."""

from __future__ import annotations

import os
import socket

from interop.conformance.scenario import TCP, scenario
from interop.conformance.stage import Stage

_IPC = ("ipc",)
_UID, _GID, _PID = os.getuid(), os.getgid(), os.getpid()


async def _what_arrives(stage: Stage, **filters: object) -> object:
    """What a PULL with filters receives of a PUSH."""
    pull, push = stage.first("PULL", **filters), stage.second("PUSH")
    push.connect(await pull.bind(stage.address()))
    await push.send(b"hello")
    await stage.settle()
    return pull.receive_now()


@scenario("tcp_accept_filter", expected=[b"hello"], transports=TCP)
async def who_comes_from_a_listed_network_is_let_in(stage: Stage) -> object:
    """One of several networks is enough."""
    return await _what_arrives(stage, tcp_accept_filter=("192.0.2.0/24", "127.0.0.0/8"))


@scenario("tcp_accept_filter", expected=None, transports=TCP)
async def who_comes_from_elsewhere_is_not(stage: Stage) -> object:
    """Nothing arrives of a peer from another network."""
    return await _what_arrives(stage, tcp_accept_filter=("192.0.2.0/24",))


@scenario("filter_ipc", expected=[b"hello"], transports=_IPC)
async def a_listed_user_is_let_in(stage: Stage) -> object:
    """By the user's id."""
    return await _what_arrives(stage, ipc_filter_uid=(_UID,))


@scenario("filter_ipc", expected=[b"hello"], transports=_IPC)
async def a_listed_group_is_let_in(stage: Stage) -> object:
    """By the group's id, though the user's is another."""
    return await _what_arrives(stage, ipc_filter_uid=(_UID + 1,), ipc_filter_gid=(_GID,))


@scenario("filter_ipc", expected=[b"hello"], transports=_IPC)
async def a_listed_process_is_let_in(stage: Stage) -> object:
    """By the process's id: both parts are played in this one."""
    return await _what_arrives(stage, ipc_filter_pid=(_PID,))


@scenario("filter_ipc", expected=None, transports=_IPC)
async def who_is_not_listed_is_not_let_in(stage: Stage) -> object:
    """Neither by the user's, nor the group's, nor the process's id."""
    return await _what_arrives(
        stage,
        ipc_filter_uid=(_UID + 1,),
        ipc_filter_gid=(_GID + 12345,),
        ipc_filter_pid=(_PID + 1,),
    )


@scenario("use_fd", expected=[b"hello"])
async def a_listening_socket_is_taken_over(stage: Stage) -> object:
    """The address only says of what kind it is."""
    if stage.transport == "tcp":
        given = socket.socket()
        given.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{given.getsockname()[1]}"
    else:
        path = stage.directory / "given"
        given = socket.socket(socket.AF_UNIX)
        given.bind(str(path))
        address = f"ipc://{path}"
    given.listen()
    pull, push = stage.first("PULL", use_fd=given.detach()), stage.second("PUSH")
    await pull.bind(address)
    push.connect(address)
    await push.send(b"hello")
    return await pull.receive()
