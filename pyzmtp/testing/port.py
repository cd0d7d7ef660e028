"""Listening ports of the network in memory: :class:`MemoryPort`, for TCP and for UNIX sockets."""

from __future__ import annotations

from collections import deque
from errno import EADDRINUSE
from os import strerror
from typing import TYPE_CHECKING, Any, Final

from twisted.internet import error
from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IListeningPort
from twisted.internet.protocol import Factory
from twisted.internet.task import deferLater
from zope.interface import implementer

from pyzmtp.testing.connection import MemoryEnd, TransportAddress
from pyzmtp.testing.host import ip_address
from pyzmtp.testing.transport import MemoryTransport

if TYPE_CHECKING:
    from pyzmtp.testing.reactor import TCPMemoryReactor

__all__ = ["MemoryPort", "MemoryTCPPort", "MemoryUNIXPort"]

#: The longest path that Linux takes: sizeof(sockaddr_un.sun_path) less the NUL (unix(7)).
_LONGEST_UNIX_PATH: Final = 107

#: CannotListenError(interface, port, problem), with a type that Twisted does not give it.
_cannot_listen: Any = error.CannotListenError


@implementer(IListeningPort)
class MemoryPort:
    """A listening port.

    Connections wait in its queue until the network's next round, as in a kernel's backlog.

    :ivar reactor: the reactor that it is of.
    :ivar address: what it is bound to.
    :ivar accepting: whether it still serves its queue: not after ``stopListening()``.
    """

    address: IPv4Address | IPv6Address | UNIXAddress

    def __init__(self, reactor: TCPMemoryReactor, factory: Factory) -> None:
        self.reactor = reactor
        self.accepting = False
        self.queue: deque[tuple[MemoryEnd, TransportAddress, TransportAddress]] = deque()
        self._factory: Any = factory  # Twisted has not typed all of it
        self._listening = False

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {type(self._factory).__name__} on {self.address}>"

    def startListening(self) -> None:
        """Bind and start to listen. Raises :exc:`CannotListenError`."""
        raise NotImplementedError

    def stopListening(self) -> Deferred[None] | None:
        """Take no more connections, and close a moment later: the Deferred fires then."""
        self.accepting = False
        if not self._listening:
            return None
        return deferLater(self.reactor, 0, self._close)

    def loseConnection(self) -> Deferred[None] | None:
        """The older name of :meth:`stopListening`."""
        return self.stopListening()

    def getHost(self) -> Any:
        if not self._listening:  # Twisted's port has no `socket` any more
            raise AttributeError(f"{self!r} is not listening")
        return self.address

    def enqueue(self, end: MemoryEnd, host: TransportAddress, peer: TransportAddress) -> None:
        """A connection has come from ``peer`` to our ``host``."""
        self.queue.append((end, host, peer))

    def accept(self) -> None:
        """Serve every connection that waits in the queue."""
        while self.queue:
            end, host, peer = self.queue.popleft()
            seen = UNIXAddress(b"") if isinstance(peer, UNIXAddress) else peer  # as Twisted does
            try:
                protocol = self._factory.buildProtocol(seen)
            except Exception:
                end.close(orderly=True)
                raise
            if protocol is None:
                end.close(orderly=True)
            else:
                MemoryTransport(self.reactor, end, host, peer).attach(protocol)

    def vanish(self) -> None:
        """Listen no more, and do not tell the factory: so it is when the process has died."""
        self.accepting = self._listening = False
        self.reactor.network.ports.remove(self)
        self.reactor.host.forget(self)
        while self.queue:
            self.queue.popleft()[0].close(orderly=False)

    def _open(self) -> None:
        self._listening = self.accepting = True
        self.reactor.network.ports.append(self)

    def _close(self) -> None:
        self.getHost()  # to fail as Twisted does if it was closed already
        self.vanish()
        self._factory.doStop()


class MemoryTCPPort(MemoryPort):
    """What ``listenTCP()`` returns."""

    address: IPv4Address | IPv6Address

    def __init__(
        self, reactor: TCPMemoryReactor, port: int, factory: Factory, interface: str
    ) -> None:
        super().__init__(reactor, factory)
        self.address = ip_address(interface, port)

    def startListening(self) -> None:
        interface, wanted = self.address.host, self.address.port
        host = self.reactor.host
        if not 0 <= wanted <= 0xFFFF:
            raise OverflowError("bind(): port must be 0-65535.")
        try:
            address = self.reactor.network.hosts.local_address(interface or "0.0.0.0", host)
            port = wanted or host.free_port()
            if host.tcp_conflict(address, port):
                raise OSError(EADDRINUSE, strerror(EADDRINUSE))
        except OSError as problem:
            raise _cannot_listen(interface, wanted, problem) from problem
        self.address = ip_address(address, port)
        self._factory.doStart()
        host.ports.append(self)
        self._open()


class MemoryUNIXPort(MemoryPort):
    """What ``listenUNIX()`` returns."""

    def __init__(
        self, reactor: TCPMemoryReactor, path: str | bytes, factory: Factory, want_pid: bool
    ) -> None:
        super().__init__(reactor, factory)
        self.address = UNIXAddress(path)
        self._path = self.address.name or b""
        self._want_pid = want_pid

    def startListening(self) -> None:
        host = self.reactor.host
        if self._want_pid:
            if self._path in host.locks:
                raise _cannot_listen(None, self._path, "Cannot acquire lock")
            host.locks.add(self._path)
        self._factory.doStart()  # before it binds, unlike a TCP port: so does Twisted
        try:
            if len(self._path) > _LONGEST_UNIX_PATH:
                raise OSError("AF_UNIX path too long")
            if host.path_exists(self._path):
                raise OSError(EADDRINUSE, strerror(EADDRINUSE))
        except OSError as problem:
            raise _cannot_listen(None, self._path, problem) from problem
        host.bind_path(self._path, self)
        self._open()

    def vanish(self) -> None:
        super().vanish()
        if self._want_pid:
            self.reactor.host.locks.discard(self._path)

    def _close(self) -> None:
        self.getHost()
        self.reactor.host.unbind_path(self._path)
        super()._close()
