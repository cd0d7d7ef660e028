"""Protocols and factories for tests of the in-memory network: they log what Twisted calls."""

from __future__ import annotations

from typing import Any

from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.interfaces import (
    IAddress,
    IConnector,
    IHalfCloseableProtocol,
    IListeningPort,
    IPushProducer,
)
from twisted.internet.main import CONNECTION_DONE
from twisted.internet.protocol import ClientFactory, Factory, Protocol
from twisted.python.failure import Failure
from zope.interface import implementer

from pyzmtp.testing import MemoryConnection, MemoryNetwork, MemoryTransport

_DONE = Failure(CONNECTION_DONE)


class Recorder(Protocol):
    """Logs "made", how many bytes it has when it gets some, and the exception that ends it."""

    def __init__(self) -> None:
        self.log: list[Any] = []
        self.received = b""

    @property
    def wire(self) -> MemoryTransport:
        """The transport, as what it is."""
        assert isinstance(self.transport, MemoryTransport)
        return self.transport

    def connectionMade(self) -> None:
        self.log.append("made")

    def dataReceived(self, data: bytes) -> None:
        self.received += data
        self.log.append(len(self.received))

    def connectionLost(self, reason: Failure = _DONE) -> None:
        self.log.append(type(reason.value))


@implementer(IHalfCloseableProtocol)
class HalfRecorder(Recorder):
    """A `Recorder` that wants to be told of each half of its connection."""

    def readConnectionLost(self) -> None:
        self.log.append("read lost")

    def writeConnectionLost(self) -> None:
        self.log.append("write lost")


@implementer(IPushProducer)
class Producer:
    """Logs what a transport tells it."""

    def __init__(self) -> None:
        self.log: list[str] = []

    def pauseProducing(self) -> None:
        self.log.append("pause")

    def resumeProducing(self) -> None:
        self.log.append("resume")

    def stopProducing(self) -> None:
        self.log.append("stop")


class Server(Factory):
    """Serves what `protocol` makes and logs what it is called for."""

    noisy = False

    def __init__(self) -> None:
        self.log: list[Any] = []

    def startFactory(self) -> None:
        self.log.append("start")

    def stopFactory(self) -> None:
        self.log.append("stop")

    def buildProtocol(self, addr: IAddress | None) -> Protocol | None:
        self.log.append(addr)
        return Protocol()


class Client(ClientFactory):
    """Logs what its connector calls, and dials again as often as `again` says."""

    noisy = False

    def __init__(self, again: int = 0) -> None:
        self.log: list[Any] = []
        self.again = again
        self.protocols: list[Protocol] = []

    def startFactory(self) -> None:
        self.log.append("start")

    def stopFactory(self) -> None:
        self.log.append("stop")

    def startedConnecting(self, connector: IConnector) -> None:
        self.log.append("connecting")

    def buildProtocol(self, addr: IAddress | None) -> Protocol | None:
        self.log.append(addr)
        self.protocols.append(Protocol())
        return self.protocols[-1]

    def clientConnectionFailed(self, connector: IConnector, reason: Failure) -> None:
        self._ended(connector, "failed", reason)

    def clientConnectionLost(self, connector: IConnector, reason: Failure) -> None:
        self._ended(connector, "lost", reason)

    def _ended(self, connector: IConnector, how: str, reason: Failure) -> None:
        self.log.append((how, type(reason.value)))
        if self.again:
            self.again -= 1
            connector.connect()


def port_of(listening: IListeningPort) -> int:
    """The port number of a TCP port."""
    address = listening.getHost()
    assert isinstance(address, IPv4Address | IPv6Address)
    return address.port


class Giving(ClientFactory):
    """Gives the one protocol that it has, on either side."""

    noisy = False

    def __init__(self, protocol: Protocol) -> None:
        self._protocol = protocol

    def buildProtocol(self, addr: IAddress | None) -> Protocol:
        return self._protocol


class Pair:
    """Two connected recorders on two reactors; what they log while connecting is cleared.

    :ivar here, there: the reactors of the client and of the server.
    """

    def __init__(
        self,
        network: MemoryNetwork,
        unix: bool,
        client_class: type[Recorder] = Recorder,
        server_class: type[Recorder] = Recorder,
    ) -> None:
        self.network = network
        self.client, self.server = client_class(), server_class()
        self.there, self.here = there, here = network.reactor(), network.reactor()
        accepting, connecting = Giving(self.server), Giving(self.client)
        if unix:
            there.listenUNIX("/run/socket", accepting)
            here.connectUNIX("/run/socket", connecting)
        else:
            port = port_of(there.listenTCP(0, accepting, interface="127.0.0.1"))
            here.connectTCP("127.0.0.1", port, connecting)
        network.settle()
        assert self.client.log == self.server.log == ["made"]
        self.client.log.clear()
        self.server.log.clear()

    @property
    def connection(self) -> MemoryConnection:
        """What connects them."""
        [connection] = self.network.connections
        return connection
