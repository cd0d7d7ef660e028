"""The kernel's side of the in-memory network: connections and their transports.

`MemoryTransport` is Twisted's own `FileDescriptor` over bounded byte buffers, so that buffering,
producers, `loseConnection` and half-close are Twisted's code and not an imitation of it. What is
imitated is the kernel below. Its rules (a reset for unread bytes, a paused reader that does not
see the end) are Linux's, as Twisted's select and epoll reactors show them on the loopback device.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

from twisted.internet import error, main
from twisted.internet.abstract import FileDescriptor
from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.internet.interfaces import IHalfCloseableProtocol, IProtocol, ITCPTransport
from twisted.internet.protocol import Protocol
from twisted.python.failure import Failure
from zope.interface import implementer

if TYPE_CHECKING:
    from .connector import MemoryConnector
    from .network import MemoryNetwork
    from .reactor import MemoryReactor

Address = IPv4Address | IPv6Address | UNIXAddress

#: Failure, with the type that Twisted does not give it.
new_failure: Callable[[BaseException], Failure] = Failure


class MemorySocket:
    """One end of a connection, as the kernel sees it.

    Attributes:
        received: bytes that have arrived and were not read; at most `MemoryNetwork.kernel_buffer`.
        ended: the other end has sent its last byte (FIN).
        reset: the other end has refused what we sent, or aborted (RST).
        severed: a test broke this end; nothing that happens here reaches the other end.
        closed: this end's owner has closed it.
        transport: the Twisted transport, once there is one.
    """

    peer: MemorySocket
    transport: MemoryTransport | None = None

    def __init__(self, connection: MemoryConnection) -> None:
        self.connection = connection
        self.received = bytearray()
        self.ended = self.reset = self.severed = self.closed = False

    @property
    def room(self) -> int:
        """How many more bytes the kernel takes from us."""
        return self.connection.network.kernel_buffer - len(self.peer.received)

    @property
    def readable(self) -> bool:
        """Whether a read would return bytes, the end or an error."""
        if self.severed:
            return True
        return not self.connection.stalled and bool(self.received or self.ended or self.reset)

    @property
    def writable(self) -> bool:
        """Whether a write would take bytes or return an error."""
        if self.severed or self.room > 0:
            return True
        return not self.connection.stalled and (self.reset or self.peer.closed)

    def receive(self, size: int) -> bytes | Exception:
        """At most `size` bytes, or why there are no more."""
        if self.severed:
            return main.CONNECTION_LOST
        if self.received:
            data = bytes(self.received[:size])
            del self.received[:size]
            return data
        if self.reset and (self.connection.is_unix or not self.ended):
            return main.CONNECTION_LOST
        return main.CONNECTION_DONE

    def send(self, data: bytes) -> int | Exception:
        """How many bytes were taken, or why none ever will be again."""
        if self.severed:
            return main.CONNECTION_LOST
        if not self.connection.stalled:
            if self.reset or (self.peer.closed and self.connection.is_unix):
                return main.CONNECTION_LOST
            if self.peer.closed:
                self.reset = True  # TCP takes the bytes, and their answer is a reset
                return len(data)
        taken = min(self.room, len(data))
        self.peer.received += memoryview(data)[:taken]
        return taken

    def end(self) -> None:
        """Send no more: the other end reads what is there, then the end."""
        if not self.severed:
            self.peer.ended = True

    def close(self, orderly: bool) -> None:
        """Let go of this end; disorderly means that the other end is told by a reset."""
        if self.closed:
            return
        self.closed = True
        if not self.severed:
            if orderly or self.connection.is_unix:
                self.peer.ended = True
            if self.received or not (orderly or self.connection.is_unix):
                self.peer.reset = True
        self.received.clear()
        self.connection.end_closed()


class MemoryConnection:
    """A connection between two hosts, listed in `MemoryNetwork.connections` while an end is open.

    Attributes:
        client_address, server_address: the two ends' addresses.
        client_end, server_end: what the kernel keeps for each.
        stalled: between `stall()` and `resume()`.
    """

    def __init__(
        self, network: MemoryNetwork, client_address: Address, server_address: Address
    ) -> None:
        self.network = network
        self.client_address = client_address
        self.server_address = server_address
        self.is_unix = isinstance(server_address, UNIXAddress)
        self.stalled = False
        self.client_end = MemorySocket(self)
        self.server_end = MemorySocket(self)
        self.client_end.peer, self.server_end.peer = self.server_end, self.client_end
        network.connections.append(self)

    def __repr__(self) -> str:
        return f"<MemoryConnection {self.client_address} -> {self.server_address}>"

    @property
    def client(self) -> MemoryTransport | None:
        """The transport of the side that connected."""
        return self.client_end.transport

    @property
    def server(self) -> MemoryTransport | None:
        """The transport of the side that accepted, None before it has."""
        return self.server_end.transport

    def reset(self) -> None:
        """Break both ends: each loses the connection with `ConnectionLost`, unread bytes are gone.

        As with a real reset an end that neither reads nor writes notices when it next does.
        """
        self.client_end.severed = self.server_end.severed = True

    def cut(self, side: Literal["client", "server"]) -> None:
        """Break one end only: the other still believes in the connection until it writes.

        That is what a rebooted host or a forgetful firewall leaves behind: the write is taken, the
        answer to it is a reset, and the connection is lost with `ConnectionLost`.
        """
        (self.client_end if side == "client" else self.server_end).severed = True

    def stall(self) -> None:
        """Let no byte, end or reset arrive; each side may still fill its kernel buffer."""
        self.stalled = True

    def resume(self) -> None:
        """End `stall()`."""
        self.stalled = False
        for end in (self.client_end, self.server_end):
            if end.closed and end.received:
                end.received.clear()
                end.peer.reset = True

    def end_closed(self) -> None:
        """Called by an end when it closes."""
        if self.client_end.closed and self.server_end.closed:
            self.network.forget_connection(self)


@implementer(ITCPTransport)
class MemoryTransport(FileDescriptor):
    """A transport over a `MemorySocket`, driven by `MemoryNetwork` instead of by select().

    Attributes:
        owner: the host it is on.
        protocol: the protocol it serves.
        tcp_no_delay, tcp_keep_alive: what was set; False at first.
    """

    protocol: IProtocol

    def __init__(
        self,
        reactor: MemoryReactor,
        socket: MemorySocket,
        host: Address,
        peer: Address,
        connector: MemoryConnector | None = None,
    ) -> None:
        # FileDescriptor asks its reactor for nothing but what the methods below override.
        super().__init__(reactor)  # type: ignore[arg-type]
        self.tcp_no_delay = self.tcp_keep_alive = False
        self.owner, self._network = reactor, reactor.network
        self._socket, self._is_unix = socket, socket.connection.is_unix
        self._host, self._peer = host, peer
        self._connector = connector
        self._reads = self._writes = self._aborting = False
        socket.transport = self
        self._network.add_transport(self)

    def __repr__(self) -> str:
        return f"<MemoryTransport {self._host} to {self._peer}>"

    def attach(self, protocol: IProtocol | None) -> None:
        """Start serving `protocol`; None (a factory that declined) closes the connection."""
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
        return self._reads and not self._aborting and self._socket.readable

    @property
    def writable(self) -> bool:
        """Whether this transport has something to write and can."""
        return self._writes and not self._aborting and self._socket.writable

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
            self.readConnectionLost(new_failure(why))
        else:
            self.stopWriting()
            self.connectionLost(new_failure(why))

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
        data = self._socket.receive(min(self.bufferSize, self._network.segment_size or 1 << 30))
        if isinstance(data, Exception):
            return data
        self.protocol.dataReceived(data)
        return None

    def writeSomeData(self, data: bytes) -> int | Exception:
        return self._socket.send(data)

    def _closeWriteConnection(self) -> None:
        self._socket.end()
        protocol = IHalfCloseableProtocol(self.protocol, None)
        if protocol is not None:
            try:
                protocol.writeConnectionLost()
            except Exception as problem:
                self._network.record(problem)
                self.connectionLost(new_failure(problem))

    def readConnectionLost(self, reason: Failure) -> None:
        protocol = IHalfCloseableProtocol(self.protocol, None)
        if protocol is None:
            self.connectionLost(reason)
            return
        try:
            protocol.readConnectionLost()
        except Exception as problem:
            self._network.record(problem)
            self.connectionLost(new_failure(problem))

    def connectionLost(self, reason: Failure) -> None:
        if self._socket.closed:
            return
        base: Any = super()  # Twisted has not typed it
        base.connectionLost(reason)
        self._socket.close(orderly=not isinstance(reason.value, error.ConnectionAborted))
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
        self.owner.callLater(0, self.connectionLost, new_failure(error.ConnectionAborted()))

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
        if self._socket.closed:
            raise AttributeError(f"{self!r} is closed")
