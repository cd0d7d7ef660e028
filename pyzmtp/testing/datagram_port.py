"""UDP ports of the network in memory: :class:`MemoryDatagramPort`."""

from __future__ import annotations

from collections.abc import Callable
from errno import EADDRINUSE, EMSGSIZE
from functools import partial
from ipaddress import ip_address as parse_ip
from os import strerror
from typing import TYPE_CHECKING, Any, Final

from twisted.internet import error
from twisted.internet.abstract import isIPAddress, isIPv6Address
from twisted.internet.defer import Deferred, maybeDeferred, succeed
from twisted.internet.interfaces import IListeningPort, IMulticastTransport, IUDPTransport
from twisted.internet.protocol import DatagramProtocol
from twisted.internet.task import deferLater
from zope.interface import implementer

from pyzmtp.testing.host import covers, destination, ip_address, normal

if TYPE_CHECKING:
    from pyzmtp.testing.reactor import MemoryReactor

__all__ = ["MemoryDatagramPort"]

#: Bytes that an IPv4 datagram holds at the most, of 65535 with both headers (RFC 791, RFC 768).
_MOST: Final = 65507

_Address = tuple[str, int]

#: CannotListenError(interface, port, problem), with a type that Twisted does not give it.
_cannot_listen: Any = error.CannotListenError


@implementer(IListeningPort, IUDPTransport, IMulticastTransport)
class MemoryDatagramPort:
    """What ``listenUDP()`` and ``listenMulticast()`` return.

    :ivar reactor: the reactor that it is of.
    :ivar protocol: the protocol that it serves.
    :ivar groups: the multicast groups that it has joined, with the interface each.
    :ivar shared: whether others may listen on the same port number, for multicast.
    :ivar ttl, loopback, outgoing_interface: what was set for multicast.
    :ivar fault: raised by the next ``write()``, which then sends nothing.
    """

    def __init__(
        self,
        reactor: MemoryReactor,
        port: int,
        protocol: DatagramProtocol,
        interface: str,
        most: int,
        shared: bool = False,
    ) -> None:
        self.reactor = reactor
        self.protocol = protocol
        self.groups: set[tuple[str, str]] = set()
        self.shared = shared
        self.ttl = 1
        self.loopback = True
        self.outgoing_interface = ""
        self.fault: Exception | None = None
        self._network = reactor.network
        self._interface, self._number = interface, port
        self._most = most
        self._connected: _Address | None = None
        self._broadcast = False
        self._listening = False

    def __repr__(self) -> str:
        return f"<MemoryDatagramPort of {type(self.protocol).__name__} on {self._number}>"

    # IListeningPort

    def startListening(self) -> None:
        host, interface, wanted = self.reactor.host, self._interface, self._number
        try:
            address = self._network.hosts.local_address(interface or "0.0.0.0", host)
            number = wanted or host.free_port()
            for other in host.datagram_ports:
                if not (self.shared and other.shared) and other.conflicts(address, number):
                    raise OSError(EADDRINUSE, strerror(EADDRINUSE))
        except OSError as problem:
            raise _cannot_listen(interface, wanted, problem) from problem
        self._interface, self._number = address, number
        self._listening = True
        host.datagram_ports.append(self)
        transport: Any = self
        self.protocol.makeConnection(transport)

    def stopListening(self) -> Deferred[None]:
        """Close a moment later: the Deferred fires then."""
        if not self._listening:
            return succeed(None)
        return deferLater(self.reactor, 0, self._close)

    def loseConnection(self) -> None:
        """The older name of :meth:`stopListening`."""
        self.stopListening()

    def getHost(self) -> Any:
        return ip_address(self._interface, self._number, "UDP")

    def _close(self) -> None:
        if self._listening:
            self.vanish()
            stop: Callable[[], object] = self.protocol.doStop
            stop()

    def vanish(self) -> None:
        """Listen no more, and tell nobody: so it is when the process has died."""
        self._listening = False
        self.reactor.host.datagram_ports.remove(self)

    def conflicts(self, address: str, number: int) -> bool:
        """Whether another port at ``address`` and ``number`` would be in the way of this one."""
        ours = self._interface
        return number == self._number and (covers(ours, address) or covers(address, ours))

    # IUDPTransport

    def write(self, packet: bytes, addr: _Address | None = None) -> None:
        if self.fault is not None:
            fault, self.fault = self.fault, None
            raise fault
        where = addr if addr is not None else self._connected
        assert where is not None, "write() needs an address, or connect() before it"
        if not (isIPAddress(where[0]) or isIPv6Address(where[0])):
            raise error.InvalidAddressError(where[0], "write() only accepts IP addresses")
        if len(packet) > _MOST:
            raise error.MessageLengthError(strerror(EMSGSIZE))
        self._send(packet, destination(normal(where[0])), where[1])

    def connect(self, host: str, port: int) -> None:
        if self._connected is not None:
            raise RuntimeError("already connected, reconnecting is not currently supported")
        self._connected = host, port

    def getBroadcastAllowed(self) -> bool:
        return self._broadcast

    def setBroadcastAllowed(self, enabled: bool) -> None:
        self._broadcast = enabled

    def _send(self, packet: bytes, address: str, number: int) -> None:
        network, here = self._network, self.reactor.host
        source = self._interface
        if parse_ip(source).is_unspecified:
            source = network.hosts.source_address(address, here)
        if parse_ip(address).is_multicast:
            hosts = [host for host in network.hosts.all() if self.loopback or host is not here]
        else:
            hosts = [network.hosts.at(address, here)]
        for host in hosts:
            for port in host.datagram_ports:
                if port.takes(address, number):
                    self._send_to(port, packet, (source, self._number))

    def _send_to(self, port: MemoryDatagramPort, packet: bytes, source: _Address) -> None:
        network = self._network
        conditions = network.conditions_between(self.reactor, port.reactor)
        if network.are_parted(self.reactor, port.reactor):
            return
        if conditions.loss and network.random.random() < conditions.loss:
            return
        delay = conditions.latency
        if conditions.jitter:
            delay += network.random.uniform(0, conditions.jitter)
        network.soon(port.reactor, partial(port.arrive, packet, source), delay)

    def takes(self, address: str, number: int) -> bool:
        """Whether what is sent to ``address`` and ``number`` comes here."""
        if number != self._number:
            return False
        if parse_ip(address).is_multicast:
            return any(group == address for group, _ in self.groups)
        return covers(self._interface, address)

    def arrive(self, packet: bytes, source: _Address) -> None:
        """A datagram has come, if we still listen."""
        if self._listening:
            receive: Callable[[bytes, _Address], None] = self.protocol.datagramReceived
            receive(packet[: self._most], source)

    # IMulticastTransport

    def joinGroup(self, addr: str, interface: str = "") -> Deferred[None]:
        return maybeDeferred(self.groups.add, (addr, interface))

    def leaveGroup(self, addr: str, interface: str = "") -> Deferred[None]:
        return maybeDeferred(self.groups.remove, (addr, interface))

    def getTTL(self) -> int:
        return self.ttl

    def setTTL(self, ttl: int) -> None:
        self.ttl = ttl

    def getLoopbackMode(self) -> bool:
        return self.loopback

    def setLoopbackMode(self, mode: bool) -> None:
        self.loopback = bool(mode)

    def getOutgoingInterface(self) -> str:
        return self.outgoing_interface or "0.0.0.0"

    def setOutgoingInterface(self, addr: str | int) -> Deferred[int]:
        self.outgoing_interface = str(addr)
        return succeed(1)
