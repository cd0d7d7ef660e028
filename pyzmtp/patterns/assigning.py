"""What STREAM, SERVER and PEER share: they give each peer its id, and can part from it."""

from __future__ import annotations

from collections.abc import Callable

from pyzmtp.errors import HostUnreachable
from pyzmtp.options import SocketOptions
from pyzmtp.patterns.pipe import Pipe
from pyzmtp.patterns.routing import RoutingPattern
from pyzmtp.wire.message import Message

__all__ = ["AssigningPattern"]


class AssigningPattern(RoutingPattern):
    """A message is the id of a peer and one frame.

    An id is drawn as soon as there is a pipe, unless it has one; the pipe of a connect keeps it
    through reconnections.

    :ivar on_parting: called with a pipe from which the application parts, to end its connection.
    """

    def __init__(self, options: SocketOptions) -> None:
        super().__init__(options)
        self.on_parting: Callable[[Pipe], None] = lambda pipe: None

    def attach(self, pipe: Pipe) -> None:
        self._claim(pipe, pipe.routing_id or self._draw_id())
        super().attach(pipe)

    def deliver(self, pipe: Pipe, messages: list[Message]) -> None:
        if pipe.attached:
            super().deliver(pipe, messages)
        else:
            # libzmq: we have parted, and whatever still comes is nobody's any more.
            self.dropped_received += len(messages)

    def find(self, routing_id: bytes) -> Pipe:
        """The pipe of a peer. Raises :exc:`HostUnreachable`."""
        pipe = self._pipes.get(routing_id)
        if pipe is None:
            raise HostUnreachable(routing_id)
        return pipe

    def try_send(self, message: Message) -> bool:
        routing_id, body = message
        pipe = self.find(routing_id)
        if not pipe.writable:
            return False
        pipe.push([body])
        return True

    def part(self, pipe: Pipe) -> None:
        """Part from a peer, when all that was queued for it has left; receive nothing more of it."""
        del self._pipes[pipe.routing_id]
        pipe.attached = False
        self.dropped_received += self.discard(pipe)
        self.on_parting(pipe)  # for which it matters whether there is a connection: pipe.ready
        self.detach(pipe)
