"""Frames of ZMTP 1.0.

* Nothing is raised; what is wrong is kept, and is a ``ProtocolError``.
* Whole, byte by byte and in pieces the same messages and error come out, whichever decoder of later
  frames is below, the pure or the compiled one.
* They are what RFC 13 has at those places; what was read is what is written, but for long heads.
* No more memory is taken than what arrived needs: never what a head announces.

Input: the limits, how many messages are taken at a time, then the frames.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import Final

from fuzz.feeding import DECODERS_V1, ways
from fuzz.reader import Reader
from fuzz.targets.framing import Limits, Result, read, signature
from pyzmtp.errors import FrameTooLarge, FramingError
from pyzmtp.wire.framing_v1 import FrameDecoderV1, encode_batch_v1, encode_message_v1

BASE: Final = 8_000
MAX_SIZE: Final = 4096

_LIMITS: Final = (
    Limits(),
    Limits(max_message_size=300, max_message_parts=3),
    Limits(max_message_size=255, max_message_parts=1),
)
_ROOMS: Final = (1000, 1, 2, 3)
_LARGEST_FRAME: Final = 2**62


def _new(kind: type[FrameDecoderV1], limits: Limits) -> FrameDecoderV1:
    decoder = kind()
    limits.apply(decoder)
    return decoder


def _meant(data: bytes, limits: Limits) -> Iterator[Result]:
    """What ``data`` says, read by the RFC and slowly."""
    message: list[bytes] = []
    while len(data) >= 2 and (data[0] != 0xFF or len(data) >= 10):
        start = 10 if data[0] == 0xFF else 2
        length = int.from_bytes(data[1:9], "big") if data[0] == 0xFF else data[0]
        if not length:
            yield FramingError, str(FramingError("a ZMTP 1.0 frame without its flags byte"))
            return
        size = length - 1
        whole = size + sum(map(len, message))
        if size > _LARGEST_FRAME:
            yield FrameTooLarge, str(FrameTooLarge(size, _LARGEST_FRAME))
            return
        if limits.max_message_size and whole > limits.max_message_size:
            yield FrameTooLarge, str(FrameTooLarge(whole, limits.max_message_size))
            return
        if limits.max_message_parts and len(message) >= limits.max_message_parts:
            text = f"a message of more than {limits.max_message_parts} frames"
            yield FramingError, str(FramingError(text))
            return
        if len(data) < start + size:
            return
        message.append(data[start : start + size])
        if not data[start - 1] & 1:
            yield message
            message = []
        data = data[start + size :]


def run(data: bytes) -> Hashable:
    source = Reader(data)
    limits, room, stream = source.choice(_LIMITS), source.choice(_ROOMS), source.rest()
    meant = list(_meant(stream, limits))
    for chunks in ways(stream):
        for kind in DECODERS_V1:
            calls = read(_new(kind, limits), chunks, room)
            assert [result for call in calls for result in call] == meant
    for result in meant:
        if isinstance(result, list):
            written = encode_message_v1(result)
            parts, count = encode_batch_v1([result], 1)
            assert (b"".join(parts), count) == (written, 1)
            assert list(_meant(written, Limits())) == [result]
    return limits, room, signature(meant)


def feed(data: bytes) -> object:
    decoder = _new(FrameDecoderV1, Limits())
    return decoder, decoder.feed(data[2:], 1000)
