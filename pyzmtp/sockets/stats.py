"""What a socket has counted: :class:`Stats`, and :class:`PeerQueues` of each peer."""

from __future__ import annotations

from attrs import frozen

from pyzmtp.peer import Peer

__all__ = ["PeerQueues", "Stats"]


@frozen
class Stats:
    """A socket's counters at one moment. Messages are counted once for each peer.

    :ivar messages_sent: messages that were handed to a transport.
    :ivar messages_received: messages that came from a transport.
    :ivar send_queue: messages that wait for a transport.
    :ivar receive_queue: messages that wait for the application.
    :ivar dropped_sent: messages that could not be sent: dropped at a high-water mark as the type
        demands, for want of a peer, or because the peer or the socket went away.
    :ivar dropped_received: messages that no application will see: out of order, malformed for the
        pattern, not subscribed to, or unread when the connection was given up. Notices that were made
        here, such as those of a STREAM, count too.
    :ivar peers: peers that are ready.
    :ivar events_dropped: events that readers of :meth:`Socket.events` were too slow for.
    """

    messages_sent: int
    messages_received: int
    send_queue: int
    receive_queue: int
    dropped_sent: int
    dropped_received: int
    peers: int
    events_dropped: int


@frozen
class PeerQueues:
    """How many messages are queued for one peer, and from it (ZMQ_EVENT_PIPES_STATS).

    :ivar address: the address that was bound or connected.
    :ivar peer: who it is; ``None`` of a connect while there is nobody.
    :ivar send_queue: messages that wait for its transport (libzmq: the outbound, "egress" queue).
    :ivar receive_queue: messages from it that wait for the application ("ingress").
    """

    address: str
    peer: Peer | None
    send_queue: int
    receive_queue: int
