"""CHANNEL: PAIR with messages of one frame (RFC 52)."""

from __future__ import annotations

from pyzmtp.constants import SocketType
from pyzmtp.patterns.pair import PairPattern
from pyzmtp.patterns.single_frame import SingleFrameReceiver

__all__ = ["ChannelPattern"]


class ChannelPattern(SingleFrameReceiver, PairPattern):
    """Everything goes to, and comes from, the one peer."""

    socket_type = SocketType.CHANNEL
