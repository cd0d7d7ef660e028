"""What the players of a soak share: :class:`World`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any, TypeVar

from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.task import deferLater

from bench.soak.child import Child
from pyzmtp import Accepted, Connected, Event, HandshakeFailed, Socket

T = TypeVar("T")
S = TypeVar("S", bound=Socket)

#: Seconds to wait for what ought to happen at once: a machine may be slow, and busy with other things.
PATIENCE = 120.0


class World:
    """The reactor, the troublemaker, and what is counted of all sockets.

    :ivar tally: what has happened so far, by name.
    :ivar lasting: the sockets that live as long as the soak.
    :ivar attacked: the addresses where strangers come.
    :ivar lines: the ports of the lines that may break.
    :ivar mortals: what a process of libzmq is to connect to, by its socket's type.
    """

    def __init__(self, reactor: Any, seed: int, directory: Path) -> None:
        self.reactor = reactor
        self.tally: Counter[str] = Counter()
        self.lasting: list[Socket] = []
        self.attacked: list[str] = []
        self.lines: list[int] = []
        self.mortals: dict[str, str] = {}
        self.trouble = Child(reactor, "bench.soak.trouble")
        self._seed = seed
        self._directory = directory
        self._places = 0

    def chance(self, name: str) -> Random:
        """Give the random numbers of one player."""
        return Random(f"{self._seed} {name}")

    def socket(self, kind: type[S], **options: Any) -> S:
        """Make a socket, and count what happens to it."""
        socket = kind(self.reactor, **{"linger": 0.0, "reconnect_interval": 0.05, **options})
        socket.on_event(self._heard)
        return socket

    def lasting_socket(self, kind: type[S], **options: Any) -> S:
        """Make a socket that lives as long as the soak."""
        patient = {"heartbeat_interval": 1.0, "heartbeat_timeout": PATIENCE}
        socket = self.socket(kind, **patient, **options)
        self.lasting.append(socket)
        return socket

    def _heard(self, event: Event) -> None:
        if isinstance(event, Accepted | Connected):
            self.tally["connections"] += 1
        elif isinstance(event, HandshakeFailed):
            self.tally["failed handshakes"] += 1

    def place(self, transport: str) -> str:
        """Give an address to bind."""
        self._places += 1
        if transport == "tcp":
            return "tcp://127.0.0.1:*"
        if transport == "ipc":
            return f"ipc://{self._directory}/{self._places}"
        return f"inproc://{self._places}"

    async def line(self, address: str) -> str:
        """Put a line that may break before a tcp address; give where it begins."""
        port = await self.trouble.call("line", target=port_of(address))
        self.lines.append(port)
        return f"tcp://127.0.0.1:{port}"

    async def end(self) -> None:
        """Close all that lasts, and end the troublemaker."""
        closing = gatherResults([socket.close() for socket in self.lasting])
        await self.within(closing, "close of all that lasted")
        await self.within(self.trouble.kill(), "end of the troublemaker")

    def within(self, deferred: Deferred[T], what: str) -> Deferred[T]:
        """Give ``deferred`` a time limit."""

        def too_late(_: object, seconds: float) -> T:
            raise TimeoutError(f"{what}: not within {seconds:g} s")

        return deferred.addTimeout(PATIENCE, self.reactor, onTimeoutCancel=too_late)

    async def until(self, condition: Callable[[], bool], what: str) -> None:
        """Wait until ``condition`` holds."""
        deadline = self.reactor.seconds() + PATIENCE
        while not condition():
            if self.reactor.seconds() > deadline:
                raise TimeoutError(f"{what}: not within {PATIENCE:g} s")
            await self.pause(0.005)

    async def pause(self, seconds: float = 0.0) -> None:
        """Let others have their turn."""
        await deferLater(self.reactor, seconds)


def port_of(address: str) -> int:
    """Give the port of a tcp address."""
    return int(address.rpartition(":")[2])
