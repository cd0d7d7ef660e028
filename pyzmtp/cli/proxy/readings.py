"""What a proxy has done so far: :class:`Reading`."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import frozen

from pyzmtp.proxy import Proxy
from pyzmtp.sockets.base import Socket
from pyzmtp.sockets.receiver import ReceivingSocket
from pyzmtp.sockets.sender import SendingSocket

__all__ = ["Flow", "Reading", "SocketReading", "read_proxy"]


@frozen
class Flow:
    """What went one way: frames, and the bytes in them."""

    frames: float
    size: float

    def rate_since(self, before: Flow, seconds: float) -> Flow:
        """How much it was each second."""
        frames, size = self.frames - before.frames, self.size - before.size
        return Flow(frames / seconds, size / seconds)


@frozen
class SocketReading:
    """How many peers a socket has, and how many messages wait in it."""

    peers: int
    queued: int


@frozen
class Reading:
    """All counters at one moment.

    :ivar at: when, in seconds.
    :ivar flows: by direction, of those there can be.
    :ivar sockets: by side.
    :ivar dropped, capture_dropped: messages that were not forwarded, and not copied.
    """

    at: float
    flows: Mapping[str, Flow]
    sockets: Mapping[str, SocketReading]
    dropped: int
    capture_dropped: int


def read_proxy(proxy: Proxy, sockets: Mapping[str, Socket], now: float) -> Reading:
    """Read the counters of a proxy between ``sockets["frontend"]`` and ``sockets["backend"]``."""
    counted = proxy.statistics
    frontend, backend = sockets["frontend"], sockets["backend"]
    flows = {}
    if _leads(frontend, backend):
        flows["frontend > backend"] = Flow(counted.backend_sent_parts, counted.backend_sent_bytes)
    if _leads(backend, frontend):
        flows["backend > frontend"] = Flow(counted.frontend_sent_parts, counted.frontend_sent_bytes)
    stats = {side: socket.stats for side, socket in sockets.items()}
    return Reading(
        now,
        flows,
        {side: SocketReading(s.peers, s.send_queue + s.receive_queue) for side, s in stats.items()},
        counted.dropped_messages + stats["frontend"].dropped_sent + stats["backend"].dropped_sent,
        counted.capture_dropped_messages,
    )


def _leads(source: Socket, target: Socket) -> bool:
    return isinstance(source, ReceivingSocket) and isinstance(target, SendingSocket)
