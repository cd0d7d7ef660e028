"""ipc:// (ZMTP.md 9)."""

from __future__ import annotations

import errno
import os
import socket as kernel
import tempfile
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.error import ConnectionRefusedError as Refused
from twisted.internet.error import getConnectError
from twisted.python.failure import Failure

from pyzmtp import PullSocket, PushSocket
from pyzmtp.engine.events import BindFailed
from pyzmtp.errors import AddressError, AddressInUse, BindError, TransportUnavailable

from .world import Outcomes, World

connect_error: Any = getConnectError


def paths(world: World) -> set[bytes]:
    """The socket files that there are."""
    return world.network.hosts.get("localhost").paths


def talk(world: World, pull: PullSocket, address: str) -> None:
    """A message goes through."""
    push = world.make(PushSocket)
    world.run(push.connect(address))
    push.try_send(b"x")
    assert world.drain(pull) == [[b"x"]]


def test_a_path(world: World) -> None:
    pull = world.make(PullSocket)
    assert world.run(pull.bind("ipc:///run/path")) == "ipc:///run/path"
    talk(world, pull, "ipc:///run/path")


def test_a_path_is_removed_on_close(world: World) -> None:
    pull = world.make(PullSocket)
    world.run(pull.bind("ipc:///run/path"))
    assert paths(world) == {b"/run/path"}
    world.run(pull.close())
    assert paths(world) == set()


def test_a_wildcard_makes_a_new_path_in_a_directory_of_its_own(world: World) -> None:
    pull = world.make(PullSocket)
    one, other = world.run(pull.bind("ipc://*")), world.run(pull.bind("ipc://*"))
    assert one != other
    directory = Path(one.removeprefix("ipc://")).parent
    assert directory.is_dir()
    assert directory.stat().st_mode & 0o777 == 0o700
    talk(world, pull, one)
    world.run(pull.unbind(one))
    assert not directory.exists()
    world.run(pull.close())
    assert not Path(other.removeprefix("ipc://")).parent.exists()


def test_a_wildcard_that_fails_leaves_no_directory(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = tmp_path / ("d" * 120)
    deep.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(deep))
    pull = world.make(PullSocket)
    assert isinstance(Outcomes(pull.bind("ipc://*")).error, BindError)
    assert list(deep.iterdir()) == []


def test_an_abstract_name(world: World) -> None:
    pull = world.make(PullSocket)
    assert world.run(pull.bind("ipc://@name")) == "ipc://@name"
    assert paths(world) == set()
    talk(world, pull, "ipc://@name")
    failed = Outcomes(world.make(PullSocket).bind("ipc://@name"))
    world.settle()
    assert isinstance(failed.error, AddressInUse)


@pytest.fixture
def stale(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The path of a socket that nobody listens on, in the network and in the file system."""
    path = str(tmp_path / "stale")
    with kernel.socket(kernel.AF_UNIX) as left_behind:
        left_behind.bind(path)
    host = world.network.hosts.get("localhost")
    host.leave_stale_path(path)
    unlink = os.unlink

    def unlink_both(name: Any) -> None:
        unlink(name)
        host.unlink(name)

    monkeypatch.setattr(os, "unlink", unlink_both)
    return path


def test_a_stale_path_is_taken_over(world: World, stale: str) -> None:
    pull = world.make(PullSocket)
    assert world.run(pull.bind(f"ipc://{stale}")) == f"ipc://{stale}"
    assert not os.path.lexists(stale)
    talk(world, pull, f"ipc://{stale}")


def test_a_live_path_is_address_in_use_and_goes_on_working(world: World, tmp_path: Path) -> None:
    """libzmq takes it from under the other."""
    path = str(tmp_path / "live")
    with kernel.socket(kernel.AF_UNIX) as file:
        file.bind(path)  # what the network in memory does not make: a file to look at
    pull, thief = world.make(PullSocket), world.make(PullSocket)
    where = world.run(pull.bind(f"ipc://{path}"))
    failed = Outcomes(thief.bind(where))
    world.settle()
    assert isinstance(failed.error, AddressInUse)
    assert world.of(thief, BindFailed) == [BindFailed(where, failed.error)]
    assert os.path.lexists(path)
    somebody_has_looked = ["Listening", "Accepted", "HandshakeFailed", "Disconnected"]
    assert world.names(pull) == somebody_has_looked
    talk(world, pull, where)


@pytest.mark.parametrize("error", ["EAGAIN", "EACCES", "ETIMEDOUT"])
def test_a_path_that_does_not_refuse_is_alive(world: World, stale: str, error: str) -> None:
    """Only ECONNREFUSED says that nobody is there: a full backlog, for one, says EAGAIN."""
    pull = world.make(PullSocket)
    number = getattr(errno, error)
    reactor: Any = pull._reactor
    reason = connect_error((number, os.strerror(number)))
    assert not isinstance(reason, Refused)

    class Connector:
        def stopConnecting(self) -> None:
            pass

    def connect(path: str, factory: Any, **kwargs: Any) -> Connector:
        connector = Connector()
        reactor.callLater(0, factory.clientConnectionFailed, connector, Failure(reason))
        return connector

    reactor.connectUNIX = connect
    failed = Outcomes(pull.bind(f"ipc://{stale}"))
    world.settle()
    assert isinstance(failed.error, AddressInUse)
    assert os.path.lexists(stale)


def test_a_regular_file_is_never_removed(world: World, tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_bytes(b"data")
    host = world.network.hosts.get("localhost")
    host.leave_stale_path(str(precious))  # bind() says EADDRINUSE for any file
    pull = world.make(PullSocket)
    failed = Outcomes(pull.bind(f"ipc://{precious}"))
    world.settle()
    assert precious.read_bytes() == b"data"
    assert isinstance(failed.error, AddressInUse | BindError)


def test_a_path_that_does_not_exist_yet_is_retried(world: World) -> None:
    push = world.make(PushSocket)
    connected = Outcomes(push.connect("ipc:///run/later"))
    push.try_send(b"x")
    world.advance(3)
    assert connected.pending
    pull = world.make(PullSocket)
    world.run(pull.bind("ipc:///run/later"))
    world.advance(1)
    assert world.drain(pull) == [[b"x"]]


@pytest.mark.parametrize("where", ["ipc://", "ipc://@", "ipc:///" + "x" * 107, "ipc://a\0b"])
def test_bad_paths_are_refused(world: World, where: str) -> None:
    pull = world.make(PullSocket)
    with pytest.raises(AddressError):
        pull.bind(where)
    with pytest.raises(AddressError):
        pull.connect(where)


def test_connect_needs_a_path(world: World) -> None:
    with pytest.raises(AddressError):
        world.make(PullSocket).connect("ipc://*")


def test_the_longest_path(world: World) -> None:
    pull = world.make(PullSocket)
    where = "ipc:///" + "x" * 106
    assert world.run(pull.bind(where)) == where


def test_without_unix_sockets_it_is_transport_unavailable(world: World) -> None:
    pull = world.make(PullSocket, on=world.network.reactor(tcp_only=True))
    bound = Outcomes(pull.bind("ipc:///run/path"))
    connected = Outcomes(pull.connect("ipc:///run/path"))
    wildcard = Outcomes(pull.bind("ipc://*"))
    world.advance(10)
    for outcome in (bound, connected, wildcard):
        assert isinstance(outcome.error, TransportUnavailable)
        assert outcome.error.interface == "IReactorUNIX"
    assert world.names(pull).count("BindFailed") == 2
    assert "ConnectRetried" not in world.names(pull)
    world.bind(pull, "tcp")
