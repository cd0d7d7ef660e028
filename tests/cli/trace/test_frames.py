"""pyzmtp.cli.trace.frames: frames are cut, and their bodies are not kept."""

from __future__ import annotations

import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyzmtp.cli.trace.frames import (
    FrameReader,
    RawFrame,
    flag_faults,
    read_head,
    read_head_v1,
)
from pyzmtp.cli.trace.preview import Preview
from pyzmtp.cli.trace.rules import Undecodable
from tests import vectors
from tests.helpers import chunked, chunkings, frame, frames


def read(reader: FrameReader, chunks: list[bytes]) -> list[RawFrame]:
    found = []
    for chunk in chunks:
        reader.feed(chunk)
        while (each := reader.next()) is not None:
            found.append(each)
    return found


FRAMES = [
    (frame(0x00, b"hello"), RawFrame(0x00, 5, b"hello", b"\x00\x05")),
    (frame(0x01, b""), RawFrame(0x01, 0, b"", b"\x01\x00")),
    (frame(0x04, b"\x04PING\0\0"), RawFrame(0x04, 7, b"\x04PING\0\0", b"\x04\x07")),
    (frame(0x00, b"x" * 300), RawFrame(0x02, 300, b"x" * 300, b"\x02" + (300).to_bytes(8, "big"))),
    (vectors.MESSAGES[6][0].data, RawFrame(0x02, 2, b"hi", b"\x02" + (2).to_bytes(8, "big"))),
    (vectors.COMMAND_MORE, RawFrame(0x05, 5, b"\x04PONG", b"\x05\x05")),
]


@pytest.mark.parametrize(("data", "expected"), FRAMES)
def test_frames_however_they_come(data: bytes, expected: RawFrame) -> None:
    for chunks in chunkings(data, data):
        reader = FrameReader(read_head)
        assert read(reader, chunks) == [expected, expected]
        assert reader.partial == ""


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"\x06\x00hello", RawFrame(0x00, 5, b"hello", b"\x06\x00")),
        (b"\x01\x01", RawFrame(0x01, 0, b"", b"\x01\x01")),
        (
            vectors.FRAMES_1_0,
            RawFrame(0x00, 254, b"x" * 254, b"\xff" + (255).to_bytes(8, "big") + b"\x00"),
        ),
    ],
)
def test_frames_of_zmtp_1(data: bytes, expected: RawFrame) -> None:
    for chunks in chunkings(data, data):
        assert read(FrameReader(read_head_v1), chunks) == [expected, expected]


@given(st.lists(frames, max_size=5), st.lists(st.integers(0, 2000), max_size=20))
@settings(max_examples=50)
def test_any_cut_gives_the_same(parts: list[bytes], cuts: list[int]) -> None:
    data = b"".join(parts)
    whole = read(FrameReader(read_head), [data])
    assert len(whole) == len(parts)
    assert read(FrameReader(read_head), chunked(data, cuts)) == whole
    assert b"".join(each.head + each.body for each in whole) == data


def test_only_the_beginning_of_a_message_is_kept() -> None:
    reader = FrameReader(read_head)
    reader.keep = 3
    [short, long, command] = read(
        reader, [frame(0x00, b"ab"), frame(0x00, b"abcdef"), frame(0x04, b"\x04PING\0\0")]
    )
    assert (short.body, short.is_whole) == (b"ab", True)
    assert (long.body, long.size, long.is_whole) == (b"abc", 6, False)
    assert command.body == b"\x04PING\0\0", "of a command all"


def test_a_body_of_any_size_costs_nothing() -> None:
    reader = FrameReader(read_head)
    reader.keep = 10
    chunk = bytes(1 << 16)
    reader.feed(b"\x02" + (1 << 30).to_bytes(8, "big"))
    assert reader.next() is None
    tracemalloc.start()
    for _ in range((1 << 30) // len(chunk) - 1):
        reader.feed(chunk)
        assert reader.next() is None
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert size < 1 << 18
    assert reader.partial == f"{(1 << 30) - len(chunk)} of {1 << 30} bytes of a frame's body"
    reader.feed(chunk)
    found = reader.next()
    assert found is not None
    assert (found.size, found.body) == (1 << 30, bytes(10))


def test_nor_does_a_command_beyond_64_kib() -> None:
    reader = FrameReader(read_head)
    [found] = read(reader, [frame(0x04, bytes(1 << 20))])
    assert (found.size, len(found.body)) == (1 << 20, 1 << 16)


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (vectors.RESERVED_BITS, "reserved bits are set in the flags byte 0xf8"),
        (b"\x08", "reserved bits are set in the flags byte 0x08"),
        (vectors.SIZE_2_64, f"a frame of {2**64 - 1} bytes"),
        (b"\x02\x80" + bytes(7), f"a frame of {2**63} bytes"),
    ],
)
def test_what_cannot_be_cut(data: bytes, problem: str) -> None:
    reader = FrameReader(read_head)
    reader.feed(frame(0x00, b"good") + data)
    assert reader.next() is not None
    with pytest.raises(Undecodable) as raised:
        reader.next()
    assert raised.value.fault.problem == problem
    assert raised.value.fault.rule == 'RFC 37, "Framing"'
    assert reader.unread == len(data)


def test_the_largest_size_can_be() -> None:
    reader = FrameReader(read_head)
    reader.feed(vectors.SIZE_2_63)
    assert reader.next() is None
    assert reader.partial == f"0 of {2**63 - 1} bytes of a frame's body"


@pytest.mark.parametrize("data", [b"\x00", b"\x00\x01x", b"\xff" + bytes(9)])
def test_zmtp_1_has_no_frame_of_length_0(data: bytes) -> None:
    reader = FrameReader(read_head_v1)
    reader.feed(data)
    with pytest.raises(Undecodable, match="length 0"):
        reader.next()


def test_the_wire_is_shown_from_the_head_on() -> None:
    [found] = read(FrameReader(read_head), [frame(0x00, b"0123456789abcdefgh")])
    assert found.wire() == Preview(20, b"\x00\x120123456789abcd")
    assert found.wire(2) == Preview(20, b"\x00\x1201")


def test_a_part_of_a_head() -> None:
    reader = FrameReader(read_head)
    assert read(reader, [b"\x02\x00\x00"]) == []
    assert (reader.partial, reader.unread) == ("3 bytes of a frame's head", 3)


@pytest.mark.parametrize(
    ("flags", "version", "problem"),
    [
        (0x00, (3, 1), None),
        (0x04, (3, 1), None),
        (0x05, (3, 1), "a command with the MORE flag"),
        (0x04, (2, 0), "a command in ZMTP 2.0"),
        (0x01, (1, 0), None),
        (0x7F, (1, 0), None),
    ],
)
def test_flags_that_only_mark_a_frame(
    flags: int, version: tuple[int, int], problem: str | None
) -> None:
    found = [fault.problem for fault in flag_faults(RawFrame(flags, 0, b"", b""), version)]
    assert found == ([] if problem is None else [problem])
