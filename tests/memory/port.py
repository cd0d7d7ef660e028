"""Listening ports of the in-memory network."""

from __future__ import annotations

from collections import deque
from errno import EADDRINUSE
from os import strerror
from typing import TYPE_CHECKING, Any

from twisted.internet import error
from twisted.internet.abstract import isIPv6Address
from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IListeningPort
from twisted.internet.protocol import Factory
from twisted.internet.task import deferLater
from zope.interface import implementer

from .transport import Address, MemorySocket, MemoryTransport

if TYPE_CHECKING:
    from .reactor import MemoryReactor

#: The longest path that Linux takes: sizeof(sockaddr_un.sun_path) less the NUL (unix(7)).
LONGEST_UNIX_PATH = 107

#: CannotListenError(interface, port, problem), with a type that Twisted does not give it.
cannot_listen: Any = error.CannotListenError


def ip_address(host: str, port: int) -> IPv4Address | IPv6Address:
    """The Twisted address for a numeric host."""
    return (IPv6Address if isIPv6Address(host) else IPv4Address)("TCP", host, port)


@implementer(IListeningPort)
class MemoryPort:
    """A listening port.

    Connections wait in its queue until the network's next round, as in a kernel's backlog.

    Attributes:
        reactor: the host it is on.
        address: what it is bound to.
        accepting: whether it still serves its queue: not after `stopListening()`.
    """

    address: Address

    def __init__(self, reactor: MemoryReactor, factory: Factory) -> None:
        self.reactor = reactor
        self.accepting = False
        self.queue: deque[tuple[MemorySocket, Address, Address]] = deque()
        self._factory: Any = factory  # Twisted has not typed all of it
        self._listening = False

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {type(self._factory).__name__} on {self.address}>"

    def startListening(self) -> None:
        """Bind and start to listen.

        Raises:
            CannotListenError: the address is taken, or none to bind to.
        """
        raise NotImplementedError

    def stopListening(self) -> Deferred[None] | None:
        """Take no more connections, and close a moment later: the Deferred fires then."""
        self.accepting = False
        if not self._listening:
            return None
        return deferLater(self.reactor, 0, self._close)

    def loseConnection(self) -> Deferred[None] | None:
        """The older name of `stopListening()`."""
        return self.stopListening()

    def getHost(self) -> Any:
        if not self._listening:  # Twisted's port has no `socket` any more
            raise AttributeError(f"{self!r} is not listening")
        return self.address

    def enqueue(self, socket: MemorySocket, host: Address, peer: Address) -> None:
        """A connection has come from `peer` to our `host`."""
        self.queue.append((socket, host, peer))

    def accept(self) -> None:
        """Serve every connection that waits in the queue."""
        while self.queue:
            socket, host, peer = self.queue.popleft()
            seen = UNIXAddress(b"") if isinstance(peer, UNIXAddress) else peer  # as Twisted does
            try:
                protocol = self._factory.buildProtocol(seen)
            except Exception:
                socket.close(orderly=True)
                raise
            if protocol is None:
                socket.close(orderly=True)
            else:
                MemoryTransport(self.reactor, socket, host, peer).attach(protocol)

    def _open(self) -> None:
        self._listening = self.accepting = True
        self.reactor.network.ports.append(self)

    def _close(self) -> None:
        self.getHost()  # to fail as Twisted does if it was closed already
        self._listening = False
        self.reactor.network.ports.remove(self)
        while self.queue:
            self.queue.popleft()[0].close(orderly=False)
        self._factory.doStop()


class MemoryTCPPort(MemoryPort):
    """What `listenTCP` returns."""

    address: IPv4Address | IPv6Address

    def __init__(self, reactor: MemoryReactor, port: int, factory: Factory, interface: str) -> None:
        super().__init__(reactor, factory)
        self.address = ip_address(interface, port)

    def startListening(self) -> None:
        interface, wanted = self.address.host, self.address.port
        network = self.reactor.network
        if not 0 <= wanted <= 0xFFFF:
            raise OverflowError("bind(): port must be 0-65535.")
        try:
            host = network.local_host(interface or "0.0.0.0")
            port = wanted or network.free_port()
            if network.tcp_conflict(host, port):
                raise OSError(EADDRINUSE, strerror(EADDRINUSE))
        except OSError as problem:
            raise cannot_listen(interface, wanted, problem) from problem
        self.address = ip_address(host, port)
        self._factory.doStart()
        self._open()


class MemoryUNIXPort(MemoryPort):
    """What `listenUNIX` returns."""

    def __init__(
        self, reactor: MemoryReactor, path: str | bytes, factory: Factory, want_pid: bool
    ) -> None:
        super().__init__(reactor, factory)
        self.address = UNIXAddress(path)
        self._path = self.address.name or b""
        self._want_pid = want_pid

    def startListening(self) -> None:
        network = self.reactor.network
        if self._want_pid:
            if self._path in network.locks:
                raise cannot_listen(None, self._path, "Cannot acquire lock")
            network.locks.add(self._path)
        self._factory.doStart()  # before it binds, unlike a TCP port: so does Twisted
        try:
            if len(self._path) > LONGEST_UNIX_PATH:
                raise OSError("AF_UNIX path too long")
            if network.path_exists(self._path):
                raise OSError(EADDRINUSE, strerror(EADDRINUSE))
        except OSError as problem:
            raise cannot_listen(None, self._path, problem) from problem
        network.bind_path(self._path, self)
        self._open()

    def _close(self) -> None:
        network = self.reactor.network
        network.unbind_path(self._path, self)
        if self._want_pid:
            network.locks.discard(self._path)
        super()._close()
