"""The two kinds of side that a conversation can have: pyzmtp in this process, libzmq in another."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final, Protocol

import pyzmtp
from pyzmtp.cli.demo.conversations import (
    SYNC,
    AwaitSubscriber,
    Expect,
    Message,
    Role,
    Send,
    Step,
    Subscribe,
    plain_program,
)
from pyzmtp.cli.demo.libzmq_process import LibzmqProcess

__all__ = ["LibzmqSide", "Mismatch", "PyzmtpSide", "Side", "play"]

_SOCKETS: Final[dict[str, Callable[..., Any]]] = {
    "REQ": pyzmtp.ReqSocket,
    "REP": pyzmtp.RepSocket,
    "PUB": pyzmtp.PubSocket,
    "SUB": pyzmtp.SubSocket,
    "PUSH": pyzmtp.PushSocket,
    "PULL": pyzmtp.PullSocket,
    "DEALER": pyzmtp.DealerSocket,
    "ROUTER": pyzmtp.RouterSocket,
}


class Mismatch(Exception):
    """A message is not the one that was expected."""

    def __init__(self, socket_type: str, expected: Message, received: Message) -> None:
        super().__init__(
            f"{socket_type} expected {_shorten(expected)} and received {_shorten(received)}"
        )


class Side(Protocol):
    """One socket of a conversation, wherever it lives."""

    async def bind(self, address: str) -> str:
        """Bind; return the real address."""

    async def connect(self, address: str) -> None:
        """Start to connect."""

    async def play(self, heard_sync: Callable[[], None]) -> None:
        """Run the role's program; raise if anything is not as expected.

        ``heard_sync`` is to be called when a :data:`SYNC` message arrives.
        """

    def other_heard_sync(self) -> None:
        """Take note that the other side has heard a :data:`SYNC` message."""

    async def close(self) -> None:
        """Close the socket."""


class PyzmtpSide:
    """A pyzmtp socket in this process."""

    def __init__(self, reactor: Any, role: Role) -> None:
        self._role = role
        # Any: which methods there are depends on the type of socket, and the program fits it.
        options = {"routing_id": role.routing_id} if role.routing_id else {}
        self._socket: Any = _SOCKETS[role.socket_type](reactor, **options)

    async def bind(self, address: str) -> str:
        bound: str = await self._socket.bind(address)
        return bound

    async def connect(self, address: str) -> None:
        await self._socket.connect(address)

    async def play(self, heard_sync: Callable[[], None]) -> None:
        await play(self._socket, self._role.socket_type, self._role.program, heard_sync)

    def other_heard_sync(self) -> None:
        pass

    async def close(self) -> None:
        await self._socket.close()


class LibzmqSide:
    """A libzmq socket in the libzmq process."""

    def __init__(self, process: LibzmqProcess, role: Role, timeout: float) -> None:
        self._process = process
        self._role = role
        self._timeout = timeout
        self._opened = False

    async def bind(self, address: str) -> str:
        await self._open()
        bound: str = await self._process.ask(do="bind", address=address)
        return bound

    async def connect(self, address: str) -> None:
        await self._open()
        await self._process.ask(do="connect", address=address)

    async def play(self, heard_sync: Callable[[], None]) -> None:
        await self._process.ask(do="play", program=plain_program(self._role.program))

    def other_heard_sync(self) -> None:
        self._process.tell(do="go")

    async def close(self) -> None:
        if self._opened:
            await self._process.ask(do="close")

    async def _open(self) -> None:
        await self._process.ask(
            do="open",
            type=self._role.socket_type,
            routing_id=self._role.routing_id.decode("latin-1"),
            timeout=self._timeout,
        )
        self._opened = True


async def play(
    socket: Any, socket_type: str, program: Iterable[Step], heard_sync: Callable[[], None]
) -> None:
    """Run ``program`` on a pyzmtp socket.

    :raises Mismatch: a message is not the one that the program expects.
    """
    for step in program:
        match step:
            case Send(message):
                await socket.send(message)
            case Expect(message):
                received = tuple(await socket.receive())
                while received == SYNC:
                    heard_sync()
                    received = tuple(await socket.receive())
                if received != message:
                    raise Mismatch(socket_type, message, received)
            case Subscribe(topic):
                socket.subscribe(topic)
            case AwaitSubscriber(topic):
                await socket.wait_subscribed(topic)


def _shorten(message: Message) -> str:
    frames = [
        repr(frame) if len(frame) <= 24 else f"{frame[:16]!r}... ({len(frame)} bytes)"
        for frame in message
    ]
    return f"[{', '.join(frames)}]"
