"""Hosts of the network in memory: their names, addresses, ports and clocks."""

from __future__ import annotations

from errno import EADDRNOTAVAIL

import pytest
from twisted.internet import error
from twisted.internet.address import IPv4Address
from twisted.internet.protocol import DatagramProtocol

from pyzmtp.testing import MemoryNetwork

from .recorders import Client, Server, port_of


def test_a_host_is_known_by_its_name(network: MemoryNetwork) -> None:
    server, client = Server(), Client()
    there, here = network.reactor("there"), network.reactor("here")
    there.listenTCP(5555, server)
    here.connectTCP("there", 5555, client)
    network.settle()
    [connection] = network.connections
    assert connection.server_address == IPv4Address("TCP", there.host.address, 5555)
    assert isinstance(connection.client_address, IPv4Address)
    assert connection.client_address.host == here.host.address
    assert server.log[1:] == [connection.client_address]
    assert network.connections_of(here) == network.connections_of(there, here) == [connection]
    assert network.connections_of(here, network.reactor()) == []
    assert repr(there.host) == f"<MemoryHost there {there.host.address}>"


def test_each_host_has_port_numbers_and_paths_of_its_own(network: MemoryNetwork) -> None:
    one, two = network.reactor("one"), network.reactor("two")
    for reactor in (one, two):
        reactor.listenTCP(5555, Server())
        reactor.listenUNIX("/run/socket", Server())
    with pytest.raises(error.CannotListenError):
        network.reactor("one").listenTCP(5555, Server())
    with pytest.raises(error.CannotListenError):
        network.reactor("two").listenUNIX("/run/socket", Server())


def test_the_loopback_address_is_ones_own(network: MemoryNetwork) -> None:
    one, two = network.reactor("one"), network.reactor("two")
    number = port_of(one.listenTCP(0, Server()))
    clients = {reactor: Client() for reactor in (one, two, network.reactor("one"))}
    for reactor, client in clients.items():
        reactor.connectTCP("127.0.0.1", number, client)
    network.settle()
    assert [len(client.protocols) for client in clients.values()] == [1, 0, 1]


def test_a_port_may_be_for_one_address_of_its_host_only(network: MemoryNetwork) -> None:
    there, here = network.reactor("there"), network.reactor("here")
    inner = port_of(there.listenTCP(0, Server(), interface="127.0.0.1"))
    outer = port_of(there.listenTCP(0, Server(), interface="there"))
    clients = [Client(), Client()]
    for client, number in zip(clients, (inner, outer), strict=True):
        here.connectTCP("there", number, client)
    network.settle()
    assert [len(client.protocols) for client in clients] == [0, 1]


def test_another_hosts_address_cannot_be_bound_to(network: MemoryNetwork) -> None:
    there = network.reactor("there")
    for interface in (there.host.address, "there"):
        with pytest.raises(error.CannotListenError) as caught:
            network.reactor("here").listenTCP(0, Server(), interface=interface)
        assert caught.value.socketError.errno == EADDRNOTAVAIL
    with pytest.raises(error.CannotListenError):
        network.reactor("here").listenTCP(0, Server(), interface="10.0.0.1")


def test_an_address_that_nobody_has_is_localhosts(network: MemoryNetwork) -> None:
    number = port_of(network.reactor().listenTCP(0, Server(), interface="10.0.0.1"))
    client = Client()
    network.reactor("here").connectTCP("10.0.0.1", number, client)
    network.settle()
    assert len(client.protocols) == 1


def test_there_may_be_many(network: MemoryNetwork) -> None:
    addresses = {network.reactor(f"host{number}").host.address for number in range(600)}
    assert len(addresses) == 600
    assert len(network.hosts.all()) == 601
    assert max(addresses, key=lambda address: address.split(".")[2]).startswith("198.18.2.")


def test_a_name_that_is_there_already_keeps_its_meaning(network: MemoryNetwork) -> None:
    network.names["elsewhere"] = ["10.0.0.1"]
    network.reactor("elsewhere")
    assert network.names["elsewhere"] == ["10.0.0.1"]


def test_clocks_may_differ(network: MemoryNetwork) -> None:
    fast, plain = network.reactor(clock=1000.5), network.reactor()
    calls: list[tuple[str, float]] = []
    fast.callLater(0.1, lambda: calls.append(("fast", fast.seconds())))
    plain.callLater(0.2, lambda: calls.append(("plain", plain.seconds())))
    network.advance(0.15)
    [(who, when)] = calls
    assert who == "fast"
    assert when == pytest.approx(1000.6)
    network.advance(0.05)
    assert calls[1:] == [("plain", 0.2)]
    assert fast.seconds() == pytest.approx(network.seconds() + 1000.5)


def test_the_time_of_a_call_survives_the_rounding_of_a_large_clock(network: MemoryNetwork) -> None:
    reactor = network.reactor(clock=1.7e9)
    times: list[float] = []

    def again() -> None:
        times.append(network.seconds())
        if len(times) < 100:
            reactor.callLater(0.1, again)

    again()
    network.advance(20)
    assert len(times) == 100
    assert times[-1] == pytest.approx(9.9, abs=1e-3)


def test_until_waits_for_what_is_to_come(network: MemoryNetwork) -> None:
    reactor = network.reactor()
    calls: list[int] = []
    reactor.callLater(3, calls.append, 1)
    reactor.callLater(7, calls.append, 2)
    network.until(lambda: calls)
    assert network.seconds() == 3
    network.until(lambda: calls)
    assert network.seconds() == 3
    with pytest.raises(AssertionError, match="within 5 s"):
        network.until(lambda: len(calls) > 2, within=5)
    assert (calls, network.seconds()) == ([1, 2], 8)
    network.until(lambda: network.seconds() >= 10, within=2)


def test_a_free_port_is_one_that_nothing_is_bound_to(network: MemoryNetwork) -> None:
    reactor = network.reactor()
    first = port_of(reactor.listenTCP(0, Server()))
    reactor.listenTCP(first + 1, Server())
    reactor.listenUDP(first + 2, DatagramProtocol())
    assert port_of(reactor.listenTCP(0, Server())) == first + 3
    assert reactor.listenUDP(0, DatagramProtocol()).getHost().port == first + 4


def test_free_ports_begin_again_after_the_last_one(network: MemoryNetwork) -> None:
    host = network.reactor().host
    first = host.free_port()
    others = [host.free_port() for _ in range(0xFFFF - first)]
    assert others == list(range(first + 1, 0x10000))
    assert host.free_port() == first
