"""Properties: the name-value pairs of READY and INITIATE (RFC 37, "Metadata").

A property is one byte of name length, the name, four bytes of value length, the value. Names are
case-insensitive; libzmq compares them exactly, so they are sent in its spelling and read in any.
"""

from __future__ import annotations

from collections.abc import Iterable

from pyzmtp.constants import PROPERTY_NAME_CHARACTERS
from pyzmtp.errors import MetadataError

__all__ = ["decode_properties", "encode_properties"]


def encode_properties(properties: Iterable[tuple[str, bytes]]) -> bytes:
    """The property block for ``properties``, in their order."""
    block = []
    for name, value in properties:
        encoded = name.encode("ascii")
        block += [bytes((len(encoded),)), encoded, len(value).to_bytes(4, "big"), value]
    return b"".join(block)


def decode_properties(block: bytes, command: str) -> dict[str, bytes]:
    """The properties of ``block``, by name as it was spelt.

    Raises :exc:`MetadataError`, naming ``command``, for a block that is cut short anywhere, a name
    outside the grammar, and a name that stands twice (in any case).
    """
    properties: dict[str, bytes] = {}
    seen: set[str] = set()
    position = 0
    while position < len(block):
        start = position + 1
        end = start + block[position]
        name = block[start:end]
        if not name or not PROPERTY_NAME_CHARACTERS.issuperset(name):
            raise MetadataError(command, f"the property name {name!r} is against the grammar")
        value_start = end + 4
        if value_start > len(block):
            raise MetadataError(command, f"it ends within the property {name!r}")
        size = int.from_bytes(block[end:value_start], "big")
        position = value_start + size
        if position > len(block):
            raise MetadataError(command, f"it ends within the value of {name!r}")
        text = name.decode("ascii")
        if text.lower() in seen:
            raise MetadataError(command, f"the property {text} stands twice")
        seen.add(text.lower())
        properties[text] = block[value_start:position]
    return properties
