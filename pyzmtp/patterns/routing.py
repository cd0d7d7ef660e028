"""What ROUTER, STREAM, SERVER and PEER share: peers that are known by routing ids."""

from __future__ import annotations

import secrets

import attrs

from pyzmtp.errors import RoutingIdInUse
from pyzmtp.options import SocketOptions
from pyzmtp.patterns.base import FairReceiver, Sender
from pyzmtp.patterns.hot import address
from pyzmtp.patterns.pipe import Pipe
from pyzmtp.wire.message import Message

__all__ = ["RoutingPattern"]


class RoutingPattern(Sender, FairReceiver):
    """The first frame is a routing id: it is put before each message that is received."""

    has_destinations = True

    def __init__(self, options: SocketOptions) -> None:
        super().__init__(options)
        self._pipes: dict[bytes, Pipe] = {}

    def ready(self, pipe: Pipe) -> None:
        assert pipe.peer is not None
        pipe.peer = attrs.evolve(pipe.peer, routing_id=pipe.routing_id)
        super().ready(pipe)

    def detach(self, pipe: Pipe) -> None:
        if self._pipes.get(pipe.routing_id) is pipe:
            del self._pipes[pipe.routing_id]
        super().detach(pipe)
        self.on_writable()  # whoever waits to send to it learns that it is unknown

    def _draw_id(self) -> bytes:
        """A routing id that is free: five bytes that begin with zero, and that nobody can guess."""
        while True:
            routing_id = b"\0" + secrets.token_bytes(4)
            if routing_id not in self._pipes:
                return routing_id

    def _claim(self, pipe: Pipe, routing_id: bytes) -> None:
        """Know ``pipe`` by this id. Raises :exc:`RoutingIdInUse`."""
        if self._pipes.get(routing_id, pipe) is not pipe:
            raise RoutingIdInUse(routing_id)
        pipe.routing_id = routing_id
        self._pipes[routing_id] = pipe

    @property
    def sendable(self) -> bool:
        return any(pipe.writable for pipe in self._pipes.values())

    def destination(self, message: Message) -> bytes:
        return message[0]

    def deliver(self, pipe: Pipe, messages: list[Message]) -> None:
        address(messages, pipe.routing_id)
        super().deliver(pipe, messages)
