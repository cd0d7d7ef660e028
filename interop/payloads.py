"""Messages as recipes, so that ten megabytes need not travel through a pipe to be compared.

Both processes make the same bytes from the same recipe, and both describe what they received in
the same words. This file is all that the two sides share; it imports the standard library only.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

#: Up to this size a description shows the bytes themselves: a failure is then read at a glance.
SHOWN_WHOLE = 32

#: Frames at least this large are kept: a 10 MiB frame takes longer to make than to send.
WORTH_KEEPING = 65536


@dataclass(frozen=True)
class Made:
    """A frame given by its size and a seed.

    The seed decides the first byte, which is what publishers look at: seeds 0 and 1 begin with
    the bytes 00 and 01, all others with something else.
    """

    size: int
    seed: int


#: A frame is a recipe, or short bytes spelt out.
Frame = Made | bytes
Message = Sequence[Frame]


def frame_bytes(frame: Frame) -> bytes:
    """Give the bytes of `frame`."""
    if isinstance(frame, bytes):
        return frame
    return _large_frame(frame) if frame.size >= WORTH_KEEPING else _make(frame)


def message_bytes(message: Message) -> list[bytes]:
    """Give the bytes of each frame of `message`."""
    return [frame_bytes(frame) for frame in message]


def _make(frame: Made) -> bytes:
    first = frame.seed if frame.seed < 2 else 2 + frame.seed % 254
    rest = random.Random(frame.seed).randbytes(frame.size)
    return (bytes([first]) + rest)[: frame.size]


_large_frame = lru_cache(maxsize=4)(_make)


def describe_frame(body: bytes) -> str:
    """Put `body` in words that differ where the bytes differ."""
    if len(body) <= SHOWN_WHOLE:
        return f"{len(body)} bytes {body.hex()}".rstrip()
    return f"{len(body)} bytes #{hashlib.sha256(body).hexdigest()[:16]}"


def describe(message: Iterable[bytes]) -> list[str]:
    """Put each frame of `message` in words."""
    return [describe_frame(body) for body in message]


def expected(messages: Iterable[Message]) -> list[list[str]]:
    """Describe what a receiver of `messages` has to report."""
    return [describe(message_bytes(message)) for message in messages]


def to_json(messages: Iterable[Message]) -> list[list[list[int] | str]]:
    """Write recipes as JSON values: `[size, seed]`, or the bytes in hexadecimal."""
    return [
        [frame.hex() if isinstance(frame, bytes) else [frame.size, frame.seed] for frame in message]
        for message in messages
    ]


def from_json(values: Iterable[Sequence[list[int] | str]]) -> list[list[Frame]]:
    """Read what `to_json` wrote."""
    return [
        [bytes.fromhex(value) if isinstance(value, str) else Made(*value) for value in message]
        for message in values
    ]


def number_frame(number: int) -> bytes:
    """Give the frame that tells a message's place in a row."""
    return b"#%06d" % number


def numbered(count: int, size: int = 0, start: int = 0) -> list[list[Frame]]:
    """Make `count` messages which tell their place: a number, then `size` bytes of padding."""
    padding: list[Frame] = [Made(size, 7)] if size else []
    return [[number_frame(number), *padding] for number in range(start, start + count)]


def described_number(description: Sequence[str]) -> int:
    """Read the number back from the description of a message which `numbered` made."""
    return int(bytes.fromhex(description[0].split()[-1])[1:])
