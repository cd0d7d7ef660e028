"""What comes in more than one frame is no message for some types (RFC 41, 49, 51, 52)."""

from __future__ import annotations

from pyzmtp.patterns.base import FairReceiver
from pyzmtp.patterns.pipe import Pipe
from pyzmtp.wire.message import Message

__all__ = ["SingleFrameReceiver"]


class SingleFrameReceiver(FairReceiver):
    """Receives from all peers in turn, and drops what has more than one frame, as libzmq does."""

    def deliver(self, pipe: Pipe, messages: list[Message]) -> None:
        single = [message for message in messages if len(message) == 1]
        self.dropped_received += len(messages) - len(single)
        if single:
            super().deliver(pipe, single)
