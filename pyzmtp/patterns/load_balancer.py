"""Spreads messages over many peers in turn (libzmq: lb)."""

from __future__ import annotations

from pyzmtp.patterns.pipe import Pipe
from pyzmtp.wire.message import Message

__all__ = ["LoadBalancer"]


class LoadBalancer:
    """A round robin that moves on with each message, over the pipes that have room (RFC 28, 30).

    A pipe that becomes full leaves the round; it joins again at the end, like a new one.
    """

    __slots__ = ("_active", "_members", "_next")

    def __init__(self) -> None:
        self._active: list[Pipe] = []
        self._members: set[Pipe] = set()  # the same pipes, to be found quickly
        self._next = 0

    def add(self, pipe: Pipe) -> None:
        """Let ``pipe`` take part: it is new, or has room again."""
        if pipe.writable and pipe not in self._members:
            self._members.add(pipe)
            self._active.append(pipe)

    def remove(self, pipe: Pipe) -> None:
        """Send nothing more to ``pipe``."""
        if pipe in self._members:
            self._remove_at(self._active.index(pipe))

    def _remove_at(self, index: int) -> None:
        self._members.remove(self._active.pop(index))
        if index < self._next:
            self._next -= 1
        if self._next >= len(self._active):
            self._next = 0

    def peek(self) -> Pipe | None:
        """Whose turn it is: the next :meth:`send` goes there; ``None`` if nobody has room."""
        return self._active[self._next] if self._active else None

    def send(self, message: Message) -> Pipe | None:
        """Queue ``message`` for the peer whose turn it is; return its pipe, ``None`` if nobody has room."""
        active = self._active
        if not active:
            return None
        index = self._next
        pipe = active[index]
        # Move on first: the push may call out, and come back here.
        self._next = index + 1 if index + 1 < len(active) else 0
        pipe.push(message)
        if not pipe.writable:
            if index < len(active) and active[index] is pipe:
                self._remove_at(index)
            else:
                self.remove(pipe)
        return pipe

    def send_batch(self, messages: list[Message]) -> int:
        """Queue messages from the front of ``messages``; return how many found room."""
        if len(self._active) == 1:
            pipe = self._active[0]
            count = pipe.extend(messages)
            if not pipe.writable:
                self.remove(pipe)
            return count
        for count, message in enumerate(messages):
            if self.send(message) is None:
                return count
        return len(messages)
