"""The CLIENT socket."""

from __future__ import annotations

from pyzmtp.constants import SocketType
from pyzmtp.patterns.client import ClientPattern
from pyzmtp.sockets.receiver import ReceivingSocket
from pyzmtp.sockets.sender import SendingSocket

__all__ = ["ClientSocket"]


class ClientSocket(SendingSocket, ReceivingSocket):
    """Sends to its SERVERs in turn and receives from them in turn, one frame a message (ZMQ_CLIENT).

    A message of more frames raises :exc:`UsageError`; one that is received is dropped and counted in
    ``stats.dropped_received``.
    """

    socket_type = SocketType.CLIENT
    _pattern_class = ClientPattern
    _pattern: ClientPattern
