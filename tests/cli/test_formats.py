"""How messages are written down: each format reads what it has written, and says what it cannot read."""

from __future__ import annotations

import sys
from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyzmtp.cli.formats import FORMATS, Format, FormatError, Found
from pyzmtp.cli.formats.quoted import quote, unquote, visible
from pyzmtp.errors import LibraryMissing
from tests.helpers import chunkings

TAB, NEWLINE, NUL = b"\t", b"\n", b"\0"

#: Those that give every message back as it was.
LOSSLESS = ("quoted", "hex", "json", "msgpack")

frames = st.binary(max_size=12) | st.sampled_from(
    [b"", b"\t", b"\\", b'"', b"|", "ü·\N{EURO SIGN}".encode()]
)
messages = st.lists(st.lists(frames, min_size=1, max_size=3), max_size=4)


def written(form: Format, batch: Iterable[list[bytes]]) -> bytes:
    """A stream of messages."""
    return b"".join(form.encode(message) + form.end for message in batch)


def read(form: Format, chunks: Iterable[bytes]) -> list[Found]:
    """What a reader finds in a stream that comes in these chunks."""
    reader = form.reader()
    found = [each for chunk in chunks for each in reader.feed(chunk)]
    return found + list(reader.finish())


@pytest.mark.parametrize("end", [NEWLINE, NUL])
@pytest.mark.parametrize("separator", [TAB, b"|", b"||", "·".encode(), b"\xff"])
@pytest.mark.parametrize("name", LOSSLESS)
@settings(deadline=None)  # the first one imports a library
@given(messages, st.integers(1, 5))
def test_what_is_written_is_read_again(
    name: str, separator: bytes, end: bytes, batch: list[list[bytes]], size: int
) -> None:
    form = FORMATS[name](separator, end)
    stream = written(form, batch)
    assert read(form, [stream]) == batch
    pieces = [stream[start : start + size] for start in range(0, len(stream), size)]
    assert read(form, pieces) == batch
    for message in batch:
        assert form.decode(form.encode(message)) == message


@pytest.mark.parametrize("name", [name for name in FORMATS if name != "raw"])
def test_a_stream_may_come_in_any_chunks(name: str) -> None:
    form = FORMATS[name](TAB, NEWLINE)
    batch = [[b"one"], [b"", b"two", b""], [b"", b""], [b"three"]]
    for chunks in chunkings(written(form, batch)):
        assert read(form, chunks) == batch


class TestText:
    def test_frames_stand_as_they_are(self) -> None:
        form = FORMATS["text"](TAB, NEWLINE)
        assert form.encode([b"a b", b"\xff\n", b""]) + form.end == b"a b\t\xff\n\t\n"

    def test_a_line_is_a_message_and_the_last_need_not_end(self) -> None:
        form = FORMATS["text"](TAB, NEWLINE)
        assert read(form, [b"a\tb\n\nc"]) == [[b"a", b"b"], [b""], [b"c"]]
        assert read(form, [b""]) == []

    def test_without_a_separator_a_line_is_one_frame(self) -> None:
        form = FORMATS["text"](b"", NEWLINE)
        assert read(form, [b"a\tb\n"]) == [[b"a\tb"]]
        assert form.encode([b"a", b"b"]) == b"ab"

    def test_messages_can_end_with_a_zero_byte(self) -> None:
        form = FORMATS["text"](TAB, NUL)
        assert read(form, [b"a\nb\0c\0"]) == [[b"a\nb"], [b"c"]]

    def test_a_long_line_is_joined_once(self) -> None:
        form = FORMATS["text"](TAB, NEWLINE)
        assert read(form, [b"x" * 1000] * 1000 + [b"\n"]) == [[b"x" * 1_000_000]]


class TestQuoted:
    @pytest.mark.parametrize(
        ("data", "text"),
        [
            (b"plain text", "plain text"),
            ("Grüße, 日本".encode(), "Grüße, 日本"),
            (b"a\\b", "a\\\\b"),
            (b"\a\b\t\n\v\f\r", "\\a\\b\\t\\n\\v\\f\\r"),
            (b"\0\x1b\x7f", "\\x00\\x1b\\x7f"),
            (b"\xff\xc3", "\\xff\\xc3"),
            ("\N{LINE SEPARATOR}\x9b".encode(), "\\xe2\\x80\\xa8\\xc2\\x9b"),
        ],
    )
    def test_what_cannot_be_seen_is_escaped(self, data: bytes, text: str) -> None:
        assert quote(data).decode() == text
        assert unquote(text.encode()) == data

    def test_octal_digits_are_read_too(self) -> None:
        assert unquote(rb"\0\101\3770") == b"\0A\xff0"

    @pytest.mark.parametrize(
        "text", ["\\", "a\\", "\\q", "\\x", "\\x1", "\\xgg", "\\8", "\\777", "\\\n"]
    )
    def test_another_escape_is_an_error(self, text: str) -> None:
        with pytest.raises(FormatError, match="is no escape"):
            unquote(text.encode())

    @pytest.mark.parametrize("separator", [b"x", b"0", b"\\", b"a|"])
    def test_a_separator_must_not_look_like_an_escape(self, separator: bytes) -> None:
        with pytest.raises(ValueError, match="separator"):
            FORMATS["quoted"](separator, NEWLINE)

    def test_a_backslash_may_be_meant_where_it_is_only_looked_at(self) -> None:
        assert visible(b"C:\\x\x1b[2J") == b"C:\\x\\x1b[2J"


class TestHex:
    def test_digits(self) -> None:
        form = FORMATS["hex"](TAB, NEWLINE)
        assert form.encode([b"\x00\xab", b""]) == b"00ab\t"
        assert read(form, [b"00 AB  c1\t\n"]) == [[b"\x00\xab\xc1", b""]]

    @pytest.mark.parametrize(
        "text", [b"0", b"0g", b"0 0", b"00\x0b", "\N{ARABIC-INDIC DIGIT ZERO}".encode()]
    )
    def test_what_are_no_digits(self, text: bytes) -> None:
        with pytest.raises(FormatError, match="hexadecimal"):
            FORMATS["hex"](TAB, NEWLINE).decode(text)

    @pytest.mark.parametrize("separator", [b" ", b"a", b"-F"])
    def test_a_separator_must_not_look_like_digits(self, separator: bytes) -> None:
        with pytest.raises(ValueError, match="separator"):
            FORMATS["hex"](separator, NEWLINE)


class TestJson:
    form = FORMATS["json"](TAB, NEWLINE)

    def test_frames_are_strings_unless_they_are_no_text(self) -> None:
        text = self.form.encode(["ü".encode(), b"\xff", b"\n"])
        assert text.decode() == '["ü",{"base64":"/w=="},"\\n"]'

    def test_what_cannot_be_seen_is_escaped(self) -> None:
        assert self.form.encode(["\x9b2J".encode()]) == b'["\\u009b2J"]'

    def test_a_string_is_a_message(self) -> None:
        assert self.form.decode(b' "a" ') == [b"a"]
        assert self.form.decode(b'{"base64": "AA=="}') == [b"\0"]

    @pytest.mark.parametrize(
        "text",
        [
            b"", b"a", b"[", b"[]", b"5", b"null", b"[5]", b"[null]", b'[["a"]]', b'{"a": 1}',
            b'{"base64": "AA==", "x": 1}', b'{"base64": "A"}', b'{"base64": 5}', b'{"base64": "\\u00e4"}',
            b'"\xff"', b'["\\ud800"]', b"[" * 100_000,
        ],
    )  # fmt: skip
    def test_what_is_no_message(self, text: bytes) -> None:
        with pytest.raises(FormatError):
            self.form.decode(text)


class TestRaw:
    form = FORMATS["raw"](TAB, NEWLINE)

    def test_nothing_is_added(self) -> None:
        assert written(self.form, [[b"a", b"\n"], [b"b"]]) == b"a\nb"

    def test_all_that_is_read_is_one_message(self) -> None:
        assert read(self.form, [b"a\n", b"b\0", b""]) == [[b"a\nb\0"]]
        assert self.form.decode(b"a\tb") == [b"a\tb"]

    def test_of_nothing_there_comes_no_message(self) -> None:
        assert read(self.form, []) == []


class TestMessagePack:
    def test_values_follow_each_other_without_marks(self) -> None:
        form = FORMATS["msgpack"](TAB, NEWLINE)
        # The bytes of the specification: an array of two, a binary and a string.
        assert read(form, [bytes.fromhex("92 c40161 a162")]) == [[b"a", b"b"]]
        assert form.encode([b"a"]) == bytes.fromhex("91 c40161")
        assert form.end == b""
        assert form.decode(bytes.fromhex("c40161")) == [b"a"]

    @pytest.mark.parametrize("data", ["90", "05", "9105", "81a16105", "c1", "", "91c40161ff"])
    def test_what_is_no_message(self, data: str) -> None:
        with pytest.raises(FormatError):
            FORMATS["msgpack"](TAB, NEWLINE).decode(bytes.fromhex(data))

    def test_a_value_that_is_no_message_is_passed_over(self) -> None:
        form = FORMATS["msgpack"](TAB, NEWLINE)
        [first, error, last] = read(form, [bytes.fromhex("91c40161 05 91c40162")])
        assert (first, last) == ([b"a"], [b"b"])
        assert "array of frames" in str(error)

    def test_after_what_is_no_messagepack_nothing_makes_sense(self) -> None:
        form = FORMATS["msgpack"](TAB, NEWLINE)
        found = read(form, [bytes.fromhex("91c40161 c1 91c40162")])
        assert found[0] == [b"a"]
        assert all(isinstance(each, FormatError) for each in found[1:])

    def test_a_message_that_is_cut_short_is_missed(self) -> None:
        [first, error] = read(FORMATS["msgpack"](TAB, NEWLINE), [bytes.fromhex("91c40161 91c402")])
        assert first == [b"a"]
        assert str(error) == "the last message is cut short: 3 bytes of it have come"

    def test_without_its_library(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "msgpack", None)
        with pytest.raises(LibraryMissing, match=r"pip install pyzmtp\[msgpack\]"):
            FORMATS["msgpack"](TAB, NEWLINE)


def test_what_is_wrong_in_a_stream_is_numbered_and_stops_nothing() -> None:
    found = read(FORMATS["hex"](TAB, NEWLINE), [b"61\nx", b"y\n62\n", b"z"])
    assert [found[0], found[2]] == [[b"a"], [b"b"]]
    assert str(found[1]).startswith("message 2 of the input: 'xy' is no frame")
    assert str(found[3]).startswith("message 4 of the input: 'z' is no frame")
