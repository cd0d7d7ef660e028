"""pyzmtp.net.resolver: names to addresses."""

from __future__ import annotations

from typing import Any

import pytest
from twisted.internet.address import IPv4Address, UNIXAddress
from twisted.internet.error import DNSLookupError
from twisted.internet.task import Clock

from pyzmtp.errors import TransportUnavailable
from pyzmtp.net.resolver import resolve
from pyzmtp.testing import MemoryNetwork

from ..sockets.world import Outcomes


@pytest.fixture
def network() -> MemoryNetwork:
    network = MemoryNetwork()
    network.names["both.example"] = ["10.0.0.1", "fd00::1", "10.0.0.2"]
    return network


@pytest.mark.parametrize("host", ["10.0.0.1", "::1", "fe80::1"])
def test_an_address_is_its_own_answer_on_any_reactor(host: str) -> None:
    assert Outcomes(resolve(Clock(), host, ipv6=False)) == [[host]]


def test_a_name_has_ipv4_addresses_and_others_on_request(network: MemoryNetwork) -> None:
    reactor = network.reactor()
    assert network.run(resolve(reactor, "both.example", False)) == ["10.0.0.1", "10.0.0.2"]
    assert network.run(resolve(reactor, "both.example", True)) == [
        "10.0.0.1",
        "fd00::1",
        "10.0.0.2",
    ]


def test_a_name_without_an_address_is_a_lookup_error(network: MemoryNetwork) -> None:
    with pytest.raises(DNSLookupError, match=r"no\.such\.name"):
        network.run(resolve(network.reactor(), "no.such.name", ipv6=True))


def test_a_reactor_that_knows_no_names_says_so() -> None:
    with pytest.raises(TransportUnavailable) as raised:
        resolve(Clock(), "localhost", ipv6=False)
    assert raised.value.interface == "IReactorPluggableNameResolver"


def test_answers_that_are_no_addresses_are_passed_over(network: MemoryNetwork) -> None:
    class Odd:
        def resolveHostName(self, receiver: Any, *args: Any, **kwargs: Any) -> None:
            receiver.resolutionBegan(None)
            receiver.addressResolved(UNIXAddress("/run/x"))
            receiver.addressResolved(IPv4Address("TCP", "10.0.0.1", 0))
            receiver.resolutionComplete()

    reactor: Any = network.reactor()
    reactor.nameResolver = Odd()
    assert network.run(resolve(reactor, "odd.example", ipv6=False)) == ["10.0.0.1"]


def test_an_answer_that_comes_after_a_cancellation_is_ignored(network: MemoryNetwork) -> None:
    resolving = resolve(network.reactor(), "both.example", ipv6=False)
    outcome = Outcomes(resolving)
    resolving.cancel()
    network.settle()
    assert len(outcome.errors) == 1
