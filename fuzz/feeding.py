"""Ways to cut a stream, and what is made of either implementation of framing."""

from __future__ import annotations

import random
from collections.abc import Iterator
from importlib.util import find_spec, module_from_spec
from itertools import pairwise
from typing import Any, Final
from unittest.mock import patch
from zlib import crc32

from pyzmtp.engine import connection
from pyzmtp.engine.connection import Connection
from pyzmtp.wire import framing_v1, hot
from pyzmtp.wire.framing_v1 import FrameDecoderV1
from tests.implementations import IMPLEMENTATIONS, PURE

__all__ = ["CONNECTIONS", "DECODERS_V1", "IMPLEMENTATIONS", "in_pieces", "one_by_one", "ways"]


def one_by_one(data: bytes) -> list[bytes]:
    """``data`` byte by byte; nothing is a chunk too, as it is whole."""
    return [data[position : position + 1] for position in range(len(data))] or [data]


def in_pieces(data: bytes) -> list[bytes]:
    """``data`` in a few pieces, always the same ones."""
    places = random.Random(crc32(data))
    cuts = sorted(places.randrange(len(data) + 1) for _ in range(4))
    return [data[start:end] for start, end in pairwise([0, *cuts, len(data)])]


def ways(data: bytes) -> Iterator[list[bytes]]:
    """``data`` whole, byte by byte, and in a few pieces."""
    yield [data]
    yield one_by_one(data)
    yield in_pieces(data)


#: The implementation of framing that this process has not chosen, where there are two.
_OTHER: Final = next(
    (each for each in IMPLEMENTATIONS if each.FrameDecoder is not hot.FrameDecoder), PURE
)


def _with_the_other(name: str) -> Any:
    """A second copy of the module ``name``, made with the other implementation."""
    found = find_spec(name)
    assert found is not None
    assert found.loader is not None
    copy = module_from_spec(found)
    with (
        patch.object(hot, "FrameDecoder", _OTHER.FrameDecoder),
        patch.object(hot, "encode_batch", _OTHER.encode_batch),
    ):
        found.loader.exec_module(copy)
    return copy


_other_v1: Final[type[FrameDecoderV1]] = _with_the_other(framing_v1.__name__).FrameDecoderV1

#: Decoders of ZMTP 1.0 that are made of the chosen and of the other implementation.
DECODERS_V1: Final = (FrameDecoderV1, _other_v1)

with patch.object(framing_v1, "FrameDecoderV1", _other_v1):
    _other_connection: Final[type[Connection]] = _with_the_other(connection.__name__).Connection

#: Engines that are made of either.
CONNECTIONS: Final = (Connection, _other_connection)
