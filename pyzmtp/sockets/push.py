"""The PUSH socket."""

from __future__ import annotations

from pyzmtp.constants import SocketType
from pyzmtp.patterns.push import PushPattern
from pyzmtp.sockets.sender import SendingSocket

__all__ = ["PushSocket"]


class PushSocket(SendingSocket):
    """Sends each message to one of the workers, in turn (ZMQ_PUSH)."""

    socket_type = SocketType.PUSH
    _pattern_class = PushPattern
    _pattern: PushPattern
