"""What happens to a socket's connections, as values: the counterpart of libzmq's monitor events.

Each names the ``ZMQ_EVENT_`` that it stands for. ``address`` is always the address that was bound or
connected, as :meth:`bind` returned it or :meth:`connect` was given it.
"""

from __future__ import annotations

from attrs import frozen

from pyzmtp.errors import ProtocolError
from pyzmtp.peer import Peer

__all__ = [
    "Accepted",
    "BindFailed",
    "Closed",
    "ConnectDelayed",
    "ConnectRetried",
    "Connected",
    "Disconnected",
    "Event",
    "HandshakeFailed",
    "HandshakeSucceeded",
    "Listening",
    "MessagesDropped",
]


@frozen
class Event:
    """The base of all events."""

    address: str


@frozen
class Listening(Event):
    """The socket listens at ``address`` (ZMQ_EVENT_LISTENING)."""


@frozen
class BindFailed(Event):
    """Listening at ``address`` failed with ``error`` (ZMQ_EVENT_BIND_FAILED)."""

    error: Exception


@frozen
class Accepted(Event):
    """Somebody at ``peer_address`` connected to us; nothing is known yet (ZMQ_EVENT_ACCEPTED)."""

    peer_address: str


@frozen
class ConnectDelayed(Event):
    """An attempt to connect has begun (ZMQ_EVENT_CONNECT_DELAYED)."""


@frozen
class Connected(Event):
    """The transport is there, the handshake begins (ZMQ_EVENT_CONNECTED)."""

    peer_address: str


@frozen
class ConnectRetried(Event):
    """The next attempt follows after ``delay`` seconds (ZMQ_EVENT_CONNECT_RETRIED).

    :ivar error: why the last one failed, or why the connection was lost.
    """

    delay: float
    error: Exception


@frozen
class HandshakeSucceeded(Event):
    """``peer`` is ready for messages (ZMQ_EVENT_HANDSHAKE_SUCCEEDED).

    As in libzmq, a STREAM has none of these: its peer is ready when it is accepted or connected.
    """

    peer: Peer


@frozen
class HandshakeFailed(Event):
    """A connection ended before it was ready (ZMQ_EVENT_HANDSHAKE_FAILED_*).

    :ivar peer_address: where the other end was.
    :ivar error: the reason: a :exc:`ProtocolError` for what the peer did, else what the transport said.
    """

    peer_address: str
    error: Exception

    @property
    def libzmq_code(self) -> int:
        """The value of ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL; 0 where libzmq has no number for it."""
        return self.error.libzmq_code if isinstance(self.error, ProtocolError) else 0


@frozen
class Disconnected(Event):
    """The connection to ``peer`` has ended (ZMQ_EVENT_DISCONNECTED).

    :ivar reason: a :exc:`ProtocolError` for what the peer did, else what the transport said.
    """

    peer: Peer
    reason: Exception


@frozen
class Closed(Event):
    """The socket does not listen at, or connect to, ``address`` any more (ZMQ_EVENT_CLOSED)."""


@frozen
class MessagesDropped(Event):
    """``count`` messages, queued or received, are lost for ``reason``. libzmq has no event for this."""

    count: int
    reason: str
