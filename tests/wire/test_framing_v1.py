"""Frames of ZMTP 1.0, read and written (RFC 13; ZMTP.md 1.5 and 2)."""

from __future__ import annotations

import tracemalloc

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyzmtp.errors import FrameTooLarge, FramingError
from pyzmtp.wire.framing_v1 import FrameDecoderV1, encode_batch_v1, encode_message_v1
from pyzmtp.wire.message import SharedMessage

from .. import vectors
from ..helpers import PLENTY, chunked, chunkings, joined, splits

#: Bytes of a peer, and the messages in them.
VECTORS = [
    (b"\x01\x00", [[b""]]),
    (b"\x04\x00\x01AB", [[b"\x01AB"]]),
    (b"\x03\x00\x00C", [[b"\x00C"]]),
    (b"\x02\x00\x01", [[b"\x01"]]),
    (b"\x01\x01\x02\x00q", [[b"", b"q"]]),
    (b"\xfe\x00" + b"x" * 253, [[b"x" * 253]]),
    (vectors.FRAMES_1_0, [[b"x" * 254]]),
    (b"\xff" + (1).to_bytes(8, "big") + b"\x00", [[b""]]),
    (b"\xff" + (3).to_bytes(8, "big") + b"\x01ab\x01\x00", [[b"ab", b""]]),
    (b"\x03\x7eab\x03\x7fcd\x01\x80", [[b"ab"], [b"cd", b""]]),  # only MORE is looked at
]


def read(chunks: list[bytes], limit: int = PLENTY) -> tuple[list[list[bytes]], FrameDecoderV1]:
    """The messages in ``chunks``, taken ``limit`` at a time."""
    decoder = FrameDecoderV1()
    messages = []
    for chunk in chunks:
        messages += decoder.feed(chunk, limit)
        while decoder.pending and decoder.error is None:
            more = decoder.feed(b"", limit)
            if not more:
                break
            messages += more
    return messages, decoder


@pytest.mark.parametrize(("data", "messages"), VECTORS)
def test_frames_are_read_however_they_are_cut(data: bytes, messages: list[list[bytes]]) -> None:
    following = b"\x04\x00end"
    for chunks in (*chunkings(data, following), *splits(data + following)):
        for limit in (1, PLENTY):
            read_messages, decoder = read(chunks, limit)
            assert read_messages == [*messages, [b"end"]]
            assert decoder.error is None
            assert decoder.command is None


@pytest.mark.parametrize("bad", [b"\x00\x00", b"\xff" + bytes(8) + b"\x00"])
def test_a_length_of_0_is_refused_after_what_came_before_it(bad: bytes) -> None:
    for limit in (1, PLENTY):
        for chunks in chunkings(b"\x02\x00a\x02\x00b" + bad, b"\x02\x00c"):
            messages, decoder = read(chunks, limit)
            assert messages == [[b"a"], [b"b"]]
            assert isinstance(decoder.error, FramingError)


def test_a_fault_waits_until_what_came_before_it_is_taken() -> None:
    decoder = FrameDecoderV1()
    assert decoder.feed(b"\x02\x00a\x02\x00b\x00\x00", 1) == [[b"a"]]
    assert decoder.error is None
    assert decoder.pending
    assert decoder.feed(b"", 1) == [[b"b"]]
    assert decoder.error is not None


@pytest.mark.parametrize("size", [4, 2**40, 2**63, 2**64 - 2])
def test_a_size_is_checked_at_the_head(size: int) -> None:
    decoder = FrameDecoderV1()
    decoder.max_message_size = 3
    head = (size + 1).to_bytes(8, "big")
    assert decoder.feed(b"\xff" + head + b"\x00" + b"x", PLENTY) == []
    assert isinstance(decoder.error, FrameTooLarge)
    assert decoder.error.size == size


def test_a_message_may_have_only_so_many_frames() -> None:
    decoder = FrameDecoderV1()
    decoder.max_message_parts = 2
    assert decoder.feed(b"\x01\x01\x01\x00\x01\x01\x01\x01\x01\x00", PLENTY) == [[b"", b""]]
    assert isinstance(decoder.error, FramingError)


@pytest.mark.parametrize(
    ("message", "data"),
    [
        ([b""], b"\x01\x00"),
        ([b"\x01AB"], b"\x04\x00\x01AB"),
        ([b"", b"q"], b"\x01\x01\x02\x00q"),
        ([b"x" * 253], b"\xfe\x00" + b"x" * 253),
        ([b"x" * 254], vectors.FRAMES_1_0),
        (
            [b"x" * 254, b""],
            b"\xff" + (255).to_bytes(8, "big") + b"\x01" + b"x" * 254 + b"\x01\x00",
        ),
    ],
)
def test_messages_are_written_as_libzmq_writes_them(message: list[bytes], data: bytes) -> None:
    assert encode_message_v1(message) == data
    assert joined(encode_batch_v1([message, SharedMessage(message)], PLENTY)) == (data + data, 2)


def test_tiny_frames_cost_little_beside_their_messages() -> None:
    count = 1000
    tracemalloc.start()
    try:
        decoder = FrameDecoderV1()
        messages = decoder.feed(b"\x01\x00" * count, PLENTY)
        size, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert messages == [[b""]] * count
    assert peak - size < 20 * count


def test_a_batch_ends_at_its_limit() -> None:
    messages = [[b"a"], [b"b"], [b"c"]]
    assert joined(encode_batch_v1([*messages], 1)) == (b"\x02\x00a", 1)
    assert joined(encode_batch_v1([*messages], 4)) == (b"\x02\x00a\x02\x00b", 2)
    assert joined(encode_batch_v1([], 4)) == (b"", 0)


@given(
    st.lists(st.lists(st.binary(max_size=300), min_size=1, max_size=4), max_size=6),
    st.lists(st.integers(0, 5000), max_size=8),
    st.integers(1, 3),
)
@hypothesis.settings(max_examples=200, deadline=None)
def test_what_is_written_is_read_however_it_is_cut(
    messages: list[list[bytes]], cuts: list[int], limit: int
) -> None:
    data = b"".join(map(encode_message_v1, messages))
    assert read(chunked(data, cuts), limit)[0] == messages
