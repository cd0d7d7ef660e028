"""Commands: frames with the COMMAND flag, whose body is a name and its data (RFC 37, "Commands")."""

from __future__ import annotations

from typing import Final

from pyzmtp.constants import COMMAND
from pyzmtp.errors import CommandError
from pyzmtp.wire.hot import encode_frame

__all__ = [
    "LIBZMQ_PLAIN_ERROR",
    "MAX_ERROR",
    "Command",
    "decode_command",
    "decode_error",
    "decode_handshake_command",
    "decode_ping",
    "encode_command",
    "encode_error",
    "encode_ping",
    "encode_pong",
]

#: The statuses of ZAP. Where their size belongs, libzmq 4.1 says that of something else under CURVE.
_STATUSES: Final = (b"300", b"400", b"500")

#: RFC 37: a PING's context has at most 16 bytes; libzmq cuts a longer one in its echo.
_MAX_CONTEXT: Final = 16
#: How libzmq's PLAIN server spells ERROR: in its source ``\\x05E`` is one byte, 0x5e.
LIBZMQ_PLAIN_ERROR: Final = b"\x5eRROR"
#: The most bytes in the body of an ERROR, whose reason is the longest that there can be.
MAX_ERROR: Final = len(b"\x05ERROR") + 1 + 255


class Command:
    """A command on its way to a peer: it queues and travels like a message."""

    __slots__ = ("body", "wire")

    def __init__(self, name: bytes, data: bytes = b"") -> None:
        self.body = bytes((len(name),)) + name + data
        #: The bytes on a plain connection.
        self.wire = encode_frame(COMMAND, self.body)


def encode_command(name: bytes, data: bytes = b"") -> bytes:
    """The whole frame of a command."""
    return Command(name, data).wire


def decode_command(body: bytes) -> tuple[bytes, bytes]:
    """Split a command's body into name and data.

    Raises :exc:`CommandError` if there is no name, or not all of it.
    """
    if not body or not 0 < body[0] < len(body):
        raise CommandError("unnamed", "the body holds no whole name")
    end = 1 + body[0]
    return body[1:end], body[end:]


def decode_handshake_command(body: bytes) -> tuple[bytes, bytes]:
    """As :func:`decode_command`, and knows libzmq's spelling of ERROR under PLAIN."""
    if body.startswith(LIBZMQ_PLAIN_ERROR):
        return b"ERROR", body[len(LIBZMQ_PLAIN_ERROR) :]
    return decode_command(body)


def encode_error(reason: str) -> bytes:
    """An ERROR frame. RFC 37: ``reason`` has up to 255 characters, none of them a space."""
    encoded = reason.encode("ascii", "replace")[:255]
    return encode_command(b"ERROR", bytes((len(encoded),)) + encoded)


def decode_error(data: bytes) -> str:
    """The reason in the data of an ERROR. Raises :exc:`CommandError` if it is cut short.

    A status that libzmq 4.1 has miscounted is taken as it is meant.
    """
    if data[1:] in _STATUSES:
        return data[1:].decode("ascii")
    if not data or len(data) < 1 + data[0]:
        raise CommandError("ERROR", "the reason is cut short")
    return data[1 : 1 + data[0]].decode("ascii", "replace")


def decode_ping(data: bytes) -> tuple[float, bytes]:
    """The time to live (seconds; 0 asks for nothing) and the context in the data of a PING.

    Raises :exc:`CommandError` for a PING without its two bytes of time to live: libzmq answers such
    a PING with bytes of its own memory.
    """
    if len(data) < 2:
        raise CommandError("PING", "it has no time to live")
    return int.from_bytes(data[:2], "big") / 10, data[2 : 2 + _MAX_CONTEXT]


def encode_ping(ttl: float, context: bytes = b"") -> bytes:
    """A PING frame that asks to be given up after ``ttl`` silent seconds, in steps of a tenth."""
    return encode_command(b"PING", int(ttl * 10).to_bytes(2, "big") + context)


def encode_pong(context: bytes) -> bytes:
    """The PONG frame that answers a PING with ``context``."""
    return encode_command(b"PONG", context)
