"""STREAM: bytes of a peer that speaks no ZMTP, and that the first frame names."""

from __future__ import annotations

from collections.abc import Callable

from pyzmtp.constants import SocketType
from pyzmtp.errors import HostUnreachable
from pyzmtp.options import SocketOptions
from pyzmtp.patterns.pipe import Pipe
from pyzmtp.patterns.routing import RoutingPattern
from pyzmtp.wire.message import Message

__all__ = ["StreamPattern"]


class StreamPattern(RoutingPattern):
    """A message is the id of a peer and a chunk of bytes; an empty chunk is a peer's coming or going.

    An id is drawn as soon as there is a pipe, unless ``connect(..., routing_id=)`` has given one; the
    pipe of a connect keeps it through reconnections. To send an empty chunk is to part from the peer,
    when all that was queued for it has left; from then on nothing of it is received.

    :ivar on_parting: called with a pipe from which the application parts, to end its connection.
    """

    socket_type = SocketType.STREAM

    def __init__(self, options: SocketOptions) -> None:
        super().__init__(options)
        self.on_parting: Callable[[Pipe], None] = lambda pipe: None

    def attach(self, pipe: Pipe) -> None:
        self._claim(pipe, pipe.routing_id or self._draw_id())
        super().attach(pipe)

    def ready(self, pipe: Pipe) -> None:
        super().ready(pipe)
        self._notify(pipe)

    def hiccup(self, pipe: Pipe) -> None:
        super().hiccup(pipe)
        if pipe.attached:
            self._notify(pipe)

    def peer_left(self, pipe: Pipe) -> None:
        self.detach(pipe)  # before anybody hears of it, its id is unknown
        self._notify(pipe)

    def _notify(self, pipe: Pipe) -> None:
        if pipe.options.stream_notify:
            super().deliver(pipe, [[b""]])

    def deliver(self, pipe: Pipe, messages: list[Message]) -> None:
        if pipe.attached:
            super().deliver(pipe, messages)
        else:
            # libzmq: we have parted, and whatever still comes is nobody's any more.
            self.dropped_received += len(messages)

    def try_send(self, message: Message) -> bool:
        routing_id, chunk = message
        pipe = self._pipes.get(routing_id)
        if pipe is None:
            raise HostUnreachable(routing_id)
        if not chunk:
            self._part(pipe)
        elif pipe.writable:
            pipe.push([chunk])
        else:
            return False
        return True

    def _part(self, pipe: Pipe) -> None:
        del self._pipes[pipe.routing_id]
        pipe.attached = False
        self.dropped_received += self.discard(pipe)
        self.on_parting(pipe)  # for which it matters whether there is a connection: pipe.ready
        self.detach(pipe)
