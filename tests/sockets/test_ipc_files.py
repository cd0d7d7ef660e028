"""The files of ipc addresses, with Twisted's own port: only what is one's own is ever removed."""

from __future__ import annotations

import os
import socket as kernel
from pathlib import Path
from typing import Any

import pytest
from twisted.internet import unix

from pyzmtp import CloseFailed, PullSocket

from .world import World


class Files:
    """A socket that listens on real files, though nobody ever looks whether somebody came."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.pull = world.make(PullSocket)
        self.readers: list[Any] = []
        self.port: Any = None
        reactor: Any = self.pull._reactor
        files = self

        class Readers:
            callLater = reactor.callLater
            addReader = self.readers.append

            def removeReader(self, reader: Any) -> None:
                if reader in files.readers:
                    files.readers.remove(reader)

            def removeWriter(self, writer: Any) -> None:
                pass

        def listen(path: str, factory: Any, backlog: int) -> Any:
            port: Any = unix.Port
            self.port = port(path, factory, backlog, reactor=Readers())
            self.port.startListening()
            return self.port

        reactor.listenUNIX = listen

    def bind(self, where: str) -> Path:
        """Listen; return the path."""
        address = self.world.run(self.pull.bind(where))
        path = Path(address.removeprefix("ipc://"))
        assert path.is_socket()
        assert self.readers == [self.port]
        return path

    def close(self) -> None:
        """Close; the port is closed, whatever has become of its file."""
        handle = self.port.socket
        assert self.world.run(self.pull.close()) is None
        self.world.settle()
        assert self.readers == []
        assert handle.fileno() == -1


def steal(path: Path) -> None:
    """What libzmq does when it binds to a path that is taken."""
    path.unlink(missing_ok=True)
    with kernel.socket(kernel.AF_UNIX) as other:
        other.bind(str(path))


@pytest.fixture
def files(world: World) -> Files:
    return Files(world)


def test_ones_own_file_is_removed(files: Files, tmp_path: Path) -> None:
    path = files.bind(f"ipc://{tmp_path}/own")
    files.close()
    assert not os.path.lexists(path)


def test_a_file_that_is_somebody_elses_by_now_stays(files: Files, tmp_path: Path) -> None:
    path = files.bind(f"ipc://{tmp_path}/stolen")
    steal(path)
    others = path.stat().st_ino
    files.close()
    assert path.stat().st_ino == others


def test_a_file_that_is_gone_holds_up_nothing(files: Files, tmp_path: Path) -> None:
    files.bind(f"ipc://{tmp_path}/gone").unlink()
    files.close()


def test_a_file_that_cannot_be_removed_is_told_and_holds_up_nothing(
    files: Files, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = files.bind(f"ipc://{tmp_path}/held")

    def refuse(path: object) -> None:
        raise PermissionError(f"{path} is held")

    with monkeypatch.context() as patch:
        patch.setattr(os, "unlink", refuse)
        files.close()
    [event] = world.of(files.pull, CloseFailed)
    assert isinstance(event.error, PermissionError)
    assert path.is_socket()


def test_unbind_heeds_it_too(files: Files, world: World, tmp_path: Path) -> None:
    path = files.bind(f"ipc://{tmp_path}/stolen")
    steal(path)
    assert world.run(files.pull.unbind(f"ipc://{path}")) is None
    assert path.is_socket()
    assert files.readers == []


def test_a_wildcards_directory_goes_with_its_file(files: Files) -> None:
    path = files.bind("ipc://*")
    files.close()
    assert not path.parent.exists()


@pytest.mark.parametrize("left", [True, False])
def test_a_wildcards_directory_may_be_tampered_with(files: Files, left: bool) -> None:
    path = files.bind("ipc://*")
    if left:
        (path.parent / "something").touch()
    else:
        path.unlink()
        path.parent.rmdir()
    files.close()
    assert path.parent.exists() is left
    if left:
        (path.parent / "something").unlink()
        path.parent.rmdir()


def test_an_abstract_name_leaves_no_file(files: Files, world: World) -> None:
    name = f"@pyzmtp-test-{os.getpid()}"
    assert world.run(files.pull.bind(f"ipc://{name}")) == f"ipc://{name}"
    files.close()
