"""A slow line: whatever connects to it is joined to another address, and bytes pass at its pace."""

from __future__ import annotations

import socket

from twisted.internet.defer import Deferred
from twisted.internet.endpoints import TCP4ClientEndpoint, connectProtocol
from twisted.internet.interfaces import IDelayedCall, ITCPTransport
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.python.failure import Failure

from interop.reactor import reactor, within


class Relay:
    """Passes bytes on at a bounded rate, with a pause every so often, in both directions.

    Use as `async with Relay(address, rate) as relay`, and connect to `relay.address`.

    Attributes:
        rate: bytes in a second.
        stretch: bytes between two pauses.
        pause: seconds that nothing passes then.
        buffer: bytes asked of the kernel for each of its buffers on this side; Linux gives twice as much.
        passed: bytes that were passed on.
        pauses: how many there were.
    """

    def __init__(
        self, target: str, rate: float, stretch: int = 1 << 62, pause: float = 0.0
    ) -> None:
        host, _, port = target.removeprefix("tcp://").rpartition(":")
        self._target = TCP4ClientEndpoint(reactor, host, int(port))
        self.rate, self.stretch, self.pause = rate, stretch, pause
        self.buffer = 65536
        self.passed = self.pauses = 0
        self._ends: list[_End] = []

    async def __aenter__(self) -> Relay:
        factory = Factory.forProtocol(lambda: _Entrance(self))
        self._port = reactor.listenTCP(0, factory, interface="127.0.0.1")  # type: ignore[arg-type]
        # Accepted connections take their buffers from the listening one, windows included.
        _shrink(self._port.socket, self.buffer)  # type: ignore[attr-defined]
        self.address = f"tcp://127.0.0.1:{self._port.getHost().port}"  # type: ignore[attr-defined]
        return self

    async def __aexit__(self, *_: object) -> None:
        stopped = self._port.stopListening()
        if stopped is not None:
            await stopped
        for end in list(self._ends):
            end.transport.abortConnection()
            await within(end.gone, "end of a relayed connection")

    def delay(self, size: int) -> float:
        """Note that `size` bytes are passed on; give the time that this takes."""
        before, self.passed = self.passed, self.passed + size
        delay = size / self.rate
        if before // self.stretch != self.passed // self.stretch:
            self.pauses += 1
            delay += self.pause
        return delay


class _End(Protocol):
    """One end of a relayed connection."""

    transport: ITCPTransport
    other: _End | None = None
    _call: IDelayedCall | None = None

    def __init__(self, relay: Relay) -> None:
        self.relay = relay
        self.gone: Deferred[None] = Deferred()

    def connectionMade(self) -> None:
        self.relay._ends.append(self)

    def dataReceived(self, data: bytes) -> None:
        assert self.other is not None
        self.other.transport.write(data)
        self.transport.pauseProducing()  # type: ignore[attr-defined]
        self._call = reactor.callLater(self.relay.delay(len(data)), self._read_on)

    def _read_on(self) -> None:
        self._call = None
        self.transport.resumeProducing()  # type: ignore[attr-defined]

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        if self._call is not None:
            self._call.cancel()
        self.relay._ends.remove(self)
        if self.other is not None:
            self.other.transport.loseConnection()
        self.gone.callback(None)


class _Entrance(_End):
    """The end of whoever connected: it is read when there is somewhere to pass it to."""

    def connectionMade(self) -> None:
        super().connectionMade()
        self.transport.pauseProducing()  # type: ignore[attr-defined]
        self.exit = _End(self.relay)
        joined = connectProtocol(self.relay._target, self.exit)
        joined.addCallbacks(self._join, lambda _: self.transport.loseConnection())

    def _join(self, exit: _End) -> None:
        _shrink(exit.transport.getHandle(), self.relay.buffer)  # type: ignore[attr-defined]
        self.other, exit.other = exit, self
        self.transport.resumeProducing()  # type: ignore[attr-defined]


def _shrink(handle: socket.socket, size: int) -> None:
    handle.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, size)
    handle.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, size)
