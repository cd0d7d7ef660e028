"""SERVER: to the client that the first frame names, which never travels (RFC 41)."""

from __future__ import annotations

import secrets
from typing import Final

from pyzmtp.constants import SocketType
from pyzmtp.patterns.assigning import AssigningPattern
from pyzmtp.patterns.single_frame import SingleFrameReceiver

__all__ = ["ServerPattern"]

_NOBODY: Final = bytes(4)


class ServerPattern(SingleFrameReceiver, AssigningPattern):
    """A message is the id of a peer and one frame. Ids are numbers of 32 bits, never 0, at random."""

    socket_type = SocketType.SERVER

    def _draw_id(self) -> bytes:
        while True:
            routing_id = secrets.token_bytes(4)
            if routing_id != _NOBODY and routing_id not in self._pipes:
                return routing_id
