"""The CHANNEL socket."""

from __future__ import annotations

from pyzmtp.constants import SocketType
from pyzmtp.patterns.channel import ChannelPattern
from pyzmtp.sockets.receiver import ReceivingSocket
from pyzmtp.sockets.sender import SendingSocket

__all__ = ["ChannelSocket"]


class ChannelSocket(SendingSocket, ReceivingSocket):
    """Talks to one peer and no other, one frame a message (ZMQ_CHANNEL).

    A message of more frames raises :exc:`UsageError`; one that is received is dropped and counted in
    ``stats.dropped_received``.
    """

    socket_type = SocketType.CHANNEL
    _pattern_class = ChannelPattern
    _pattern: ChannelPattern
