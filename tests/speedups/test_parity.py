"""The two implementations of framing are one: results, errors and leftovers, at every split."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import chain
from typing import Any

import pytest
from attrs import field, frozen
from hypothesis import given, settings
from hypothesis import strategies as st

from pyzmtp.errors import ProtocolError
from pyzmtp.wire.command import Command
from pyzmtp.wire.framing import FrameDecoder
from pyzmtp.wire.message import Outgoing, SharedMessage

from .. import vectors
from ..helpers import chunked, command, frame, frames, message, mutations, pieces, splits
from ..implementations import COMPILED, PURE, Implementation

PLENTY = 1000


def compiled() -> Implementation:
    assert COMPILED is not None
    return COMPILED


@frozen
class Limits:
    """What a decoder is set to."""

    max_command_size: int = 40
    max_message_size: int = 0
    max_message_parts: int = 0
    commands_only: bool = False

    def apply(self, decoder: FrameDecoder) -> None:
        decoder.max_command_size = self.max_command_size
        decoder.max_message_size = self.max_message_size
        decoder.max_message_parts = self.max_message_parts
        decoder.commands_only = self.commands_only


@frozen
class Step:
    """One call of feed."""

    data: bytes
    limit: int = PLENTY
    limits: Limits | None = None


@frozen
class Seen:
    """What can be seen of a decoder after a step."""

    messages: list[list[bytes]]
    command: bytes | None
    error: tuple[type[ProtocolError], str, dict[str, Any]] | None
    pending: bool
    limits: Limits
    # The types as well: a bool is no int, a bytearray no bytes.
    types: set[type] = field(init=False)

    def __attrs_post_init__(self) -> None:
        values: list[object] = [*self.messages, *chain.from_iterable(self.messages)]
        values += [self.command, self.pending]
        values += [self.limits.commands_only, self.limits.max_message_size]
        object.__setattr__(self, "types", set(map(type, values)))


def seen(decoder: FrameDecoder, messages: list[list[bytes]]) -> Seen:
    error = decoder.error
    return Seen(
        messages,
        decoder.command,
        None if error is None else (type(error), str(error), vars(error)),
        decoder.pending,
        Limits(
            decoder.max_command_size,
            decoder.max_message_size,
            decoder.max_message_parts,
            decoder.commands_only,
        ),
    )


def run(implementation: Implementation, steps: Iterable[Step], limits: Limits) -> list[Seen]:
    """All that is seen, step by step; after each step, on behind its commands until all is read."""
    decoder = implementation.FrameDecoder(1)
    limits.apply(decoder)
    result = []
    for step in steps:
        if step.limits is not None:
            step.limits.apply(decoder)
        result.append(seen(decoder, decoder.feed(step.data, step.limit)))
        while decoder.command is not None and step.limit > 0:
            result.append(seen(decoder, decoder.feed(b"", step.limit)))
    # What is left over shows in what comes next.
    for data in (b"", b"\x00\x01z", message(b"left", b"over")):
        result.append(seen(decoder, decoder.feed(data, PLENTY)))
    return result


def alike(steps: list[Step], limits: Limits) -> None:
    assert run(PURE, steps, limits) == run(compiled(), steps, limits)


# Decoding

GOOD = message(b"one") + message(b"", b"two") + message(b"x" * 300, b"y")
COMMANDS = vectors.PING + vectors.PING_BETWEEN_FRAMES + vectors.SUBSCRIBE_AB + vectors.UNKNOWN

STREAMS = {
    "messages": GOOD,
    "commands": COMMANDS,
    "both": message(b"1") + COMMANDS + GOOD[:12] + vectors.PONG + message(b"2"),
    "reserved bits": GOOD[:9] + vectors.RESERVED_BITS + GOOD,
    "reserved bits in a long frame": b"\xfa" + bytes(8) + GOOD,
    "a command with MORE": message(b"1") + vectors.COMMAND_MORE,
    "a long command with MORE": b"\x07" + bytes(9),
    "2^63-1": b"\x01\x01a" + vectors.SIZE_2_63 + b"x",
    "2^64-1": message(b"1") + vectors.SIZE_2_64 + b"x",
    "2^62": b"\x02" + (2**62).to_bytes(8, "big") + b"body",
    "2^62+1": b"\x02" + (2**62 + 1).to_bytes(8, "big") + b"body",
    "2^63 command": b"\x06" + (2**63).to_bytes(8, "big"),
    "a long command": vectors.SUBSCRIBE_246,
    "an empty command": vectors.EMPTY_COMMAND * 3,
    "long forms of short bodies": b"\x03" + bytes(8) + b"\x02" + bytes(7) + b"\x02hi" + b"\x06" + bytes(8),
    "many parts": b"\x01\x00" * 6 + b"\x00\x00",
    "a topic of 255 bytes": vectors.MESSAGE_255_BROKEN,
    "1.0 frames": vectors.FRAMES_1_0,
    "junk": bytes(range(256)),
}  # fmt: skip

LIMITS = [
    Limits(),
    Limits(max_command_size=300),
    Limits(max_message_size=2),
    Limits(max_message_size=301),
    Limits(max_message_parts=1),
    Limits(max_message_parts=2, max_message_size=400),
    Limits(commands_only=True),
    Limits(max_command_size=0),
]


@pytest.mark.parametrize("limits", LIMITS, ids=str)
@pytest.mark.parametrize("name", STREAMS)
def test_streams_decode_alike_at_every_split(name: str, limits: Limits) -> None:
    for chunks in splits(STREAMS[name]):
        alike([Step(chunk) for chunk in chunks], limits)


@pytest.mark.parametrize("name", STREAMS)
def test_streams_decode_alike_byte_by_byte_and_with_every_limit(name: str) -> None:
    data = STREAMS[name]
    for limit in (-1, 0, 1, 2, PLENTY):
        for limits in LIMITS:
            alike([Step(data, limit)] + [Step(b"", limit)] * 8, limits)
            alike([Step(byte, limit) for byte in pieces(data, 1)], limits)
            alike([Step(chunk, limit) for chunk in pieces(data, 5)], limits)


def test_captured_bytes_decode_alike_whole_byte_by_byte_and_glued() -> None:
    for vector in vectors.ALL:
        for limits in LIMITS:
            alike([Step(vector.data)], limits)
            alike([Step(vector.data + message(b"next") + vectors.PING)], limits)
            alike([Step(byte) for byte in pieces(vector.data, 1)], limits)


@pytest.mark.parametrize("size", [4095, 4096, 4097, 20_000])
@pytest.mark.parametrize("step", [1000, 4095, 4096, 5000])
def test_large_bodies_decode_alike(size: int, step: int) -> None:
    data = message(bytes(range(250)) * (size // 250 + 1)) + frame(0x04, b"\x01X")
    alike([Step(chunk) for chunk in pieces(data, step)], Limits())
    alike([Step(chunk) for chunk in chunked(data, [9, 10, 30, 40, 4200])], Limits())


def test_limits_that_change_between_frames_count_alike() -> None:
    data = (
        vectors.READY_PUSH + message(b"12345") + command(b"X", bytes(100)) + message(b"123", b"456")
    )
    after = [Limits(200), Limits(200, 4), Limits(200, 0, 1), Limits(50), Limits(200, 0, 0, True)]
    for changed in after:
        for chunks in splits(data):
            steps = [Step(chunks[0], 0), Step(chunks[1], 1), Step(b"", 1, changed), Step(b"")]
            alike(steps, Limits(commands_only=True))


limit_values = st.sampled_from([0, 1, 2, 5, 40, 300, 2**62])
random_limits = st.builds(Limits, limit_values, limit_values, limit_values, st.booleans())
streams = st.one_of(
    st.binary(max_size=60),
    st.lists(frames, max_size=6).map(b"".join),
    st.lists(frames, max_size=6).map(b"".join).flatmap(mutations),
)


@given(st.data(), streams, random_limits)
@settings(max_examples=300, deadline=None)
def test_any_stream_decodes_alike_however_it_is_fed(
    data: st.DataObject, stream: bytes, limits: Limits
) -> None:
    cuts = data.draw(st.lists(st.integers(0, 2000), max_size=6))
    steps = [
        Step(
            chunk,
            data.draw(st.sampled_from([-1, 0, 1, 2, PLENTY])),
            data.draw(st.none() | random_limits),
        )
        for chunk in chunked(stream, cuts)
    ]
    alike(steps, limits)


class _Subclass(bytes):
    pass


@pytest.mark.parametrize(
    "data", [bytearray(b"\0\0"), memoryview(b"\0\0"), _Subclass(b"\0\0"), "\0\0", None, 1], ids=repr
)
def test_both_refuse_the_same_types(data: Any) -> None:
    for implementation in (PURE, compiled()):
        with pytest.raises(TypeError):
            implementation.FrameDecoder(10).feed(data, 1)


def test_both_decoders_look_alike() -> None:
    def public(cls: type) -> set[str]:
        return {name for name in dir(cls) if not name.startswith("_")}

    assert public(PURE.FrameDecoder) == public(compiled().FrameDecoder)
    for implementation in (PURE, compiled()):
        decoder = implementation.FrameDecoder(max_command_size=7)
        assert seen(decoder, []) == seen(PURE.FrameDecoder(7), [])
        assert decoder.feed(data=message(b"x"), limit=1) == [[b"x"]]
        with pytest.raises(AttributeError):
            decoder.extra = 1  # type: ignore[attr-defined]
        with pytest.raises(AttributeError):
            decoder.pending = True  # type: ignore[misc]


# Encoding


def attempt(call: Callable[..., Any], *arguments: Any) -> Any:
    """What ``call`` returns, or the type of what it raises."""
    try:
        return call(*arguments)
    except Exception as error:
        return type(error)


@pytest.mark.parametrize("flags", [0, 1, 2, 4, 5, 255, 256, -1])
@pytest.mark.parametrize("size", [0, 1, 255, 256, 70_000])
def test_frames_encode_alike(flags: int, size: int) -> None:
    ours = attempt(PURE.encode_frame, flags, bytes(size))
    assert ours == attempt(compiled().encode_frame, flags, bytes(size))
    if 0 <= flags < 256:
        assert type(ours) is bytes


def _items() -> list[Outgoing]:
    return [
        [b""],
        [b"x" * 255, b"y" * 256, b""],
        SharedMessage([b"topic", b"z" * 300]),
        Command(b"SUBSCRIBE", b"T" * 246),
        Command(b"PING", b"\0\0"),
        SharedMessage([b""]),
        [b"end"],
    ]


def test_batches_encode_alike_at_every_limit() -> None:
    items = _items()
    size = len(PURE.encode_batch(items, 10_000)[0][0])
    counts = set()
    for limit in range(-1, size + 2):
        ours = PURE.encode_batch(items, limit)
        assert ours == compiled().encode_batch(_items(), limit)
        assert tuple(map(type, ours)) == (list, int)
        counts.add(ours[1])
    assert counts == set(range(1, len(items) + 1))


@pytest.mark.parametrize(
    "items",
    [[], [[]], [[], [b"x"]], [SharedMessage([])], [(b"x",)], [b"x"], [None], [[None]], [["x"]]],
    ids=repr,
)
def test_odd_batches_encode_alike(items: list[Any]) -> None:
    for limit in (2, 100):  # from which on a body is not joined, and so not looked at
        ours = attempt(PURE.encode_batch, items, limit)
        assert ours == attempt(compiled().encode_batch, items, limit)


outgoing: st.SearchStrategy[Outgoing] = st.one_of(
    st.lists(st.binary(max_size=400), min_size=1, max_size=4),
    st.lists(st.binary(max_size=400), min_size=1, max_size=4).map(SharedMessage),
    st.builds(Command, st.binary(max_size=20), st.binary(max_size=300)),
)


@given(st.lists(outgoing, max_size=8), st.integers(-1, 3000))
@settings(max_examples=100, deadline=None)
def test_any_batch_encodes_alike_and_decodes_to_what_it_was(
    items: list[Outgoing], limit: int
) -> None:
    encoded, count = PURE.encode_batch(items, limit)
    assert (encoded, count) == compiled().encode_batch(items, limit)
    data = b"".join(encoded)
    for item in items:
        if isinstance(item, list):
            plain = [*item]  # Cython's list is no subclass: a shared message brings its own bytes
            assert PURE.encode_message(plain) == compiled().encode_message(plain)
    for implementation in (PURE, compiled()):
        decoder = implementation.FrameDecoder(1000)
        received = decoder.feed(data, PLENTY)
        bodies = []
        while decoder.command is not None:
            bodies.append(decoder.command)
            received += decoder.feed(b"", PLENTY)
        assert received == [item for item in items[:count] if isinstance(item, list)]
        assert bodies == [item.body for item in items[:count] if isinstance(item, Command)]
