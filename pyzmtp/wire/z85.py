"""Z85: binary data as text, five characters for every four bytes (RFC 32)."""

from __future__ import annotations

from typing import Final

__all__ = ["z85_decode", "z85_encode"]

_CHARACTERS: Final = (
    "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#"
)
_VALUES: Final = {character: value for value, character in enumerate(_CHARACTERS)}
_BASE: Final = 85


def z85_encode(data: bytes) -> str:
    """``data`` as text. Raises :exc:`ValueError` unless its length is a multiple of 4.

    (``zmq_z85_encode``)
    """
    if len(data) % 4:
        raise ValueError("Z85 takes a multiple of 4 bytes")
    text: list[str] = []
    for position in range(0, len(data), 4):
        number = int.from_bytes(data[position : position + 4], "big")
        digits = []
        for _ in range(5):
            number, digit = divmod(number, _BASE)
            digits.append(_CHARACTERS[digit])
        text += reversed(digits)
    return "".join(text)


def z85_decode(text: str) -> bytes:
    """The bytes that ``text`` stands for.

    Raises :exc:`ValueError`, which does not show it, unless its length is a multiple of 5, and its
    characters stand for bytes. (``zmq_z85_decode``)
    """
    if len(text) % 5:
        raise ValueError("Z85 takes a multiple of 5 characters")
    data = bytearray()
    for position in range(0, len(text), 5):
        number = 0
        for character in text[position : position + 5]:
            if character not in _VALUES:
                raise ValueError("a character that Z85 does not have")
            number = number * _BASE + _VALUES[character]
        if number >= 2**32:
            raise ValueError("five characters that stand for more than four bytes")
        data += number.to_bytes(4, "big")
    return bytes(data)
