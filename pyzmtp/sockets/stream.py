"""The STREAM socket."""

from __future__ import annotations

from typing import Any

from pyzmtp.constants import SocketType
from pyzmtp.net.reactor import Reactor
from pyzmtp.options import SocketOptions
from pyzmtp.patterns.pipe import Pipe
from pyzmtp.patterns.stream import StreamPattern
from pyzmtp.sockets.receiver import ReceivingSocket
from pyzmtp.sockets.sender import SendingSocket

__all__ = ["StreamSocket"]


class StreamSocket(SendingSocket, ReceivingSocket):
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

    def __init__(
        self, reactor: Reactor, options: SocketOptions | None = None, **overrides: Any
    ) -> None:
        super().__init__(reactor, options, **overrides)
        self._pattern.on_parting = self._part_from

    def _part_from(self, pipe: Pipe) -> None:
        """The application has parted from the peer of a pipe: end the connection, or the connect."""
        for connect in self._connects:
            if pipe in connect.pipes:
                self._connects.remove(connect)
                self._part([connect], None)
                return
        if pipe.link is not None:
            _finish(pipe)
        else:
            # It was told that the peer has come, and the connection is not set up yet.
            self._core.turn.join(lambda: _finish(pipe))


def _finish(pipe: Pipe) -> None:
    if pipe.link is not None:
        pipe.link.finish()
