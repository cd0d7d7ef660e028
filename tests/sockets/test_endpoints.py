"""Twisted endpoints, as objects and as strings (DESIGN.md 1)."""

from __future__ import annotations

from typing import Any

import pytest
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.endpoints import (
    TCP4ClientEndpoint,
    TCP4ServerEndpoint,
    UNIXClientEndpoint,
    UNIXServerEndpoint,
)
from twisted.internet.error import ConnectError as TransportError
from twisted.internet.interfaces import IStreamClientEndpoint, IStreamServerEndpoint
from zope.interface import implementer

from pyzmtp import DealerSocket, PullSocket, PushSocket
from pyzmtp.engine.events import BindFailed, Closed, ConnectRetried
from pyzmtp.errors import AddressError, AddressInUse, BindError

from .world import Outcomes, World, port_of


def test_endpoint_objects(world: World) -> None:
    there, here = world.network.reactor(), world.network.reactor()
    pull, push = world.make(PullSocket, on=there), world.make(PushSocket, on=here)
    address = world.run(pull.bind(TCP4ServerEndpoint(there, 0, interface="127.0.0.1")))
    assert address.startswith("tcp://127.0.0.1:")
    endpoint = TCP4ClientEndpoint(here, "127.0.0.1", port_of(address))
    peer = world.run(push.connect(endpoint))
    assert peer.address == repr(endpoint)
    push.try_send(b"x")
    assert world.drain(pull) == [[b"x"]]
    world.run(push.disconnect(endpoint))
    assert push.peers == ()
    assert world.run(pull.unbind(address)) is None


def test_unix_endpoint_objects(world: World) -> None:
    there, here = world.network.reactor(), world.network.reactor()
    pull, push = world.make(PullSocket, on=there), world.make(PushSocket, on=here)
    endpoint = UNIXServerEndpoint(there, "/run/endpoint")
    assert world.run(pull.bind(endpoint)) == "ipc:///run/endpoint"
    world.run(push.connect(UNIXClientEndpoint(here, "/run/endpoint")))
    push.try_send(b"x")
    assert world.drain(pull) == [[b"x"]]
    assert world.run(pull.unbind(endpoint)) is None
    assert world.of(pull, Closed)[0].address == "ipc:///run/endpoint"


def test_endpoint_strings(world: World) -> None:
    pull, push = world.make(PullSocket), world.make(PushSocket)
    address = world.run(pull.bind("tcp:0:interface=127.0.0.1"))
    assert address.startswith("tcp://127.0.0.1:")
    where = f"tcp:127.0.0.1:{port_of(address)}"
    peer = world.run(push.connect(where))
    assert peer.address == where
    push.try_send(b"x")
    assert world.drain(pull) == [[b"x"]]
    assert world.run(pull.bind("unix:/run/string")) == "ipc:///run/string"
    world.run(push.connect("unix:path=/run/string"))
    assert len(push.peers) == 2
    world.run(push.disconnect(where))
    assert len(push.peers) == 1


def test_an_endpoint_is_dialled_again(world: World) -> None:
    pull, push = world.make(PullSocket), world.make(PushSocket)
    push.connect("tcp:127.0.0.1:40001")
    push.try_send(b"x")
    world.advance(1)
    assert len(world.of(push, ConnectRetried)) > 4
    world.run(pull.bind("tcp:40001:interface=127.0.0.1"))
    world.advance(1)
    assert world.drain(pull) == [[b"x"]]


def test_connecting_an_endpoint_twice_is_one_connection_for_a_dealer(world: World) -> None:
    server, client = world.make(DealerSocket), world.make(DealerSocket)
    address = world.bind(server)
    reactor: Any = client._reactor
    endpoint = TCP4ClientEndpoint(reactor, "127.0.0.1", port_of(address))
    for _ in range(2):
        client.connect(endpoint)
    world.settle()
    assert len(client.peers) == 1
    client.connect(TCP4ClientEndpoint(reactor, "127.0.0.1", port_of(address)))
    world.settle()
    assert len(client.peers) == 2


def test_an_endpoint_in_use_is_address_in_use(world: World) -> None:
    one, other = world.make(PullSocket), world.make(PullSocket)
    address = world.bind(one)
    where = f"tcp:{port_of(address)}:interface=127.0.0.1"
    failed = Outcomes(other.bind(where))
    assert isinstance(failed.error, AddressInUse)
    assert failed.error.address == where


@pytest.mark.parametrize("where", ["nonsense:x", "tcp:", "ssl:5555:no=such"])
def test_an_endpoint_string_that_cannot_be_understood(world: World, where: str) -> None:
    pull = world.make(PullSocket)
    with pytest.raises(AddressError):
        pull.bind(where)
    with pytest.raises(AddressError):
        pull.connect(where)


@implementer(IStreamServerEndpoint, IStreamClientEndpoint)
class Failing:
    """An endpoint that fails as it likes."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def listen(self, protocolFactory: Any) -> Deferred[Any]:
        return fail(self.error)

    def connect(self, protocolFactory: Any) -> Deferred[Any]:
        return fail(self.error)


@pytest.mark.parametrize("error", [RuntimeError("plug-in"), OSError(1, "no"), TransportError()])
def test_whatever_an_endpoint_fails_with_is_told(world: World, error: Exception) -> None:
    pull = world.make(PullSocket)
    bound = Outcomes(pull.bind(Failing(error)))
    assert isinstance(bound.error, BindError)
    assert bound.error.reason is error
    assert len(world.of(pull, BindFailed)) == 1
    connected = Outcomes(pull.connect(Failing(error)))
    world.advance(1)
    assert connected.pending
    [first, *_] = world.of(pull, ConnectRetried)
    assert getattr(first.error, "reason", None) is error


def test_disconnect_cancels_an_endpoints_attempt(world: World) -> None:
    cancelled: list[bool] = []

    @implementer(IStreamClientEndpoint)
    class Slow:
        def connect(self, protocolFactory: Any) -> Deferred[Any]:
            return Deferred(lambda _: cancelled.append(True))

    push, slow = world.make(PushSocket), Slow()
    push.connect(slow)
    world.settle()
    assert world.run(push.disconnect(slow)) is None
    assert cancelled == [True]


def test_a_port_of_another_kind_is_called_what_it_calls_itself(world: World) -> None:
    class Port:
        def getHost(self) -> str:
            return "somewhere"

        def stopListening(self) -> None:
            stopped.append(True)

    @implementer(IStreamServerEndpoint)
    class Odd:
        def listen(self, protocolFactory: Any) -> Deferred[Any]:
            return succeed(Port())

    stopped: list[bool] = []
    pull = world.make(PullSocket)
    assert world.run(pull.bind(Odd())) == "somewhere"
    assert world.run(pull.unbind("somewhere")) is None
    assert stopped == [True]
