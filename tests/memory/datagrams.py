"""Datagrams in memory: `DatagramReactor`, whose ports know each other by their numbers."""

from __future__ import annotations

import errno
from collections.abc import Callable
from typing import Any

from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred, succeed
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IReactorMulticast, IReactorUDP
from twisted.internet.protocol import DatagramProtocol
from zope.interface import implementer

from .network import MemoryNetwork
from .reactor import MemoryReactor

Address = tuple[str, int]


class DatagramPort:
    """A port of a `DatagramReactor`.

    Attributes:
        multicast: what was done for multicast, oldest first.
        sent: what was sent, and where to.
        fault: raised by the next `write()`.
    """

    def __init__(
        self, reactor: DatagramReactor, number: int, protocol: DatagramProtocol, host: str
    ) -> None:
        self.number = number
        self.multicast: list[tuple[object, ...]] = []
        self.sent: list[tuple[bytes, Address]] = []
        self.fault: Exception | None = None
        self._reactor = reactor
        self._host = host
        self.protocol = protocol
        transport: Any = self  # as much of one as is needed
        protocol.makeConnection(transport)

    def getHost(self) -> IPv4Address:
        return IPv4Address("UDP", self._host, self.number)

    def write(self, datagram: bytes, addr: Address) -> None:
        if self.fault is not None:
            fault, self.fault = self.fault, None
            raise fault
        self.sent.append((datagram, addr))
        self._reactor.deliver(datagram, addr[1], ("127.0.0.1", self.number))

    def stopListening(self) -> Deferred[None]:
        del self._reactor.ports[self.number]
        return succeed(None)

    # IMulticastTransport

    def joinGroup(self, group: str, interface: str = "") -> Deferred[None]:
        self.multicast.append(("join", group, interface))
        return succeed(None)

    def setTTL(self, ttl: int) -> None:
        self.multicast.append(("hops", ttl))

    def setLoopbackMode(self, mode: bool) -> None:
        self.multicast.append(("loop", mode))

    def setOutgoingInterface(self, interface: str) -> Deferred[int]:
        self.multicast.append(("interface", interface))
        return succeed(1)


@implementer(IReactorUDP, IReactorMulticast)
class DatagramReactor(MemoryReactor):
    """A host with UDP: all of its ports by number, whatever their interface."""

    def __init__(self, network: MemoryNetwork) -> None:
        super().__init__(network)
        network.reactors.append(self)
        self.ports: dict[int, DatagramPort] = {}

    def listenUDP(
        self, port: int, protocol: Any, interface: str = "", maxPacketSize: int = 8192
    ) -> Any:
        number = port or self.network.free_port()
        if number in self.ports:
            raise CannotListenError(interface, number, OSError(errno.EADDRINUSE, "in use"))
        assert maxPacketSize == 8192
        self.ports[number] = DatagramPort(self, number, protocol, interface)
        return self.ports[number]

    def listenMulticast(
        self,
        port: int,
        protocol: Any,
        interface: str = "",
        maxPacketSize: int = 8192,
        listenMultiple: bool = False,
    ) -> Any:
        opened = self.listenUDP(port, protocol, interface, maxPacketSize)
        opened.multicast.append(("several", listenMultiple))
        return opened

    def deliver(self, datagram: bytes, number: int, source: Address) -> None:
        """Bring a datagram to a port, in the next round, if there is one by then."""

        def arrive() -> None:
            if number in self.ports:
                receive: Callable[..., None] = self.ports[number].protocol.datagramReceived
                receive(datagram, source)

        self.network.soon(arrive)
