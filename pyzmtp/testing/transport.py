"""Twisted's transport over a connection in memory: :class:`MemoryTransport`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from twisted.internet import error
from twisted.internet.abstract import FileDescriptor
from twisted.internet.interfaces import IHalfCloseableProtocol, IProtocol, ITCPTransport
from twisted.internet.protocol import Protocol
from twisted.python.failure import Failure
from zope.interface import implementer

from pyzmtp.testing.connection import MemoryEnd, TransportAddress

if TYPE_CHECKING:
    from pyzmtp.testing.connector import MemoryConnector
    from pyzmtp.testing.reactor import TCPMemoryReactor

__all__ = ["MemoryTransport"]


@implementer(ITCPTransport)
class MemoryTransport(FileDescriptor):
    """A transport over a :class:`MemoryEnd`, driven by the network instead of by ``select()``.

    It is Twisted's own ``FileDescriptor``, so that buffering, producers, ``loseConnection()`` and
    half-close are Twisted's code and not an imitation of it.

    :ivar owner: the reactor that it is of.
    :ivar protocol: the protocol that it serves.
    :ivar tcp_no_delay: what was set; ``False`` at first.
    :ivar tcp_keep_alive: the same.
    """

    protocol: IProtocol

    def __init__(
        self,
        reactor: TCPMemoryReactor,
        end: MemoryEnd,
        host: TransportAddress,
        peer: TransportAddress,
        connector: MemoryConnector | None = None,
    ) -> None:
        # FileDescriptor asks its reactor for nothing but what the methods below override.
        super().__init__(reactor)  # type: ignore[arg-type]
        self.tcp_no_delay = self.tcp_keep_alive = False
        self.owner, self._network = reactor, reactor.network
        self._end, self._is_unix = end, end.connection.is_unix
        self._host, self._peer = host, peer
        self._connector = connector
        self._reads = self._writes = self._aborting = False
        end.transport = self
        self._network.add_transport(self)

    def __repr__(self) -> str:
        return f"<MemoryTransport {self._host} to {self._peer}>"

    def attach(self, protocol: IProtocol | None) -> None:
        """Start serving ``protocol``; ``None`` (a factory that declined) closes the connection."""
        self.connected = 1
        if protocol is None:
            self.protocol = Protocol()
            self.loseConnection()
        else:
            self.protocol = protocol
            self.startReading()
            protocol.makeConnection(self)

    # What the network asks and does in each of its rounds.

    @property
    def readable(self) -> bool:
        """Whether this transport is reading and there is something to read."""
        return self._reads and not self._aborting and self._end.readable

    @property
    def writable(self) -> bool:
        """Whether this transport has something to write and can."""
        return self._writes and not self._aborting and self._end.writable

    def serve(self, reading: bool) -> None:
        """Read or write once, as a reactor does when the descriptor is ready."""
        operation: Callable[[], Exception | None] = self.doRead if reading else self.doWrite
        try:
            why = operation()
        except Exception as problem:
            self._network.record(problem)
            why = problem
        if why is None:
            return
        self.stopReading()
        if reading and isinstance(why, error.ConnectionDone):
            self.readConnectionLost(Failure(why))
        else:
            self.stopWriting()
            self.connectionLost(Failure(why))

    def vanish(self) -> None:
        """The process has died, and its protocol learns nothing."""
        self.stopReading()
        self.stopWriting()
        self._network.forget_transport(self)

    # What FileDescriptor leaves to its subclasses.

    def startReading(self) -> None:
        self._reads = True

    def stopReading(self) -> None:
        self._reads = False

    def startWriting(self) -> None:
        self._writes = True

    def stopWriting(self) -> None:
        self._writes = False

    def doRead(self) -> Exception | None:
        data = self._end.receive(self._next_read())
        if isinstance(data, Exception):
            return data
        self.protocol.dataReceived(data)
        return None

    def _next_read(self) -> int:
        """How many bytes the next read takes at the most."""
        conditions, size = self._end.connection.conditions, self.bufferSize
        if conditions.segment_size is not None:
            size = min(size, conditions.segment_size)
        if conditions.split and self._network.random.random() < conditions.split:
            there = min(size, len(self._end.received))
            size = self._network.random.randint(1, max(1, there))
        return size

    def writeSomeData(self, data: bytes) -> int | Exception:
        return self._end.send(data)

    def _closeWriteConnection(self) -> None:
        self._end.end()
        protocol = IHalfCloseableProtocol(self.protocol, None)
        if protocol is not None:
            try:
                protocol.writeConnectionLost()
            except Exception as problem:
                self._network.record(problem)
                self.connectionLost(Failure(problem))

    def readConnectionLost(self, reason: Failure) -> None:
        protocol = IHalfCloseableProtocol(self.protocol, None)
        if protocol is None:
            self.connectionLost(reason)
            return
        try:
            protocol.readConnectionLost()
        except Exception as problem:
            self._network.record(problem)
            self.connectionLost(Failure(problem))

    def connectionLost(self, reason: Failure) -> None:
        if self._end.closed:
            return
        base: Any = super()  # Twisted has not typed it
        base.connectionLost(reason)
        self._end.close(orderly=not isinstance(reason.value, error.ConnectionAborted))
        self._network.forget_transport(self)
        self.protocol.connectionLost(reason)
        if self._connector is not None:
            self._connector.connection_lost(reason)

    # ITransport, ITCPTransport and IPushProducer

    # The first four are FileDescriptor's, with the types that Twisted has not given them.

    def loseConnection(self) -> None:
        base: Any = super()
        base.loseConnection()

    def loseWriteConnection(self) -> None:
        base: Any = super()
        base.loseWriteConnection()

    def pauseProducing(self) -> None:
        base: Any = super()
        base.pauseProducing()

    def resumeProducing(self) -> None:
        base: Any = super()
        base.resumeProducing()

    def abortConnection(self) -> None:
        if self.disconnected or self._aborting:
            return
        self._aborting = True
        self.stopReading()
        self.stopWriting()
        self.owner.callLater(0, self.connectionLost, Failure(error.ConnectionAborted()))

    def getHost(self) -> Any:
        if not (self._is_unix and self._connector):
            self._check_open()
        return self._host

    def getPeer(self) -> Any:
        return self._peer

    def getTcpNoDelay(self) -> bool:
        if not self._is_unix:
            self._check_open()
        return self.tcp_no_delay

    def setTcpNoDelay(self, enabled: bool) -> None:
        if not self._is_unix:  # there it means nothing
            self._check_open()
            self.tcp_no_delay = bool(enabled)

    def getTcpKeepAlive(self) -> bool:
        self._check_open()
        return self.tcp_keep_alive

    def setTcpKeepAlive(self, enabled: bool) -> None:
        self._check_open()
        self.tcp_keep_alive = bool(enabled)

    def _check_open(self) -> None:
        # Twisted's transports have no `socket` any more once they are closed.
        if self._end.closed:
            raise AttributeError(f"{self!r} is closed")
