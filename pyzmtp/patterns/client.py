"""CLIENT: sends to its servers in turn, receives from them in turn (RFC 41)."""

from __future__ import annotations

from pyzmtp.constants import SocketType
from pyzmtp.patterns.base import BalancedSender
from pyzmtp.patterns.single_frame import SingleFrameReceiver

__all__ = ["ClientPattern"]


class ClientPattern(BalancedSender, SingleFrameReceiver):
    """A DEALER with messages of one frame."""

    socket_type = SocketType.CLIENT
