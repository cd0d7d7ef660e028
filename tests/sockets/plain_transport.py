"""A transport that a test plays with by hand, and the endpoint that leads to it."""

from __future__ import annotations

from typing import Any

from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IConsumer, IPushProducer, IStreamClientEndpoint, ITransport
from zope.interface import implementer


@implementer(ITransport, IConsumer, IPushProducer)
class PlainTransport:
    """A transport with nothing but what is needed, which pauses its producer when it is told to.

    :ivar takes_one_write: whether each write fills it up.
    """

    takes_one_write = False

    def __init__(self) -> None:
        self.written = b""
        self.calls: list[str] = []
        self.producer: Any = None

    def write(self, data: bytes) -> None:
        self.written += data
        if self.takes_one_write and self.producer is not None:
            self.producer.pauseProducing()

    def writeSequence(self, data: Any) -> None:
        self.written += b"".join(data)

    def getHost(self) -> IPv4Address:
        return IPv4Address("TCP", "10.0.0.1", 1)

    def getPeer(self) -> IPv4Address:
        return IPv4Address("TCP", "10.0.0.2", 2)

    def loseConnection(self) -> None:
        self.calls.append("lose")

    def registerProducer(self, producer: Any, streaming: bool) -> None:
        assert streaming
        self.producer = producer

    def unregisterProducer(self) -> None:
        self.producer = None

    def pauseProducing(self) -> None:
        self.calls.append("pause")

    def resumeProducing(self) -> None:
        self.calls.append("resume")

    def stopProducing(self) -> None:
        self.calls.append("stop")


@implementer(IStreamClientEndpoint)
class To:
    """An endpoint that leads to a transport that a test plays with."""

    def __init__(self, transport: PlainTransport) -> None:
        self.transport = transport
        self.protocol: Any = None

    async def _connect(self, factory: Any) -> Any:
        self.protocol = factory.buildProtocol(None)
        self.protocol.makeConnection(self.transport)
        return self.protocol

    def connect(self, protocolFactory: Any) -> Any:
        return Deferred.fromCoroutine(self._connect(protocolFactory))
