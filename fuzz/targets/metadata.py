"""What a peer says of itself, and the replies of a ZAP handler.

* Nothing is raised but ``MetadataError``, ``IncompatibleSocketType`` and, for a reply, ``ZapError``.
* A block is read whole or refused; what was read is written as that block.
* What the application sees has no name that the handshake or the socket has a meaning for, whoever
  says it, and what was granted is never hidden by what a peer says itself.
* A peer that comes in has a socket type that may talk to ours, if any, and no id that is ours to give.

Input: our socket type, the frames of a reply, then the block.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Final

from fuzz.reader import Reader
from pyzmtp.authentication import Grant, Refusal
from pyzmtp.constants import PROPERTY_NAME_CHARACTERS, SocketType, compatible
from pyzmtp.engine.introduction import introduction, public_metadata
from pyzmtp.errors import IncompatibleSocketType, MetadataError, ZapError
from pyzmtp.wire.metadata import decode_properties, encode_properties
from pyzmtp.zap import decode_reply

BASE: Final = 6_000
MAX_SIZE: Final = 2_000

TYPES: Final = [each for each in SocketType if not each.is_raw]
_RESERVED: Final = {"user-id", "peer-address", "socket-type", "identity"}


def _meant(block: bytes) -> list[tuple[bytes, bytes]] | None:
    """The properties of a block, read by the RFC and slowly; ``None`` if it is against it."""
    pairs: list[tuple[bytes, bytes]] = []
    while block:
        name, block = block[1 : 1 + block[0]], block[1 + block[0] :]
        size = int.from_bytes(block[:4], "big")
        value = block[4 : 4 + size]
        names = {name.lower() for name, _ in pairs}
        if not name or set(name) - PROPERTY_NAME_CHARACTERS or name.lower() in names:
            return None
        if len(block) < 4 or len(value) < size:
            return None
        pairs.append((name, value))
        block = block[4 + size :]
    return pairs


def _decode(block: bytes) -> dict[str, bytes] | None:
    try:
        return decode_properties(block, "READY")
    except MetadataError:
        return None


def _check_public(properties: dict[str, bytes], granted: dict[str, bytes]) -> None:
    public = public_metadata(properties, granted)
    for name, value in public.items():
        assert name.lower() not in _RESERVED
        assert not name.startswith("__")
        assert value == granted.get(name, properties.get(name))
    assert len({name.lower() for name in public}) == len(public)
    for name in granted:
        assert name in public or name.startswith("__") or name.lower() in _RESERVED


def _introduce(ours: SocketType, properties: dict[str, bytes]) -> Hashable:
    try:
        theirs, routing_id = introduction(ours, properties)
    except (IncompatibleSocketType, MetadataError) as error:
        return type(error).__name__
    assert theirs is None or compatible(ours, theirs)
    if ours is SocketType.ROUTER:
        assert len(routing_id) < 256
        assert not routing_id.startswith(b"\0")
    return theirs is None, bool(routing_id)


def _reply(frames: list[bytes]) -> Hashable:
    try:
        verdict = decode_reply(frames)
    except ZapError as error:
        return error.libzmq_code
    assert len(frames) == 7
    if isinstance(verdict, Refusal):
        assert str(verdict.status).encode() == frames[3] != b"200"
        return verdict.status
    assert isinstance(verdict, Grant)
    assert frames[:4] == [b"", b"1.0", b"1", b"200"]
    return bool(verdict.user_id), bool(verdict.metadata)


def run(data: bytes) -> Hashable:
    source = Reader(data)
    ours = source.choice(TYPES)
    frames = [source.chunk() for _ in range(source.byte() % 9)]
    block = source.rest()
    replied = _reply(frames)
    pairs, properties = _meant(block), _decode(block)
    if pairs is None or properties is None:
        assert pairs is None
        assert properties is None
        return replied, None
    assert [(name.encode(), value) for name, value in properties.items()] == pairs
    assert encode_properties(properties.items()) == block
    half = dict(list(properties.items())[::2])
    _check_public(properties, half)
    _check_public(properties, {name.swapcase(): b"granted" for name in half})
    return replied, min(len(pairs), 5), _introduce(ours, properties)


def feed(data: bytes) -> object:
    return _decode(data), _decode(data[2:])
