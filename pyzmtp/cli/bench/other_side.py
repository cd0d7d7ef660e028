"""The side that is not measured: in this process, or in one of its own."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, Final, Protocol

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import IProcessTransport
from twisted.internet.protocol import ProcessProtocol
from twisted.python.failure import Failure

from pyzmtp.cli.exit_status import ExitStatus
from pyzmtp.engine.events import Disconnected, Event
from pyzmtp.errors import SocketClosed
from pyzmtp.sockets.pair import PairSocket
from pyzmtp.sockets.push import PushSocket
from pyzmtp.sockets.rep import RepSocket

__all__ = ["LocalSide", "OtherSide", "RemoteSide", "serve"]

#: Messages that are handed over at once, and bytes in them: half the high-water mark, and not so much
#: memory.
_BATCH: Final = 500
_BATCH_BYTES: Final = 4_000_000


class OtherSide(Protocol):
    """Sends messages, or answers requests, one after the other.

    :ivar processes: how many processes there are with it.
    """

    processes: int

    async def start(self, where: str) -> None:
        """Be there; ``where`` it can be told what to do. Raises :exc:`SocketClosed` if it cannot."""

    async def push(self, address: str, size: int, count: int) -> None:
        """Send ``count`` messages to a PULL; returns when that has begun."""

    async def echo(self, address: str) -> None:
        """Answer the requests of a REQ from now on."""

    async def stop(self) -> None:
        """End what was begun."""

    async def close(self) -> None:
        """The end."""


class LocalSide:
    """The other side within this process, or all there is in the other process."""

    processes = 1

    def __init__(self, reactor: Any) -> None:
        self._reactor = reactor
        self._socket: PushSocket | RepSocket | None = None

    async def start(self, where: str) -> None:
        """See :class:`OtherSide`."""

    async def push(self, address: str, size: int, count: int) -> None:
        """See :class:`OtherSide`."""
        self._socket = push = PushSocket(self._reactor, linger=0)
        await push.connect(address)
        Deferred.fromCoroutine(_push(push, os.urandom(size), count))

    async def echo(self, address: str) -> None:
        """See :class:`OtherSide`."""
        self._socket = rep = RepSocket(self._reactor, linger=0)
        rep.serve(lambda request: request)
        await rep.connect(address)

    async def stop(self) -> None:
        """See :class:`OtherSide`."""
        if self._socket is not None:
            await self._socket.close()

    async def close(self) -> None:
        """See :class:`OtherSide`."""
        await self.stop()


async def _push(push: PushSocket, message: bytes, count: int) -> None:
    batch = [message] * max(1, min(_BATCH, _BATCH_BYTES // max(1, len(message))))
    try:
        while count > 0:
            await push.send_batch(batch[:count])
            count -= len(batch)
    except SocketClosed:
        pass  # it was stopped


class _Child(ProcessProtocol):
    """The other process, whose output is the user's to see."""

    transport: IProcessTransport

    def __init__(self) -> None:
        self.ended: Deferred[None] = Deferred()
        self.begun = False

    def connectionMade(self) -> None:
        self.begun = True

    def processEnded(self, reason: Failure) -> None:
        self.ended.callback(None)


class RemoteSide:
    """The other side in a process of its own, which is told what to do through a PAIR."""

    processes = 2

    def __init__(self, reactor: Any) -> None:
        self._reactor = reactor
        self._pair = PairSocket(reactor, linger=1)
        self._child = _Child()

    async def start(self, where: str) -> None:
        """See :class:`OtherSide`."""
        address = await self._pair.bind(where)
        arguments = [sys.executable, "-m", "pyzmtp", "bench", "--other-side", address]
        self._reactor.spawnProcess(
            self._child, arguments[0], arguments, env=os.environ, childFDs={0: 0, 1: 2, 2: 2}
        )
        self._child.ended.addCallback(lambda _: self._pair.close(linger=0))  # nobody will answer
        await self._pair.receive()

    async def push(self, address: str, size: int, count: int) -> None:
        """See :class:`OtherSide`."""
        await self._do("push", address, size, count)

    async def echo(self, address: str) -> None:
        """See :class:`OtherSide`."""
        await self._do("echo", address)

    async def stop(self) -> None:
        """See :class:`OtherSide`."""
        await self._do("stop")

    async def close(self) -> None:
        """See :class:`OtherSide`. The process ends when it hears no more."""
        await self._pair.close()
        if self._child.begun:
            await self._child.ended

    async def _do(self, what: str, *arguments: object) -> None:
        await self._pair.send(json.dumps([what, *arguments]).encode())
        await self._pair.receive()


async def serve(reactor: Any, address: str) -> ExitStatus:
    """Be the other process, until whoever started it has gone."""
    side = LocalSide(reactor)
    pair = PairSocket(reactor, linger=0, reconnect_interval=None)
    working = Deferred.fromCoroutine(_obey(pair, side))

    def notice(event: Event) -> None:
        if isinstance(event, Disconnected):
            working.cancel()

    pair.on_event(notice)
    pair.connect(address).addErrback(lambda failure: working.cancel())
    try:
        with suppress(CancelledError):
            await working
    finally:
        await side.close()
        await pair.close()
    return ExitStatus.DONE


async def _obey(pair: PairSocket, side: LocalSide) -> None:
    """Say that we are here, and do what we are told."""
    calls: dict[str, Callable[..., Coroutine[Any, Any, None]]] = {
        "push": side.push,
        "echo": side.echo,
        "stop": side.stop,
    }
    await pair.send(b"here")
    async for [line] in pair:
        what, *arguments = json.loads(line)
        await calls[what](*arguments)
        await pair.send(b"done")
