"""The kernel's side of a connection in memory: :class:`MemoryConnection` and its two ends.

The rules (a reset for unread bytes, a paused reader that does not see the end) are Linux's, as
Twisted's select and epoll reactors show them on the loopback device.
"""

from __future__ import annotations

from collections import deque
from enum import Enum
from math import ceil
from typing import TYPE_CHECKING, Final, Literal

from twisted.internet import main
from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress

if TYPE_CHECKING:
    from pyzmtp.testing.network import MemoryNetwork
    from pyzmtp.testing.reactor import TCPMemoryReactor
    from pyzmtp.testing.transport import MemoryTransport

__all__ = ["MemoryConnection", "MemoryEnd", "TransportAddress"]

TransportAddress = IPv4Address | IPv6Address | UNIXAddress

#: Bytes that travel together where the line is slow: what Ethernet leaves for TCP (RFC 9293, 3.7.1).
_SEGMENT: Final = 1460


class _Mark(Enum):
    """What travels besides bytes."""

    END = "FIN"
    RESET = "RST"


class MemoryEnd:
    """One end of a connection, as the kernel sees it.

    :ivar received: bytes that have arrived and were not read.
    :ivar ended: the other end has sent its last byte (FIN).
    :ivar reset: the other end has refused what we sent, or aborted (RST).
    :ivar severed: a fault broke this end; nothing that happens here reaches the other end.
    :ivar shut: a fault ended what is sent from here.
    :ivar closed: this end's owner has closed it.
    :ivar transport: the Twisted transport, once there is one.
    """

    peer: MemoryEnd
    transport: MemoryTransport | None = None

    def __init__(self, connection: MemoryConnection) -> None:
        self.connection = connection
        self.received = bytearray()
        self.ended = self.reset = self.severed = self.shut = self.closed = False
        self._under_way: deque[tuple[float, bytes | _Mark]] = deque()
        self._bytes_under_way = 0
        self._line_free = self._last_arrival = 0.0

    @property
    def room(self) -> int:
        """How many more bytes the kernel takes from us."""
        peer = self.peer
        return self.connection.conditions.buffer - len(peer.received) - peer._bytes_under_way

    @property
    def readable(self) -> bool:
        """Whether a read would return bytes, the end or an error."""
        if self.severed:
            return True
        return not self.connection.held and bool(self.received or self.ended or self.reset)

    @property
    def writable(self) -> bool:
        """Whether a write would take bytes or return an error."""
        if self.severed or self.shut or self.room > 0:
            return True
        return not self.connection.held and (self.reset or self.peer.closed)

    def receive(self, size: int) -> bytes | Exception:
        """At most ``size`` bytes, or why there are no more."""
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
        if self.severed or self.shut:
            return main.CONNECTION_LOST
        if not self.connection.held:
            if self.reset or (self.peer.closed and self.connection.is_unix):
                return main.CONNECTION_LOST
            if self.peer.closed:
                self._travel_here(_Mark.RESET)  # TCP takes the bytes, and this is the answer
                return len(data)
        taken = min(self.room, len(data))
        if taken:
            self.peer._travel_here(bytes(memoryview(data)[:taken]))
        return taken

    def end(self) -> None:
        """Send no more: the other end reads what is there, then the end."""
        if not self.severed:
            self.peer._travel_here(_Mark.END)

    def close(self, orderly: bool) -> None:
        """Let go of this end; disorderly means that the other end is told by a reset."""
        if self.closed:
            return
        self.closed = True
        if not self.severed:
            if orderly or self.connection.is_unix:
                self.peer._travel_here(_Mark.END)
            if self.received or not (orderly or self.connection.is_unix):
                self.peer._travel_here(_Mark.RESET)
        self.received.clear()
        self.connection.end_closed()

    # What is under way to this end

    def _travel_here(self, what: bytes | _Mark) -> None:
        if self.connection.conditions.instant and not self._under_way:
            self._arrived(what)
            return
        pieces: list[bytes | _Mark] = [what]
        if isinstance(what, bytes) and self.connection.conditions.bandwidth is not None:
            pieces = [what[start : start + _SEGMENT] for start in range(0, len(what), _SEGMENT)]
        idle = not self._under_way
        for piece in pieces:
            size = len(piece) if isinstance(piece, bytes) else 0
            self._bytes_under_way += size
            self._under_way.append((self._arrival_of(size), piece))
        if idle:
            self._wait_for_next()

    def _arrival_of(self, size: int) -> float:
        """When what leaves now is here."""
        conditions, network = self.connection.conditions, self.connection.network
        self._line_free = max(self._line_free, network.seconds())
        if conditions.bandwidth is not None:
            self._line_free += size / conditions.bandwidth
        arrival = self._line_free + conditions.latency
        if conditions.jitter:
            arrival += network.random.uniform(0, conditions.jitter)
        if conditions.coalesce:
            arrival = ceil(arrival / conditions.coalesce) * conditions.coalesce
        self._last_arrival = max(self._last_arrival, arrival)
        return self._last_arrival

    def _wait_for_next(self) -> None:
        if self._under_way:
            self.connection.network.at(self._under_way[0][0], self._arrive)

    def _arrive(self) -> None:
        now = self.connection.network.seconds()
        while self._under_way and self._under_way[0][0] <= now:
            _, what = self._under_way.popleft()
            if isinstance(what, bytes):
                self._bytes_under_way -= len(what)
            self._arrived(what)
        self._wait_for_next()

    def _arrived(self, what: bytes | _Mark) -> None:
        if what is _Mark.END:
            self.ended = True
        elif what is _Mark.RESET:
            self.reset = True
        elif not self.closed or self.connection.held:
            self.received += what
        elif not self.severed:
            self.peer._travel_here(_Mark.RESET)

    def let_go(self) -> None:
        """The connection is held no more: what came for a closed end is answered by a reset."""
        if self.closed and self.received:
            self.received.clear()
            self.peer._travel_here(_Mark.RESET)


class MemoryConnection:
    """A connection between two reactors, listed in ``MemoryNetwork.connections`` while an end is open.

    :ivar client_reactor: who connected.
    :ivar server_reactor: who accepted.
    :ivar client_address: the address of who connected.
    :ivar server_address: the address that was connected to.
    :ivar client_end: what the kernel keeps for the one.
    :ivar server_end: what it keeps for the other.
    :ivar is_unix: whether it is over a UNIX socket.
    :ivar conditions: how its bytes travel.
    :ivar held: whether nothing arrives, because it is stalled or its hosts are parted.
    """

    def __init__(
        self,
        client_reactor: TCPMemoryReactor,
        server_reactor: TCPMemoryReactor,
        client_address: TransportAddress,
        server_address: TransportAddress,
    ) -> None:
        network = client_reactor.network
        self.network: MemoryNetwork = network
        self.client_reactor, self.server_reactor = client_reactor, server_reactor
        self.client_address, self.server_address = client_address, server_address
        self.is_unix = isinstance(server_address, UNIXAddress)
        self.held = self._stalled = False
        self.client_end = MemoryEnd(self)
        self.server_end = MemoryEnd(self)
        self.client_end.peer, self.server_end.peer = self.server_end, self.client_end
        self.take_conditions()
        network.connections.append(self)

    def __repr__(self) -> str:
        return f"<MemoryConnection {self.client_address} -> {self.server_address}>"

    @property
    def client(self) -> MemoryTransport | None:
        """The transport of the side that connected."""
        return self.client_end.transport

    @property
    def server(self) -> MemoryTransport | None:
        """The transport of the side that accepted, ``None`` before it has."""
        return self.server_end.transport

    # Faults

    def reset(self) -> None:
        """Break both ends: each loses the connection with ``ConnectionLost``, unread bytes are gone.

        As with a real reset an end that neither reads nor writes notices when it next does.
        """
        self.client_end.severed = self.server_end.severed = True

    def cut(self, side: Literal["client", "server"]) -> None:
        """Break one end only: the other still believes in the connection until it writes.

        That is what a rebooted host or a forgetful firewall leaves behind: the write is taken, the
        answer to it is a reset, and the connection is lost with ``ConnectionLost``.
        """
        self._end_of(side).severed = True

    def half_close(self, side: Literal["client", "server"]) -> None:
        """End what is sent from one side, as if somebody had shut its socket down for writing.

        The other side reads what is there, then the end. Of this side the next write fails, and it
        loses the connection with ``ConnectionLost``.
        """
        end = self._end_of(side)
        end.end()
        end.shut = True

    def stall(self) -> None:
        """Let no byte, end or reset arrive; each side may still fill its buffer."""
        self._stalled = True
        self._hold()

    def resume(self) -> None:
        """End :meth:`stall`."""
        self._stalled = False
        self._hold()

    def _end_of(self, side: Literal["client", "server"]) -> MemoryEnd:
        return self.client_end if side == "client" else self.server_end

    # What the network and the ends tell

    def take_conditions(self) -> None:
        """The network has changed something: look up what holds between the two reactors."""
        reactors = self.client_reactor, self.server_reactor
        self.conditions = self.network.conditions_between(*reactors)
        self._parted = self.network.are_parted(*reactors)
        self._hold()

    def _hold(self) -> None:
        held, self.held = self.held, self._stalled or self._parted
        if held and not self.held:
            self.client_end.let_go()
            self.server_end.let_go()

    def ends_of(self, reactor: TCPMemoryReactor) -> list[MemoryEnd]:
        """The ends that a reactor has: one, or both."""
        ends = (self.client_reactor, self.client_end), (self.server_reactor, self.server_end)
        return [end for owner, end in ends if owner is reactor]

    def end_closed(self) -> None:
        """An end has closed."""
        if self.client_end.closed and self.server_end.closed:
            self.network.connections.remove(self)
