"""One thing that is tried on each reactor: :class:`Case`, and what it has to work with: :class:`Stage`."""

from __future__ import annotations

import random
import socket
from collections.abc import Callable, Coroutine
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any, Final, TypeVar

from attrs import frozen
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorUDP, IReactorUNIX
from twisted.internet.task import deferLater

from pyzmtp import PairSocket, Socket, TransportUnavailable

__all__ = ["PATIENCE", "Absent", "Case", "Stage"]

T = TypeVar("T")
S = TypeVar("S", bound=Socket)

#: Seconds for one thing that ought to happen at once.
PATIENCE: Final = 10.0

#: What each transport asks of a reactor beyond what every reactor has.
_INTERFACES: Final = {"ipc": IReactorUNIX, "udp": IReactorUDP}


class Absent(Exception):
    """The reactor, or this installation, has no such thing; the text says which, if that matters."""


class Stage:
    """What one case is given; it closes the sockets that the case leaves open.

    :ivar reactor: the reactor that all runs on.
    :ivar directory: for files; its name is short enough for the path of a UNIX socket.
    :ivar ticks: how often a timer of the GUI toolkit has fired; ``None`` where there is no toolkit.
    """

    def __init__(self, reactor: Any, directory: Path, ticks: Callable[[], int] | None) -> None:
        self.reactor = reactor
        self.directory = directory
        self.ticks = ticks
        self._numbers = count(1)
        self._open: list[Socket] = []

    def open(self, kind: type[S], **options: Any) -> S:
        """A socket, to be closed at the end of the case at the latest."""
        made = kind(self.reactor, **options)
        self._open.append(made)
        return made

    async def close_all(self) -> None:
        """Close what is open, dropping what was not sent."""
        while self._open:
            await self.within(self._open.pop().close(linger=0), "close")

    def somewhere(self, transport: str) -> str:
        """An address to bind, which nobody has yet."""
        if transport in ("tcp", "udp"):
            return f"{transport}://127.0.0.1:*"
        if transport == "ws":
            return "ws://127.0.0.1:*/"
        if transport == "ipc":
            return f"ipc://{self.directory}/{next(self._numbers)}"
        return f"inproc://{next(self._numbers)}"

    def lasting(self, transport: str) -> str:
        """An address to bind again and again.

        Its port lies below those that systems hand out, so that nobody is given it meanwhile, not even
        the connecting socket itself.
        """
        if transport == "ipc":
            return self.somewhere(transport)
        for port in random.sample(range(12000, 32000), 100):
            with socket.socket() as probe, suppress(OSError):
                probe.bind(("127.0.0.1", port))
                return f"{transport}://127.0.0.1:{port}"
        raise AssertionError("no port is free")

    async def check_transport(self, transport: str) -> None:
        """Raise :exc:`Absent` where the reactor lacks a transport, which has to be told as an error."""
        interface = _INTERFACES.get(transport)
        if interface is None or interface.providedBy(self.reactor):
            return
        if transport == "ipc":
            for way in (self.open(PairSocket).bind, self.open(PairSocket).connect):
                outcome = await self.within(_outcome(way("ipc:///nowhere")), "an error")
                assert isinstance(outcome, TransportUnavailable), outcome
                assert outcome.interface == interface.__name__
        raise Absent(f"no {interface.__name__}")

    def within(self, deferred: Deferred[T], what: str, seconds: float = PATIENCE) -> Deferred[T]:
        """Give ``deferred`` a time limit, and the failure a name."""

        def too_late(_: object, limit: float) -> T:
            raise TimeoutError(f"{what}: not within {limit:g} s")

        return deferred.addTimeout(seconds, self.reactor, onTimeoutCancel=too_late)

    async def until(self, condition: Callable[[], object], what: str) -> None:
        """Wait for what no Deferred tells."""
        deadline = self.reactor.seconds() + PATIENCE
        while not condition():
            if self.reactor.seconds() > deadline:
                raise TimeoutError(f"{what}: not within {PATIENCE:g} s")
            await self.pause(0.002)

    def pause(self, seconds: float) -> Deferred[None]:
        """Let time pass."""
        return deferLater(self.reactor, seconds)


def _outcome(deferred: Deferred[Any]) -> Deferred[Any]:
    """What it fires with, or the exception that it fails with."""
    return deferred.addErrback(lambda failure: failure.value)


@frozen
class Case:
    """Something to try, and the columns of the table in which its outcome counts."""

    name: str
    columns: tuple[str, ...]
    run: Callable[[Stage], Coroutine[Any, Any, None]]
