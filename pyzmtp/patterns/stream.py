"""STREAM: bytes of a peer that speaks no ZMTP, and that the first frame names."""

from __future__ import annotations

from pyzmtp.constants import SocketType
from pyzmtp.patterns.assigning import AssigningPattern
from pyzmtp.patterns.pipe import Pipe
from pyzmtp.patterns.routing import RoutingPattern
from pyzmtp.wire.message import Message

__all__ = ["StreamPattern"]


class StreamPattern(AssigningPattern):
    """A message is the id of a peer and a chunk of bytes; an empty chunk is a peer's coming or going.

    To send an empty chunk is to part from the peer.
    """

    socket_type = SocketType.STREAM

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
            RoutingPattern.deliver(self, pipe, [[b""]])  # even of one that is detached

    def try_send(self, message: Message) -> bool:
        routing_id, chunk = message
        if chunk:
            return super().try_send(message)
        self.part(self.find(routing_id))
        return True
