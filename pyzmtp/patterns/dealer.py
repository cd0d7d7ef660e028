"""DEALER: PUSH and PULL in one, frames as they are (RFC 28)."""

from __future__ import annotations

from collections.abc import Callable

from pyzmtp.constants import SocketType
from pyzmtp.options import SocketOptions
from pyzmtp.patterns.base import BalancedSender, FairReceiver
from pyzmtp.patterns.pipe import Pipe

__all__ = ["DealerPattern"]


class DealerPattern(BalancedSender, FairReceiver):
    """Sends to its peers in turn, receives from them in turn.

    :ivar on_lost: called with a pipe that has lost its connection; if it is still attached, another
        will be made.
    """

    socket_type = SocketType.DEALER

    def __init__(self, options: SocketOptions) -> None:
        super().__init__(options)
        self.on_lost: Callable[[Pipe], None] = lambda pipe: None

    def attach(self, pipe: Pipe) -> None:
        if self.options.probe_router:
            pipe.push([b""])
        super().attach(pipe)

    def hiccup(self, pipe: Pipe) -> None:
        super().hiccup(pipe)
        self.on_lost(pipe)

    def detach(self, pipe: Pipe) -> None:
        super().detach(pipe)
        self.on_lost(pipe)

    def next_pipe(self) -> Pipe | None:
        """Where the next message that is sent goes; ``None`` if nobody has room."""
        return self._outgoing.peek()
