"""PAIR: one peer and no other (RFC 31)."""

from __future__ import annotations

from pyzmtp.constants import SocketType
from pyzmtp.errors import TooManyPeers
from pyzmtp.patterns.base import FairReceiver, Sender
from pyzmtp.patterns.pipe import Pipe
from pyzmtp.wire.message import Message

__all__ = ["PairPattern"]


class PairPattern(Sender, FairReceiver):
    """Everything goes to, and comes from, the one peer. A second is turned away until it has left.

    libzmq lets the second connect and then leaves it unread; here its connection is closed, so that
    it learns of it and tries again.
    """

    socket_type = SocketType.PAIR

    _pipe: Pipe | None = None

    def attach(self, pipe: Pipe) -> None:
        if self._pipe is not None:
            raise TooManyPeers(1)
        self._pipe = pipe
        super().attach(pipe)

    def detach(self, pipe: Pipe) -> None:
        if pipe is self._pipe:
            self._pipe = None
        super().detach(pipe)

    @property
    def sendable(self) -> bool:
        return self._pipe is not None and self._pipe.writable

    def try_send(self, message: Message) -> bool:
        if self._pipe is None or not self._pipe.writable:
            return False
        self._pipe.push(message)
        return True

    def try_send_batch(self, messages: list[Message]) -> int:
        return 0 if self._pipe is None else self._pipe.extend(messages)
