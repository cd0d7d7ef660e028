"""Takes messages from many peers in turn (libzmq: fq)."""

from __future__ import annotations

from collections import deque

from pyzmtp.patterns.pipe import Pipe
from pyzmtp.wire.message import Message

__all__ = ["FairQueue"]


class FairQueue:
    """One message of each peer that has any, then the next of each (RFC 28, 30: "fair-queue")."""

    __slots__ = ("_first", "_others")

    def __init__(self) -> None:
        # The pipes with unread messages: whose turn it is, and the others in their order. Often there
        # is but one, which then needs no moving about.
        self._first: Pipe | None = None
        self._others: deque[Pipe] = deque()

    def __len__(self) -> int:
        first = 0 if self._first is None else self._first.unread
        return first + sum(pipe.unread for pipe in self._others)

    def __bool__(self) -> bool:
        return self._first is not None

    def put(self, pipe: Pipe, messages: list[Message]) -> None:
        """Queue messages that came through ``pipe``."""
        if not pipe.unread:
            if self._first is None:
                self._first = pipe
            else:
                self._others.append(pipe)
        pipe.put(messages)

    def take(self) -> tuple[Pipe, Message]:
        """The next message and where it came from. There must be one."""
        pipe = self._next_pipe()
        return pipe, pipe.take()

    def take_next(self) -> Message | None:
        """The next message, ``None`` if there is none."""
        return None if self._first is None else self._next_pipe().take()

    def take_batch(self, limit: int) -> list[Message]:
        """The next messages, ``limit`` at the most."""
        pipe = self._first
        if pipe is not None and not self._others and pipe.unread <= limit:
            self._first = None
            return pipe.take_all()
        batch: list[Message] = []
        while self._first is not None and len(batch) < limit:
            batch.append(self._next_pipe().take())
        return batch

    def take_from(self, pipe: Pipe) -> list[Message]:
        """All messages that came through ``pipe``, out of turn."""
        if not pipe.unread:
            return []
        if pipe is self._first:
            self._first = self._others.popleft() if self._others else None
        else:
            self._others.remove(pipe)
        return pipe.take_all()

    def _next_pipe(self) -> Pipe:
        """Whose turn it is, to take one message; from now on it is the turn of the next."""
        pipe = self._first
        assert pipe is not None
        if self._others:
            if pipe.unread > 1:
                self._others.append(pipe)
            self._first = self._others.popleft()
        elif pipe.unread == 1:
            self._first = None
        return pipe
