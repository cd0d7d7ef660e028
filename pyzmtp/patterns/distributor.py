"""Sends one message to many peers (libzmq: dist)."""

from __future__ import annotations

from collections.abc import Collection

from pyzmtp.patterns.pipe import Pipe
from pyzmtp.wire.message import Message, SharedMessage

__all__ = ["distribute"]


def distribute(message: Message, pipes: Collection[Pipe]) -> int:
    """Queue ``message`` for each of ``pipes`` that has room; return how many have none.

    All of them share one encoding of it, and a full peer never holds up another.
    """
    if len(pipes) > 1:
        message = SharedMessage(message)
    dropped = 0
    for pipe in tuple(pipes):  # a peer can be lost in the very moment of writing to it
        if pipe.writable:
            pipe.push(message)
        else:
            dropped += 1
    return dropped
