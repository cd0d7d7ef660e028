"""pyzmtp.cli.trace.decoder: whatever passes, however it is cut."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyzmtp.cli.trace.decoder import Decoder
from pyzmtp.cli.trace.json_lines import json_line
from pyzmtp.cli.trace.preview import Preview
from pyzmtp.cli.trace.records import Frame, Message, Record, Said, Side, Undecoded
from pyzmtp.cli.trace.text import TextPrinter
from tests import vectors
from tests.cli.trace.helpers import (
    CURVE_HANDSHAKE,
    PLAIN,
    REQ_REP,
    C,
    Part,
    T,
    curve_message,
    decode,
    handshake,
)
from tests.helpers import chunked, message, mutations

SIGNATURE = vectors.SIGNATURE

CONVERSATIONS: list[Sequence[Part]] = [
    [*REQ_REP, (C, message(b"", b"hello")), (T, message(b"", b"world", b"x" * 300))],
    [*handshake("SUB", "PUB"), (C, vectors.SUBSCRIBE_AB), (T, message(b"AB", b"1"))],
    [*handshake("PAIR", "PAIR"), (C, vectors.PING_CONTEXT), (T, vectors.PONG_CONTEXT)],
    PLAIN,
    [*CURVE_HANDSHAKE, (C, curve_message(3, 5)), (T, curve_message(2, 300))],
    [
        (C, SIGNATURE),
        (T, SIGNATURE + b"\x03"),
        (C, b"\x01\x05\x00\x03xyz"),
        (T, b"\x06\x00\x00" + message(b"to you")),
        (C, message(b"to you", b"too")),
    ],
    [
        (T, vectors.UNVERSIONED_SRV[:10]),
        (C, vectors.UNVERSIONED_SHORT),
        (T, b"srv" + b"\x03\x01hi\x01\x00"),
    ],
    [*handshake("PUSH", "PULL"), (C, message(b"x") + vectors.RESERVED_BITS + b"and so on")],
    [*handshake("PUSH", "PULL"), (C, vectors.READY_PUSH), (T, vectors.ERROR_400)],
]


@pytest.mark.parametrize("parts", CONVERSATIONS)
@pytest.mark.parametrize("size", [1, 2, 3, 7, 11, 64])
def test_pieces_of_any_size_are_understood_alike(parts: Sequence[Part], size: int) -> None:
    whole = decode(parts)
    assert len(whole) >= 3
    in_pieces = decode(parts, size)
    for side in Side:
        assert [_without_chunk(each.said) for each in in_pieces if each.side is side] == [
            _without_chunk(each.said) for each in whole if each.side is side
        ]


def _without_chunk(said: object) -> object:
    """What was said, without that of which the size depends on the chunk it came in."""
    return (type(said), said.faults) if isinstance(said, Undecoded) else said


@pytest.mark.parametrize("parts", CONVERSATIONS)
def test_what_one_side_says_in_a_row_may_be_glued(parts: Sequence[Part]) -> None:
    glued: list[Part] = []
    for side, data in parts:
        if glued and glued[-1][0] is side:
            glued[-1] = (side, glued[-1][1] + data)
        else:
            glued.append((side, data))
    assert [each.said for each in decode(glued)] == [each.said for each in decode(parts)]


def _feed_all(parts: Sequence[Part], limit: int) -> tuple[dict[Side, Decoder], list[Record]]:
    decoders = dict(zip(Side, Decoder.pair(limit), strict=True))
    records: list[Record] = []
    for side, data in parts:
        for each, fed in ((side, data), (side.other, b"")):
            for said in decoders[each].feed(fed, 0.5):
                records.append(Record(0.5, said, 1, each, decoders[each].socket_type))
    return decoders, records


@st.composite
def conversations(draw: st.DrawFn) -> list[Part]:
    """A conversation of the above with changes, or anything, in any pieces and any order."""
    parts: list[Part] = []
    for side, data in draw(st.sampled_from(CONVERSATIONS)):
        changed = draw(mutations(data))
        cuts = draw(st.lists(st.integers(0, 500), max_size=3))
        parts += [(side, piece) for piece in chunked(changed, cuts)]
    parts += draw(st.lists(st.tuples(st.sampled_from(Side), st.binary(max_size=40)), max_size=3))
    return draw(st.permutations(parts)) if draw(st.booleans()) else parts


@given(conversations(), st.sampled_from([0, 1, 64]))
@settings(max_examples=300, deadline=None)
def test_whatever_passes_it_neither_raises_nor_harms_a_terminal(
    parts: list[Part], limit: int
) -> None:
    decoders, records = _feed_all(parts, limit)
    printer = TextPrinter(with_wire=True)
    for record in records:
        assert json_line(record, with_wire=True).isprintable()
        for line in printer.lines(record):
            assert line.plain.isprintable()
            assert len(line.plain) < 5000
    for side, decoder in decoders.items():
        for fault in decoder.end():
            assert fault.problem.startswith("the end came behind ")
        assert _told(records, side) + decoder.undecoded <= _passed(parts, side)


def _told(records: list[Record], side: Side) -> int:
    """The bytes of a side that are in what was told."""
    said = [record.content for record in records if record.side is side]
    return sum(
        each.wire.size
        for each in said
        if isinstance(each, Said) and not isinstance(each, Undecoded)
    )


def _passed(parts: Sequence[Part], side: Side) -> int:
    return sum(len(data) for each, data in parts if each is side)


@given(conversations())
@settings(max_examples=50, deadline=None)
def test_every_byte_is_told_of_or_counted(parts: list[Part]) -> None:
    """What is in nothing that was told is undecoded, or part of what the end came behind."""
    decoders, records = _feed_all(parts, 64)
    for side, decoder in decoders.items():
        if any(record.content.kind == "undecoded" for record in records if record.side is side):
            assert decoder.undecoded > 0
        elif not decoder.end():
            assert _told(records, side) == _passed(parts, side)


class TestEnd:
    @pytest.mark.parametrize(
        ("data", "partial"),
        [
            (b"", None),
            (vectors.GREETING, None),
            (vectors.GREETING[:11], "11 bytes of a greeting"),
            (vectors.GREETING + b"\x04", "1 bytes of a frame's head"),
            (vectors.GREETING + b"\x04\x1a\x05", "1 of 26 bytes of a frame's body"),
            (vectors.GREETING + vectors.READY_PUSH, None),
            (vectors.GREETING + vectors.READY_PUSH + b"\x01\x01x", "1 frames of a message"),
            (vectors.GREETING + vectors.RESERVED_BITS, None),
        ],
    )
    def test_what_the_end_comes_behind(self, data: bytes, partial: str | None) -> None:
        client, _ = Decoder.pair(64)
        list(client.feed(data, 0.0))
        expected = [] if partial is None else [f"the end came behind {partial}"]
        assert [fault.problem for fault in client.end()] == expected


class TestUndecoded:
    def test_is_counted(self) -> None:
        client, _ = Decoder.pair(64)
        junk = b"GET / HTTP/1.1\r\n"
        assert len(list(client.feed(junk, 0.0))) == 1
        assert client.undecoded == len(junk)
        assert list(client.feed(junk, 0.0)) == []
        assert client.undecoded == 2 * len(junk)

    def test_from_the_frame_on_that_cannot_be_cut(self) -> None:
        client, target = Decoder.pair(64)
        list(target.feed(vectors.GREETING + vectors.READY_PUSH, 0.0))
        list(client.feed(vectors.GREETING + vectors.READY_PUSH + b"\x00\x01x\xf8rest", 0.0))
        assert client.undecoded == len(b"\xf8rest")


def test_a_preview_is_no_longer_than_asked() -> None:
    [*_, seen] = decode([*handshake("PUSH", "PULL"), (C, message(b"abc"))], limit=2)
    assert isinstance(seen.said, Message)
    assert seen.said.frames == (Frame((), Preview(3, b"ab")),)
    assert seen.side is not T
