"""The PEER socket."""

from __future__ import annotations

from twisted.internet.defer import Deferred

from pyzmtp.constants import SocketType
from pyzmtp.errors import UsageError
from pyzmtp.patterns.peer import PeerPattern
from pyzmtp.peer import Peer
from pyzmtp.security.policy import Policy
from pyzmtp.sockets.server import ServerSocket

__all__ = ["PeerSocket"]


class PeerSocket(ServerSocket):
    """A :class:`ServerSocket` whose peers are of its own type, and that may speak first (ZMQ_PEER).

    The :class:`Peer` that :meth:`connect` fires with has the routing id to send to.
    """

    socket_type = SocketType.PEER
    _pattern_class = PeerPattern
    _pattern: PeerPattern

    def connect(
        self, where: object, *, routing_id: bytes = b"", security: Policy | None = None
    ) -> Deferred[Peer]:
        """As :meth:`Socket.connect`. Raises :exc:`UsageError` with ``immediate``.

        (``zmq_connect_peer``)
        """
        if self.options.immediate:
            raise UsageError("a PEER knows whom it connects to from the start: not with immediate")
        return super().connect(where, routing_id=routing_id, security=security)
