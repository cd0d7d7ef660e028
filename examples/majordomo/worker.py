"""A worker: :class:`Worker`."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import LoopingCall

from examples.majordomo.commands import (
    DISCONNECT,
    HEARTBEAT,
    INTERVAL,
    PATIENCE,
    READY,
    REPLY,
    REQUEST,
    WORKER,
)
from pyzmtp import DealerSocket, SocketClosed
from pyzmtp.net.reactor import Reactor

#: Makes the reply to a request.
Handler = Callable[[list[bytes]], Coroutine[Deferred[Any], Any, list[bytes]]]


class Worker:
    """Offers a service at a broker, one request at a time.

    A broker that is silent for too long is connected to anew: it may have died without a word.
    """

    def __init__(self, reactor: Reactor, service: bytes, handler: Handler) -> None:
        self._reactor = reactor
        self._service = service
        self._handler = handler
        self._socket: DealerSocket | None = None
        self._address = ""
        self._expires = 0.0
        self._pulse = LoopingCall(self._beat)
        self._pulse.clock = reactor

    def start(self, address: str) -> None:
        """Work for the broker at ``address``."""
        self._address = address
        self._pulse.start(INTERVAL, now=False)
        self._connect()

    async def stop(self) -> None:
        """Work no more; what was asked last is left to others."""
        if self._pulse.running:
            self._pulse.stop()
        self._tell(DISCONNECT)
        await self._disconnect()

    def _connect(self) -> None:
        # Only for a broker that is there: heartbeats of yesterday would tell it nothing.
        socket = self._socket = DealerSocket(self._reactor, immediate=True)
        socket.connect(self._address)
        self._expires = self._reactor.seconds() + PATIENCE * INTERVAL
        Deferred.fromCoroutine(self._work(socket))

    async def _disconnect(self) -> None:
        socket, self._socket = self._socket, None
        if socket is not None:
            await socket.close(linger=1)

    async def _work(self, socket: DealerSocket) -> None:
        try:
            await socket.send([b"", WORKER, READY, self._service])
            async for message in socket:
                if message[:2] != [b"", WORKER] or len(message) < 3:
                    continue
                self._expires = self._reactor.seconds() + PATIENCE * INTERVAL
                if message[2] == REQUEST:
                    reply = await self._handler(message[3:])
                    if socket is self._socket:
                        self._tell(REPLY, *reply)
                elif message[2] == DISCONNECT and socket is self._socket:
                    self._tell(READY, self._service)
        except SocketClosed:
            pass

    def _tell(self, command: bytes, *body: bytes) -> None:
        if self._socket is not None:
            self._socket.try_send([b"", WORKER, command, *body])

    def _beat(self) -> None:
        if self._reactor.seconds() < self._expires:
            self._tell(HEARTBEAT)
        else:
            Deferred.fromCoroutine(self._disconnect())
            self._connect()
