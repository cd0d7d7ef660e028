"""What users give to be sent, as the messages that pipes hold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set

from pyzmtp.wire import collector

__all__ = ["BytesLike", "Sendable", "to_message", "to_messages", "to_topic"]

BytesLike = bytes | bytearray | memoryview
#: What can be sent: the frames of a message, or the only one.
Sendable = BytesLike | Sequence[BytesLike]


def to_message(message: Sendable) -> list[bytes]:
    """The frames of ``message`` as a list of its own.

    Raises :exc:`TypeError` for anything but bytes, and :exc:`ValueError` for a message of no frames.
    """
    if type(message) is bytes:
        frames = [message]
    elif isinstance(message, (bytes, bytearray, memoryview)):
        frames = [bytes(message)]
    else:
        if type(message) is not list and type(message) is not tuple:
            _check_sequence(message)
        frames = [frame if type(frame) is bytes else _to_bytes(frame) for frame in message]
        if not frames:
            raise ValueError("a message has at least one frame; send b'' for an empty one")
    collector.untrack(frames)
    return frames


def to_messages(messages: Iterable[Sendable]) -> list[list[bytes]]:
    """Each of ``messages`` as by :func:`to_message`."""
    return [to_message(message) for message in messages]


def to_topic(topic: BytesLike) -> bytes:
    """``topic`` as bytes. Raises :exc:`TypeError` for anything else."""
    if not isinstance(topic, (bytes, bytearray, memoryview)):
        raise TypeError(f"a topic is bytes, not {type(topic).__name__}")
    return bytes(topic)


def _check_sequence(message: object) -> None:
    if isinstance(message, (str, Mapping, Set)) or not isinstance(message, Iterable):
        raise _not_bytes(message)


def _to_bytes(frame: object) -> bytes:
    if not isinstance(frame, (bytes, bytearray, memoryview)):
        raise _not_bytes(frame)
    return bytes(frame)


def _not_bytes(value: object) -> TypeError:
    advice = "; encode it first, for example with .encode()" if isinstance(value, str) else ""
    kind = type(value).__name__
    return TypeError(f"a message is bytes, or a sequence of bytes, not {kind}{advice}")
