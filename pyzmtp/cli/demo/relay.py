"""A TCP relay that keeps what passes: two sockets talk through it and know nothing of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from attrs import frozen
from twisted.internet.defer import maybeDeferred
from twisted.internet.interfaces import ITCPTransport
from twisted.internet.protocol import ClientFactory, Factory, Protocol, connectionDone
from twisted.python.failure import Failure

__all__ = ["Chunk", "End", "Relay"]


@frozen
class Chunk:
    """Bytes that crossed the wire together."""

    at: float
    """Seconds since the relay saw the connection."""
    from_connecting: bool
    """Whether the side that connects sent them; else the side that is bound."""
    data: bytes


class End(Protocol):
    """One of the two connections; what it reads is written to the other one."""

    def __init__(self, heard: Callable[[bytes], None], other: End | None = None) -> None:
        """:param other: the end to join as soon as this one is connected."""
        self._heard = heard
        self._other = other
        self._early = b""  # what came before there was another end

    def connectionMade(self) -> None:
        # As both sockets do: the times would be those of Nagle's algorithm and delayed ACKs.
        if ITCPTransport.providedBy(self.transport):
            self.transport.setTcpNoDelay(True)
        if self._other is not None:
            self._other.join(self)

    def join(self, other: End) -> None:
        """Pass everything on to ``other``, what came before included."""
        self._other = other
        other.write(self._early)

    def write(self, data: bytes) -> None:
        """Send ``data`` to the socket at this end."""
        if self.transport is not None and data:
            self.transport.write(data)

    def end(self) -> None:
        """Close the connection at this end."""
        if self.transport is not None:
            self.transport.loseConnection()

    def dataReceived(self, data: bytes) -> None:
        self._heard(data)
        if self._other is None:
            self._early += data
        else:
            self._other.write(data)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        if self._other is not None:
            self._other.end()


class Relay(Factory):
    """Listens on a free port of the loopback interface and passes everything on to another port.

    For the few hundred bytes of an excerpt: nothing is held back when one end is slow.
    """

    noisy = False

    def __init__(self, reactor: Any) -> None:
        self._reactor = reactor
        self._target = 0
        self._listening: Any = None
        self._start: float | None = None
        self.chunks: list[Chunk] = []

    def listen(self, target: int) -> int:
        """Start; return the port to connect to instead of ``target``."""
        self._target = target
        self._listening = self._reactor.listenTCP(0, self, interface="127.0.0.1")
        port: int = self._listening.getHost().port
        return port

    async def stop(self) -> None:
        """Stop to listen; the connections end with their sockets."""
        if self._listening is not None:
            await maybeDeferred(self._listening.stopListening)

    def buildProtocol(self, addr: object) -> End:
        """Dial the target for a connection that came in."""
        accepted = End(self._recorder(from_connecting=True))
        dialled = End(self._recorder(from_connecting=False), other=accepted)
        self._reactor.connectTCP("127.0.0.1", self._target, _Dialling(accepted, dialled))
        return accepted

    def _recorder(self, from_connecting: bool) -> Callable[[bytes], None]:
        def heard(data: bytes) -> None:
            now = self._reactor.seconds()
            if self._start is None:
                self._start = now
            self.chunks.append(Chunk(now - self._start, from_connecting, data))

        return heard


class _Dialling(ClientFactory):
    """Dials for one connection that came in."""

    noisy = False

    def __init__(self, accepted: End, dialled: End) -> None:
        self._accepted = accepted
        self._dialled = dialled

    def buildProtocol(self, addr: object) -> End:
        return self._dialled

    def clientConnectionFailed(self, connector: object, reason: Failure) -> None:
        self._accepted.end()
