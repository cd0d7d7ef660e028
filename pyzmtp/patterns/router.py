"""ROUTER: to the peer that the first frame names (RFC 28)."""

from __future__ import annotations

from pyzmtp.constants import RouterNotify, SocketType
from pyzmtp.errors import HostUnreachable, RoutingIdInUse
from pyzmtp.patterns.hot import route, route_batch
from pyzmtp.patterns.pipe import Pipe
from pyzmtp.patterns.routing import RoutingPattern
from pyzmtp.wire.message import Message

__all__ = ["RouterPattern"]


class RouterPattern(RoutingPattern):
    """The first frame is a routing id: put before each message that is received, taken off and
    followed for each that is sent.

    A peer is known by the id that it announced, or by five bytes that begin with zero and that
    nobody can guess or claim. A pipe has its id from the first handshake, or from ``connect(...,
    routing_id=)``, and keeps it through reconnections.
    """

    socket_type = SocketType.ROUTER

    def attach(self, pipe: Pipe) -> None:
        if pipe.routing_id:
            self._claim(pipe, pipe.routing_id)
        elif pipe.peer is not None:
            self._identify(pipe)
        if self.options.probe_router:
            pipe.push([b""])
        super().attach(pipe)

    def ready(self, pipe: Pipe) -> None:
        if not pipe.routing_id:
            self._identify(pipe)
            self.on_writable()
        super().ready(pipe)
        self._notify(pipe, RouterNotify.CONNECT)

    def hiccup(self, pipe: Pipe) -> None:
        super().hiccup(pipe)
        self._notify(pipe, RouterNotify.DISCONNECT)

    def peer_left(self, pipe: Pipe) -> None:
        self._notify(pipe, RouterNotify.DISCONNECT)
        super().peer_left(pipe)

    def _notify(self, pipe: Pipe, what: RouterNotify) -> None:
        if what in pipe.options.router_notify:
            self.deliver(pipe, [[b""]])

    def _identify(self, pipe: Pipe) -> None:
        """Give the peer of ``pipe`` the id that it announced, or one of our own."""
        assert pipe.peer is not None
        identity = pipe.peer.routing_id
        if not identity or (identity[:1] == b"\0" and identity in self._pipes):
            identity = self._draw_id()
        self._claim(pipe, identity)

    def _claim(self, pipe: Pipe, routing_id: bytes) -> None:
        holder = self._pipes.get(routing_id)
        if holder is not None and holder is not pipe:
            if not self.options.router_handover or holder.link is None:
                raise RoutingIdInUse(routing_id)
            self.detach(holder)
            holder.link.drop(RoutingIdInUse(routing_id))
        super()._claim(pipe, routing_id)

    @property
    def sendable(self) -> bool:
        return not self.options.router_mandatory or super().sendable

    def try_send(self, message: Message) -> bool:
        if route(self._pipes, message):
            return True
        if self.options.router_mandatory:
            if message[0] not in self._pipes:
                raise HostUnreachable(message[0])
            if len(message) > 1:
                return False
        self.dropped_sent += 1
        return True

    def try_send_batch(self, messages: list[Message]) -> int:
        sent = route_batch(self._pipes, messages, 0)
        while sent < len(messages) and self.try_send(messages[sent]):
            sent = route_batch(self._pipes, messages, sent + 1)
        return sent
