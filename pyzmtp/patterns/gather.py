"""GATHER: PULL with messages of one frame (RFC 49)."""

from __future__ import annotations

from pyzmtp.constants import SocketType
from pyzmtp.patterns.single_frame import SingleFrameReceiver

__all__ = ["GatherPattern"]


class GatherPattern(SingleFrameReceiver):
    """One message of each peer in turn."""

    socket_type = SocketType.GATHER
