"""No pattern at all: each peer is talked to by itself, in messages as they travel."""

from __future__ import annotations

from typing import Protocol

from pyzmtp.constants import SocketType
from pyzmtp.options import SocketOptions
from pyzmtp.patterns.base import Pattern
from pyzmtp.patterns.pipe import Pipe
from pyzmtp.wire.message import Message

__all__ = ["IndividualPattern", "PeerHandler"]


class PeerHandler(Protocol):
    """Who talks to the peers of an :class:`IndividualPattern`."""

    def peer_ready(self, pipe: Pipe) -> None:
        """A handshake is done."""

    def peer_readable(self, pipe: Pipe) -> None:
        """There are messages in the pipe's inbox."""

    def peer_writable(self, pipe: Pipe) -> None:
        """The pipe, which was full, has room again."""


class IndividualPattern(Pattern):
    """Announces a socket type and leaves its rules to ``handler``."""

    def __init__(
        self, options: SocketOptions, socket_type: SocketType, handler: PeerHandler
    ) -> None:
        super().__init__(options)
        self.socket_type = socket_type
        self._handler = handler

    @property
    def queued(self) -> int:
        return sum(pipe.unread for pipe in self.attached)

    def hiccup(self, pipe: Pipe) -> None:
        # What was meant for the old connection is no business of the next one's.
        self.dropped_sent += pipe.clear_outbox()
        super().hiccup(pipe)

    def ready(self, pipe: Pipe) -> None:
        super().ready(pipe)
        self._handler.peer_ready(pipe)

    def writable(self, pipe: Pipe) -> None:
        self._handler.peer_writable(pipe)

    def deliver(self, pipe: Pipe, messages: list[Message]) -> None:
        pipe.put(messages)
        self._handler.peer_readable(pipe)

    def discard(self, pipe: Pipe) -> int:
        return len(pipe.take_all())
