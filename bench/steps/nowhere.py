"""A peer that is not there: its words are given by hand, and what is written to it is counted."""

from __future__ import annotations

from typing import Any

from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IConsumer, IPushProducer, IStreamClientEndpoint, ITransport
from twisted.internet.task import Clock
from zope.interface import implementer

from pyzmtp import Socket
from pyzmtp.wire.command import encode_command
from pyzmtp.wire.greeting import encode_rest, encode_signature, encode_version
from pyzmtp.wire.metadata import encode_properties

__all__ = ["AbsentPeer", "new_clock"]


@implementer(ITransport, IConsumer, IPushProducer)
class Nowhere:
    """A transport that always has room.

    :ivar written: how many bytes were written.
    """

    def __init__(self) -> None:
        self.written = 0

    def write(self, data: bytes) -> None:
        self.written += len(data)

    def writeSequence(self, data: Any) -> None:
        self.written += sum(map(len, data))

    def getHost(self) -> IPv4Address:
        return IPv4Address("TCP", "127.0.0.1", 1)

    def getPeer(self) -> IPv4Address:
        return IPv4Address("TCP", "127.0.0.1", 2)

    def nothing(self, *_: object) -> None:
        """Whatever it is told."""

    loseConnection = registerProducer = unregisterProducer = nothing
    pauseProducing = resumeProducing = stopProducing = nothing


@implementer(IStreamClientEndpoint)
class _Endpoint:
    """Leads to a transport."""

    protocol: Any

    def __init__(self, transport: Nowhere) -> None:
        self._transport = transport

    async def _connect(self, factory: Any) -> Any:
        self.protocol = factory.buildProtocol(None)
        self.protocol.makeConnection(self._transport)
        return self.protocol

    def connect(self, protocolFactory: Any) -> Deferred[Any]:
        return Deferred.fromCoroutine(self._connect(protocolFactory))


class AbsentPeer:
    """A peer of ``socket``, of the type ``kind``, with which the handshake is done.

    :ivar clock: the socket's reactor: nothing happens there by itself.
    :ivar transport: what is written goes there.
    """

    def __init__(self, socket: Socket, clock: Clock, kind: bytes) -> None:
        self.clock = clock
        self.transport = Nowhere()
        endpoint = _Endpoint(self.transport)
        socket.connect(endpoint)
        self._protocol = endpoint.protocol
        ready = encode_properties([("Socket-Type", kind)])
        self.say(
            encode_signature() + encode_version() + encode_rest(b"NULL", False),
            encode_command(b"READY", ready),
        )

    def say(self, *chunks: bytes) -> None:
        """Have chunks of bytes arrive."""
        for chunk in chunks:
            self._protocol.dataReceived(chunk)

    def turn(self) -> None:
        """Let a turn of the reactor end."""
        self.clock.advance(0)


def new_clock() -> Any:
    """A reactor that does nothing by itself."""
    return Clock()
