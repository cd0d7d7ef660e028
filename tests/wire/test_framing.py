"""Frames: bytes to messages and back, in both implementations (ZMTP.md 2, RFC 37 "Framing")."""

from __future__ import annotations

import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyzmtp.errors import FrameTooLarge, FramingError, ProtocolError, UnexpectedCommand
from pyzmtp.wire.command import Command
from pyzmtp.wire.framing import FrameDecoder
from pyzmtp.wire.message import Outgoing, SharedMessage

from .. import vectors
from ..helpers import PLENTY, chunked, chunkings, command, frame, joined, message, pieces
from ..implementations import IMPLEMENTATIONS, Implementation
from ..vectors import Vector

KILOBYTE = 1024


@pytest.fixture(scope="module", params=IMPLEMENTATIONS, ids=str)
def framing(request: pytest.FixtureRequest) -> Implementation:
    """Each implementation in turn."""
    implementation: Implementation = request.param
    return implementation


def decode(
    decoder: FrameDecoder, chunks: list[bytes], limit: int = PLENTY
) -> tuple[list[list[bytes]], list[bytes]]:
    """The messages and the commands in ``chunks``."""
    messages, commands = [], []
    for chunk in chunks:
        messages += decoder.feed(chunk, limit)
        while decoder.command is not None:
            commands.append(decoder.command)
            messages += decoder.feed(b"", limit)
    return messages, commands


def long_head(flags: int, size: int) -> bytes:
    return bytes((flags | 0x02,)) + size.to_bytes(8, "big")


# Messages


@pytest.mark.parametrize(
    ("vector", "frames"), vectors.MESSAGES, ids=[str(vector) for vector, _ in vectors.MESSAGES]
)
def test_a_message_is_read_however_it_is_cut(
    framing: Implementation, vector: Vector, frames: list[bytes]
) -> None:
    following = message(b"next") + command(b"PING", b"\0\0") + message(b"a", b"b")
    for chunks in chunkings(vector.data, following):
        decoder = framing.FrameDecoder(100)
        messages, commands = decode(decoder, chunks)
        assert messages == [frames, [b"next"], [b"a", b"b"]]
        assert commands == [b"\x04PING\0\0"]
        assert decoder.error is None
        assert not decoder.pending


@pytest.mark.parametrize("size", [0, 1, 255, 256, 4095, 4096, 4097, 70_000])
@pytest.mark.parametrize("step", [1, 100, 4095, 4096, 5000])
def test_a_body_is_collected_from_pieces_of_any_size(
    framing: Implementation, size: int, step: int
) -> None:
    body = (bytes(range(251)) * (size // 251 + 1))[:size]
    decoder = framing.FrameDecoder(100)
    assert decode(decoder, pieces(message(body, b"end"), step)) == ([[body, b"end"]], [])


def test_small_and_large_pieces_of_a_body_may_mix(framing: Implementation) -> None:
    body = bytes(range(256)) * 200
    cuts = [1, 9, 10, 30, 31, 4200, 9000, 9001, 9002, 14000, 20000, 20001, 51208]
    assert decode(framing.FrameDecoder(100), chunked(message(body), cuts)) == ([[body]], [])


def test_a_message_appears_when_its_last_frame_is_whole_and_not_before(
    framing: Implementation,
) -> None:
    decoder = framing.FrameDecoder(100)
    data = message(b"one", b"two", b"three")
    for byte in pieces(data[:-1], 1):
        assert decoder.feed(byte, PLENTY) == []
    assert decoder.feed(data[-1:], PLENTY) == [[b"one", b"two", b"three"]]


def test_each_message_is_a_list_of_its_own(framing: Implementation) -> None:
    one, two = framing.FrameDecoder(100).feed(message(b"x") * 2, PLENTY)
    assert one == two
    assert one is not two


@given(
    st.lists(st.lists(st.binary(max_size=300), min_size=1, max_size=4), max_size=6),
    st.lists(st.integers(0, 5000)),
)
@settings(max_examples=50)
def test_any_messages_come_out_as_they_went_in(
    framing: Implementation, messages: list[list[bytes]], cuts: list[int]
) -> None:
    data = b"".join(message(*frames) for frames in messages)
    assert decode(framing.FrameDecoder(100), chunked(data, cuts)) == (messages, [])


# The limit


def test_a_feed_stops_after_limit_messages_and_keeps_the_rest(framing: Implementation) -> None:
    decoder = framing.FrameDecoder(100)
    data = b"".join(message(b"%d" % number, b"x") for number in range(5))
    assert decoder.feed(data, 2) == [[b"0", b"x"], [b"1", b"x"]]
    assert decoder.pending
    assert decoder.feed(b"", 0) == []
    assert decoder.pending
    assert decoder.feed(message(b"5")[:1], 1) == [[b"2", b"x"]]
    assert decoder.feed(message(b"5")[1:], PLENTY) == [[b"3", b"x"], [b"4", b"x"], [b"5"]]
    assert not decoder.pending
    assert decoder.feed(b"", PLENTY) == []


def test_nothing_is_read_beyond_the_limit_not_even_a_command_or_an_error(
    framing: Implementation,
) -> None:
    decoder = framing.FrameDecoder(100)
    assert decoder.feed(message(b"x") + vectors.PING + vectors.RESERVED_BITS, 1) == [[b"x"]]
    assert decoder.command is None
    assert decoder.feed(b"", 0) == []
    assert decoder.command is None
    assert decoder.feed(b"", 1) == []
    assert decoder.command == b"\x04PING\0\0"
    assert decoder.error is None
    assert decoder.feed(b"", 1) == []
    assert isinstance(decoder.error, FramingError)


def test_with_a_limit_of_0_bytes_are_kept_in_their_order(framing: Implementation) -> None:
    decoder = framing.FrameDecoder(100)
    data = message(b"hello", b"world")
    for byte in pieces(data, 1):
        assert decoder.feed(byte, 0) == []
    assert decoder.feed(b"", 1) == [[b"hello", b"world"]]


def test_a_body_in_pieces_goes_on_after_a_feed_with_limit_0(framing: Implementation) -> None:
    decoder = framing.FrameDecoder(100)
    data = message(b"hello")
    assert decoder.feed(data[:4], 1) == []
    assert decoder.feed(data[4:6], 0) == []
    assert decoder.feed(data[6:], 1) == [[b"hello"]]


def test_pending_tells_of_bytes_that_were_not_looked_at(framing: Implementation) -> None:
    decoder = framing.FrameDecoder(100)
    assert not decoder.pending
    decoder.feed(b"\x00", PLENTY)  # half a header
    assert decoder.pending
    decoder.feed(b"\x05he", PLENTY)  # a body on its way is not looked at again
    assert not decoder.pending
    assert decoder.feed(b"llo", PLENTY) == [[b"hello"]]
    assert not decoder.pending


# Commands


def test_a_feed_stops_behind_each_command(framing: Implementation) -> None:
    decoder = framing.FrameDecoder(100)
    assert decoder.feed(message(b"1") + vectors.PING + message(b"2") + vectors.PONG, 9) == [[b"1"]]
    assert decoder.command == b"\x04PING\0\0"
    assert decoder.pending
    assert decoder.feed(message(b"3"), 9) == [[b"2"]]
    assert decoder.command == b"\x04PONG"
    assert decoder.feed(b"", 9) == [[b"3"]]
    assert decoder.command is None


@pytest.mark.parametrize("data", [vectors.SUBSCRIBE_246, vectors.CANCEL_249, vectors.EMPTY_COMMAND])
def test_a_command_has_the_short_or_the_long_form(framing: Implementation, data: bytes) -> None:
    body = data[9:] if data[0] == 6 else data[2:]
    for chunks in chunkings(data, message(b"x")):
        assert decode(framing.FrameDecoder(256), chunks) == ([[b"x"]], [body])


def test_a_command_may_stand_between_the_frames_of_a_message(framing: Implementation) -> None:
    for chunks in chunkings(vectors.PING_BETWEEN_FRAMES):
        decoder = framing.FrameDecoder(100)
        assert decode(decoder, chunks) == ([[b"a", b"b"]], [b"\x04PING\0\0"])


def test_what_changes_at_a_command_counts_from_the_next_frame_on(framing: Implementation) -> None:
    """So the handshake's limits fall right behind READY, whatever is glued to it."""
    decoder = framing.FrameDecoder(100)
    decoder.commands_only = True
    decoder.feed(vectors.READY_PUSH + command(b"X", bytes(200)) + message(b"x"), PLENTY)
    assert decoder.command == vectors.READY_PUSH[2:]
    decoder.max_command_size = 300
    decoder.commands_only = False
    assert decoder.feed(b"", PLENTY) == []
    assert decoder.command == b"\x01X" + bytes(200)
    assert decoder.feed(b"", PLENTY) == [[b"x"]]


# What is refused, at the header


def refused(decoder: FrameDecoder, data: bytes) -> ProtocolError:
    """The error that ``data`` ends in, if it comes with the last byte and, as often, all at once."""
    for byte in pieces(data, 1):
        assert decoder.error is None
        assert decoder.feed(byte, PLENTY) == []
    assert decoder.error is not None
    return decoder.error


@pytest.mark.parametrize("bit", [0x08, 0x10, 0x20, 0x40, 0x80, 0xF8])
@pytest.mark.parametrize("flags", range(8))
def test_reserved_bits_are_refused(framing: Implementation, bit: int, flags: int) -> None:
    """libzmq ignores them. RFC 37: they MUST be zero."""
    decoder = framing.FrameDecoder(100)
    head = bytes((bit | flags,)) + ((2).to_bytes(8, "big") if flags & 2 else b"\x02")
    error = refused(decoder, head)
    assert type(error) is FramingError
    assert f"0x{bit | flags:02x}" in str(error)


def test_captured_frames_that_libzmq_delivers_or_drops_are_refused(
    framing: Implementation,
) -> None:
    for data in (vectors.RESERVED_BITS, vectors.COMMAND_MORE, vectors.FRAMES_1_0):
        for chunks in chunkings(data):
            decoder = framing.FrameDecoder(100)
            assert decode(decoder, chunks) == ([], [])
            assert type(decoder.error) is FramingError


def test_a_stream_that_libzmqs_topic_of_255_bytes_has_spoilt_ends_in_an_error(
    framing: Implementation,
) -> None:
    for chunks in chunkings(vectors.MESSAGE_255_BROKEN):
        decoder = framing.FrameDecoder(100)
        decode(decoder, chunks)
        assert isinstance(decoder.error, ProtocolError)


@pytest.mark.parametrize("head", [b"\x05\x00", b"\x07" + bytes(8)])
def test_a_command_with_more_is_refused(framing: Implementation, head: bytes) -> None:
    """libzmq ignores the bit. RFC 37: it SHALL be zero."""
    assert type(refused(framing.FrameDecoder(100), head)) is FramingError


@pytest.mark.parametrize("flags", [0x00, 0x01, 0x04])
@pytest.mark.parametrize("size", [2**63 - 1, 2**63, 2**64 - 1])
def test_a_length_that_nobody_can_mean_is_refused_without_any_limit(
    framing: Implementation, flags: int, size: int
) -> None:
    """libzmq fails to allocate it."""
    decoder = framing.FrameDecoder(100)
    error = refused(decoder, long_head(flags, size))
    assert isinstance(error, FrameTooLarge)
    assert error.size == size


def test_captured_sizes_that_cannot_be_allocated_are_refused(framing: Implementation) -> None:
    for data in (vectors.SIZE_2_63, vectors.SIZE_2_64):
        for chunks in chunkings(data, b"body"):
            decoder = framing.FrameDecoder(100)
            assert decode(decoder, chunks) == ([], [])
            assert isinstance(decoder.error, FrameTooLarge)


@pytest.mark.parametrize("size", [2**31, 2**32, 2**40, 2**62])
def test_a_large_length_is_waited_for_and_costs_nothing(framing: Implementation, size: int) -> None:
    decoder = framing.FrameDecoder(100)
    tracemalloc.start()
    try:
        assert decoder.feed(long_head(0, size) + b"x" * KILOBYTE, PLENTY) == []
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert decoder.error is None
    assert peak < 64 * KILOBYTE


@pytest.mark.parametrize("size", [101, 255, 256, 2**40])
def test_a_command_above_its_limit_is_refused(framing: Implementation, size: int) -> None:
    decoder = framing.FrameDecoder(100)
    head = bytes((0x04, size)) if size < 256 else long_head(0x04, size)
    error = refused(decoder, head)
    assert isinstance(error, FrameTooLarge)
    assert (error.size, error.limit) == (size, 100)


def test_a_command_at_its_limit_is_read_and_messages_are_not_bound_by_it(
    framing: Implementation,
) -> None:
    decoder = framing.FrameDecoder(100)
    data = frame(0x04, bytes(100)) + message(b"x" * 101)
    assert decode(decoder, [data]) == ([[b"x" * 101]], [bytes(100)])


@pytest.mark.parametrize("flags", [0x00, 0x01, 0x02, 0x03])
def test_a_message_where_only_commands_are_allowed_is_refused(
    framing: Implementation, flags: int
) -> None:
    decoder = framing.FrameDecoder(100)
    decoder.commands_only = True
    error = refused(decoder, bytes((flags,)) + bytes(8 if flags & 2 else 1))
    assert isinstance(error, UnexpectedCommand)


@pytest.mark.parametrize("sizes", [[11], [256], [2**62], [5, 6], [10, 1], [4, 0, 4, 3]])
def test_frames_above_max_message_size_together_are_refused(
    framing: Implementation, sizes: list[int]
) -> None:
    decoder = framing.FrameDecoder(100)
    decoder.max_message_size = 10
    for size in sizes[:-1]:
        assert decoder.feed(frame(0x01, bytes(size)), PLENTY) == []
    last = sizes[-1]
    error = refused(decoder, bytes((0, last)) if last < 256 else long_head(0, last))
    assert isinstance(error, FrameTooLarge)
    assert (error.size, error.limit) == (sum(sizes), 10)


def test_max_message_size_is_counted_anew_for_each_message_and_not_for_commands(
    framing: Implementation,
) -> None:
    decoder = framing.FrameDecoder(100)
    decoder.max_message_size = 10
    data = message(bytes(10)) + message(bytes(4), bytes(6))
    data += frame(4, bytes(50)) + message(b"", bytes(10))
    messages, commands = decode(decoder, [data])
    assert [sum(map(len, frames)) for frames in messages] == [10, 10, 10]
    assert len(commands) == 1
    assert decoder.error is None


def test_more_frames_than_max_message_parts_are_refused_even_if_empty(
    framing: Implementation,
) -> None:
    decoder = framing.FrameDecoder(100)
    decoder.max_message_parts = 3
    assert decoder.feed(message(b"", b"", b"") + message(b"x"), PLENTY) == [[b""] * 3, [b"x"]]
    assert decoder.feed(b"\x01\x00" * 3, PLENTY) == []
    assert type(refused(decoder, b"\x00\x00")) is FramingError


def test_a_limit_of_one_part_refuses_the_second(framing: Implementation) -> None:
    decoder = framing.FrameDecoder(100)
    decoder.max_message_parts = 1
    assert decoder.feed(message(b"x") + b"\x01\x00", PLENTY) == [[b"x"]]
    assert type(refused(decoder, b"\x00\x00")) is FramingError


@pytest.mark.parametrize(
    "bad",
    [
        vectors.RESERVED_BITS,
        vectors.COMMAND_MORE,
        vectors.SIZE_2_63,
        frame(4, bytes(101)),
        long_head(0, 10_000),
    ],
)
def test_messages_before_an_error_are_kept_and_bytes_behind_it_ignored(
    framing: Implementation, bad: bytes
) -> None:
    good = message(b"1") + message(b"2", b"3")
    for chunks in chunkings(good, bad + message(b"4")):
        decoder = framing.FrameDecoder(100)
        decoder.max_message_size = 5000
        assert decode(decoder, chunks) == ([[b"1"], [b"2", b"3"]], [])
        error = decoder.error
        assert error is not None
        assert decoder.feed(message(b"5"), PLENTY) == []
        assert decoder.error is error
        assert decoder.command is None
        assert not decoder.pending


def test_a_message_that_an_error_cuts_off_is_never_delivered(framing: Implementation) -> None:
    decoder = framing.FrameDecoder(100)
    assert decoder.feed(b"\x01\x01a" + vectors.RESERVED_BITS, PLENTY) == []
    assert decoder.feed(message(b"b"), PLENTY) == []


# Memory and types


def test_a_peer_that_drips_single_bytes_costs_about_the_bytes_that_it_sent(
    framing: Implementation,
) -> None:
    decoder = framing.FrameDecoder(100)
    decoder.feed(long_head(0, 2**40), PLENTY)
    tracemalloc.start()
    try:
        for _ in range(32 * KILOBYTE):
            decoder.feed(b"x", PLENTY)
        size, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert 32 * KILOBYTE <= size < 64 * KILOBYTE


def test_a_part_of_a_body_costs_no_more_than_four_times_itself(framing: Implementation) -> None:
    for size in (2**20, 2**24):
        decoder = framing.FrameDecoder(100)
        decoder.feed(long_head(0, size), PLENTY)
        tracemalloc.start()
        try:
            for part in range(1, 16):
                decoder.feed(bytes(size // 16), PLENTY)
                held, _ = tracemalloc.get_traced_memory()
                assert held < 4 * part * size // 16 + 64 * KILOBYTE
        finally:
            tracemalloc.stop()


@given(st.data(), st.integers(2, 300_000))
@settings(max_examples=60)
def test_a_body_in_chunks_of_any_sizes(data: st.DataObject, size: int) -> None:
    body = (b"0123456789abcdef" * (size // 16 + 1))[:size]
    wire = frame(0, body) + message(b"next")
    sizes = data.draw(st.lists(st.integers(1, size), max_size=12))
    for implementation in IMPLEMENTATIONS:
        decoder = implementation.FrameDecoder(100)
        rest, messages = wire, []
        for each in [*sizes, len(wire)]:
            messages += decoder.feed(rest[:each], PLENTY)
            rest = rest[each:]
        assert messages == [[body], [b"next"]]


def test_a_large_body_is_joined_once(framing: Implementation) -> None:
    """At most its pieces and the whole are in memory: no ``tail + data`` for each chunk."""
    chunk = bytes(64 * KILOBYTE)
    decoder = framing.FrameDecoder(100)
    tracemalloc.start()
    try:
        decoder.feed(long_head(0, 32 * len(chunk)), PLENTY)
        for _ in range(31):
            assert decoder.feed(bytes(len(chunk)), PLENTY) == []
        [[body]] = decoder.feed(chunk, PLENTY)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(body) == 32 * len(chunk)
    assert peak < 2.2 * len(body)


def test_a_chunk_that_ends_within_a_header_is_let_go(framing: Implementation) -> None:
    """An idle peer must not hold the whole chunk for its last byte."""
    decoder = framing.FrameDecoder(100)
    tracemalloc.start()
    try:
        decoder.feed(message(bytes(60 * KILOBYTE)) + b"\x00", PLENTY)
        size, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert decoder.pending
    assert size < KILOBYTE


class _Subclass(bytes):
    pass


@pytest.mark.parametrize(
    "data", [bytearray(b"\0\0"), memoryview(b"\0\0"), "\0\0", _Subclass(b"\0\0"), None, 0], ids=repr
)
def test_only_bytes_can_be_fed(framing: Implementation, data: object) -> None:
    decoder = framing.FrameDecoder(100)
    with pytest.raises(TypeError):
        decoder.feed(data, PLENTY)  # type: ignore[arg-type]
    assert decoder.feed(message(b"x"), PLENTY) == [[b"x"]]


@given(st.binary(max_size=200), st.lists(st.integers(0, 200)))
@settings(max_examples=200)
def test_any_bytes_give_messages_commands_or_an_error_however_they_are_cut(
    framing: Implementation, data: bytes, cuts: list[int]
) -> None:
    outcomes = []
    for chunks in ([data], pieces(data, 1), chunked(data, cuts)):
        decoder = framing.FrameDecoder(100)
        outcomes.append((decode(decoder, chunks), str(decoder.error)))
    assert outcomes[0] == outcomes[1] == outcomes[2]


# Encoding


@pytest.mark.parametrize(
    ("vector", "frames"),
    [pair for pair in vectors.MESSAGES if "the long form of" not in pair[0].name],
    ids=str,
)
def test_a_message_is_written_as_libzmq_writes_it(
    framing: Implementation, vector: Vector, frames: list[bytes]
) -> None:
    assert framing.encode_message(frames) == vector.data
    assert joined(framing.encode_batch([frames], PLENTY)) == (vector.data, 1)


@pytest.mark.parametrize("flags", [0x00, 0x01, 0x04])
@pytest.mark.parametrize("size", [0, 1, 254, 255, 256, 65_536])
def test_a_frame_has_the_long_form_above_255_bytes_and_only_there(
    framing: Implementation, flags: int, size: int
) -> None:
    body = bytes(size)
    data = framing.encode_frame(flags, body)
    assert data == frame(flags, body)
    assert bool(data[0] & 0x02) is (size > 255)
    if flags != 0x04:
        frames = [body, b""] if flags else [body]
        assert framing.encode_message(frames) == data + (b"\0\0" if flags else b"")


def test_a_batch_goes_up_to_its_limit_and_takes_at_least_one_message(
    framing: Implementation,
) -> None:
    messages: list[Outgoing] = [[b"12345678"] for _ in range(4)]  # ten bytes each
    one = message(b"12345678")
    for limit, count in [
        (-1, 1),
        (0, 1),
        (1, 1),
        (10, 1),
        (11, 2),
        (20, 2),
        (21, 3),
        (40, 4),
        (99, 4),
    ]:
        assert joined(framing.encode_batch(messages, limit)) == (one * count, count)
    assert joined(framing.encode_batch([], 10)) == (b"", 0)
    assert messages == [[b"12345678"]] * 4


def test_a_large_frame_counts_towards_the_limit(framing: Implementation) -> None:
    large: Outgoing = [b"x" * 300, b"y" * 300]
    expected = (message(b"x" * 300, b"y" * 300), 1)
    assert joined(framing.encode_batch([large, [b"z"]], 600)) == expected


def test_only_bodies_as_large_as_the_limit_are_pieces_of_their_own(framing: Implementation) -> None:
    small, large, larger = b"s" * 299, b"l" * 300, b"L" * 301
    batch: list[Outgoing] = [[small], [b"a", large, b"b", small, larger], [b"z"]]
    encoded, count = framing.encode_batch(batch, 600)
    assert (len(encoded), count) == (1, 2)
    encoded, count = framing.encode_batch(batch[1:], 300)
    assert count == 1
    assert [piece for piece in encoded if len(piece) >= 300] == [large, encoded[2], larger]
    assert encoded[1] is large
    assert encoded[3] is larger
    assert b"".join(encoded) == message(b"a", large, b"b", small, larger)
    shared = SharedMessage([large])
    encoded, count = framing.encode_batch([[b"a"], shared, [b"z"]], 300)
    assert (encoded, count) == ([message(b"a"), shared.wire], 2)


def test_shared_messages_and_commands_bring_their_own_bytes(framing: Implementation) -> None:
    shared = SharedMessage([b"topic", b"news"])
    ping = Command(b"PING", b"\0\0")
    batch: list[Outgoing] = [shared, [b"x"], ping, shared]
    expected = (
        message(b"topic", b"news") + message(b"x") + vectors.PING + message(b"topic", b"news")
    )
    assert joined(framing.encode_batch(batch, PLENTY)) == (expected, 4)
    assert joined(framing.encode_batch(batch, 13)) == (expected[:13], 1)
    assert joined(framing.encode_batch(batch, 14)) == (expected[:16], 2)
    assert joined(framing.encode_batch(batch[2:], 1)) == (vectors.PING, 1)


@given(st.lists(st.lists(st.binary(max_size=600), min_size=1, max_size=4), max_size=5))
@settings(max_examples=50)
def test_a_batch_is_the_messages_one_after_the_other(
    framing: Implementation, messages: list[list[bytes]]
) -> None:
    expected = b"".join(message(*frames) for frames in messages)
    assert b"".join(map(framing.encode_message, messages)) == expected
    assert joined(framing.encode_batch([*messages], PLENTY)) == (expected, len(messages))
