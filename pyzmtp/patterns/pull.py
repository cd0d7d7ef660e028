"""PULL: from all of the producers in turn (RFC 30)."""

from __future__ import annotations

from pyzmtp.constants import SocketType
from pyzmtp.patterns.base import FairReceiver

__all__ = ["PullPattern"]


class PullPattern(FairReceiver):
    """One message of each peer in turn."""

    socket_type = SocketType.PULL
