"""DGRAM: datagrams from and to anybody."""

from __future__ import annotations

from pyzmtp.constants import SocketType
from pyzmtp.patterns.pair import PairPattern

__all__ = ["DgramPattern"]


class DgramPattern(PairPattern):
    """Everything goes through the one port that is bound, where each message names its other end."""

    socket_type = SocketType.DGRAM
