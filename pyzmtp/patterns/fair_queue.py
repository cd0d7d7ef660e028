"""Takes messages from many peers in turn (libzmq: fq)."""

from __future__ import annotations

from collections import deque

from pyzmtp.patterns.pipe import Pipe
from pyzmtp.wire.message import Message

__all__ = ["FairQueue"]


class FairQueue:
    """One message of each peer that has any, then the next of each (RFC 28, 30: "fair-queue")."""

    __slots__ = ("_active",)

    def __init__(self) -> None:
        # The pipes with unread messages, whose turn is next first.
        self._active: deque[Pipe] = deque()

    def __len__(self) -> int:
        return sum(len(pipe.inbox) for pipe in self._active)

    def __bool__(self) -> bool:
        return bool(self._active)

    def put(self, pipe: Pipe, messages: list[Message]) -> None:
        """Queue messages that came through ``pipe``."""
        if not pipe.inbox:
            self._active.append(pipe)
        pipe.put(messages)

    def take(self) -> tuple[Pipe, Message]:
        """The next message and where it came from. There must be one."""
        pipe = self._active.popleft()
        if len(pipe.inbox) > 1:
            self._active.append(pipe)
        return pipe, pipe.take()

    def take_batch(self, limit: int) -> list[Message]:
        """The next messages, ``limit`` at the most."""
        active = self._active
        if len(active) == 1 and len(active[0].inbox) <= limit:
            return active.popleft().take_all()
        batch: list[Message] = []
        while active and len(batch) < limit:
            pipe = active.popleft()
            if len(pipe.inbox) > 1:
                active.append(pipe)
            batch.append(pipe.take())
        return batch

    def take_from(self, pipe: Pipe) -> list[Message]:
        """All messages that came through ``pipe``, out of turn."""
        if not pipe.inbox:
            return []
        self._active.remove(pipe)
        return pipe.take_all()
