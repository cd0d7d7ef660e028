"""SCATTER: PUSH with messages of one frame (RFC 49)."""

from __future__ import annotations

from pyzmtp.constants import SocketType
from pyzmtp.patterns.base import BalancedSender

__all__ = ["ScatterPattern"]


class ScatterPattern(BalancedSender):
    """Each message goes to the next peer that has room; with none, it waits."""

    socket_type = SocketType.SCATTER
