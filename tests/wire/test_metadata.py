"""Properties: the block in READY, its grammar and its limits (ZMTP.md 3.1, RFC 37 "Metadata")."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyzmtp.errors import MetadataError
from pyzmtp.wire.metadata import decode_properties, encode_properties

from .. import vectors
from ..helpers import properties
from ..vectors import Vector

NAME_CHARACTERS = string.ascii_letters + string.digits + "-_.+"


def block(ready: bytes) -> bytes:
    """The property block of a READY frame."""
    head, found, content = ready.partition(b"\x05READY")
    assert found
    assert len(head) in (2, 9)
    return content


@pytest.mark.parametrize(
    ("ready", "expected"),
    [
        (vectors.READY_PUSH, {"Socket-Type": b"PUSH"}),
        (vectors.READY_DEALER, {"Socket-Type": b"DEALER", "Identity": b""}),
        (vectors.READY_DEALER_ABC, {"Socket-Type": b"DEALER", "Identity": b"abc"}),
        (vectors.READY_NOTHING, {}),
        (vectors.READY_WITHOUT_TYPE, {"X-a": b"b"}),
        (vectors.READY_UNKNOWN_PROPERTY, {"Socket-Type": b"PUSH", "Resource": b"a/b"}),
        (vectors.READY_LOWER_NAME, {"socket-type": b"BOGUS"}),
        (vectors.READY_LOWER_VALUE, {"Socket-Type": b"push"}),
        (vectors.READY_USER_ID, {"Socket-Type": b"PUSH", "User-Id": b"admin"}),
    ],
)
def test_properties_are_read_and_written_in_their_order_and_spelling(
    ready: bytes, expected: dict[str, bytes]
) -> None:
    found = decode_properties(block(ready), "READY")
    assert list(found.items()) == list(expected.items())
    assert encode_properties(expected.items()) == block(ready)


@pytest.mark.parametrize("vector", vectors.BAD_READIES, ids=str)
def test_holes_bad_names_and_repetitions_that_libzmq_takes_are_refused(vector: Vector) -> None:
    with pytest.raises(MetadataError) as caught:
        decode_properties(block(vector.data), "INITIATE")
    assert caught.value.command == "INITIATE"
    assert caught.value.libzmq_code == 0x10000018


def test_a_block_that_ends_anywhere_within_a_property_is_refused() -> None:
    whole = block(vectors.READY_DEALER_ABC)
    good = {0, 11 + 1 + 4 + 6, len(whole)}
    for end in range(len(whole) + 1):
        if end in good:
            assert len(decode_properties(whole[:end], "READY")) == sorted(good).index(end)
        else:
            with pytest.raises(MetadataError):
                decode_properties(whole[:end], "READY")


def test_a_name_has_the_characters_of_the_grammar_and_no_others() -> None:
    for character in range(256):
        data = properties([(b"X" + bytes((character,)), b"")])
        if chr(character) in NAME_CHARACTERS:
            assert decode_properties(data, "READY") == {"X" + chr(character): b""}
        else:
            with pytest.raises(MetadataError, match="grammar"):
                decode_properties(data, "READY")


def test_a_name_may_have_255_bytes() -> None:
    assert decode_properties(properties([(b"n" * 255, b"v")]), "READY") == {"n" * 255: b"v"}


@pytest.mark.parametrize("again", [b"Identity", b"identity", b"IDENTITY"])
def test_a_name_may_stand_once_in_whatever_case(again: bytes) -> None:
    """RFC 37: the case of names is not significant. libzmq takes the last for the routing id."""
    data = properties([(b"Identity", b"one"), (again, b"two")])
    with pytest.raises(MetadataError, match="twice"):
        decode_properties(data, "READY")


names = st.text(NAME_CHARACTERS, min_size=1, max_size=255)


@given(
    st.lists(
        st.tuples(names, st.binary(max_size=300)),
        max_size=64,
        unique_by=lambda pair: pair[0].lower(),
    )
)
def test_what_was_encoded_is_decoded(pairs: list[tuple[str, bytes]]) -> None:
    data = encode_properties(pairs)
    assert data == properties((name.encode(), value) for name, value in pairs)
    assert list(decode_properties(data, "READY").items()) == pairs


@given(st.binary(max_size=300))
def test_any_block_is_decoded_whole_or_refused(data: bytes) -> None:
    try:
        found = decode_properties(data, "READY")
    except MetadataError:
        return
    assert encode_properties(found.items()) == data
