"""The PAIR socket."""

from __future__ import annotations

from pyzmtp.constants import SocketType
from pyzmtp.patterns.pair import PairPattern
from pyzmtp.sockets.receiver import ReceivingSocket
from pyzmtp.sockets.sender import SendingSocket

__all__ = ["PairSocket"]


class PairSocket(SendingSocket, ReceivingSocket):
    """Talks to one peer and no other (ZMQ_PAIR)."""

    socket_type = SocketType.PAIR
    _pattern_class = PairPattern
    _pattern: PairPattern
