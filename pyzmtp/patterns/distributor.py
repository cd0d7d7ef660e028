"""Sends one message to many peers (libzmq: dist)."""

from __future__ import annotations

from collections.abc import Collection

from pyzmtp.patterns.pipe import Pipe
from pyzmtp.patterns.subscription_trie import SubscriptionTrie
from pyzmtp.wire.message import Message, SharedMessage

__all__ = ["distribute", "have_room", "publish"]


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


def have_room(pipes: Collection[Pipe]) -> bool:
    """Return whether all of ``pipes`` take another message."""
    for pipe in pipes:  # noqa: SIM110 - all() takes a generator, which costs more than all the rest
        if not pipe.writable:
            return False
    return True


def publish(
    messages: list[Message], subscriptions: SubscriptionTrie, nodrop: bool
) -> tuple[int, int]:
    """:func:`distribute` each message to those who have subscribed to its first frame.

    Return how many messages that were, and how many copies had no room. With ``nodrop`` no copy is
    dropped: it ends before the first message that somebody has no room for.
    """
    dropped = 0
    for sent, message in enumerate(messages):
        pipes = subscriptions.match(message[0])
        if nodrop and not have_room(pipes):
            return sent, dropped
        dropped += distribute(message, pipes)
    return len(messages), dropped
