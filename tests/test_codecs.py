"""Text and JSON in frames: RFC 8259, and what pyzmq's send_string and send_json put on the wire."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyzmtp import (
    DecodeError,
    PairSocket,
    PullSocket,
    RepSocket,
    ReqSocket,
    SocketClosed,
    decode_json,
    decode_string,
    encode_json,
    encode_string,
    receive_json,
    receive_string,
    send_json,
    send_string,
)

from .sockets.world import Outcomes, World

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner),
)  # fmt: skip


@given(TEXTS)
def test_texts(text: str) -> None:
    assert encode_string(text) == text.encode("utf-8")
    assert decode_string(encode_string(text)) == text


@given(VALUES)
def test_values(value: Any) -> None:
    frame = encode_json(value)
    assert json.loads(frame.decode("utf-8")) == value
    assert decode_json(frame) == value


def test_the_frame_is_for_programs() -> None:
    assert encode_json({"a": [1, "é"], "b": None}) == '{"a":[1,"é"],"b":null}'.encode()


@pytest.mark.parametrize("frame", [bytearray(b'"x"'), memoryview(b'"x"')])
def test_anything_that_is_like_bytes_is_decoded(frame: Any) -> None:
    assert decode_string(frame) == '"x"'
    assert decode_json(frame) == "x"


@pytest.mark.parametrize("frame", [5, True, [65], [b"frame"], "text", None])
def test_a_frame_is_bytes(frame: Any) -> None:
    for decode in (decode_string, decode_json):
        with pytest.raises(TypeError, match=f"a frame is bytes, not {type(frame).__name__}"):
            decode(frame)


@pytest.mark.parametrize("text", [b"bytes", 1, None])
def test_a_text_is_str(text: Any) -> None:
    with pytest.raises(TypeError):
        encode_string(text)


@pytest.mark.parametrize("value", [b"bytes", object(), {1, 2}, {(1, 2): 3}])
def test_what_json_has_no_form_for(value: Any) -> None:
    with pytest.raises(TypeError):
        encode_json(value)


def test_values_that_cannot_be_said() -> None:
    itself: list[Any] = []
    itself.append(itself)
    for value in (float("nan"), float("inf"), "\ud800", itself):
        with pytest.raises(ValueError, match=r"."):
            encode_json(value)
    with pytest.raises(ValueError, match="surrogates"):
        encode_string("\ud800")


@pytest.mark.parametrize(
    "frame",
    [
        b"",
        b"{",
        b"[1,]",
        b"'x'",
        b"1 2",
        b"\xff",
        '"x"'.encode("utf-16"),
        b'\xef\xbb\xbf"x"',
        b"[" * 100_000,
        b"9" * 10_000,
    ],
    ids=lambda frame: repr(frame[:10]),
)
def test_what_is_no_json(frame: bytes) -> None:
    with pytest.raises(DecodeError) as raised:
        decode_json(frame)
    assert raised.value.message == [frame]


def test_what_is_no_text() -> None:
    with pytest.raises(DecodeError, match="byte 2") as raised:
        decode_string(b"ab\xff")
    assert raised.value.message == [b"ab\xff"]


# With sockets


def test_there_and_back(world: World) -> None:
    one, other = world.pair(PairSocket, PairSocket)
    world.run(send_string(one, "grüß"))
    assert world.run(receive_string(other)) == "grüß"
    world.run(send_json(other, {"n": [1, 2.5, None]}))
    assert world.run(receive_json(one)) == {"n": [1, 2.5, None]}


def test_with_requests(world: World) -> None:
    rep, req = world.pair(RepSocket, ReqSocket)
    Outcomes(rep.serve(lambda request: encode_json(decode_json(request[0]) + 1)))
    [reply] = world.run(req.request(encode_json(41)))
    assert decode_json(reply) == 42


def test_a_message_that_is_none_is_not_lost(world: World) -> None:
    one, other = world.pair(PairSocket, PairSocket)
    for message in ([b"\xff"], [b"1", b"2"], [b"3"]):
        one.try_send(message)
    world.settle()
    bad = Outcomes(receive_string(other))
    assert isinstance(bad.error, DecodeError)
    assert bad.error.message == [b"\xff"]
    several = Outcomes(receive_json(other))
    assert isinstance(several.error, DecodeError)
    assert several.error.message == [b"1", b"2"]
    assert world.run(receive_json(other)) == 3
    assert other.peers


def test_a_receive_that_is_cancelled_leaves_the_message(world: World) -> None:
    one, other = world.pair(PairSocket, PairSocket)
    waiting = receive_json(other)
    outcome = Outcomes(waiting)
    waiting.cancel()
    assert outcome.errors
    world.run(send_json(one, 1))
    assert world.run(receive_json(other)) == 1


def test_the_end(world: World) -> None:
    pull = world.make(PullSocket)
    waiting = Outcomes(receive_json(pull))
    world.run(pull.close())
    assert isinstance(waiting.error, SocketClosed)
