"""What strangers say to get past the limits before READY, and what they look like to a server."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred

from pyzmtp import PlainClient, PlainServer, PullSocket, PushSocket
from pyzmtp.authentication import AuthenticationRequest
from pyzmtp.engine.events import Disconnected, HandshakeFailed
from pyzmtp.errors import ProtocolError
from pyzmtp.testing import RawPeer

from .world import GREETING, World, port_of, short

#: The greeting of a PLAIN client.
PLAIN = GREETING[:12] + b"PLAIN" + GREETING[17:]

#: The longest HELLO: a name and a password of 255 bytes each (RFC 24).
LONGEST_HELLO = b"\x05HELLO" + b"\xff" + b"u" * 255 + b"\xff" + b"p" * 255


def long(flags: int, body: bytes) -> bytes:
    """A frame in the long form."""
    return announced(flags, len(body)) + body


def announced(flags: int, size: int) -> bytes:
    """The head of a frame in the long form."""
    return bytes((flags | 2,)) + size.to_bytes(8, "big")


def hello_of(name: bytes, password: bytes = b"") -> bytes:
    """HELLO, as a PLAIN client says it."""
    return short(4, b"\x05HELLO" + bytes((len(name),)) + name + bytes((len(password),)) + password)


def ready_of(properties: dict[str, bytes], command: bytes = b"READY") -> bytes:
    """READY or INITIATE of a PUSH, in the long form."""
    body = bytes((len(command),)) + command
    for name, value in {"Socket-Type": b"PUSH", **properties}.items():
        body += bytes((len(name),)) + name.encode() + len(value).to_bytes(4, "big") + value
    return long(4, body)


class Door:
    """Decides on the peers of a PLAIN server: ``good`` comes in, all others never hear of it.

    :ivar asked: the requests that are not decided.
    :ivar given_up: how many of them nobody waits for any more.
    :ivar most: how many were being decided on at the same time.
    """

    def __init__(self) -> None:
        self.asked: list[AuthenticationRequest] = []
        self.given_up = 0
        self.most = 0

    def __call__(self, request: AuthenticationRequest) -> object:
        if request.username == b"good":
            return "good"
        self.asked.append(request)
        self.most = max(self.most, len(self.asked) - self.given_up)
        return Deferred(self._cancelled)

    def _cancelled(self, deferred: Deferred[object]) -> None:
        self.given_up += 1


class Attacked:
    """A PULL with a good peer, at which strangers try the limits."""

    def __init__(self, world: World, plain: bool = False, **options: Any) -> None:
        self.world = world
        self.door = Door()
        if plain:
            options["security"] = PlainServer(self.door)
        self.pull = world.make(PullSocket, **options)
        self.address = world.bind(self.pull)
        self._plain = plain
        self._good = self._new_peer()
        world.run(self._good.connect(self.address), 1)

    def _new_peer(self) -> PushSocket:
        security = PlainClient("good", "") if self._plain else None
        return self.world.make(PushSocket, security=security)

    def attacker(self, say: bytes) -> RawPeer:
        """A stranger, and what it says first."""
        return self.world.attach_raw(self.pull, say, self.address)

    def crowd(self, number: int, say: bytes) -> list[RawPeer]:
        """Many strangers, who say the same."""
        peers = [self.world.network.raw_connect(port_of(self.address)) for _ in range(number)]
        for peer in peers:
            peer.send(say)
        self.world.settle()
        return peers

    def refusal(self) -> ProtocolError:
        """Why the one stranger was turned away: one event says it."""
        [event] = self.world.of(self.pull, HandshakeFailed)
        [over] = self.world.of(self.pull, Disconnected)
        assert (over.peer, over.reason) == (None, event.error)
        assert isinstance(event.error, ProtocolError)
        return event.error

    def good_peer_is_served(self) -> None:
        """The one that was there from the beginning is not disturbed, and another one comes in."""
        self._good.try_send(b"still here")
        assert self.world.drain(self.pull) == [[b"still here"]]
        before = len(self.pull.peers)
        self.world.run(self._new_peer().connect(self.address), 1)
        assert len(self.pull.peers) == before + 1
