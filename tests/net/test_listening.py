"""pyzmtp.net.listening: to listen at a place."""

from __future__ import annotations

import errno
from typing import Any
from weakref import ReferenceType, ref

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.error import CannotListenError
from twisted.internet.protocol import Factory, Protocol

from pyzmtp.errors import AddressInUse, BindError, TransportUnavailable
from pyzmtp.net.listening import ListeningAt, listen
from pyzmtp.net.places import server_place
from pyzmtp.options import SocketOptions
from pyzmtp.testing import MemoryNetwork


@pytest.fixture
def network() -> MemoryNetwork:
    return MemoryNetwork()


def start(
    network: MemoryNetwork, where: str, tcp_only: bool = False, **options: Any
) -> ListeningAt:
    """Listen."""
    reactor: Any = network.reactor(tcp_only=tcp_only)
    factory: Any = Factory.forProtocol(Protocol)
    place = server_place(reactor, where)
    return network.run(listen(reactor, place, where, SocketOptions(**options), factory))


@pytest.mark.parametrize(
    ("where", "address"),
    [
        ("tcp://127.0.0.1:5555", "tcp://127.0.0.1:5555"),
        ("tcp://*:5555", "tcp://0.0.0.0:5555"),
        ("tcp://localhost:5555", "tcp://127.0.0.1:5555"),
        ("ipc:///run/x", "ipc:///run/x"),
        ("ipc://@x", "ipc://@x"),
        ("tcp:5555:interface=127.0.0.1", "tcp://127.0.0.1:5555"),
        ("unix:/run/x", "ipc:///run/x"),
    ],
)
def test_the_real_address_is_known(network: MemoryNetwork, where: str, address: str) -> None:
    listening = start(network, where)
    assert listening.address == address
    assert len(network.ports) == 1
    network.run(Deferred.fromCoroutine(listening.stop()))
    assert network.ports == []


def test_the_backlog_is_passed_on(network: MemoryNetwork) -> None:
    reactor: Any = network.reactor()
    given: list[int] = []
    listen_tcp = reactor.listenTCP

    def recording(port: int, factory: Any, backlog: int = 50, interface: str = "") -> Any:
        given.append(backlog)
        return listen_tcp(port, factory, backlog, interface)

    reactor.listenTCP = recording
    factory: Any = Factory.forProtocol(Protocol)
    place = server_place(reactor, "tcp://127.0.0.1:*")
    options = SocketOptions(backlog=7)
    network.run(listen(reactor, place, "x", options, factory))
    assert given == [7]


@pytest.mark.parametrize("where", ["tcp://127.0.0.1:5555", "tcp://*:5555", "ipc:///run/x"])
def test_an_address_that_is_taken(network: MemoryNetwork, where: str) -> None:
    start(network, where)
    with pytest.raises(AddressInUse) as raised:
        start(network, where)
    assert raised.value.address == where
    assert raised.value.__cause__ is not None


def test_an_address_that_cannot_be(network: MemoryNetwork) -> None:
    with pytest.raises(BindError) as raised:
        start(network, "tcp://no.such.name:5")
    assert raised.value.address == "tcp://no.such.name:5"
    with pytest.raises(TransportUnavailable):
        start(network, "ipc:///run/x", tcp_only=True)


def test_ipv6_where_it_is_asked_for(network: MemoryNetwork) -> None:
    assert start(network, "tcp://*:5555", ipv6=True).address == "tcp://[::]:5555"
    assert start(network, "tcp://[::1]:5556", ipv6=True).address == "tcp://[::1]:5556"


class _Unbound:
    """In the place of the socket that Twisted could not bind."""


def test_a_socket_that_could_not_be_bound_is_not_held_by_the_error(network: MemoryNetwork) -> None:
    """Twisted leaves it to the garbage collector, and the error may be kept in an event or the log."""
    made: list[ReferenceType[object]] = []

    def listen_tcp(*arguments: object, **options: object) -> None:
        unbound = _Unbound()
        made.append(ref(unbound))
        try:
            raise OSError(errno.EADDRINUSE, "Address already in use")
        except OSError as error:
            raise CannotListenError("127.0.0.1", 1, error) from error

    reactor: Any = network.reactor()
    reactor.listenTCP = listen_tcp
    factory: Any = Factory.forProtocol(Protocol)
    place = server_place(reactor, "tcp://127.0.0.1:1")
    with pytest.raises(AddressInUse) as raised:
        network.run(listen(reactor, place, "tcp://127.0.0.1:1", SocketOptions(), factory))
    assert isinstance(raised.value.__cause__, CannotListenError)
    [unbound] = made
    assert unbound() is None
