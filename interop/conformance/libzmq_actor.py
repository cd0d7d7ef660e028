"""A socket that libzmq plays, in this process: its I/O has threads of its own.

A libzmq socket learns of new and lost peers, and passes on subscriptions, only when it is called.
The stage calls :meth:`LibzmqActor.poke` all the time, as any event-driven program would.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

import attrs
import zmq

from interop.conformance.actor import FAILURES, Actor, Message, Refused
from interop.conformance.security import Security
from pyzmtp import SocketOptions

_NAMES = {
    zmq.EAGAIN: "would-block",
    zmq.EHOSTUNREACH: "host-unreachable",
    zmq.EFSM: "wrong-state",
    zmq.EADDRINUSE: "address-in-use",
    zmq.EADDRNOTAVAIL: "cannot-bind",
    errno.ENOENT: "unknown-endpoint",
    zmq.ENOTSUP: "not-supported",
    zmq.ENOTSOCK: "closed",
    zmq.ETERM: "closed",
    zmq.ECONNREFUSED: "connection-refused",
    # One class for what the caller got wrong.
    zmq.EINVAL: "invalid",
    zmq.EPROTONOSUPPORT: "invalid",
    zmq.ENOCOMPATPROTO: "invalid",
    errno.ENODEV: "invalid",
    errno.ENAMETOOLONG: "invalid",
}

_FIELDS = {field.name: field for field in attrs.fields(SocketOptions)}

#: Where None does not stand for -1.
_NONE = {"heartbeat_interval": 0, "handshake_timeout": 0, "connect_timeout": 0}

#: All reasons why a handshake may fail go by one name.
_EVENTS = {
    zmq.Event.HANDSHAKE_FAILED_NO_DETAIL: "handshake-failed",
    zmq.Event.HANDSHAKE_FAILED_PROTOCOL: "handshake-failed",
    zmq.Event.HANDSHAKE_FAILED_AUTH: "handshake-failed",
}


@contextmanager
def _in_common_terms() -> Iterator[None]:
    try:
        yield
    except zmq.ZMQError as error:
        raise Refused(_NAMES.get(error.errno or 0, f"errno {error.errno}"), error) from error


def setting(name: str, value: object) -> list[tuple[int, int | bytes]]:
    """Turn one of our options into libzmq's numbers, units and values."""
    if name == "security":
        security = cast(Security, value)
        return security.for_libzmq()
    metadata = _FIELDS[name].metadata
    zmq_name: str = metadata["zmq"]
    number = getattr(zmq, zmq_name.removeprefix("ZMQ_"))
    if isinstance(value, dict):  # metadata: one property a call
        return [(number, key.encode() + b":" + text) for key, text in value.items()]
    if isinstance(value, tuple):  # filters: one entry a call
        return [(number, one.encode() if isinstance(one, str) else one) for one in value]
    if isinstance(value, bytes):
        return [(number, value)]
    if isinstance(value, str):
        return [(number, value.encode())]
    if value is None:
        return [(number, _NONE.get(name, -1))]
    in_seconds = "float" in str(_FIELDS[name].type)
    assert isinstance(value, int | float)
    if in_seconds:
        return [(number, round(value * 1000))]
    return [(number, int(value))]


class LibzmqActor(Actor):
    """See :class:`Actor`."""

    def __init__(
        self, context: zmq.Context[zmq.Socket[bytes]], kind: str, options: dict[str, object]
    ):
        super().__init__(kind)
        self.socket: zmq.Socket[bytes] = context.socket(getattr(zmq, kind))
        self.socket.linger = 0
        self._monitor: zmq.Socket[bytes] = self.socket.get_monitor_socket()
        try:
            self.configure(**options)
        except Refused:
            self._close(0)
            raise

    def __str__(self) -> str:
        return f"libzmq's {self.kind}"

    def poke(self) -> None:
        """Let the socket do its work, and note its events."""
        if self.socket.closed:
            return
        self.socket.getsockopt(zmq.EVENTS)
        while self._monitor.poll(0):
            frames = self._monitor.recv_multipart(zmq.DONTWAIT)
            event = zmq.Event(int.from_bytes(frames[0][:2], "little"))
            if event is not zmq.Event.MONITOR_STOPPED:
                name = _EVENTS.get(event, (event.name or "").lower().replace("_", "-"))
                self.events.append(name)
                if event in FAILURES:
                    kind = FAILURES[event]
                    # The errno of the first kind says less than the kind.
                    value = int.from_bytes(frames[0][2:6], "little")
                    self.failures.append((kind, 0 if kind == "no-detail" else value))
                self.socket.getsockopt(zmq.EVENTS)  # the event may have come before its effect

    async def bind(self, address: str) -> str:
        with _in_common_terms():
            self.socket.bind(address)
            return self.socket.getsockopt_string(zmq.LAST_ENDPOINT)

    def connect(self, address: str, routing_id: bytes = b"") -> None:
        with _in_common_terms():
            if routing_id:
                self.socket.setsockopt(zmq.CONNECT_ROUTING_ID, routing_id)
            self.socket.connect(address)

    async def unbind(self, address: str) -> None:
        with _in_common_terms():
            self.socket.unbind(address)

    async def disconnect(self, address: str) -> None:
        with _in_common_terms():
            self.socket.disconnect(address)

    async def close(self, linger: float = 0) -> None:
        self.poke()
        self._close(linger)

    def _close(self, linger: float) -> None:
        if not self.socket.closed:
            self.socket.disable_monitor()
            self.socket.close(linger=round(linger * 1000))
            self._monitor.close(linger=0)

    def send_now(self, *frames: bytes) -> None:
        with _in_common_terms():
            self.socket.getsockopt(zmq.EVENTS)
            self.socket.send_multipart(frames, zmq.DONTWAIT)

    def receive_now(self) -> Message | None:
        with _in_common_terms():
            try:
                self.socket.getsockopt(zmq.EVENTS)
                return self.socket.recv_multipart(zmq.DONTWAIT)
            except zmq.Again:
                return None

    def configure(self, **options: object) -> None:
        for name, value in options.items():
            for number, converted in setting(name, value):
                with _in_common_terms():
                    self.socket.set(number, converted)

    def subscribe(self, topic: bytes = b"") -> None:
        with _in_common_terms():
            if self.kind == "XSUB":
                self.socket.send(b"\x01" + topic, zmq.DONTWAIT)
            else:
                self.socket.setsockopt(zmq.SUBSCRIBE, topic)

    def unsubscribe(self, topic: bytes = b"") -> None:
        with _in_common_terms():
            if self.kind == "XSUB":
                self.socket.send(b"\x00" + topic, zmq.DONTWAIT)
            else:
                self.socket.setsockopt(zmq.UNSUBSCRIBE, topic)

    def topic_count(self) -> int:
        with _in_common_terms():
            return int(self.socket.get(zmq.TOPICS_COUNT))
