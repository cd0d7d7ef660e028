"""The SCATTER socket."""

from __future__ import annotations

from pyzmtp.constants import SocketType
from pyzmtp.patterns.scatter import ScatterPattern
from pyzmtp.sockets.sender import SendingSocket

__all__ = ["ScatterSocket"]


class ScatterSocket(SendingSocket):
    """Sends each message, which has one frame, to one of the GATHERs, in turn (ZMQ_SCATTER).

    A message of more frames raises :exc:`UsageError`.
    """

    socket_type = SocketType.SCATTER
    _pattern_class = ScatterPattern
    _pattern: ScatterPattern
