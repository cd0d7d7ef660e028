"""Z85: RFC 32's vector, round trips, and every kind of text and bytes that it does not take."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyzmtp.wire.z85 import z85_decode, z85_encode

# RFC 32, "Test case".
VECTOR = (bytes.fromhex("864fd26fb559f75b"), "HelloWorld")

# RFC 32, "Specification": the characters in the order of their values.
CHARACTERS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#"

#: 2**32 - 1 in base 85, and the number above it.
LARGEST, TOO_LARGE = "%nSc0", "%nSc1"


def value_of(text: str) -> int:
    """The number that five characters are, by RFC 32."""
    number = 0
    for character in text:
        number = number * 85 + CHARACTERS.index(character)
    return number


def test_the_vector_of_the_rfc() -> None:
    data, text = VECTOR
    assert z85_encode(data) == text
    assert z85_decode(text) == data


def test_each_character_stands_for_its_place() -> None:
    for place, character in enumerate(CHARACTERS):
        assert z85_decode(f"0000{character}") == place.to_bytes(4, "big")
        assert z85_encode(place.to_bytes(4, "big")) == f"0000{character}"


def test_nothing_is_nothing() -> None:
    assert z85_encode(b"") == ""
    assert z85_decode("") == b""


@given(st.binary(max_size=16).map(lambda data: data * 4))
def test_what_is_encoded_is_decoded_again(data: bytes) -> None:
    text = z85_encode(data)
    assert len(text) == len(data) * 5 // 4
    assert z85_decode(text) == data


@given(st.text(CHARACTERS, min_size=5, max_size=5).filter(lambda text: value_of(text) < 2**32))
def test_a_text_stands_for_one_number_and_no_other_text_does(text: str) -> None:
    data = z85_decode(text)
    assert int.from_bytes(data, "big") == value_of(text)
    assert z85_encode(data) == text


@pytest.mark.parametrize("size", [1, 2, 3, 5, 31, 33])
def test_bytes_come_by_four(size: int) -> None:
    with pytest.raises(ValueError, match="multiple of 4"):
        z85_encode(bytes(size))


@pytest.mark.parametrize("size", [1, 2, 3, 4, 6, 39, 41])
def test_characters_come_by_five(size: int) -> None:
    with pytest.raises(ValueError, match="multiple of 5"):
        z85_decode("0" * size)


@pytest.mark.parametrize("character", sorted({chr(code) for code in range(128)} - set(CHARACTERS)))
@pytest.mark.parametrize("place", range(5))
def test_no_other_ascii_character_is_taken(character: str, place: int) -> None:
    text = f"{'0' * place}{character}{'0' * (4 - place)}"
    with pytest.raises(ValueError, match="a character that Z85 does not have"):
        z85_decode(text)


@given(st.characters(min_codepoint=128))
def test_no_character_beyond_ascii_is_taken(character: str) -> None:
    with pytest.raises(ValueError, match="a character that Z85 does not have"):
        z85_decode(f"0000{character}")


def test_no_number_passes_four_bytes() -> None:
    assert (value_of(LARGEST), value_of(TOO_LARGE)) == (2**32 - 1, 2**32)
    assert z85_decode(LARGEST) == b"\xff" * 4
    for text in (TOO_LARGE, "#####"):
        with pytest.raises(ValueError, match="more than four bytes"):
            z85_decode(text)


@pytest.mark.parametrize("text", ["secret key", "secre?", "se~re", "#####"])
def test_what_is_wrong_is_said_without_the_text(text: str) -> None:
    with pytest.raises(ValueError, match=r"Z85|four bytes") as raised:
        z85_decode(text)
    assert text not in str(raised.value)


@given(st.text(st.sampled_from(CHARACTERS + "~\0é"), max_size=20) | st.text(max_size=20))
def test_any_text_is_decoded_or_refused(text: str) -> None:
    try:
        data = z85_decode(text)
    except ValueError:
        return
    assert z85_encode(data) == text
