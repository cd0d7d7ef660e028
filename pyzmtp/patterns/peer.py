"""PEER: a SERVER that talks to its like (RFC 51)."""

from __future__ import annotations

from pyzmtp.constants import SocketType
from pyzmtp.patterns.server import ServerPattern

__all__ = ["PeerPattern"]


class PeerPattern(ServerPattern):
    """As SERVER, with peers of the same type."""

    socket_type = SocketType.PEER
