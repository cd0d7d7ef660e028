"""The stage for tests of sockets: hosts, sockets, their events, peers that speak bytes."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from pyzmtp import ReceivingSocket, Socket
from pyzmtp.engine.events import Event
from pyzmtp.testing import (
    FailureLog,
    MemoryNetwork,
    RawListener,
    RawPeer,
    TCPMemoryReactor,
)

S = TypeVar("S", bound=Socket)
T = TypeVar("T")
E = TypeVar("E", bound=Event)

#: The greeting of a ZMTP 3.1 peer with the NULL mechanism (ZMTP.md 1.1).
GREETING = b"\xff" + bytes(7) + b"\x01\x7f\x03\x01NULL" + bytes(48)
#: The same of a 3.0 peer.
GREETING_3_0 = GREETING[:11] + b"\x00" + GREETING[12:]


def short(flags: int, body: bytes) -> bytes:
    """A frame in the short form."""
    assert len(body) < 256
    return bytes((flags, len(body))) + body


def message(*frames: bytes) -> bytes:
    """A message of short frames on the wire."""
    return b"".join(short(1, frame) for frame in frames[:-1]) + short(0, frames[-1])


def ready(socket_type: str, **properties: bytes) -> bytes:
    """A READY command (ZMTP.md 3.1)."""
    block = b"\x05READY"
    for name, value in (("Socket-Type", socket_type.encode()), *properties.items()):
        block += bytes((len(name),)) + name.encode() + len(value).to_bytes(4, "big") + value
    return short(4, block)


def hello(socket_type: str, **properties: bytes) -> bytes:
    """All that a NULL peer says before its first message."""
    return GREETING + ready(socket_type, **properties)


class Outcomes(list[T]):
    """What a Deferred came to: nothing yet, its result, or its error."""

    def __init__(self, deferred: Deferred[T]) -> None:
        super().__init__()
        self.errors: list[BaseException] = []
        deferred.addCallbacks(self.append, self._failed)

    def _failed(self, failure: Failure) -> None:
        assert failure.value is not None
        self.errors.append(failure.value)

    @property
    def pending(self) -> bool:
        """Whether it has not fired."""
        return not self and not self.errors

    @property
    def error(self) -> BaseException:
        """The one error."""
        [error] = self.errors
        return error


class World:
    """Sockets on hosts of one network in memory.

    :ivar events: the events of each socket made here, oldest first.
    """

    def __init__(self, failures: FailureLog) -> None:
        self.network = MemoryNetwork()
        self.failures = failures
        self.events: dict[Socket, list[Event]] = {}

    def make(self, kind: type[S], *, on: TCPMemoryReactor | None = None, **options: Any) -> S:
        """A socket, on a host of its own unless one is given."""
        reactor: Any = on if on is not None else self.network.reactor()
        socket = kind(reactor, **options)
        self.events[socket] = []
        socket.on_event(self.events[socket].append)
        return socket

    def pair(
        self,
        binding: type[S],
        connecting: type[Any],
        transport: str = "tcp",
        bind: dict[str, Any] | None = None,
        connect: dict[str, Any] | None = None,
    ) -> tuple[S, Any]:
        """A socket that is bound and one that is connected to it."""
        on = self.network.reactor() if transport == "inproc" else None
        server = self.make(binding, on=on, **(bind or {}))
        client = self.make(connecting, on=on, **(connect or {}))
        self.link(server, client, transport)
        return server, client

    def link(self, server: Socket, client: Socket, transport: str = "tcp") -> str:
        """Bind one and connect the other; return the address."""
        address = self.bind(server, transport)
        self.run(client.connect(address), 1)
        self.settle()
        return address

    def bind(self, socket: Socket, transport: str = "tcp") -> str:
        """Bind to a new address."""
        name = f"/run/{len(self.events)}-{id(socket)}"
        where = {"tcp": "tcp://127.0.0.1:*", "ipc": f"ipc://{name}", "inproc": f"inproc://{name}"}
        return self.run(socket.bind(where[transport]))

    def of(self, socket: Socket, kind: type[E]) -> list[E]:
        """The events of one kind that a socket has had."""
        return [event for event in self.events[socket] if isinstance(event, kind)]

    def names(self, socket: Socket) -> list[str]:
        """The names of all events that a socket has had."""
        return [type(event).__name__ for event in self.events[socket]]

    # Peers that speak bytes

    def attach_raw(self, socket: Socket, say: bytes, address: str | None = None) -> RawPeer:
        """A raw peer that connects to a bound socket and says something."""
        where = address if address is not None else self.bind(socket)
        peer = self.network.raw_connect(port_of(where))
        peer.send(say)
        self.settle()
        return peer

    def accept_raw(self, socket: Socket, say: bytes) -> tuple[RawListener, RawPeer]:
        """Connect a socket to a raw listener, whose peer says something."""
        listener = self.network.raw_listen()
        socket.connect(f"tcp://127.0.0.1:{listener.port}")
        self.settle()
        [peer] = listener.peers
        peer.send(say)
        self.settle()
        return listener, peer

    def drain(self, socket: ReceivingSocket) -> list[list[bytes]]:
        """All messages that can be received without time passing."""
        messages: list[list[bytes]] = []
        self.settle()
        while (received := socket.try_receive()) is not None:
            messages.append(received)
            self.settle()
        return messages

    # Time

    def run(
        self, awaitable: Deferred[T] | Coroutine[Deferred[Any], Any, T], within: float = 0.0
    ) -> T:
        """See :meth:`MemoryNetwork.run`."""
        return self.network.run(awaitable, within)

    def settle(self) -> None:
        """See :meth:`MemoryNetwork.settle`."""
        self.network.settle()

    def advance(self, seconds: float) -> None:
        """See :meth:`MemoryNetwork.advance`."""
        self.network.advance(seconds)

    def until(self, condition: Callable[[], bool], within: float = 10.0) -> None:
        """See :meth:`MemoryNetwork.until`."""
        self.network.until(condition, within)

    def close(self) -> None:
        """Close all sockets and see that nothing is left of them."""
        for socket in self.events:
            done = Outcomes(socket.close(linger=0))
            self.network.advance(2)
            assert done == [None], f"{socket!r} did not close"
        self.network.assert_clean()


def port_of(address: str) -> int:
    """The port in a tcp address."""
    return int(address.rpartition(":")[2])
