"""Commands: name and data, ERROR, PING and PONG (ZMTP.md 3, RFC 37)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyzmtp.errors import CommandError
from pyzmtp.wire.command import (
    Command,
    decode_command,
    decode_error,
    decode_ping,
    encode_command,
    encode_error,
    encode_ping,
    encode_pong,
)

from .. import vectors
from ..vectors import Vector


def body(frame: bytes) -> bytes:
    """The body of a short frame."""
    assert frame[1] == len(frame) - 2
    return frame[2:]


# Name and data


@pytest.mark.parametrize(
    ("data", "name", "content"),
    [
        (vectors.PING_TTL, b"PING", b"\0\x19"),
        (vectors.PONG, b"PONG", b""),
        (vectors.JOIN, b"JOIN", b"grp"),
        (vectors.LEAVE, b"LEAVE", b"grp"),
        (vectors.SUBSCRIBE_AB, b"SUBSCRIBE", b"AB"),
        (vectors.CANCEL_C, b"CANCEL", b"C"),
        (vectors.ERROR_400, b"ERROR", b"\x03400"),
        (vectors.READY_NOTHING, b"READY", b""),
        (vectors.READY_LOWER_CASE, b"ready", vectors.READY_PUSH[8:]),
        (vectors.PING_LOWER_CASE, b"ping", b"\0\0"),
    ],
)
def test_a_command_is_its_name_and_its_data(data: bytes, name: bytes, content: bytes) -> None:
    assert decode_command(body(data)) == (name, content)
    assert encode_command(name, content) == data


def test_the_name_of_libzmqs_plain_error_is_longer_than_its_body() -> None:
    """The length byte became a circumflex: 0x5e bytes of name. The PLAIN client has to know it."""
    with pytest.raises(CommandError):
        decode_command(body(vectors.ERROR_OF_PLAIN))


@pytest.mark.parametrize(
    "data",
    [b"", b"\x00", b"\x00data", b"\x01", b"\x05READ", b"\xffname", vectors.NAME_TOO_LONG[2:]],
)
def test_a_body_without_a_whole_name_is_refused(data: bytes) -> None:
    with pytest.raises(CommandError) as caught:
        decode_command(data)
    assert caught.value.libzmq_code == 0x10000011


@given(name=st.binary(min_size=1, max_size=255), data=st.binary(max_size=600))
def test_what_was_encoded_is_decoded(name: bytes, data: bytes) -> None:
    command = Command(name, data)
    assert decode_command(command.body) == (name, data)
    size = len(command.body)
    head = bytes((0x04, size)) if size < 256 else b"\x06" + size.to_bytes(8, "big")
    assert command.wire == encode_command(name, data) == head + command.body


@given(st.binary(max_size=300))
def test_any_body_is_decoded_or_refused(data: bytes) -> None:
    try:
        name, content = decode_command(data)
    except CommandError:
        assert not data or data[0] == 0 or len(data) <= data[0]
    else:
        assert bytes((len(name),)) + name + content == data


# ERROR


@pytest.mark.parametrize(
    ("vector", "reason"), vectors.ERRORS, ids=[str(vector) for vector, _ in vectors.ERRORS]
)
def test_an_error_gives_its_reason_and_may_have_extra_bytes(vector: Vector, reason: str) -> None:
    name, data = decode_command(body(vector.data))
    assert (name, decode_error(data)) == (b"ERROR", reason)


@pytest.mark.parametrize("size", [3, 8, 32])
@pytest.mark.parametrize("status", [b"300", b"400", b"500"])
def test_a_status_is_taken_with_any_size_before_it(status: bytes, size: int) -> None:
    """libzmq 4.1 says 8 under CURVE, or 32: it is the size of a pointer or of a C++ string."""
    assert decode_error(bytes((size,)) + status) == status.decode()


@pytest.mark.parametrize("vector", vectors.BAD_ERRORS, ids=str)
def test_an_error_whose_reason_is_cut_short_is_malformed(vector: Vector) -> None:
    name, data = decode_command(body(vector.data))
    assert name == b"ERROR"
    with pytest.raises(CommandError) as caught:
        decode_error(data)
    assert caught.value.command == "ERROR"


def test_an_error_is_written_as_libzmq_writes_it() -> None:
    assert encode_error("400") == vectors.ERROR_400
    assert encode_error("") == vectors.ERRORS[3][0].data


def test_a_reason_is_cut_to_what_its_length_byte_can_say() -> None:
    frame = encode_error("x" * 300)
    assert frame[:9] == b"\x06" + (6 + 1 + 255).to_bytes(8, "big")
    assert decode_error(decode_command(frame[9:])[1]) == "x" * 255


def test_a_reason_is_ascii_in_both_directions() -> None:
    assert encode_error("caf\xe9")[9:] == b"caf?"
    assert "\xe9" not in decode_error(b"\x04caf\xe9")


@given(st.binary(max_size=300))
def test_any_data_of_an_error_is_a_reason_or_refused(data: bytes) -> None:
    try:
        reason = decode_error(data)
    except CommandError:
        assert len(data) <= (data[0] if data else 0)
    else:
        assert len(reason) == data[0] or data[1:] in (b"300", b"400", b"500")


# PING and PONG


@pytest.mark.parametrize(
    ("data", "ttl", "context"),
    [
        (vectors.PING, 0.0, b""),
        (vectors.PING_TTL, 2.5, b""),
        (vectors.PING_MAX_TTL, 6553.5, b""),
        (vectors.PING_CONTEXT, 0.0, b"ctx"),
        (vectors.PING_16, 0.0, b"0123456789abcdef"),
    ],
)
def test_a_ping_has_tenths_of_a_second_to_live_and_a_context(
    data: bytes, ttl: float, context: bytes
) -> None:
    assert decode_ping(decode_command(body(data))[1]) == (ttl, context)


def test_a_context_above_16_bytes_is_cut_as_libzmq_cuts_it() -> None:
    assert decode_ping(decode_command(body(vectors.PING_17))[1]) == (0.0, b"0123456789abcdef")


@pytest.mark.parametrize("vector", vectors.SHORT_PINGS, ids=str)
def test_a_ping_without_two_bytes_of_time_to_live_is_refused(vector: Vector) -> None:
    """libzmq answers it with 16 bytes of its memory."""
    with pytest.raises(CommandError) as caught:
        decode_ping(decode_command(body(vector.data))[1])
    assert caught.value.command == "PING"


def test_a_pong_echoes_the_context() -> None:
    assert encode_pong(b"") == vectors.PONG
    assert encode_pong(b"ctx") == vectors.PONG_CONTEXT
    assert encode_pong(b"0123456789abcdef") == vectors.PONG_16


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=255))
def test_a_reason_is_read_as_it_was_written(reason: str) -> None:
    frame = encode_error(reason)
    name, data = decode_command(frame[9:] if frame[0] & 2 else frame[2:])
    assert (name, decode_error(data)) == (b"ERROR", reason)


@given(tenths=st.integers(0, 0xFFFF), context=st.binary(max_size=16))
def test_a_ping_is_read_as_it_was_written(tenths: int, context: bytes) -> None:
    name, data = decode_command(body(encode_ping(tenths / 10, context)))
    assert name == b"PING"
    ttl, echoed = decode_ping(data)
    assert (round(ttl * 10), echoed) == (tenths, context)
