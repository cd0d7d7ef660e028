"""A line with somebody on it, who changes, repeats, exchanges or ends what passes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from twisted.internet.defer import Deferred, DeferredQueue
from twisted.internet.endpoints import TCP4ClientEndpoint, connectProtocol
from twisted.internet.interfaces import ITCPTransport
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.python.failure import Failure

from interop.reactor import reactor, within

GREETING: Final = 64


class Direction:
    """What passes one way on one connection: here, just as it comes.

    Attributes:
        passed: how many bytes came.
        over: whether the connection ends now.
    """

    passed = 0
    over = False

    def feed(self, data: bytes) -> bytes:
        """Take what came, give what is passed on."""
        return data


class Flipped(Direction):
    """The bits of `mask` are flipped in the byte at `offset`."""

    def __init__(self, offset: int, mask: int) -> None:
        self._left, self._mask = offset, mask

    def feed(self, data: bytes) -> bytes:
        """See `Direction`."""
        at, self._left = self._left, self._left - len(data)
        if not 0 <= at < len(data):
            return data
        return data[:at] + bytes((data[at] ^ self._mask,)) + data[at + 1 :]


class Cut(Direction):
    """The connection ends behind `size` bytes."""

    def __init__(self, size: int) -> None:
        self._left = size

    def feed(self, data: bytes) -> bytes:
        """See `Direction`."""
        output = data[: self._left]
        self._left -= len(output)
        self.over = not self._left
        return output


class Framed(Direction):
    """The frames behind the greeting: here, one after the other.

    Attributes:
        heads: where each began.
    """

    def __init__(self) -> None:
        self.heads: list[int] = []
        self._at = self._greeting = GREETING
        self._came = bytearray()

    def feed(self, data: bytes) -> bytes:
        """See `Direction`. A frame is passed on when it is whole."""
        output = data[: self._greeting]
        self._greeting -= len(output)
        self._came += data[len(output) :]
        while size := self._frame_size():
            frame = bytes(self._came[:size])
            del self._came[:size]
            output += self.order(len(self.heads), frame)
            self.heads.append(self._at)
            self._at += size
        return output

    def order(self, number: int, frame: bytes) -> bytes:
        """Give what is passed on in the place of a frame; the first has the number 0."""
        return frame

    def _frame_size(self) -> int:
        """How long the next frame is; 0: it is not whole yet."""
        if not self._came:
            return 0
        head = 9 if self._came[0] & 2 else 2
        size = head + int.from_bytes(self._came[1:head], "big")
        return size if len(self._came) >= max(head, size) else 0


class Repeated(Framed):
    """The frame `number` is passed on twice."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self._which = number

    def order(self, number: int, frame: bytes) -> bytes:
        """See `Framed`."""
        return frame * (2 if number == self._which else 1)


class Exchanged(Framed):
    """The frame `number` is passed on behind the next one."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self._which = number
        self._held = b""

    def order(self, number: int, frame: bytes) -> bytes:
        """See `Framed`."""
        if number == self._which:
            self._held = frame
            return b""
        frame, self._held = frame + self._held, b""
        return frame


class Tamperer:
    """Joins whatever connects to it to a server, one connection after the other.

    Use as `async with Tamperer(address) as tamperer`, and connect to `tamperer.address`.
    """

    def __init__(self, target: str) -> None:
        host, _, port = target.removeprefix("tcp://").rpartition(":")
        self._target = TCP4ClientEndpoint(reactor, host, int(port))
        self._arrived: DeferredQueue[End] = DeferredQueue()

    async def __aenter__(self) -> Tamperer:
        factory = Factory.forProtocol(lambda: End(self._arrived.put))
        self._port = reactor.listenTCP(0, factory, interface="127.0.0.1")  # type: ignore[arg-type]
        self.address = f"tcp://127.0.0.1:{self._port.getHost().port}"  # type: ignore[attr-defined]
        return self

    async def __aexit__(self, *_: object) -> None:
        stopped = self._port.stopListening()
        if stopped is not None:
            await stopped
        for end in self._arrived.pending:
            await end.abort()

    async def join(self, to_server: Direction, to_client: Direction) -> Line:
        """Join the next connection that comes to the server, and do this to what passes."""
        client = await within(self._arrived.get(), "connection to the tamperer")
        server = await connectProtocol(self._target, End(lambda _: None))
        client.begin(server, to_server)
        server.begin(client, to_client)
        return Line(client, server)


class Line:
    """Both ends of one connection."""

    def __init__(self, client: End, server: End) -> None:
        self._ends = (client, server)

    @property
    def gone(self) -> bool:
        """Whether both are."""
        return all(end.gone.called for end in self._ends)

    async def end(self) -> None:
        """End what is left of it."""
        for end in self._ends:
            await end.abort()


class End(Protocol):
    """One end of a connection; what comes there is written to the other one."""

    transport: ITCPTransport

    def __init__(self, made: Callable[[End], object]) -> None:
        self._made = made
        self._other: End | None = None
        self.gone: Deferred[None] = Deferred()

    def connectionMade(self) -> None:
        self.transport.setTcpNoDelay(True)
        self.transport.pauseProducing()  # type: ignore[attr-defined]
        self._made(self)

    def begin(self, other: End, does: Direction) -> None:
        """Pass on to `other` what `does` makes of what comes."""
        self._other, self._does = other, does
        self.transport.resumeProducing()  # type: ignore[attr-defined]

    def dataReceived(self, data: bytes) -> None:
        assert self._other is not None
        self._does.passed += len(data)
        self._other.transport.write(self._does.feed(data))
        if self._does.over:
            self.transport.loseConnection()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.gone.callback(None)
        if self._other is not None:
            self._other.transport.loseConnection()

    async def abort(self) -> None:
        """End it, and wait until it is gone."""
        self.transport.abortConnection()
        await within(self.gone, "end of a tampered connection")
