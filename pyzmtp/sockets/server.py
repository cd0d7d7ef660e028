"""The SERVER socket."""

from __future__ import annotations

from pyzmtp.constants import SocketType
from pyzmtp.patterns.server import ServerPattern
from pyzmtp.sockets.parting import PartingSocket

__all__ = ["ServerSocket"]


class ServerSocket(PartingSocket):
    """Answers any number of CLIENTs, each by its routing id (ZMQ_SERVER).

    A message has two frames: the routing id of a peer, and the body. The id does not travel: the
    body alone does, and the CLIENT receives and sends one frame. What is received in more than one is
    dropped and counted in ``stats.dropped_received``.

    An id has four bytes, never all zero; libzmq's number is ``int.from_bytes(id, "big")``. It is drawn
    at random for each peer that connects; one that we connect to keeps it through reconnections.
    :attr:`Peer.routing_id` has it too.

    To send to an unknown id fails with :exc:`HostUnreachable`; while the peer's queue is full, it
    waits. A message of any other number of frames raises :exc:`UsageError`.
    """

    socket_type = SocketType.SERVER
    _pattern_class = ServerPattern
    _pattern: ServerPattern

    def disconnect_peer(self, routing_id: bytes) -> None:
        """Part from a peer: its id is unknown at once, and nothing more is received from it.

        Its connection is closed when all that is queued for it has left; if we made it, it is not
        made again. Raises :exc:`HostUnreachable`, :exc:`SocketClosed`. (``zmq_disconnect_peer``)
        """
        self._check_open()
        self._pattern.part(self._pattern.find(routing_id))
