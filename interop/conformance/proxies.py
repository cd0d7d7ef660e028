"""A proxy, whichever library plays it: :class:`ProxyActor`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from threading import Thread
from typing import Any

import attrs
import zmq
from twisted.internet.defer import Deferred

import pyzmtp
from interop.conformance.libzmq_actor import setting
from interop.reactor import reactor, until, within
from interop.sockets import CLASSES

#: A type of socket, and its options.
Part = tuple[str, dict[str, object]]


def _parts(front: Part, back: Part | None) -> list[Part]:
    return [front] if back is None else [front, back]


class ProxyActor(ABC):
    """A proxy between two bound sockets; ``front`` and ``back`` are their addresses."""

    front: str
    back: str

    @abstractmethod
    async def command(self, name: str) -> list[int]:
        """``PAUSE``, ``RESUME``, ``TERMINATE``, or ``STATISTICS``, which gives eight numbers."""

    @abstractmethod
    def over(self) -> bool:
        """Whether it has come to its end."""

    @abstractmethod
    async def close(self) -> None:
        """End it, and close its sockets."""


class PyzmtpProxy(ProxyActor):
    """Played by pyzmtp."""

    def __init__(self, front: Part, back: Part | None) -> None:
        sockets: list[Any] = [
            CLASSES[kind](reactor, linger=0, **options) for kind, options in _parts(front, back)
        ]
        self._front, self._back = sockets[0], sockets[-1]

    async def start(self, front: str, back: str) -> None:
        """Bind, and begin."""
        self.front = self.back = await within(self._front.bind(front), "bind the frontend")
        if self._back is not self._front:
            self.back = await within(self._back.bind(back), "bind the backend")
        self._proxy = pyzmtp.Proxy(self._front, self._back)
        self._ended: Deferred[None] = self._proxy.start()

    async def command(self, name: str) -> list[int]:
        if name == "PAUSE":
            self._proxy.pause()
        elif name == "RESUME":
            self._proxy.resume()
        elif name == "TERMINATE":
            await within(self._proxy.stop(), "stop")
        else:
            return list(attrs.astuple(self._proxy.statistics)[:8])
        return []

    def over(self) -> bool:
        return self._proxy.state is pyzmtp.ProxyState.STOPPED

    async def close(self) -> None:
        for socket in {self._front, self._back}:
            await within(socket.close(linger=0), "close")
        await within(self._ended, "the end of the proxy")


class LibzmqProxy(ProxyActor):
    """Played by libzmq, in a thread; the context is the stage's for inproc."""

    def __init__(
        self,
        context: zmq.Context[Any],
        front: Part,
        back: Part | None,
    ) -> None:
        self._sockets: list[zmq.Socket[Any]] = []
        for kind, options in _parts(front, back):
            socket = context.socket(getattr(zmq, kind))
            socket.linger = 0
            for name, value in options.items():
                for number, converted in setting(name, value):
                    socket.set(number, converted)
            self._sockets.append(socket)
        self._control = context.socket(zmq.PAIR)
        self._steered = context.socket(zmq.PAIR)
        self._control.linger = self._steered.linger = 0
        control = f"inproc://control-{id(self)}"
        self._steered.bind(control)
        self._control.connect(control)

    async def start(self, front: str, back: str) -> None:
        """Bind, and begin."""
        addresses = []
        for socket, address in zip(self._sockets, (front, back), strict=False):
            socket.bind(address)
            addresses.append(socket.getsockopt_string(zmq.LAST_ENDPOINT))
        self.front, self.back = addresses[0], addresses[-1]
        self._thread = Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        zmq.proxy_steerable(self._sockets[0], self._sockets[-1], None, self._steered)

    async def command(self, name: str) -> list[int]:
        self._control.send(name.encode())
        if name == "TERMINATE":
            await until(self.over, "the end of the proxy")
        if name != "STATISTICS":
            return []
        await until(lambda: bool(self._control.poll(0)), "statistics")
        return [int.from_bytes(frame, "little") for frame in self._control.recv_multipart()]

    def over(self) -> bool:
        return not self._thread.is_alive()

    async def close(self) -> None:
        if not self.over():
            await self.command("TERMINATE")
        self._thread.join()
        for socket in (*self._sockets, self._control, self._steered):
            socket.close(linger=0)
