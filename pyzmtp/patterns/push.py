"""PUSH: to one of the workers after the other (RFC 30)."""

from __future__ import annotations

from pyzmtp.constants import SocketType
from pyzmtp.patterns.base import BalancedSender

__all__ = ["PushPattern"]


class PushPattern(BalancedSender):
    """Each message goes to the next peer that has room; with none, it waits."""

    socket_type = SocketType.PUSH
