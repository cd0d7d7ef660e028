"""What sockets share that can part from a single peer."""

from __future__ import annotations

from typing import Any

from pyzmtp.net.reactor import Reactor
from pyzmtp.options import SocketOptions
from pyzmtp.patterns.assigning import AssigningPattern
from pyzmtp.patterns.pipe import Pipe
from pyzmtp.sockets.receiver import ReceivingSocket
from pyzmtp.sockets.sender import SendingSocket

__all__ = ["PartingSocket"]


class PartingSocket(SendingSocket, ReceivingSocket):
    """A socket that ends the connection of a peer when its pattern has parted from it."""

    _pattern: AssigningPattern

    def __init__(
        self, reactor: Reactor, options: SocketOptions | None = None, **overrides: Any
    ) -> None:
        super().__init__(reactor, options, **overrides)
        self._pattern.on_parting = self._part_from

    def _part_from(self, pipe: Pipe) -> None:
        """The application has parted from the peer of a pipe: end the connection, or the connect."""
        for connect in self._connects:
            if pipe in connect.pipes:
                self._connects.remove(connect)
                self._part([connect], None)
                return
        if pipe.link is not None:
            _finish(pipe)
        else:
            # It was told that the peer has come, and the connection is not set up yet.
            self._core.turn.join(lambda: _finish(pipe))


def _finish(pipe: Pipe) -> None:
    if pipe.link is not None:
        pipe.link.finish()
