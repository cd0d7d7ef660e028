"""The GATHER socket."""

from __future__ import annotations

from pyzmtp.constants import SocketType
from pyzmtp.patterns.gather import GatherPattern
from pyzmtp.sockets.receiver import ReceivingSocket

__all__ = ["GatherSocket"]


class GatherSocket(ReceivingSocket):
    """Receives messages of one frame from all SCATTERs, in turn (ZMQ_GATHER).

    A message of more frames is dropped and counted in ``stats.dropped_received``.
    """

    socket_type = SocketType.GATHER
    _pattern_class = GatherPattern
    _pattern: GatherPattern
