"""The groups of RADIO and DISH: :func:`to_group`."""

from __future__ import annotations

from pyzmtp.constants import MAX_GROUP
from pyzmtp.errors import UsageError
from pyzmtp.wire.sendable import BytesLike

__all__ = ["to_group"]


def to_group(group: BytesLike) -> bytes:
    """``group`` as bytes.

    Raises :exc:`TypeError` for anything else, :exc:`UsageError` for one that is longer than 255 bytes
    (ZMQ_GROUP_MAX_LENGTH) or holds a zero byte, at which libzmq would end it.
    """
    if not isinstance(group, bytes | bytearray | memoryview):
        raise TypeError(f"a group is bytes, not {type(group).__name__}")
    name = bytes(group)
    if len(name) > MAX_GROUP:
        raise UsageError(f"a group has at most {MAX_GROUP} bytes, not {len(name)}")
    if b"\0" in name:
        raise UsageError(f"a group holds no zero byte: {name!r}")
    return name
