"""DEALER: PUSH and PULL in one, frames as they are (RFC 28)."""

from __future__ import annotations

from pyzmtp.constants import SocketType
from pyzmtp.patterns.base import BalancedSender, FairReceiver
from pyzmtp.patterns.pipe import Pipe
from pyzmtp.wire.message import Message

__all__ = ["DealerPattern"]


class DealerPattern(BalancedSender, FairReceiver):
    """Sends to its peers in turn, receives from them in turn."""

    socket_type = SocketType.DEALER

    def attach(self, pipe: Pipe) -> None:
        if self.options.probe_router:
            pipe.push([b""])
        super().attach(pipe)

    def send_to_next(self, message: Message) -> Pipe | None:
        """As :meth:`try_send`, but return the pipe that took the message."""
        return self._outgoing.send(message)
