"""The pyzmtp side of the tests: its sockets by name, where they meet libzmq's, what they report."""

from __future__ import annotations

import random
import socket as system_sockets
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeVar

from twisted.internet.defer import Deferred

import pyzmtp
from interop.peer import RemoteSocket
from interop.reactor import within

E = TypeVar("E")

#: The eleven types that speak ZMTP, by the names which both libraries use for them.
CLASSES: dict[str, type[Any]] = {
    "PAIR": pyzmtp.PairSocket,
    "PUB": pyzmtp.PubSocket,
    "SUB": pyzmtp.SubSocket,
    "XPUB": pyzmtp.XPubSocket,
    "XSUB": pyzmtp.XSubSocket,
    "REQ": pyzmtp.ReqSocket,
    "REP": pyzmtp.RepSocket,
    "DEALER": pyzmtp.DealerSocket,
    "ROUTER": pyzmtp.RouterSocket,
    "PUSH": pyzmtp.PushSocket,
    "PULL": pyzmtp.PullSocket,
}

#: What each type may talk to (ZMTP.md 3.1).
COMPATIBLE = {
    "PAIR": ("PAIR",),
    "PUB": ("SUB", "XSUB"),
    "SUB": ("PUB", "XPUB"),
    "XPUB": ("SUB", "XSUB"),
    "XSUB": ("PUB", "XPUB"),
    "REQ": ("REP", "ROUTER"),
    "REP": ("REQ", "DEALER"),
    "DEALER": ("REP", "DEALER", "ROUTER"),
    "ROUTER": ("REQ", "DEALER", "ROUTER"),
    "PUSH": ("PULL",),
    "PULL": ("PUSH",),
}

#: Every pair of a pyzmtp type and a libzmq type.
PAIRS = [(ours, theirs) for ours, peers in COMPATIBLE.items() for theirs in peers]


class OurSocket(Protocol):
    """What the harness needs of any pyzmtp socket."""

    def bind(self, where: str, /) -> Deferred[str]: ...
    def connect(self, where: str, /) -> Deferred[pyzmtp.Peer]: ...
    def on_event(self, callback: Callable[[Any], Any], /) -> Callable[[], None]: ...


class Sender(OurSocket, Protocol):
    """A pyzmtp socket that can send."""

    def send(self, message: Sequence[bytes], /) -> Deferred[None]: ...
    def try_send(self, message: Sequence[bytes], /) -> bool: ...
    def send_batch(self, messages: Sequence[Sequence[bytes]], /) -> Deferred[None]: ...


class Receiver(OurSocket, Protocol):
    """A pyzmtp socket that can receive."""

    def receive(self) -> Deferred[list[bytes]]: ...
    def try_receive(self) -> list[bytes] | None: ...
    def receive_batch(self) -> Deferred[list[list[bytes]]]: ...
    def __aiter__(self) -> AsyncIterator[list[bytes]]: ...


class EventLog:
    """All events of a socket, and a way to wait for them."""

    def __init__(self, socket: OurSocket) -> None:
        self.events: list[Any] = []
        self._waiting: list[tuple[type[Any], int, Deferred[Any]]] = []
        socket.on_event(self._add)

    def _add(self, event: Any) -> None:
        self.events.append(event)
        for waiter in list(self._waiting):
            kind, number, deferred = waiter
            if len(self.of(kind)) >= number:
                self._waiting.remove(waiter)
                deferred.callback(self.of(kind)[number - 1])

    def of(self, kind: type[E]) -> list[E]:
        """Give the events of a kind, oldest first."""
        return [event for event in self.events if isinstance(event, kind)]

    def wait(self, kind: type[E], number: int = 1) -> Deferred[E]:
        """Fire with the first event of a kind, or with the one of that number."""
        deferred: Deferred[E] = Deferred()
        if len(self.of(kind)) >= number:
            deferred.callback(self.of(kind)[number - 1])
        else:
            self._waiting.append((kind, number, deferred))
        return within(deferred, f"{kind.__name__} event number {number}")


def any_address(transport: str, directory: Path) -> str:
    """Give an address to bind once, the port being left to the system."""
    return "tcp://127.0.0.1:*" if transport == "tcp" else f"ipc://{directory}/socket"


def lasting_address(transport: str, directory: Path) -> str:
    """Give an address to bind again and again.

    Its port lies below those which systems hand out, so that nobody is given it meanwhile, not
    even the connecting socket itself (TRAPS.md T35).
    """
    if transport != "tcp":
        return any_address(transport, directory)
    for port in random.sample(range(12000, 32000), 100):
        with system_sockets.socket() as probe:
            probe.setsockopt(system_sockets.SOL_SOCKET, system_sockets.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return f"tcp://127.0.0.1:{port}"
    raise AssertionError("no free port found")


async def link(
    ours: OurSocket, events: EventLog, theirs: RemoteSocket, binder: str, where: str
) -> str:
    """Join two sockets, `binder` saying who binds; return when ours has accepted the other."""
    met = len(events.of(pyzmtp.HandshakeSucceeded))
    if binder == "pyzmtp":
        address = await within(ours.bind(where), f"bind {where}")
        await theirs.connect(address)
    else:
        address = await theirs.bind(where)
        await within(ours.connect(address), f"connect {address}")
    await events.wait(pyzmtp.HandshakeSucceeded, met + 1)
    return address
