"""The in-memory network: its interfaces, time and names, and what is left in it."""

from __future__ import annotations

from collections.abc import Callable
from math import inf, nan
from typing import Any

import pytest
from twisted.internet import endpoints, error
from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import (
    IAddress,
    IHostResolution,
    IReactorFDSet,
    IReactorPluggableNameResolver,
    IReactorTCP,
    IReactorTime,
    IReactorUNIX,
    IResolutionReceiver,
)
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.task import LoopingCall, deferLater
from zope.interface import implementer
from zope.interface.verify import verifyObject

from pyzmtp.testing import MemoryNetwork, MemoryReactor

from .recorders import Server, port_of


@pytest.fixture
def reactor(network: MemoryNetwork) -> MemoryReactor:
    return network.reactor()


# Interfaces


def test_a_reactor_provides_what_it_says_and_no_descriptors(network: MemoryNetwork) -> None:
    reactor = network.reactor()
    for interface in (IReactorTime, IReactorTCP, IReactorUNIX, IReactorPluggableNameResolver):
        assert verifyObject(interface, reactor)
    assert not IReactorFDSet.providedBy(reactor)


def test_a_reactor_may_lack_unix_sockets(network: MemoryNetwork) -> None:
    reactor = network.reactor(tcp_only=True)
    assert IReactorTCP.providedBy(reactor)
    assert not IReactorUNIX.providedBy(reactor)
    assert not hasattr(reactor, "listenUNIX")


# Time


def test_one_clock_runs_all_hosts_in_the_order_of_time(network: MemoryNetwork) -> None:
    one, two = network.reactor(), network.reactor()
    calls: list[tuple[str, float]] = []
    for host, delay in ((one, 3.0), (two, 1.0), (one, 2.0)):
        name = "one" if host is one else "two"
        host.callLater(delay, lambda name=name: calls.append((name, network.seconds())))
    network.advance(2.5)
    assert calls == [("two", 1.0), ("one", 2.0)]
    assert one.seconds() == two.seconds() == 2.5
    network.advance(0.5)
    assert calls[2:] == [("one", 3.0)]


def test_a_call_made_in_a_call_waits_for_the_next_round(
    network: MemoryNetwork, reactor: MemoryReactor
) -> None:
    calls: list[str] = []

    def first() -> None:
        reactor.callLater(0, calls.append, "third")
        calls.append("first")

    reactor.callLater(0, first)
    reactor.callLater(0, calls.append, "second")
    network.settle()
    assert calls == ["first", "second", "third"]


def test_delayed_calls_can_be_cancelled_delayed_and_reset(
    network: MemoryNetwork, reactor: MemoryReactor
) -> None:
    calls: list[str] = []
    cancelled = reactor.callLater(1, calls.append, "cancelled")
    delayed = reactor.callLater(1, calls.append, "delayed")
    reset = reactor.callLater(9, calls.append, "reset")
    cancelled.cancel()
    delayed.delay(1)
    reset.reset(1)
    assert len(reactor.getDelayedCalls()) == 2
    network.advance(1)
    assert calls == ["reset"]
    network.advance(1)
    assert calls == ["reset", "delayed"]
    assert not reactor.getDelayedCalls()
    with pytest.raises(error.AlreadyCalled):
        delayed.cancel()


def test_a_call_that_an_earlier_one_cancels_is_not_made(
    network: MemoryNetwork, reactor: MemoryReactor
) -> None:
    calls: list[str] = []
    reactor.callLater(0, lambda: victim.cancel())
    victim = reactor.callLater(0, calls.append, "victim")
    network.settle()
    assert calls == []


def test_a_call_sees_every_byte_that_was_sent_before_it(
    network: MemoryNetwork, reactor: MemoryReactor
) -> None:
    listener = network.raw_listen()
    peer = network.raw_connect(listener.port)
    network.settle()
    seen: list[bytes] = []
    reactor.callLater(1.0, peer.send, b"one")
    reactor.callLater(2.0, lambda: seen.append(listener.peers[0].received))
    network.advance(5.0)
    assert seen == [b"one"]


def test_time_is_the_networks(network: MemoryNetwork, reactor: MemoryReactor) -> None:
    with pytest.raises(AssertionError):
        reactor.callLater(-1, list)


@pytest.mark.parametrize("seconds", [-1.0, inf, nan])
def test_time_goes_on_for_a_number_of_seconds(network: MemoryNetwork, seconds: float) -> None:
    network.advance(5)
    forever: Deferred[None] = Deferred()
    attempts: list[Callable[[], object]] = [
        lambda: network.advance(seconds),
        lambda: network.run(forever, within=seconds),
        lambda: network.until(lambda: False, within=seconds),
    ]
    for pass_time in attempts:
        with pytest.raises(ValueError, match="time goes on for a number of seconds from 0 up"):
            pass_time()
    assert network.seconds() == 5


def test_settle_reports_a_livelock(reactor: MemoryReactor) -> None:
    reactor.network.max_rounds = 50
    loop = LoopingCall(lambda: None)
    loop.clock = reactor
    loop.start(0)
    with pytest.raises(AssertionError, match=r"not quiet after 50 rounds.*LoopingCall"):
        reactor.network.settle()


def test_settle_is_not_for_callbacks(network: MemoryNetwork, reactor: MemoryReactor) -> None:
    reactor.callLater(0, network.settle)
    with pytest.raises(RuntimeError, match="running already"):
        network.settle()


def test_an_exception_from_a_call_is_kept_and_raised(
    network: MemoryNetwork, reactor: MemoryReactor
) -> None:
    calls: list[str] = []
    reactor.callLater(1, int, "x")
    reactor.callLater(1, calls.append, "the round goes on")
    with pytest.raises(ValueError, match="invalid literal"):
        network.advance(5)
    assert [type(problem) for problem in network.errors] == [ValueError]
    assert calls == ["the round goes on"]
    network.advance(5)
    assert network.seconds() == 6


def test_run_gives_the_result_of_a_coroutine(
    network: MemoryNetwork, reactor: MemoryReactor
) -> None:
    async def work() -> str:
        await deferLater(reactor, 2.0)
        return "done"

    assert network.run(work(), within=10) == "done"
    assert network.seconds() == 2.0


def test_run_raises_what_the_coroutine_raises(network: MemoryNetwork) -> None:
    async def work() -> None:
        raise LookupError("nothing")

    with pytest.raises(LookupError, match="nothing"):
        network.run(work())


def test_run_fails_without_a_result(network: MemoryNetwork) -> None:
    never: Deferred[None] = Deferred()
    with pytest.raises(AssertionError, match="no result after 3"):
        network.run(never, within=3.0)
    assert network.seconds() == 3.0


# Names


@implementer(IResolutionReceiver)
class Resolved:
    """Collects the addresses of one resolution."""

    def __init__(self) -> None:
        self.addresses: list[IAddress] = []
        self.complete = False

    def resolutionBegan(self, resolutionInProgress: IHostResolution) -> None:
        self.name = resolutionInProgress.name

    def addressResolved(self, address: IAddress) -> None:
        self.addresses.append(address)

    def resolutionComplete(self) -> None:
        self.complete = True


def test_names_resolve_by_the_table_which_may_change(
    network: MemoryNetwork, reactor: MemoryReactor
) -> None:
    def resolve(name: str, *types: type[IAddress]) -> list[IAddress]:
        receiver = Resolved()
        resolver = reactor.nameResolver
        resolver.resolveHostName(receiver, name, 80, list(types) or None, "TCP")
        assert (receiver.name, receiver.complete) == (name, False)
        network.settle()
        assert receiver.complete
        return receiver.addresses

    four, six = IPv4Address("TCP", "10.0.0.1", 80), IPv6Address("TCP", "::1", 80)
    assert resolve("host") == []
    network.names["host"] = ["10.0.0.1", "::1"]
    assert resolve("host") == [four, six]
    assert resolve("host", IPv6Address) == [six]
    assert resolve("10.0.0.1") == [four]
    assert resolve("10.0.0.1", IPv6Address) == []
    del network.names["host"]
    assert resolve("host") == []


def test_another_resolver_can_be_installed(network: MemoryNetwork, reactor: MemoryReactor) -> None:
    first, second = reactor.nameResolver, network.reactor().nameResolver
    assert reactor.installNameResolver(second) is first
    assert reactor.nameResolver is second


def test_a_resolution_cannot_be_cancelled_as_in_twisted(reactor: MemoryReactor) -> None:
    resolution = reactor.nameResolver.resolveHostName(Resolved(), "host")
    with pytest.raises(NotImplementedError):
        resolution.cancel()


def test_twisteds_endpoints_work_on_it(network: MemoryNetwork, reactor: MemoryReactor) -> None:
    server: Any = endpoints.serverFromString  # untyped in Twisted
    client: Any = endpoints.clientFromString
    number = port_of(network.run(server(reactor, "tcp:0:interface=127.0.0.1").listen(Server())))
    connecting = client(reactor, f"tcp:127.0.0.1:{number}").connect(Factory.forProtocol(Protocol))
    assert isinstance(network.run(connecting), Protocol)
    named = endpoints.HostnameEndpoint(reactor, "server.example", number)
    with pytest.raises(error.DNSLookupError):
        network.run(named.connect(Factory.forProtocol(Protocol)), within=60)
    network.names["server.example"] = ["127.0.0.1"]
    named_protocol = network.run(named.connect(Factory.forProtocol(Protocol)), within=60)
    assert isinstance(named_protocol, Protocol)


# Left-overs


def test_assert_clean_lists_what_is_left(network: MemoryNetwork, reactor: MemoryReactor) -> None:
    network.assert_clean()
    call = reactor.callLater(7, print)
    listening = reactor.listenTCP(0, Server(), interface="127.0.0.1")
    peer = network.raw_connect(port_of(listening))
    network.settle()
    with pytest.raises(AssertionError) as caught:
        network.assert_clean()
    text = str(caught.value)
    assert all(word in text for word in ("print", "MemoryTCPPort of Server", "MemoryTransport"))
    call.cancel()
    listening.stopListening()
    peer.close()
    network.settle()
    network.assert_clean()


def test_assert_clean_gives_two_rounds_as_trial_does(
    network: MemoryNetwork, reactor: MemoryReactor
) -> None:
    reactor.callLater(0, reactor.callLater, 0, list)
    network.assert_clean()
    reactor.callLater(0, reactor.callLater, 0, reactor.callLater, 0, list)
    with pytest.raises(AssertionError, match="DelayedCall"):
        network.assert_clean()
