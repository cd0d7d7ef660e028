"""pyzmtp.cli.trace.preview: the beginning of bytes."""

from __future__ import annotations

import json

import pytest

from pyzmtp.cli.trace.preview import Preview


def whole(data: bytes) -> Preview:
    return Preview(len(data), data)


@pytest.mark.parametrize(
    ("data", "shown"),
    [
        (b"", "(empty)"),
        (b"hello", '"hello"'),
        (b" | ", '" | "'),
        ("grüße €".encode(), '"grüße €"'),
        (b"one\ntwo\tthree\r", r'"one\ntwo\tthree\r"'),
        (b'say "\\"', r'"say \"\\\""'),
        (b"\xff\x00\x1a", "ff 00 1a"),
        (b"\x00", "00"),
        (b"\x1b[31mred", "1b 5b 33 31 6d 72 65 64"),
        (b"bell\x07", "62 65 6c 6c 07"),
        ("\u202eright to left".encode(), "\u202eright to left".encode().hex(" ")),
        (b"\xc3", "c3"),
    ],
)
def test_text_is_quoted_and_the_rest_is_hex(data: bytes, shown: str) -> None:
    assert str(whole(data)) == shown


def test_what_is_cut_says_so() -> None:
    assert str(Preview(300, b"abc")) == '"abc"...'
    assert str(Preview(300, b"\x00\x01")) == "00 01..."
    assert str(Preview(300, b"")) == "(300 bytes)"


def test_a_character_that_is_cut_is_left_out() -> None:
    head = "naïve".encode()[:3]
    assert str(Preview(6, head)) == '"na"...'
    assert whole(head).text is None, "unless there is nothing more: then it is no text"


@pytest.mark.parametrize(
    ("preview", "value"),
    [
        (whole(b""), {"size": 0, "text": ""}),
        (whole(b"hi\n"), {"size": 3, "text": "hi\n"}),
        (whole(b"\xff\x00"), {"size": 2, "hex": "ff00"}),
        (Preview(9, b"abc"), {"size": 9, "text": "abc", "cut": True}),
    ],
)
def test_json(preview: Preview, value: object) -> None:
    assert json.loads(json.dumps(preview.as_json())) == value
