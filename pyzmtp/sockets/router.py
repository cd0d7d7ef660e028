"""The ROUTER socket."""

from __future__ import annotations

from pyzmtp.constants import SocketType
from pyzmtp.patterns.router import RouterPattern
from pyzmtp.sockets.receiver import ReceivingSocket
from pyzmtp.sockets.sender import SendingSocket

__all__ = ["RouterSocket"]


class RouterSocket(SendingSocket, ReceivingSocket):
    """Sends to whom the first frame names, and names the sender in what it receives (ZMQ_ROUTER)."""

    socket_type = SocketType.ROUTER
    _pattern_class = RouterPattern
    _pattern: RouterPattern
