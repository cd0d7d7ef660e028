"""Messages that tell where they come from, so that nothing can happen to one unnoticed."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["frames_of", "origin_of"]


def frames_of(sender: int, number: int, sizes: Sequence[int], topic: bytes = b"") -> list[bytes]:
    """The frames of message ``number`` of ``sender``: one for each of ``sizes``, about as long.

    The first begins with ``topic``, and each byte of all depends on who sends what.
    """
    first = b"%s|%d.%d." % (topic, sender, number)
    frames = [first + _filler(sender, number, 0, sizes[0])]
    return frames + [
        _filler(sender, number, index, size) for index, size in enumerate(sizes[1:], 1)
    ]


def origin_of(first: bytes) -> tuple[int, int] | None:
    """The sender and number that the first frame of a message tells, if it does."""
    parts = first.partition(b"|")[2].split(b".", 2)
    if len(parts) < 3 or not (parts[0].isdigit() and parts[1].isdigit()):
        return None
    return int(parts[0]), int(parts[1])


def _filler(sender: int, number: int, index: int, size: int) -> bytes:
    pattern = b"%d.%d.%d/" % (sender, number, index)
    return (pattern * (size // len(pattern) + 1))[:size]
