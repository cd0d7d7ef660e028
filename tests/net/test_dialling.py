"""pyzmtp.net.dialling: one attempt to connect."""

from __future__ import annotations

from typing import Any

import pytest
from twisted.internet.defer import CancelledError, Deferred, succeed
from twisted.internet.error import ConnectionRefusedError as Refused
from twisted.internet.error import DNSLookupError
from twisted.internet.error import TimeoutError as TimedOut
from twisted.internet.interfaces import IStreamClientEndpoint
from twisted.internet.protocol import Protocol
from zope.interface import implementer

from pyzmtp.errors import TransportUnavailable
from pyzmtp.net.address import IpcAddress, TcpAddress
from pyzmtp.net.dialling import dial
from pyzmtp.net.places import ClientPlace
from pyzmtp.options import SocketOptions
from pyzmtp.testing import MemoryNetwork

from ..sockets.world import Outcomes


class Attempt:
    """An attempt and what came of it."""

    def __init__(
        self, network: MemoryNetwork, place: ClientPlace, tcp_only: bool = False, **options: Any
    ) -> None:
        self.network = network
        self.built: list[Protocol] = []
        reactor: Any = network.reactor(tcp_only=tcp_only)
        self.deferred = Deferred.fromCoroutine(
            dial(reactor, place, SocketOptions(**options), self.build)
        )
        self.outcome = Outcomes(self.deferred)
        network.settle()

    def build(self, where: str) -> Protocol:
        """The protocol of the connection, of which the transport knows all."""
        assert where == ""
        self.built.append(Protocol())
        return self.built[-1]


@pytest.fixture
def network() -> MemoryNetwork:
    network = MemoryNetwork()
    network.names["many.example"] = ["10.0.0.1", "10.0.0.2", "10.0.0.3"]
    return network


def test_it_is_done_when_somebody_answers(network: MemoryNetwork) -> None:
    listener = network.raw_listen()
    attempt = Attempt(network, TcpAddress("127.0.0.1", listener.port))
    assert attempt.outcome == [None]
    assert len(attempt.built) == len(listener.peers) == 1
    assert attempt.built[0].connected


def test_it_fails_with_what_the_transport_says(network: MemoryNetwork) -> None:
    assert isinstance(Attempt(network, TcpAddress("127.0.0.1", 9)).outcome.error, Refused)
    assert isinstance(Attempt(network, TcpAddress("no.name", 9)).outcome.error, DNSLookupError)
    assert Attempt(network, IpcAddress("/run/none")).outcome.errors


def test_the_protocol_stands_alone_on_its_transport(network: MemoryNetwork) -> None:
    """Twisted's endpoints would wrap it, which costs a call with every chunk."""
    listener = network.raw_listen()
    attempt = Attempt(network, TcpAddress("127.0.0.1", listener.port))
    transport: Any = attempt.built[0].transport
    assert transport.protocol is attempt.built[0]


def test_the_addresses_of_a_name_are_tried_in_turn(network: MemoryNetwork) -> None:
    listener = network.raw_listen(5555, host="10.0.0.3")
    attempt = Attempt(network, TcpAddress("many.example", 5555))
    assert attempt.outcome == [None]
    assert len(attempt.built) == len(listener.peers) == 1


def test_the_last_address_decides(network: MemoryNetwork) -> None:
    network.blackhole("10.0.0.3")
    attempt = Attempt(network, TcpAddress("many.example", 5555), connect_timeout=2.0)
    assert attempt.outcome.pending
    network.advance(2.1)
    assert isinstance(attempt.outcome.error, TimedOut)
    assert attempt.built == []


def test_an_address_that_is_silent_makes_way_for_the_next(network: MemoryNetwork) -> None:
    network.blackhole("10.0.0.1")
    network.raw_listen(5555, host="10.0.0.2")
    attempt = Attempt(network, TcpAddress("many.example", 5555), connect_timeout=2.0)
    network.advance(2.1)
    assert attempt.outcome == [None]


def test_cancelling_does_not_go_on_to_the_next_address(network: MemoryNetwork) -> None:
    network.blackhole("10.0.0.1")
    listener = network.raw_listen(5555, host="10.0.0.2")
    attempt = Attempt(network, TcpAddress("many.example", 5555))
    attempt.deferred.cancel()
    network.settle()
    assert isinstance(attempt.outcome.error, CancelledError)
    assert listener.peers == []
    network.assert_clean()


@pytest.mark.parametrize("place", [TcpAddress("127.0.0.1", 9), TcpAddress("many.example", 9)])
def test_it_can_be_cancelled_before_it_has_begun(
    network: MemoryNetwork, place: ClientPlace
) -> None:
    reactor: Any = network.reactor()
    deferred = Deferred.fromCoroutine(dial(reactor, place, SocketOptions(), lambda _: Protocol()))
    outcome = Outcomes(deferred)
    deferred.cancel()
    network.settle()
    assert isinstance(outcome.error, CancelledError)
    network.assert_clean()


def test_a_cancelled_attempt_ends_when_twisted_has_done_with_it(network: MemoryNetwork) -> None:
    """Twisted begins each with callLater(0), and does not take it back."""
    reactor: Any = network.reactor()
    place = TcpAddress("127.0.0.1", 9)
    deferred = Deferred.fromCoroutine(dial(reactor, place, SocketOptions(), lambda _: Protocol()))
    before = reactor.callLater(0, lambda: None)
    deferred.cancel()
    left: list[bool] = []
    deferred.addErrback(lambda _: left.append(before.active()))
    assert left == []
    network.settle()
    assert left == [False]


def test_the_source_is_used(network: MemoryNetwork) -> None:
    listener = network.raw_listen()
    Attempt(network, TcpAddress("127.0.0.1", listener.port, ("127.0.0.7", 6000)))
    transport: Any = listener.peers[0].transport
    assert (transport.getPeer().host, transport.getPeer().port) == ("127.0.0.7", 6000)


def test_a_path_needs_a_reactor_with_unix_sockets(network: MemoryNetwork) -> None:
    attempt = Attempt(network, IpcAddress("/run/x"), tcp_only=True)
    assert isinstance(attempt.outcome.error, TransportUnavailable)
    assert attempt.outcome.error.address == "ipc:///run/x"


def test_a_path_is_connected(network: MemoryNetwork) -> None:
    listener = network.raw_listen("/run/x")
    assert Attempt(network, IpcAddress("/run/x")).outcome == [None]
    assert len(listener.peers) == 1


def test_an_endpoint_is_given_a_factory(network: MemoryNetwork) -> None:
    given: list[Any] = []

    @implementer(IStreamClientEndpoint)
    class Endpoint:
        def connect(self, protocolFactory: Any) -> Deferred[Any]:
            given.append(protocolFactory.buildProtocol(None))
            return succeed(given[0])

    place: Any = Endpoint()
    attempt = Attempt(network, place)
    assert attempt.outcome == [None]
    assert given == attempt.built


@pytest.mark.parametrize("timeout", [None, 2.5])
def test_a_lookup_that_never_ends_is_given_up(
    network: MemoryNetwork, timeout: float | None
) -> None:
    """Twisted's own resolver does not always answer: not when it had no descriptor left."""

    class Silent:
        def resolveHostName(self, receiver: Any, *args: Any, **kwargs: Any) -> None:
            pass

    reactor: Any = network.reactor()
    reactor.nameResolver = Silent()
    place = TcpAddress("a.example", 5555)
    options = SocketOptions(connect_timeout=timeout)
    outcome = Outcomes(
        Deferred.fromCoroutine(dial(reactor, place, options, lambda where: Protocol()))
    )
    network.advance((timeout or 30) - 0.1)
    assert outcome.pending
    network.advance(0.2)
    assert isinstance(outcome.error, DNSLookupError)
    assert f"within {timeout or 30.0} s" in str(outcome.error)
    network.assert_clean()
