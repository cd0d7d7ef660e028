"""The PULL socket."""

from __future__ import annotations

from pyzmtp.constants import SocketType
from pyzmtp.patterns.pull import PullPattern
from pyzmtp.sockets.receiver import ReceivingSocket

__all__ = ["PullSocket"]


class PullSocket(ReceivingSocket):
    """Receives from all producers, in turn (ZMQ_PULL)."""

    socket_type = SocketType.PULL
    _pattern_class = PullPattern
    _pattern: PullPattern
