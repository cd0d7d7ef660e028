"""A RADIO's message as a datagram of ``udp://``: length of the group, group, body (libzmq)."""

from __future__ import annotations

from typing import Final

from pyzmtp.wire.message import Message

__all__ = ["MAX_DATAGRAM", "MAX_DATAGRAM_GROUP", "decode_datagram", "encode_datagram"]

#: libzmq's MAX_UDP_MSG: what a receiver reads of a datagram.
MAX_DATAGRAM: Final = 8192
#: A longer group aborts a DISH of libzmq 4.3.5, which takes its length for a negative number.
MAX_DATAGRAM_GROUP: Final = 127


def encode_datagram(message: Message) -> bytes:
    """The datagram of ``[group, body]``."""
    group, body = message
    return bytes((len(group),)) + group + body


def decode_datagram(data: bytes) -> Message | None:
    """``[group, body]``, or ``None`` for a datagram that holds no whole group."""
    if not data or len(data) <= data[0]:
        return None
    end = 1 + data[0]
    return [data[1:end], data[end:]]
