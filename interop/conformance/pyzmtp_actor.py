"""A socket that pyzmtp plays."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import pyzmtp
from interop.conformance.actor import FAILURES, Actor, Message, Refused
from interop.conformance.security import Security
from interop.reactor import reactor, within
from interop.sockets import CLASSES

_CLASSES = {
    **CLASSES,
    "STREAM": pyzmtp.StreamSocket,
    "SCATTER": pyzmtp.ScatterSocket,
    "GATHER": pyzmtp.GatherSocket,
    "CHANNEL": pyzmtp.ChannelSocket,
    "CLIENT": pyzmtp.ClientSocket,
    "SERVER": pyzmtp.ServerSocket,
    "PEER": pyzmtp.PeerSocket,
    "RADIO": pyzmtp.RadioSocket,
    "DISH": pyzmtp.DishSocket,
    "DGRAM": pyzmtp.DgramSocket,
}

#: The first that fits counts.
_NAMES: tuple[tuple[type[Exception], str], ...] = (
    (pyzmtp.WouldBlock, "would-block"),
    (pyzmtp.OperationTimeout, "would-block"),
    (pyzmtp.HostUnreachable, "host-unreachable"),
    (pyzmtp.PeerLost, "peer-lost"),
    (pyzmtp.AddressInUse, "address-in-use"),
    (pyzmtp.BindError, "cannot-bind"),
    (pyzmtp.WrongState, "wrong-state"),
    (pyzmtp.UnknownEndpoint, "unknown-endpoint"),
    (pyzmtp.SocketClosed, "closed"),
    (pyzmtp.UsageError, "invalid"),
    (ValueError, "invalid"),
    (AttributeError, "not-supported"),  # the class has no such method
)


@contextmanager
def in_common_terms() -> Iterator[None]:
    try:
        yield
    except tuple(kind for kind, _ in _NAMES) as error:
        name = next(name for kind, name in _NAMES if isinstance(error, kind))
        raise Refused(name, repr(error)) from error


class PyzmtpActor(Actor):
    """See :class:`Actor`."""

    def __init__(self, kind: str, options: dict[str, object]) -> None:
        super().__init__(kind)
        with in_common_terms():
            if "security" in options:
                options["security"] = cast(Security, options["security"]).for_pyzmtp()
            self.socket: Any = _CLASSES[kind](reactor, **{"linger": 0, **options})
        self.socket.on_event(self._note)

    def __str__(self) -> str:
        return f"pyzmtp's {self.kind}"

    def _note(self, event: pyzmtp.Event) -> None:
        if event.libzmq_event and not isinstance(event, pyzmtp.MonitorStopped):
            self.events.append(re.sub(r"(?<!^)(?=[A-Z])", "-", type(event).__name__).lower())
        if isinstance(event, pyzmtp.HandshakeFailed):
            self.failures.append((FAILURES[event.libzmq_event], event.libzmq_code))

    async def bind(self, address: str) -> str:
        with in_common_terms():
            bound: str = await within(self.socket.bind(address), f"bind {address}")
            return bound

    def connect(self, address: str, routing_id: bytes = b"") -> None:
        with in_common_terms():
            self.socket.connect(address, routing_id=routing_id)

    async def unbind(self, address: str) -> None:
        with in_common_terms():
            await within(self.socket.unbind(address), f"unbind {address}")

    async def disconnect(self, address: str) -> None:
        with in_common_terms():
            await within(self.socket.disconnect(address), f"disconnect {address}")

    async def close(self, linger: float = 0) -> None:
        await within(self.socket.close(linger=linger), "close")

    def send_now(self, *frames: bytes) -> None:
        with in_common_terms():
            if not self.socket.try_send(frames):
                raise Refused("would-block")

    def receive_now(self) -> Message | None:
        with in_common_terms():
            message: Message | None = self.socket.try_receive()
            return message

    def configure(self, **options: object) -> None:
        with in_common_terms():
            self.socket.configure(**options)

    def subscribe(self, topic: bytes = b"") -> None:
        with in_common_terms():
            if self.kind == "XSUB":
                self.send_now(b"\x01" + topic)
            else:
                self.socket.subscribe(topic)

    def unsubscribe(self, topic: bytes = b"") -> None:
        with in_common_terms():
            if self.kind == "XSUB":
                self.send_now(b"\x00" + topic)
            else:
                self.socket.unsubscribe(topic)

    def topic_count(self) -> int:
        with in_common_terms():
            return len(self.socket.topics)
