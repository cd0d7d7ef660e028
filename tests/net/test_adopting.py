"""pyzmtp.net.adopting: ZMQ_USE_FD. The sockets here are made and listen; nobody connects to them."""

from __future__ import annotations

import errno
import os
import select
import socket
import stat
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorSocket
from twisted.internet.posixbase import PosixReactorBase
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.task import Clock
from zope.interface import directlyProvides

from pyzmtp import PullSocket
from pyzmtp.engine.events import BindFailed, Event
from pyzmtp.errors import BindError, TransportUnavailable
from pyzmtp.net.listening import ListeningAt, listen
from pyzmtp.net.places import server_place
from pyzmtp.options import SocketOptions
from pyzmtp.testing import MemoryNetwork

from ..sockets.world import Outcomes


class _Port:
    """Stands for Twisted's TCP port, with a copy of the socket as that has."""

    def __init__(self, descriptor: int, family: int) -> None:
        self.handle = socket.fromfd(descriptor, family, socket.SOCK_STREAM)

    def getHost(self) -> IPv4Address:
        return IPv4Address("TCP", *self.handle.getsockname()[:2])

    def stopListening(self) -> None:
        self.handle.close()


class SocketReactor(Clock):
    """Adopts sockets, and notes which are read.

    :ivar reading: the ports that a reactor would watch now.
    """

    def __init__(self) -> None:
        super().__init__()
        self.reading: set[Any] = set()
        self.refusal: Exception | None = None
        directlyProvides(self, IReactorSocket)  # as far as it is asked for

    def adoptStreamPort(self, descriptor: int, family: int, factory: Factory) -> _Port:
        assert not os.get_blocking(descriptor)  # IReactorSocket wants it so
        if self.refusal is not None:
            raise self.refusal
        return _Port(descriptor, family)

    def addReader(self, port: object) -> None:
        self.reading.add(port)

    def removeReader(self, port: object) -> None:
        self.reading.discard(port)

    def removeWriter(self, port: object) -> None:
        assert port not in self.reading


def listening_tcp() -> socket.socket:
    handle = socket.socket()
    handle.bind(("127.0.0.1", 0))
    handle.listen()
    return handle


@pytest.fixture
def path() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="pyzmtp-") as directory:
        yield Path(directory, "socket")


def listening_unix(path: Path | str) -> socket.socket:
    handle = socket.socket(socket.AF_UNIX)
    handle.bind(str(path))
    handle.listen()
    return handle


def listens(handle: socket.socket) -> bool:
    """Whether there is only nobody to accept: after a shutdown, there is its end to be read."""
    accepts = bool(handle.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN))
    return accepts and not select.select([handle], [], [], 0)[0]


def is_open(descriptor: int) -> bool:
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True


def start(reactor: Any, where: str, descriptor: int) -> ListeningAt:
    """Listen with a socket that was made elsewhere."""
    factory: Any = Factory.forProtocol(Protocol)
    options = SocketOptions(use_fd=descriptor)
    coroutine = listen(reactor, server_place(reactor, where), where, options, factory)
    return MemoryNetwork().run(coroutine)


def stop(reactor: SocketReactor, listening: ListeningAt) -> None:
    done: list[object] = []
    Deferred.fromCoroutine(listening.stop()).addBoth(done.append)
    reactor.advance(0)
    assert done == [None]


def descriptors() -> set[int]:
    """Those of sockets; there are others that come and go."""
    return {number for number in range(256) if is_open(number) and _is_socket(number)}


def _is_socket(descriptor: int) -> bool:
    return stat.S_ISSOCK(os.fstat(descriptor).st_mode)


def test_the_real_address_is_that_of_the_socket() -> None:
    """libzmq: the address that was given is not looked at."""
    handle = listening_tcp()
    listening = start(SocketReactor(), "tcp://*:1", handle.detach())
    assert isinstance(listening.port, _Port)
    assert listening.address == f"tcp://127.0.0.1:{listening.port.getHost().port}"
    stop(SocketReactor(), listening)


def test_the_descriptor_is_closed_in_the_end_and_not_before() -> None:
    with listening_tcp() as ours:
        before = descriptors()
        descriptor = os.dup(ours.fileno())
        listening = start(SocketReactor(), "tcp://*:*", descriptor)
        assert is_open(descriptor)
        stop(SocketReactor(), listening)
        assert not is_open(descriptor)
        assert descriptors() == before
        assert listens(ours)  # who shares the socket goes on


def test_a_path_is_left_as_it_is(path: Path) -> None:
    """Twisted's own port would open it to everybody, and remove it in the end."""
    reactor = SocketReactor()
    with listening_unix(path) as ours:
        path.chmod(0o600)
        before = descriptors()
        descriptor = os.dup(ours.fileno())
        listening = start(reactor, "ipc://*", descriptor)
        assert listening.address == f"ipc://{path}"
        assert reactor.reading == {listening.port}
        assert not os.get_blocking(descriptor)
        stop(reactor, listening)
        assert reactor.reading == set()
        assert path.stat().st_mode & 0o777 == 0o600
        assert not is_open(descriptor)
        assert descriptors() == before
        assert listens(ours)


def test_a_path_that_is_gone_is_not_missed(path: Path) -> None:
    reactor = SocketReactor()
    handle = listening_unix(path)
    path.unlink()
    listening = start(reactor, "ipc://*", handle.detach())
    stop(reactor, listening)
    assert not path.exists()


def _pipe() -> int:
    reading, writing = os.pipe()
    os.close(writing)
    return reading


def _datagrams() -> int:
    handle = socket.socket(type=socket.SOCK_DGRAM)
    handle.bind(("127.0.0.1", 0))
    return handle.detach()


def _closed() -> int:
    descriptor = _pipe()
    os.close(descriptor)
    return descriptor


@pytest.mark.parametrize(
    ("make", "where", "number"),
    [
        (_closed, "tcp://*:*", errno.EBADF),
        (_closed, "ipc://*", errno.EBADF),
        (_pipe, "tcp://*:*", errno.ENOTSOCK),
        (lambda: socket.socket().detach(), "tcp://*:*", errno.EINVAL),
        (lambda: socket.socket(socket.AF_UNIX).detach(), "ipc://*", errno.EINVAL),
        (_datagrams, "tcp://*:*", errno.EINVAL),
        (lambda: listening_tcp().detach(), "ipc://*", errno.EAFNOSUPPORT),
        (lambda: socket.socket(socket.AF_UNIX).detach(), "tcp://*:*", errno.EAFNOSUPPORT),
    ],
)
def test_what_is_no_such_socket_is_refused(
    make: Callable[[], int], where: str, number: int
) -> None:
    descriptor = make()
    before = descriptors()
    with pytest.raises(BindError) as raised:
        start(SocketReactor(), where, descriptor)
    assert isinstance(raised.value.reason, OSError)
    assert raised.value.reason.errno == number
    assert descriptors() == before
    if number != errno.EBADF:
        os.close(descriptor)  # it is still its owner's


def test_a_socket_is_not_lost_if_the_reactor_refuses_it() -> None:
    reactor = SocketReactor()
    reactor.refusal = OSError(errno.EPERM, "no")
    with listening_tcp() as ours:
        before = descriptors()
        with pytest.raises(BindError):
            start(reactor, "tcp://*:*", ours.fileno())
        assert descriptors() == before
        reactor.refusal = None
        listening = start(reactor, "tcp://*:*", ours.fileno())
        stop(reactor, listening)
        ours.detach()


def test_two_binds_cannot_have_the_same() -> None:
    """Else the second to end would close what the number means by then."""
    descriptor = listening_tcp().detach()
    listening = start(SocketReactor(), "tcp://*:*", descriptor)
    with pytest.raises(BindError) as raised:
        start(SocketReactor(), "tcp://*:*", descriptor)
    assert isinstance(raised.value.reason, OSError)
    assert raised.value.reason.errno == errno.EBUSY
    stop(SocketReactor(), listening)
    assert not is_open(descriptor)


def test_the_second_bind_of_a_socket_has_to_be_told_what_to_take() -> None:
    """The number is closed by then, and may be another socket's."""
    reactor: Any = SocketReactor()
    descriptor = listening_tcp().detach()
    pull = PullSocket(reactor, use_fd=descriptor)
    events: list[Event] = []
    pull.on_event(events.append)
    address = Outcomes(pull.bind("tcp://*:*"))[0]
    unbound = Outcomes(pull.unbind(address))
    reactor.advance(0)
    assert unbound == [None]
    again = listening_tcp()
    assert again.fileno() == descriptor
    failed = Outcomes(pull.bind("tcp://*:*"))
    assert isinstance(failed.error, BindError)
    assert "earlier bind" in str(failed.error)
    assert isinstance(events[-1], BindFailed)
    assert listens(again)
    pull.configure(use_fd=descriptor)
    assert Outcomes(pull.bind("tcp://*:*"))[0].startswith("tcp://")
    closed = Outcomes(pull.close())
    reactor.advance(0)
    assert closed == [None]
    assert not is_open(again.detach())


def test_inproc_takes_no_descriptor() -> None:
    reactor: Any = SocketReactor()
    with listening_tcp() as ours:
        pull = PullSocket(reactor, use_fd=ours.fileno())
        assert Outcomes(pull.bind("inproc://x")) == ["inproc://x"]
        [address] = Outcomes(pull.bind("tcp://*:*"))  # this one does
        assert address.endswith(f":{ours.getsockname()[1]}")
        pull.close()
        reactor.advance(0)
        assert not is_open(ours.detach())


def test_a_reactor_without_descriptors_says_so() -> None:
    network = MemoryNetwork()
    with listening_tcp() as ours:
        with pytest.raises(TransportUnavailable) as raised:
            start(network.reactor(), "tcp://*:*", ours.fileno())
        assert raised.value.interface == "IReactorSocket"
        assert listens(ours)


def test_twisteds_own_reactors_can() -> None:
    assert IReactorSocket.implementedBy(PosixReactorBase)
