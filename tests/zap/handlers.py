"""ZAP handlers written by hand, and what a server that asks them looks like."""

from __future__ import annotations

from typing import Any, Final

from pyzmtp import ZAP, PlainClient, PlainServer, PullSocket, PushSocket, RepSocket, RouterSocket
from pyzmtp.sockets.receiver import ReceivingSocket

from ..sockets.world import World

ADDRESS: Final = "inproc://zeromq.zap.01"
TCP: Final = "tcp://127.0.0.1:*"

#: RFC 27: the reply that lets in.
GRANTED: Final = [b"", b"1.0", b"1", b"200", b"OK", b"", b""]


def reply(
    status: bytes, text: bytes = b"", user_id: bytes = b"", metadata: bytes = b""
) -> list[bytes]:
    """A reply as RFC 27 has it, with the empty frame before it."""
    return [b"", b"1.0", b"1", status, text, user_id, metadata]


class Handler:
    """A ROUTER at the address of ZAP that gives one reply to all, or none, and notes the requests."""

    def __init__(self, world: World, on: Any, answer: list[bytes] | None) -> None:
        self.requests: list[list[bytes]] = []
        self.socket = world.make(RouterSocket, on=on)
        self.answer = answer
        world.run(self.socket.bind(ADDRESS))
        self.socket.consume(self._take)

    def _take(self, messages: list[list[bytes]]) -> None:
        for asker, *request in messages:
            self.requests.append(request)
            if self.answer is not None:
                self.socket.send([asker, *self.answer])


class RepHandler:
    """The same with a REP, whose frames have no empty one before them."""

    def __init__(self, world: World, on: Any, answer: list[bytes]) -> None:
        self.requests: list[list[bytes]] = []
        self.socket = world.make(RepSocket, on=on)
        world.run(self.socket.bind(ADDRESS))

        def serve(request: list[bytes]) -> list[bytes]:
            self.requests.append(request)
            return answer[1:]

        self.socket.serve(serve)


def plain_server(
    world: World, kind: type[ReceivingSocket] = PullSocket, **options: Any
) -> tuple[Any, str]:
    """A server whose PLAIN clients a ZAP handler decides on, and its address."""
    server = world.make(kind, security=PlainServer(ZAP), **options)
    return server, world.run(server.bind(TCP))


def plain_client(world: World, **options: Any) -> PushSocket:
    """A client that is user ``admin``."""
    return world.make(PushSocket, security=PlainClient("admin", "secret"), linger=0, **options)
