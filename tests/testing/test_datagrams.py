"""Datagrams on the network in memory."""

from __future__ import annotations

from errno import EADDRINUSE
from typing import Any

import pytest
from twisted.internet import error
from twisted.internet.interfaces import (
    IListeningPort,
    IMulticastTransport,
    IReactorMulticast,
    IReactorUDP,
    IUDPTransport,
)
from twisted.internet.protocol import DatagramProtocol
from zope.interface.verify import verifyObject

from pyzmtp.testing import Conditions, MemoryNetwork, MemoryReactor

GROUP = "239.0.0.1"


class Listener(DatagramProtocol):
    """Records what comes, and that it is started and stopped."""

    transport: Any
    noisy = False

    def __init__(self) -> None:
        self.received: list[tuple[bytes, tuple[str, int]]] = []
        self.log: list[str] = []

    def startProtocol(self) -> None:
        self.log.append("start")

    def stopProtocol(self) -> None:
        self.log.append("stop")

    def datagramReceived(self, datagram: bytes, addr: tuple[str, int]) -> None:
        self.received.append((datagram, addr))

    @property
    def datagrams(self) -> list[bytes]:
        return [datagram for datagram, _ in self.received]


@pytest.fixture
def network() -> MemoryNetwork:
    return MemoryNetwork(seed=7)


def listen(reactor: MemoryReactor, port: int = 5555, interface: str = "") -> Listener:
    listener = Listener()
    reactor.listenUDP(port, listener, interface)
    return listener


def test_the_interfaces_are_whole(network: MemoryNetwork) -> None:
    reactor = network.reactor()
    assert verifyObject(IReactorUDP, reactor)
    assert verifyObject(IReactorMulticast, reactor)
    port = reactor.listenUDP(0, Listener())
    assert verifyObject(IListeningPort, port)
    assert verifyObject(IUDPTransport, port)
    assert verifyObject(IMulticastTransport, port)
    bare = network.reactor(tcp_only=True)
    assert not IReactorUDP.providedBy(bare)
    assert not IReactorMulticast.providedBy(bare)


def test_datagrams_go_both_ways_between_hosts(network: MemoryNetwork) -> None:
    here, there = network.reactor("here"), network.reactor("there")
    server, client = listen(there), listen(here, 0)
    client.transport.write(b"ping", (there.host.address, 5555))
    network.settle()
    [(datagram, address)] = server.received
    assert (datagram, address) == (b"ping", (here.host.address, client.transport.getHost().port))
    server.transport.write(b"pong", address)
    network.settle()
    assert client.received == [(b"pong", (there.host.address, 5555))]
    assert client.transport.getHost().type == "UDP"


def test_what_nobody_listens_for_is_lost(network: MemoryNetwork) -> None:
    peer = network.raw_datagrams()
    peer.send(b"x", 9)
    network.settle()
    listener = listen(network.reactor(), 9)
    network.settle()
    assert listener.received == []


def test_a_port_may_be_for_one_address_only(network: MemoryNetwork) -> None:
    there = network.reactor("there")
    inner = listen(there, 5555, "127.0.0.1")
    outer = listen(there, 5555, "there")
    peer = listen(network.reactor("here"), 0)
    peer.transport.write(b"x", (there.host.address, 5555))
    network.settle()
    assert (inner.datagrams, outer.datagrams) == ([], [b"x"])


def test_a_port_that_is_taken_and_one_that_is_closed(network: MemoryNetwork) -> None:
    reactor = network.reactor()
    first = listen(reactor)
    second = Listener()
    with pytest.raises(error.CannotListenError) as caught:
        reactor.listenUDP(5555, second)
    assert caught.value.socketError.errno == EADDRINUSE
    port = first.transport
    network.run(port.stopListening())
    assert (first.log, second.log) == (["start", "stop"], [])
    network.run(port.stopListening())  # and again, which does nothing
    listen(reactor)


def test_a_datagram_under_way_to_a_port_that_closes_is_lost(network: MemoryNetwork) -> None:
    network.conditions = Conditions(latency=1.0)
    reactor = network.reactor()
    listener, peer = listen(reactor), network.raw_datagrams()
    peer.send(b"x", 5555)
    network.advance(0.5)
    listener.transport.loseConnection()
    network.advance(1)
    assert listener.log == ["start", "stop"]
    assert listener.received == []


def test_a_connected_port_needs_no_address(network: MemoryNetwork) -> None:
    reactor = network.reactor()
    server, client = listen(reactor), listen(reactor, 0)
    with pytest.raises(AssertionError, match="address"):
        client.transport.write(b"x")
    client.transport.connect("127.0.0.1", 5555)
    client.transport.write(b"x")
    network.settle()
    assert server.datagrams == [b"x"]
    with pytest.raises(RuntimeError):
        client.transport.connect("127.0.0.1", 5556)


def test_what_cannot_be_sent(network: MemoryNetwork) -> None:
    transport = listen(network.reactor()).transport
    with pytest.raises(error.InvalidAddressError):
        transport.write(b"x", ("name", 5555))
    with pytest.raises(error.MessageLengthError):
        transport.write(bytes(65508), ("127.0.0.1", 5555))
    transport.write(bytes(65507), ("127.0.0.1", 5555))
    transport.fault = OSError("down")
    with pytest.raises(OSError, match="down"):
        transport.write(b"x", ("127.0.0.1", 5555))
    transport.setBroadcastAllowed(True)
    assert transport.getBroadcastAllowed()


def test_more_than_one_asked_for_is_cut_off(network: MemoryNetwork) -> None:
    listener = listen(network.reactor())
    network.raw_datagrams().send(bytes(9000), 5555)
    network.settle()
    assert [len(datagram) for datagram in listener.datagrams] == [8192]


# Conditions


def test_some_are_lost(network: MemoryNetwork) -> None:
    network.conditions = Conditions(loss=0.3)
    listener, peer = listen(network.reactor()), network.raw_datagrams()
    for _ in range(1000):
        peer.send(b"x", 5555)
    network.settle()
    assert 600 < len(listener.received) < 800


def test_some_overtake_others(network: MemoryNetwork) -> None:
    network.conditions = Conditions(latency=1.0, jitter=0.5)
    listener, peer = listen(network.reactor()), network.raw_datagrams()
    sent = [b"%02d" % number for number in range(50)]
    for datagram in sent:
        peer.send(datagram, 5555)
    network.advance(0.99)
    assert listener.received == []
    network.advance(0.51)
    assert listener.datagrams != sent
    assert sorted(listener.datagrams) == sent


def test_none_passes_a_partition_or_reaches_the_dead(network: MemoryNetwork) -> None:
    there = network.reactor()
    listener, peer = listen(there), network.raw_datagrams()
    network.partition(there)
    peer.send(b"x", 5555)
    network.heal()
    network.advance(10)
    assert listener.received == []
    peer.send(b"x", 5555)
    there.kill()
    network.settle()
    assert (listener.received, listener.log) == ([], ["start"])
    again = listen(there.restart())
    peer.send(b"y", 5555)
    network.settle()
    assert again.datagrams == [b"y"]


# Multicast


def join(reactor: MemoryReactor, port: int = 5555) -> Listener:
    listener = Listener()
    reactor.listenMulticast(port, listener, listenMultiple=True)
    network = reactor.network
    network.run(listener.transport.joinGroup(GROUP))
    return listener


def test_all_who_have_joined_get_a_copy(network: MemoryNetwork) -> None:
    one, two, three = (network.reactor(name) for name in ("one", "two", "three"))
    members = [join(one), join(one), join(two)]
    other, elsewhere = join(three, 5556), listen(three)
    sender = listen(three, 0)
    sender.transport.write(b"x", (GROUP, 5555))
    network.settle()
    assert [member.datagrams for member in members] == [[b"x"]] * 3
    assert other.received == elsewhere.received == []
    assert members[0].received[0][1][0] == three.host.address
    network.run(members[0].transport.leaveGroup(GROUP))
    sender.transport.write(b"y", (GROUP, 5555))
    network.settle()
    assert [len(member.received) for member in members] == [1, 2, 2]


def test_to_share_a_port_both_must_want_to(network: MemoryNetwork) -> None:
    reactor = network.reactor()
    listen(reactor)
    with pytest.raises(error.CannotListenError):
        join(reactor)


def test_the_settings_of_multicast_are_kept(network: MemoryNetwork) -> None:
    transport = listen(network.reactor()).transport
    assert (transport.getTTL(), transport.getLoopbackMode()) == (1, True)
    assert transport.getOutgoingInterface() == "0.0.0.0"
    transport.setTTL(3)
    transport.setLoopbackMode(False)
    network.run(transport.setOutgoingInterface("10.0.0.1"))
    assert (transport.getTTL(), transport.getLoopbackMode()) == (3, False)
    assert transport.getOutgoingInterface() == "10.0.0.1"


def test_open_ports_are_left_and_raw_ones_are_not(network: MemoryNetwork) -> None:
    peer = network.raw_datagrams()
    network.assert_clean()
    listener = listen(network.reactor())
    with pytest.raises(AssertionError, match="MemoryDatagramPort of Listener on 5555"):
        network.assert_clean()
    network.run(listener.transport.stopListening())
    network.assert_clean()
    number = peer.port
    peer.close()
    network.settle()
    assert network.raw_datagrams(number).port == number
