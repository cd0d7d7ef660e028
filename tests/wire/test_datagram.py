"""A RADIO's message as a datagram (ZMTP.md 7.9)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyzmtp.wire.datagram import decode_datagram, encode_datagram


@pytest.mark.parametrize(
    ("message", "datagram"),
    [
        ([b"grp", b"hello"], bytes.fromhex("03 677270 68656c6c6f")),
        ([b"", b"hello"], bytes.fromhex("00 68656c6c6f")),
        ([b"", b""], b"\0"),
        ([b"g" * 255, b"b"], b"\xff" + b"g" * 255 + b"b"),
    ],
)
def test_both_ways(message: list[bytes], datagram: bytes) -> None:
    assert encode_datagram(message) == datagram
    assert decode_datagram(datagram) == message


@pytest.mark.parametrize("datagram", [b"", b"\x01", b"\x03gr", b"\xff" + b"g" * 254])
def test_no_whole_group(datagram: bytes) -> None:
    assert decode_datagram(datagram) is None


@given(st.binary(max_size=255), st.binary(max_size=300))
def test_what_was_encoded_is_decoded(group: bytes, body: bytes) -> None:
    assert decode_datagram(encode_datagram([group, body])) == [group, body]


@given(st.binary(max_size=300))
def test_any_datagram_is_what_is_encoded_of_it_or_none(datagram: bytes) -> None:
    message = decode_datagram(datagram)
    assert message is None or encode_datagram(message) == datagram
