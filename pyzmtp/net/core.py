"""What all connections of one socket share: :class:`SocketCore`."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final, Protocol

from attrs import define, field
from twisted.internet.interfaces import IReactorTime

from pyzmtp.engine.connection import Connection
from pyzmtp.engine.events import Event, MessagesDropped
from pyzmtp.engine.interfaces import Engine
from pyzmtp.engine.raw_connection import RawConnection
from pyzmtp.engine.settings import ConnectionSettings
from pyzmtp.errors import SocketClosed
from pyzmtp.net.address import WebsocketAddress
from pyzmtp.net.authentication import AskZap
from pyzmtp.net.flow import WriteTurn
from pyzmtp.options import SocketOptions
from pyzmtp.patterns.base import Pattern
from pyzmtp.patterns.pipe import Pipe
from pyzmtp.security.null import Null
from pyzmtp.security.policy import Policy

__all__ = ["Emit", "SocketCore", "policy_of"]


class Emit(Protocol):
    """Tells events, in this order with nothing in between, to whom they concern. Never raises."""

    def __call__(self, *events: Event) -> None: ...


_NULL: Final = Null()


def policy_of(options: SocketOptions) -> tuple[Policy, str]:
    """The policy that ``options`` choose, and the ZAP domain that is in force under it."""
    policy: Policy = _NULL if options.security is None else options.security
    return policy, options.zap_domain if policy.domain is None else policy.domain


@define(eq=False)
class SocketCore:
    """A socket, as its connections know it.

    :ivar options: the socket's present options, which each new bind and connect keeps.
    :ivar emit: takes each event.
    :ivar forget: told of a bind or connect that has come to its end by itself.
    :ivar sent, received: messages that went through pipes that are gone by now.
    :ivar dropped_sent, dropped_received: messages that such pipes still held.
    :ivar ask_zap: asks the reactor's ZAP handler about a peer.
    :ivar parting: inproc peers that have left, which is noticed in the next turn; until then their places
        are taken.
    :ivar adopted: the descriptors that binds have taken over, as the option ``use_fd`` says.
    :ivar turn: collects what the socket's connections write in one turn of the reactor.
    """

    reactor: IReactorTime
    options: SocketOptions
    pattern: Pattern
    emit: Emit
    forget: Callable[[object], None]
    ask_zap: AskZap
    sent: int = 0
    received: int = 0
    dropped_sent: int = 0
    dropped_received: int = 0
    parting: int = 0
    adopted: set[int] = field(factory=set)
    turn: WriteTurn = field(init=False)
    _connections: int = field(init=False, default=0)

    def __attrs_post_init__(self) -> None:
        self.turn = WriteTurn(self.reactor)

    def number_connection(self) -> int:
        """A number for a connection that has come, which no other of this socket has."""
        self._connections += 1
        return self._connections

    def new_connection(
        self,
        options: SocketOptions,
        address: str,
        peer_address: str,
        incoming: bool,
        place: object = None,
    ) -> Engine:
        """The engine of one new connection of a bind or connect to ``place`` that keeps ``options``."""
        if self.pattern.socket_type.is_raw:
            return RawConnection(address, peer_address, incoming)
        policy, domain = policy_of(options)
        settings = ConnectionSettings(
            socket_type=self.pattern.socket_type,
            mechanism=partial(policy.new_mechanism, self._properties(options), domain),
            routing_id=options.routing_id,
            min_version=options.min_version,
            handshake_timeout=options.handshake_timeout,
            heartbeat_interval=options.heartbeat_interval,
            heartbeat_timeout=options.heartbeat_timeout,
            heartbeat_ttl=options.heartbeat_ttl,
            max_message_size=options.max_message_size,
            max_message_parts=options.max_message_parts,
            greeting_timeout=options.greeting_timeout,
            max_handshake_size=options.max_handshake_size,
            max_handshake_commands=options.max_handshake_commands,
            max_properties=options.max_properties,
            max_property_size=options.max_property_size,
        )
        now = self.reactor.seconds()
        if not isinstance(place, WebsocketAddress):
            return Connection(settings, now, address, peer_address, incoming)
        from pyzmtp.engine.websocket import WebsocketConnection  # its library is optional

        host, path = place.authority, place.path or "/"
        return WebsocketConnection(settings, now, address, peer_address, incoming, host, path)

    def retire(
        self, pipe: Pipe, address: str, reason: Exception, forget_unread: bool = False
    ) -> None:
        """Take a pipe out of service: nothing is routed to it any more, and what it could not send
        is dropped. What it has received stays readable, unless it is to be forgotten too.
        """
        self.pattern.detach(pipe)
        self.sent += pipe.sent
        self.received += pipe.received
        pipe.sent = pipe.received = 0
        unsent = self.pattern.clear(pipe)
        unread = 0
        if forget_unread:
            pipe.link = None  # nor will what the connection has still to hand in be taken
            unread = self.pattern.discard(pipe)
        self.dropped_sent += unsent
        self.dropped_received += unread
        if unsent:
            self.emit(MessagesDropped(address, unsent, reason, True, pipe.peer))
        if unread:
            self.emit(MessagesDropped(address, unread, reason, False, pipe.peer))

    def lose_sent(self, pipe: Pipe, address: str, reason: Exception) -> None:
        """A message that counts as sent did not leave after all, or not all of it."""
        self.sent -= 1  # not the pipe's own count, which may be taken over by now
        self.dropped_sent += 1
        self.emit(MessagesDropped(address, 1, reason, True, pipe.peer))

    def discard_unread(self) -> None:
        """The socket is closed: nobody will receive what is left."""
        unread = self.pattern.discard_all()
        self.dropped_received += unread
        if unread:
            self.emit(MessagesDropped("", unread, SocketClosed(), False))

    def _properties(self, options: SocketOptions) -> list[tuple[str, bytes]]:
        """What READY says of this socket, in libzmq's order."""
        socket_type = self.pattern.socket_type
        properties = [("Socket-Type", socket_type.value.encode("ascii"))]
        if socket_type.sends_identity:
            properties.append(("Identity", options.routing_id))
        return properties + sorted(options.metadata.items())
