"""The STREAM socket."""

from __future__ import annotations

from pyzmtp.constants import SocketType
from pyzmtp.patterns.stream import StreamPattern
from pyzmtp.sockets.parting import PartingSocket

__all__ = ["StreamSocket"]


class StreamSocket(PartingSocket):
    """Exchanges bytes, as they are, with peers that speak no ZMTP (ZMQ_STREAM).

    A message has two frames: the routing id of a peer, and bytes. What is received comes in chunks of
    8192 bytes at the most, each a message for ``receive_hwm``; where they are cut means nothing. A
    peer's id has five bytes, the first of them zero, unless ``connect(..., routing_id=)`` names it; a
    notice or ``peers`` tells it, or the :class:`Peer` that ``connect`` fires with.

    ``[id, b""]`` is received when a peer has connected and when it has disconnected (not with
    ``stream_notify=False``). A connection that we made is made again when it is lost, under the same
    id; what is queued waits for it.

    To send ``[id, b""]`` is to close that connection, once all that was queued before has left. The id
    is unknown from then on, nothing more is received from it, not even a notice, and no connection is
    made again. A peer that does not read, or over TLS does not close its side, can keep it open until
    the socket is closed. A peer that closes only its own half of a connection (``nc -N``) counts as
    gone, as with libzmq: what is queued for it is dropped.

    To send to an unknown id fails with :exc:`HostUnreachable`; while the peer's queue is full, it
    waits. A message of any other number of frames raises :exc:`UsageError`.
    """

    socket_type = SocketType.STREAM
    _pattern_class = StreamPattern
    _pattern: StreamPattern
