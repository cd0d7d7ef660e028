"""Passes bytes between whoever connects and a target, and lets others see them: :class:`Relay`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, Protocol

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import (
    IAddress,
    IHalfCloseableProtocol,
    IPushProducer,
    ISSLTransport,
    ITCPTransport,
)
from twisted.internet.protocol import Protocol as TwistedProtocol
from twisted.internet.protocol import ServerFactory, connectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from pyzmtp.cli.trace.records import Side
from pyzmtp.errors import AddressError
from pyzmtp.net.address import InprocAddress, UdpAddress, WebsocketAddress
from pyzmtp.net.dialling import dial
from pyzmtp.net.listening import ListeningAt, listen
from pyzmtp.net.places import ClientPlace, ServerPlace, client_place, server_place
from pyzmtp.net.reactor import Reactor, Transport
from pyzmtp.options import SocketOptions

__all__ = ["NewWatch", "Relay", "Watch"]

_log = Logger(namespace="pyzmtp")

_LISTENING: Final = SocketOptions()
#: Whatever address a target's name has: the last of them may be the one that answers.
_DIALLING: Final = SocketOptions(ipv6=True)


class Watch(Protocol):
    """Sees what happens on one connection, in the order in which it does."""

    def heard(self, side: Side, data: bytes) -> None:
        """``side`` has sent ``data``, which is on its way to the other side."""

    def ended(self, side: Side, problem: str) -> None:
        """``side`` sends nothing more; ``problem`` is how the connection broke, if it did."""

    def unreachable(self, problem: str) -> None:
        """The target cannot be connected to, so the client is parted from."""

    def closed(self) -> None:
        """Both sides are gone."""


#: Makes a watch of the connection of that number, from a client's address to one of ours.
NewWatch = Callable[[int, IAddress, IAddress], Watch]


class Relay(ServerFactory):
    """Connects whoever comes to a target: bytes pass unchanged and at once.

    A side that is slow holds the other one back; that a side has ended, or broken off, is passed on.
    What the watches do is not: one that raises is told in the log, and sees no more of the connection.
    """

    noisy = False

    def __init__(self, reactor: Any, target: str, watches: Sequence[NewWatch]) -> None:
        """:param target: a ZeroMQ address of TCP or ipc, or an endpoint string.

        Raises :exc:`AddressError` for others.
        """
        self._reactor: Reactor = reactor
        self._target = client_place(reactor, target)
        _check(target, self._target)
        self._watches = watches
        self._listening: ListeningAt | None = None
        self._count = 0
        self._lines: set[_Line] = set()

    async def listen(self, where: str) -> str:
        """Listen at an address as for the target, and return the real one.

        Raises :exc:`AddressError`, :exc:`BindError`.
        """
        place = server_place(self._reactor, where)
        _check(where, place)
        self._listening = await listen(self._reactor, place, where, _LISTENING, self)
        return self._listening.address

    async def stop(self) -> None:
        """Listen no more, and break off all connections."""
        if self._listening is not None:
            await self._listening.stop()
        for line in list(self._lines):
            await line.stop()

    def buildProtocol(self, addr: IAddress | None) -> _End:
        """Begin a connection that comes in."""
        self._count += 1
        line = _Line(self._reactor, self._target, self._count, self._watches)
        self._lines.add(line)
        line.gone.addCallback(lambda _: self._lines.discard(line))
        return line.client


def _check(where: str, place: ClientPlace | ServerPlace) -> None:
    if isinstance(place, InprocAddress | UdpAddress | WebsocketAddress):
        raise AddressError(where, "a trace takes tcp, ipc, and endpoint strings")


class _Line:
    """A client's connection, and the one to the target that goes with it.

    :ivar gone: fires when both are over.
    """

    def __init__(
        self, reactor: Reactor, target: ClientPlace, number: int, watches: Sequence[NewWatch]
    ) -> None:
        self.gone: Deferred[None] = Deferred()
        self.client, self.target = _End(self, Side.CLIENT), _End(self, Side.TARGET)
        self.client.other, self.target.other = self.target, self.client
        self._reactor = reactor
        self._place = target
        self._number = number
        self._new_watches = watches
        self._watches: list[Watch] = []
        self._dialling: Deferred[None] | None = None

    def tell(self, event: Callable[[Watch], None]) -> None:
        """Let the watches see something."""
        self._watches = [watch for watch in self._watches if self._succeeds(event, watch)]

    def _succeeds(self, call: Callable[..., object], *arguments: object) -> bool:
        """Make a call that concerns a watch. Bytes pass whatever becomes of it."""
        try:
            call(*arguments)
        except Exception:
            _log.failure("connection {number} is not watched by all", number=self._number)
            return False
        return True

    def made(self, end: _End) -> None:
        """One of the two connections is there."""
        if ITCPTransport.providedBy(end.transport):
            end.transport.setTcpNoDelay(True)  # as both sockets do
        if end is self.client:
            end.transport.pauseProducing()
            for new in self._new_watches:
                self._succeeds(self._begin_watch, new)
            dialling = dial(self._reactor, self._place, _DIALLING, lambda _: self.target)
            self._dialling = Deferred.fromCoroutine(dialling).addErrback(self._not_made)
        elif self.client.is_closing:
            end.abort()
        else:
            end.transport.registerProducer(self.client, True)
            self.client.transport.registerProducer(end, True)
            end.transport.write(self.client.early)
            self.client.transport.resumeProducing()

    def _begin_watch(self, new: NewWatch) -> None:
        transport = self.client.transport
        self._watches.append(new(self._number, transport.getPeer(), transport.getHost()))

    def _not_made(self, reason: Failure) -> None:
        if not reason.check(CancelledError):
            self.tell(lambda watch: watch.unreachable(reason.getErrorMessage().rstrip(".")))
            self.client.close()

    def ended(self, end: _End) -> None:
        """A side has sent its last byte. It may go on to read, until the other one ends too."""
        self._note_end(end, "")
        if end.other.has_ended or not end.other.is_there:
            end.close()
            end.other.close()
        else:
            end.other.transport.unregisterProducer()
            end.other.half_close()

    def lost(self, end: _End, reason: Failure) -> None:
        """One of the two connections is over."""
        if end.is_closing or reason.check(ConnectionDone):
            if not end.is_closing:  # there is no half-close with this transport
                self._note_end(end, "")
            end.other.close()
        else:
            self._note_end(end, reason.getErrorMessage().rstrip("."))
            # Not at once: what came before is written in this turn.
            self._reactor.callLater(0, end.other.abort)
        if not end.other.is_there:
            if self._dialling is not None:
                self._dialling.cancel()
            self.tell(lambda watch: watch.closed())
            self.gone.callback(None)

    def _note_end(self, end: _End, problem: str) -> None:
        if problem or not end.has_ended:
            end.has_ended = True
            self.tell(lambda watch: watch.ended(end.side, problem))

    async def stop(self) -> None:
        """Break off both connections."""
        for end in (self.client, self.target):
            end.abort()
        await self.gone
        if self._dialling is not None:
            await self._dialling


@implementer(IHalfCloseableProtocol, IPushProducer)
class _End(TwistedProtocol):
    """One of the two connections; what it reads is written to the other one.

    To the other one's transport it is a producer, in place of its own transport: that would be closed
    when the other one is lost, and what becomes of it then is the line's decision.

    :ivar is_there: whether it is connected.
    :ivar is_closing: whether it is over by our own doing.
    :ivar has_ended: whether the side has sent its last byte.
    :ivar early: what came before there was another one: some transports read on for a moment.
    """

    transport: Transport
    other: _End

    def __init__(self, line: _Line, side: Side) -> None:
        self.side = side
        self.is_there = self.is_closing = self.has_ended = False
        self.early = b""
        self._line = line

    def close(self) -> None:
        """Close it when all is written."""
        if self.is_there and not self.is_closing:
            self.is_closing = True
            self.transport.unregisterProducer()
            self.transport.loseConnection()

    def half_close(self) -> None:
        """Send an end when all is written, and go on to read, if it can."""
        half_close = getattr(self.transport, "loseWriteConnection", None)
        if half_close is None or ISSLTransport.providedBy(self.transport):  # TLS would be cut off
            self.close()
        else:
            half_close()

    def abort(self) -> None:
        """Break it off."""
        if self.is_there:
            self.is_closing = True
            getattr(self.transport, "abortConnection", self.transport.loseConnection)()

    # Protocol and IHalfCloseableProtocol

    def connectionMade(self) -> None:
        self.is_there = True
        self._line.made(self)

    def dataReceived(self, data: bytes) -> None:
        if self.other.is_there:
            self.other.transport.write(data)
        else:
            self.early += data
        self._line.tell(lambda watch: watch.heard(self.side, data))

    def readConnectionLost(self) -> None:
        self._line.ended(self)

    def writeConnectionLost(self) -> None:
        """All is written, and the end behind it."""

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.is_there = False
        self._line.lost(self, reason)

    # IPushProducer

    def pauseProducing(self) -> None:
        self.transport.pauseProducing()

    def resumeProducing(self) -> None:
        self.transport.resumeProducing()

    def stopProducing(self) -> None:
        """The other one is lost: see :meth:`_Line.lost`."""
