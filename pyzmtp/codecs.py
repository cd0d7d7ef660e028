"""Text and JSON in frames: functions for any socket.

A frame is made by :func:`encode_string` or :func:`encode_json`, and goes wherever a frame goes:
``send([topic, encode_json(value)])``, ``request(encode_json(value))``, ``send_batch(map(encode_json,
values))``. Of what comes, :func:`decode_string` and :func:`decode_json` take one frame. Where a message is
one such frame, the four functions that send and receive are shorter.

The wire is that of pyzmq's ``send_string`` and ``send_json``. There is nothing like its ``send_pyobj``: who
unpickles what a peer has sent runs whatever the peer likes.
"""

from __future__ import annotations

import json
from typing import Any

from twisted.internet.defer import Deferred

from pyzmtp.errors import DecodeError
from pyzmtp.sockets.receiver import ReceivingSocket
from pyzmtp.sockets.sender import SendingSocket
from pyzmtp.wire.message import Message
from pyzmtp.wire.sendable import BytesLike

__all__ = [
    "decode_json",
    "decode_string",
    "encode_json",
    "encode_string",
    "receive_json",
    "receive_string",
    "send_json",
    "send_string",
]


def encode_string(text: str) -> bytes:
    """``text`` as a frame, in UTF-8.

    Raises :exc:`TypeError` for anything else, and :exc:`ValueError` for what has no UTF-8, which is half
    of a surrogate pair.
    """
    if not isinstance(text, str):
        raise TypeError(f"a text is str, not {type(text).__name__}")
    return text.encode()


def decode_string(frame: BytesLike) -> str:
    """The text in a frame. Raises :exc:`DecodeError`, and :exc:`TypeError` for what is no frame."""
    if not isinstance(frame, bytes | bytearray | memoryview):  # bytes(5) is five bytes
        raise TypeError(f"a frame is bytes, not {type(frame).__name__}")
    try:
        return bytes(frame).decode()
    except UnicodeDecodeError as error:
        raise DecodeError([bytes(frame)], f"no UTF-8 at byte {error.start}") from None


def encode_json(value: Any) -> bytes:
    """``value`` as a frame of JSON (RFC 8259).

    Raises :exc:`TypeError` for what JSON has no form for, and :exc:`ValueError` for NaN, infinities and
    what contains itself.
    """
    # Without spaces, and characters as they are: it is for programs.
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode()


def decode_json(frame: BytesLike) -> Any:
    """The value in a frame of JSON. Raises as :func:`decode_string`."""
    text = decode_string(frame)
    try:
        return json.loads(text)
    except ValueError as error:  # also for numbers of thousands of digits
        problem = f"no JSON: {error}"
    except RecursionError:
        problem = "JSON that is nested too deeply"
    raise DecodeError([bytes(frame)], problem)


def send_string(socket: SendingSocket, text: str) -> Deferred[None]:
    """Send a message that is a text; see :meth:`SendingSocket.send`."""
    return socket.send(encode_string(text))


def receive_string(socket: ReceivingSocket) -> Deferred[str]:
    """The text that the next message is; see :meth:`ReceivingSocket.receive`.

    Fails with :exc:`DecodeError`, which has the message, for one that is no text, or has several frames.
    """
    return socket.receive().addCallback(_only_frame).addCallback(decode_string)


def send_json(socket: SendingSocket, value: Any) -> Deferred[None]:
    """Send a message that is a value in JSON; see :meth:`SendingSocket.send`."""
    return socket.send(encode_json(value))


def receive_json(socket: ReceivingSocket) -> Deferred[Any]:
    """The value that the next message is; see :meth:`ReceivingSocket.receive`.

    Fails with :exc:`DecodeError`, which has the message, for one that is no JSON, or has several frames.
    """
    return socket.receive().addCallback(_only_frame).addCallback(decode_json)


def _only_frame(message: Message) -> bytes:
    if len(message) != 1:
        raise DecodeError(message, f"{len(message)} frames where one is expected")
    return message[0]
