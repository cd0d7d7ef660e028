"""Ports and connectors of the in-memory network, as real Twisted has them."""

from __future__ import annotations

from errno import EADDRINUSE

import pytest
from twisted.internet import error
from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import Protocol

from pyzmtp.testing import MemoryNetwork, MemoryReactor

from .recorders import Client, Server, port_of


@pytest.fixture
def reactor(network: MemoryNetwork) -> MemoryReactor:
    return network.reactor()


# Ports


def test_port_0_is_an_ephemeral_port(reactor: MemoryReactor) -> None:
    first = reactor.listenTCP(0, Server())
    second = reactor.listenTCP(0, Server(), interface="::1")
    assert first.getHost() == IPv4Address("TCP", "0.0.0.0", port_of(first))
    assert second.getHost() == IPv6Address("TCP", "::1", port_of(second))
    assert port_of(first) != port_of(second)


@pytest.mark.parametrize(
    ("bound", "wanted", "free"),
    [
        ("127.0.0.1", "127.0.0.1", False),
        ("127.0.0.1", "", False),
        ("127.0.0.1", "127.0.0.2", True),
        ("127.0.0.1", "::1", True),
        ("127.0.0.1", "::", False),
        ("", "::1", True),
        ("::", "0.0.0.0", False),
        ("::1", "127.0.0.1", True),
    ],
)
def test_a_taken_address_cannot_be_listened_on(
    network: MemoryNetwork, bound: str, wanted: str, free: bool
) -> None:
    number = port_of(network.reactor().listenTCP(0, Server(), interface=bound))
    factory = Server()
    if free:
        network.reactor().listenTCP(number, factory, interface=wanted)
        assert factory.log == ["start"]
        return
    with pytest.raises(error.CannotListenError) as caught:
        network.reactor().listenTCP(number, factory, interface=wanted)
    assert (caught.value.interface, caught.value.port) == (wanted, number)
    assert caught.value.socketError.errno == EADDRINUSE
    assert factory.log == []


def test_listening_needs_a_port_number_and_an_address(reactor: MemoryReactor) -> None:
    with pytest.raises(OverflowError):
        reactor.listenTCP(70000, Server())
    with pytest.raises(error.CannotListenError, match="not known"):
        reactor.listenTCP(0, Server(), interface="eth0")
    reactor.network.names["eth0"] = ["10.0.0.1"]
    assert "10.0.0.1" in str(reactor.listenTCP(0, Server(), interface="eth0").getHost())


def test_a_port_closes_a_moment_after_it_was_told(
    network: MemoryNetwork, reactor: MemoryReactor
) -> None:
    factory = Server()
    listening = reactor.listenTCP(0, factory, interface="127.0.0.1")
    number = port_of(listening)
    stopped = listening.stopListening()
    assert stopped is not None
    assert factory.log == ["start"]
    with pytest.raises(error.CannotListenError):
        reactor.listenTCP(number, Server())
    network.run(stopped)
    assert factory.log == ["start", "stop"]
    assert listening.stopListening() is None
    with pytest.raises(AttributeError):
        listening.getHost()
    reactor.listenTCP(number, Server())


def test_a_connection_that_a_closing_port_did_not_accept_is_reset(
    network: MemoryNetwork, reactor: MemoryReactor
) -> None:
    factory, client = Server(), Client()
    listening = reactor.listenTCP(0, factory, interface="127.0.0.1")
    number = port_of(listening)
    reactor.connectTCP("127.0.0.1", number, client)
    listening.stopListening()
    network.settle()
    assert factory.log == ["start", "stop"]
    assert client.log[-2:] == [("lost", error.ConnectionLost), "stop"]
    assert network.connections == []


def test_a_factory_may_decline(network: MemoryNetwork, reactor: MemoryReactor) -> None:
    class Declining(Server):
        def buildProtocol(self, addr: IAddress | None) -> None:
            return None

    listening = reactor.listenTCP(0, Declining(), interface="127.0.0.1")
    peer = network.raw_connect(port_of(listening))
    network.settle()
    assert peer.closed is not None
    assert isinstance(peer.closed.value, error.ConnectionDone)
    assert network.connections == []


def test_an_exception_from_a_factory_is_raised_and_closes(
    network: MemoryNetwork, reactor: MemoryReactor
) -> None:
    class Broken(Server):
        def buildProtocol(self, addr: IAddress | None) -> Protocol | None:
            raise KeyError(addr)

    listening = reactor.listenTCP(0, Broken(), interface="127.0.0.1")
    peer = network.raw_connect(port_of(listening))
    with pytest.raises(KeyError):
        network.settle()
    network.settle()
    assert peer.closed is not None
    assert network.connections == []


# UNIX paths


def test_a_bound_path_is_in_use(network: MemoryNetwork) -> None:
    reactor = network.reactor()
    listening = reactor.listenUNIX("/run/socket", Server())
    assert listening.getHost() == UNIXAddress("/run/socket")
    assert network.hosts.get("localhost").paths == {b"/run/socket"}
    factory = Server()
    with pytest.raises(error.CannotListenError) as caught:
        reactor.listenUNIX(b"/run/socket", factory)
    assert (caught.value.interface, caught.value.port) == (None, b"/run/socket")
    assert caught.value.socketError.errno == EADDRINUSE
    assert factory.log == ["start"]  # Twisted starts it before it binds
    listening.stopListening()
    network.settle()
    assert network.hosts.get("localhost").paths == set()
    reactor.listenUNIX("/run/socket", Server())


def test_a_stale_path_is_in_use_refuses_and_can_be_unlinked(network: MemoryNetwork) -> None:
    reactor = network.reactor()
    reactor.host.leave_stale_path("/run/stale")
    with pytest.raises(error.CannotListenError):
        reactor.listenUNIX("/run/stale", Server())
    client = Client()
    reactor.connectUNIX("/run/stale", client)
    network.settle()
    assert client.log[2:] == [("failed", error.ConnectionRefusedError), "stop"]
    reactor.host.unlink(b"/run/stale")
    reactor.listenUNIX("/run/stale", Server())
    with pytest.raises(FileNotFoundError):
        reactor.host.unlink("/run/other")


def test_an_unlinked_path_no_longer_leads_to_its_port(network: MemoryNetwork) -> None:
    reactor = network.reactor()
    first = reactor.listenUNIX("/run/socket", Server())
    reactor.host.unlink("/run/socket")
    client = Client()
    reactor.connectUNIX("/run/socket", client)
    network.settle()
    assert client.log[2:] == [("failed", error.ConnectError), "stop"]
    second = Server()
    reactor.listenUNIX("/run/socket", second)
    network.raw_connect("/run/socket")
    network.settle()
    assert second.log == ["start", UNIXAddress(b"")]
    first.stopListening()  # it unlinks the path of the second: so does Twisted
    network.settle()
    assert network.hosts.get("localhost").paths == set()


def test_abstract_names_are_no_files(network: MemoryNetwork) -> None:
    reactor = network.reactor()
    listening = reactor.listenUNIX("\0name", Server())
    assert network.hosts.get("localhost").paths == set()
    with pytest.raises(error.CannotListenError):
        reactor.listenUNIX("\0name", Server())
    listening.stopListening()
    network.settle()
    client = Client()
    reactor.connectUNIX("\0name", client)
    network.settle()
    assert client.log[2:] == [("failed", error.ConnectionRefusedError), "stop"]


def test_a_path_may_be_locked_or_too_long(network: MemoryNetwork) -> None:
    reactor = network.reactor()
    reactor.listenUNIX("/run/socket", Server(), wantPID=True)
    with pytest.raises(error.CannotListenError, match="Cannot acquire lock"):
        reactor.listenUNIX("/run/socket", Server(), wantPID=True)
    with pytest.raises(error.CannotListenError, match="too long"):
        reactor.listenUNIX("/run/" + "x" * 120, Server())
    client = Client()
    reactor.connectUNIX("/run/unlocked", client, checkPID=True)
    network.settle()
    assert client.log[2:] == [("failed", error.BadFileError), "stop"]


# Connectors


def test_a_connection_is_made_in_this_order(network: MemoryNetwork, reactor: MemoryReactor) -> None:
    server, client = Server(), Client()
    listening = reactor.listenTCP(0, server, interface="127.0.0.1")
    number = port_of(listening)
    connector = reactor.connectTCP("127.0.0.1", number, client)
    assert connector.getDestination() == IPv4Address("TCP", "127.0.0.1", number)
    assert client.log == ["start", "connecting"]
    network.settle()
    assert client.log[2:] == [IPv4Address("TCP", "127.0.0.1", number)]
    [connection] = network.connections
    assert server.log[1:] == [connection.client_address]
    connector.disconnect()
    network.settle()
    assert client.log[3:] == [("lost", error.ConnectionDone), "stop"]
    assert server.log[2:] == []
    assert network.connections == []


def test_a_refusal_comes_later_and_may_dial_again(
    network: MemoryNetwork, reactor: MemoryReactor
) -> None:
    client = Client(again=1)
    reactor.connectTCP("127.0.0.1", 9, client)
    assert client.log == ["start", "connecting"]
    network.settle()
    refused = ("failed", error.ConnectionRefusedError)
    assert client.log[2:] == [refused, "connecting", refused, "stop"]
    network.assert_clean()


def test_a_port_on_one_address_refuses_others(
    network: MemoryNetwork, reactor: MemoryReactor
) -> None:
    number = port_of(reactor.listenTCP(0, Server(), interface="127.0.0.1"))
    for host, expected in (("127.0.0.1", True), ("10.0.0.1", False), ("0.0.0.0", True)):
        peer = network.raw_connect(number, host)
        network.settle()
        assert (peer.closed is None) is expected, host


def test_an_ipv4_client_of_a_dual_stack_port(
    network: MemoryNetwork, reactor: MemoryReactor
) -> None:
    server, client = Server(), Client()
    number = port_of(reactor.listenTCP(0, server, interface="::"))
    reactor.connectTCP("127.0.0.1", number, client)
    reactor.connectTCP("::1", number, Client())
    network.settle()
    assert [address.host for address in server.log[1:]] == ["::ffff:127.0.0.1", "::1"]
    assert client.log[2] == IPv4Address("TCP", "127.0.0.1", number)


def test_a_blackhole_answers_only_by_the_timeout(
    network: MemoryNetwork, reactor: MemoryReactor
) -> None:
    network.blackhole("10.0.0.9")
    number = port_of(reactor.listenTCP(0, Server()))
    client = Client()
    reactor.connectTCP("10.0.0.9", number, client, timeout=5)
    network.advance(4.9)
    assert client.log == ["start", "connecting"]
    with pytest.raises(AssertionError, match="MemoryConnector connecting"):
        network.assert_clean()
    network.advance(0.1)
    assert client.log[2:] == [("failed", error.TimeoutError), "stop"]
    network.restore("10.0.0.9")
    reactor.connectTCP("10.0.0.9", number, client, timeout=5)
    network.settle()
    assert len(client.protocols) == 1


def test_stop_connecting_fails_at_once(network: MemoryNetwork, reactor: MemoryReactor) -> None:
    client = Client()
    number = port_of(reactor.listenTCP(0, Server()))
    connector = reactor.connectTCP("127.0.0.1", number, client)
    connector.stopConnecting()
    assert client.log[2:] == [("failed", error.UserError), "stop"]
    with pytest.raises(error.NotConnectingError):
        connector.stopConnecting()
    network.settle()
    assert client.log[4:] == []
    assert network.connections == []
    connector.connect()
    with pytest.raises(RuntimeError, match="can't connect in this state"):
        connector.connect()
    network.settle()
    assert len(client.protocols) == 1


def test_a_client_may_dial_again_when_it_has_lost(
    network: MemoryNetwork, reactor: MemoryReactor
) -> None:
    listener = network.raw_listen()
    client = Client(again=1)
    reactor.connectTCP("127.0.0.1", listener.port, client)
    network.settle()
    listener.peers[0].close()
    network.settle()
    assert len(client.protocols) == len(listener.peers) == 2
    assert client.log.count("start") == 1
    assert "stop" not in client.log


def test_connecting_by_name_and_from_an_address(
    network: MemoryNetwork, reactor: MemoryReactor
) -> None:
    server, client = Server(), Client(again=1)
    listening = reactor.listenTCP(0, server)
    number = port_of(listening)
    connector = reactor.connectTCP("server", number, client, bindAddress=("10.0.0.7", 4000))
    network.names["server"] = ["10.0.0.1"]
    network.settle()
    assert server.log[1:] == [IPv4Address("TCP", "10.0.0.7", 4000)]
    network.names.clear()
    connector.disconnect()
    network.settle()
    assert client.log[-2:] == [("failed", error.DNSLookupError), "stop"]
    reactor.connectTCP("10.0.0.1", number, client, bindAddress=("", number))
    network.settle()
    assert client.log[-2:] == [("failed", error.ConnectBindError), "stop"]


def test_an_exception_from_a_client_factory_is_raised_and_fails_the_attempt(
    network: MemoryNetwork, reactor: MemoryReactor
) -> None:
    class Broken(Client):
        def buildProtocol(self, addr: IAddress | None) -> Protocol | None:
            raise KeyError(addr)

    client = Broken()
    reactor.connectTCP("127.0.0.1", network.raw_listen().port, client)
    with pytest.raises(KeyError):
        network.settle()
    assert client.log[2:] == [("failed", error.ConnectError), "stop"]
    network.settle()
    assert network.connections == []


def test_an_exception_from_connection_made_is_raised_and_ends_the_connection(
    network: MemoryNetwork, reactor: MemoryReactor
) -> None:
    class Broken(Protocol):
        def connectionMade(self) -> None:
            raise KeyError("made")

    class Breaking(Client):
        def buildProtocol(self, addr: IAddress | None) -> Protocol | None:
            return Broken()

    client = Breaking()
    reactor.connectTCP("127.0.0.1", network.raw_listen().port, client)
    with pytest.raises(KeyError):
        network.settle()
    assert client.log[2:] == [("lost", KeyError), "stop"]
    network.settle()
    assert network.connections == []


def test_a_client_that_stops_when_the_port_has_accepted(
    network: MemoryNetwork, reactor: MemoryReactor
) -> None:
    class Stopping(Server):
        def buildProtocol(self, addr: IAddress | None) -> Protocol | None:
            connector.stopConnecting()
            return super().buildProtocol(addr)

    server, client = Stopping(), Client()
    number = port_of(reactor.listenTCP(0, server))
    connector = reactor.connectTCP("127.0.0.1", number, client)
    network.settle()
    assert client.log[2:] == [("failed", error.UserError), "stop"]
    assert len(server.log) == 2
    assert network.connections == []
