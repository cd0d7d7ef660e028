"""Peers that speak bytes, for tests of what is on the wire: :class:`RawPeer`."""

from __future__ import annotations

from typing import Any

from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.interfaces import IAddress, IConnector, IListeningPort
from twisted.internet.main import CONNECTION_DONE
from twisted.internet.protocol import ClientFactory, DatagramProtocol, Factory, Protocol
from twisted.python.failure import Failure

from pyzmtp.testing.transport import MemoryTransport

__all__ = ["RawClient", "RawDatagrams", "RawListener", "RawPeer"]

_DONE = Failure(CONNECTION_DONE)


class RawPeer(Protocol):
    """A peer that records the bytes that it gets and sends those that it is told to.

    :ivar closed: why the connection was lost or never made; ``None`` before.
    """

    def __init__(self) -> None:
        self.closed: Failure | None = None
        self._received = bytearray()
        self._unsent: list[bytes] = []

    @property
    def received(self) -> bytes:
        """Everything received and not taken."""
        return bytes(self._received)

    def take(self) -> bytes:
        """Everything received since the last :meth:`take`."""
        data = bytes(self._received)
        self._received.clear()
        return data

    def send(self, data: bytes) -> None:
        """Write ``data``, now or as soon as there is a connection."""
        if self.transport is None:
            self._unsent.append(data)
        else:
            self.transport.write(data)

    def close(self) -> None:
        """Close the connection when everything is written."""
        assert self.transport is not None, "not connected"
        self.transport.loseConnection()

    def abort(self) -> None:
        """Reset the connection."""
        assert isinstance(self.transport, MemoryTransport), "not connected"
        self.transport.abortConnection()

    def pause(self) -> None:
        """Read no more, so that the other side's writes pile up."""
        assert isinstance(self.transport, MemoryTransport), "not connected"
        self.transport.pauseProducing()

    def resume(self) -> None:
        """End :meth:`pause`."""
        assert isinstance(self.transport, MemoryTransport), "not connected"
        self.transport.resumeProducing()

    def connectionMade(self) -> None:
        assert self.transport is not None
        self.transport.writeSequence(self._unsent)
        self._unsent.clear()

    def dataReceived(self, data: bytes) -> None:
        self._received += data

    def connectionLost(self, reason: Failure = _DONE) -> None:
        self.closed = reason


class RawClient(ClientFactory):
    """The factory of :meth:`MemoryNetwork.raw_connect`."""

    noisy = False

    def __init__(self, peer: RawPeer) -> None:
        self._peer = peer

    def buildProtocol(self, addr: IAddress | None) -> RawPeer:
        return self._peer

    def clientConnectionFailed(self, connector: IConnector, reason: Failure) -> None:
        self._peer.closed = reason


class RawListener(Factory):
    """A port with a :class:`RawPeer` for each connection that it has accepted.

    :ivar peers: those, oldest first.
    """

    noisy = False
    listening: IListeningPort

    def __init__(self) -> None:
        self.peers: list[RawPeer] = []

    @property
    def port(self) -> int:
        """The TCP port."""
        address = self.listening.getHost()
        assert isinstance(address, IPv4Address | IPv6Address), "not a TCP port"
        return address.port

    def close(self) -> None:
        """Stop listening; connections stay."""
        self.listening.stopListening()

    def buildProtocol(self, addr: IAddress | None) -> RawPeer:
        peer = RawPeer()
        self.peers.append(peer)
        return peer


class RawDatagrams(DatagramProtocol):
    """A UDP port that records what it gets and sends what it is told to.

    :ivar received: each datagram and whom it came from, oldest first.
    """

    noisy = False
    transport: Any

    def __init__(self) -> None:
        self.received: list[tuple[bytes, tuple[str, int]]] = []

    @property
    def port(self) -> int:
        """The UDP port."""
        number: int = self.transport.getHost().port
        return number

    def send(self, datagram: bytes, port: int, host: str = "127.0.0.1") -> None:
        """Send a datagram."""
        self.transport.write(datagram, (host, port))

    def close(self) -> None:
        """Close the port."""
        self.transport.stopListening()

    def datagramReceived(self, datagram: bytes, addr: tuple[str, int]) -> None:
        self.received.append((datagram, addr))
