"""The first frame as an address: put before what is received, followed and taken off by what is sent."""

from __future__ import annotations

from pyzmtp.patterns.pipe import Pipe
from pyzmtp.wire.message import Message

__all__ = ["address", "route", "route_batch"]


def address(messages: list[Message], sender: bytes) -> None:
    """Put ``sender`` before each of ``messages``."""
    for message in messages:
        message.insert(0, sender)


def route(pipes: dict[bytes, Pipe], message: Message) -> bool:
    """Queue ``message`` for the pipe that its first frame names, without that frame.

    Return whether that was done: there is such a pipe, it has room, and there is something to send.
    """
    pipe = pipes.get(message[0])
    if pipe is None or not pipe.writable or len(message) < 2:
        return False
    del message[0]
    pipe.push(message)
    return True


def route_batch(pipes: dict[bytes, Pipe], messages: list[Message], start: int) -> int:
    """Do so with messages from ``start`` on; give the index of the first with which it cannot be done."""
    while start < len(messages) and route(pipes, messages[start]):
        start += 1
    return start
