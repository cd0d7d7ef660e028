"""ZMQ_USE_FD: a socket that listens already is handed over, and libzmq connects (libzmq's test_use_fd)."""

from __future__ import annotations

import os
import socket
import stat
from pathlib import Path

import pytest

from interop.payloads import expected
from interop.peer import LibzmqPeer
from interop.reactor import reactor, within
from pyzmtp import BindError, RepSocket


def listening(transport: str, directory: Path) -> socket.socket:
    """Make a socket as systemd would."""
    if transport == "tcp":
        handle = socket.socket()
        handle.bind(("127.0.0.1", 0))
    else:
        handle = socket.socket(socket.AF_UNIX)
        handle.bind(str(directory / "socket"))
        (directory / "socket").chmod(0o600)
    handle.listen()
    return handle


async def test_libzmq_connects_to_a_socket_that_was_handed_over(
    transport: str, libzmq: LibzmqPeer, directory: Path
) -> None:
    path = directory / "socket"
    with listening(transport, directory) as kept:
        for _ in range(2):  # whoever keeps the socket can hand it over again
            descriptor = os.dup(kept.fileno())
            theirs = await libzmq.open("REQ")
            async with RepSocket(reactor, use_fd=descriptor) as ours:
                # The address only says of what kind it is.
                address = await ours.bind("tcp://*:*" if transport == "tcp" else "ipc://*")
                if transport == "tcp":
                    assert address == f"tcp://127.0.0.1:{kept.getsockname()[1]}"
                else:
                    assert address == f"ipc://{path}"
                    assert stat.S_IMODE(path.stat().st_mode) == 0o600
                ours.serve(lambda request: [b"echo", *request])
                await theirs.connect(address)
                assert await theirs.request([[b"hello"]]) == expected([[b"echo", b"hello"]])
                [peer] = ours.peers
                assert peer.address == address
            with pytest.raises(OSError, match="Bad file descriptor"):
                os.fstat(descriptor)
            await theirs.close()
        assert kept.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
        assert path.exists() == (transport == "ipc")


async def test_who_came_before_the_bind_is_served(
    transport: str, libzmq: LibzmqPeer, directory: Path
) -> None:
    """That is what socket activation is for."""
    with listening(transport, directory) as kept:
        where = f"ipc://{directory}/socket"
        if transport == "tcp":
            where = f"tcp://127.0.0.1:{kept.getsockname()[1]}"
        theirs = await libzmq.open("REQ")
        await theirs.connect(where)
        asked = theirs.request([[b"early"]])
        async with RepSocket(reactor, use_fd=os.dup(kept.fileno())) as ours:
            await ours.bind(where)
            ours.serve(lambda request: request)
            assert await within(asked, "the reply") == expected([[b"early"]])
            await theirs.close()


async def test_unbind_gives_the_socket_up(transport: str, directory: Path) -> None:
    """libzmq closes it there, too."""
    with listening(transport, directory) as kept:
        descriptor = os.dup(kept.fileno())
        async with RepSocket(reactor, use_fd=descriptor) as ours:
            address = await ours.bind("tcp://*:*" if transport == "tcp" else "ipc://*")
            await ours.unbind(address)
            with pytest.raises(OSError, match="Bad file descriptor"):
                os.fstat(descriptor)


async def test_what_does_not_listen_is_refused_and_stays_open() -> None:
    with socket.socket() as handle:
        async with RepSocket(reactor, use_fd=handle.fileno()) as ours:
            with pytest.raises(BindError, match="does not listen"):
                await ours.bind("tcp://*:*")
        assert stat.S_ISSOCK(os.fstat(handle.fileno()).st_mode)
