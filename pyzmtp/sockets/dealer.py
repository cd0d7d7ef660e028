"""The DEALER socket."""

from __future__ import annotations

from pyzmtp.constants import SocketType
from pyzmtp.patterns.dealer import DealerPattern
from pyzmtp.sockets.receiver import ReceivingSocket
from pyzmtp.sockets.sender import SendingSocket

__all__ = ["DealerSocket"]


class DealerSocket(SendingSocket, ReceivingSocket):
    """Sends to its peers in turn and receives from them in turn, frames as they are (ZMQ_DEALER)."""

    socket_type = SocketType.DEALER
    _pattern_class = DealerPattern
    _pattern: DealerPattern
