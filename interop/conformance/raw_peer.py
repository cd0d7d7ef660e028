"""A peer that is no library: it writes and reads bytes over TCP."""

from __future__ import annotations

from twisted.internet.address import IPv4Address
from twisted.internet.defer import maybeDeferred
from twisted.internet.endpoints import TCP4ClientEndpoint, connectProtocol
from twisted.internet.interfaces import ITransport
from twisted.internet.protocol import Protocol, ServerFactory

from interop.reactor import reactor, until, within

#: ZMTP.md 2: the greeting of a 3.x peer; the minor version is at 11, the mechanism from 12.
_SIGNATURE = b"\xff" + bytes(8) + b"\x7f"
GREETING_SIZE = 64


def greeting(minor: int = 1, mechanism: bytes = b"NULL", as_server: bool = False) -> bytes:
    """Make a greeting of ZMTP 3."""
    return (
        _SIGNATURE + bytes([3, minor]) + mechanism.ljust(20, b"\0") + bytes([as_server]) + bytes(31)
    )


def frame(body: bytes, more: bool = False, command: bool = False) -> bytes:
    """Encode one frame."""
    flags = more | (command << 2)
    if len(body) < 256:
        return bytes([flags, len(body)]) + body
    return bytes([flags | 2]) + len(body).to_bytes(8, "big") + body


def message(*frames: bytes) -> bytes:
    """Encode one message."""
    return b"".join(frame(part, more=True) for part in frames[:-1]) + frame(frames[-1])


def command(name: bytes, body: bytes = b"") -> bytes:
    """Encode one command."""
    return frame(bytes([len(name)]) + name + body, command=True)


def properties(**named: bytes) -> bytes:
    """Encode metadata; an underscore in a name stands for a hyphen."""
    return b"".join(
        bytes([len(name)]) + name.replace("_", "-").encode() + len(value).to_bytes(4, "big") + value
        for name, value in named.items()
    )


class RawPeer(Protocol):
    """One connection. ``received`` holds what was not read yet."""

    transport: ITransport

    def __init__(self) -> None:
        self.received = bytearray()
        self.lost = False

    def dataReceived(self, data: bytes) -> None:
        self.received += data

    def connectionLost(self, reason: object = None) -> None:
        self.lost = True

    @property
    def remote_address(self) -> str:
        """Give the ``tcp://host:port`` of the other end."""
        peer = self.transport.getPeer()
        assert isinstance(peer, IPv4Address)
        return f"tcp://{peer.host}:{peer.port}"

    def write(self, data: bytes) -> None:
        """Write bytes."""
        self.transport.write(data)

    async def read(self, size: int) -> bytes:
        """Read exactly so many bytes."""
        await until(
            lambda: len(self.received) >= size, f"raw peer: {size} bytes of {self.received!r:.80}"
        )
        data = bytes(self.received[:size])
        del self.received[:size]
        return data

    async def read_frame(self) -> tuple[int, bytes]:
        """Read one frame: its flags and its body."""
        flags = (await self.read(1))[0]
        size = int.from_bytes(await self.read(8 if flags & 2 else 1), "big")
        return flags, await self.read(size)

    async def read_message(self) -> list[bytes]:
        """Read one message; a command in its place is given as one frame."""
        frames: list[bytes] = []
        while True:
            flags, body = await self.read_frame()
            frames.append(body)
            if not flags & 1:
                return frames

    async def shake_hands(self, socket_type: bytes, minor: int = 1, **more: bytes) -> None:
        """Greet, exchange READY with the mechanism NULL; ``more`` are properties of our READY."""
        self.write(greeting(minor))
        await self.read(GREETING_SIZE)
        self.write(command(b"READY", properties(Socket_Type=socket_type, **more)))
        await self.read_frame()

    async def until_lost(self) -> None:
        """Wait until the connection has ended."""
        await until(lambda: self.lost, "raw peer: end of the connection")

    async def close(self) -> None:
        """Close the connection."""
        if not self.lost:
            self.transport.loseConnection()
            await self.until_lost()

    async def reset(self) -> None:
        """End the connection at once, without reading what has come."""
        if not self.lost:
            self.transport.abortConnection()  # type: ignore[attr-defined]
            await self.until_lost()


async def raw_connect(address: str) -> RawPeer:
    """Connect to a ``tcp://host:port``."""
    host, port = address.removeprefix("tcp://").rsplit(":", 1)
    endpoint = TCP4ClientEndpoint(reactor, host, int(port))
    peer: RawPeer = await within(connectProtocol(endpoint, RawPeer()), f"connect {address}")
    return peer


class RawListener(ServerFactory):
    """A listening TCP port; ``peers`` are the connections that came, oldest first."""

    noisy = False

    def __init__(self) -> None:
        self.peers: list[RawPeer] = []
        self._port = reactor.listenTCP(0, self, interface="127.0.0.1")
        host = self._port.getHost()
        assert isinstance(host, IPv4Address)
        self.address = f"tcp://127.0.0.1:{host.port}"

    def buildProtocol(self, addr: object) -> RawPeer:
        peer = RawPeer()
        self.peers.append(peer)
        return peer

    async def peer(self, number: int = 1) -> RawPeer:
        """Wait for a connection: the first, or that of a number."""
        await until(lambda: len(self.peers) >= number, f"raw listener: connection {number}")
        return self.peers[number - 1]

    async def close(self) -> None:
        """Listen no more, and close all connections."""
        await maybeDeferred(self._port.stopListening)
        for peer in self.peers:
            await peer.close()
