"""MESSAGE: what all traffic of CURVE travels in (RFC 26, "MESSAGE"): :class:`CurveCipher`.

::

    %d7 MESSAGE, short nonce (8), box of [flags (1), body]

The flags within are MORE and, which RFC 26 leaves to be defined and libzmq does define, COMMAND.
"""

from __future__ import annotations

from typing import Any, Final

from nacl._sodium import ffi, lib  # type: ignore[import-not-found]

from pyzmtp.constants import COMMAND, MORE
from pyzmtp.errors import CommandError, CryptographicError, SequenceError, UnexpectedCommand
from pyzmtp.mechanisms.curve_boxes import BOX_SIZE, SHORT_NONCE_SIZE, Secret

__all__ = ["MESSAGE_OVERHEAD", "CurveCipher"]

_HEAD: Final = b"\x07MESSAGE"
_NONCE_END: Final = len(_HEAD) + SHORT_NONCE_SIZE
#: Bytes of a MESSAGE beside the body in it.
MESSAGE_OVERHEAD: Final = _NONCE_END + BOX_SIZE + 1

_FROM_CLIENT: Final = b"CurveZMQMESSAGEC"
_FROM_SERVER: Final = b"CurveZMQMESSAGES"

_LAST_NONCE: Final = 2 ** (8 * SHORT_NONCE_SIZE) - 1
#: A frame's flags, and the byte that stands for them in the box.
_INNER: Final = {0: b"\x00", MORE: b"\x01", COMMAND: b"\x02"}
_INNER_MORE: Final = 0x01
_INNER_COMMAND: Final = 0x02

#: Bytes in a cipher's buffer at first, and at the most: a frame that is longer gets one of its own.
_FIRST_ROOM: Final = 1024
_MOST_ROOM: Final = 128 * 1024
#: Bytes of a box from which on it costs less to point into a MESSAGE than to copy the box out of it.
_LARGE: Final = 2048


class CurveCipher:
    """See :class:`pyzmtp.mechanisms.base.Cipher`. It takes over ``key``, and wipes it in the end.

    ``sent``, ``received``: the short nonces of the last command of the handshake in each direction;
    those of the MESSAGEs go on from there.
    """

    # PyNaCl's own functions copy a message four times, and cost three times as much as its box, so
    # libsodium is called directly, through PyNaCl's cffi library.

    __slots__ = (
        "_bytes",
        "_key",
        "_open_prefix",
        "_received",
        "_room",
        "_seal_prefix",
        "_sent",
        "overhead",
    )

    def __init__(self, key: Secret, as_server: bool, sent: int, received: bytes) -> None:
        self.overhead = MESSAGE_OVERHEAD
        self._key = key
        self._seal_prefix = _FROM_SERVER if as_server else _FROM_CLIENT
        self._open_prefix = _FROM_CLIENT if as_server else _FROM_SERVER
        self._sent = sent
        self._received = received
        self._room = ffi.new("unsigned char[]", _FIRST_ROOM)
        self._bytes = ffi.buffer(self._room)

    def seal(self, flags: int, body: bytes) -> tuple[bytes, bytes]:
        """See :class:`Cipher`. Raises :exc:`SequenceError` when no nonce is left, or no key."""
        if self._sent == _LAST_NONCE:
            raise SequenceError("MESSAGE")
        self._sent += 1
        nonce = self._sent.to_bytes(8, "big")
        plain = _INNER[flags] + body
        size = len(plain)
        box, room = self._room, self._bytes
        if size + BOX_SIZE > len(room):
            box, room = self._more_room(size + BOX_SIZE)
        lib.crypto_secretbox_easy(box, plain, size, self._seal_prefix + nonce, self._key.lent)
        return _HEAD + nonce, room[: size + BOX_SIZE]

    def open(self, sealed: bytes) -> tuple[int, bytes]:
        """See :class:`Cipher`. Bits of the inner flags that mean nothing are ignored, as in libzmq."""
        nonce = sealed[8:16]
        if len(sealed) < MESSAGE_OVERHEAD or not sealed.startswith(_HEAD):
            raise _fault(sealed)
        if nonce <= self._received:  # of equal length, so that bytes compare like the numbers
            raise SequenceError("MESSAGE")
        self._received = nonce
        size = len(sealed) - _NONCE_END
        plain, room = self._room, self._bytes
        if size > len(room):
            plain, room = self._more_room(size)
        large = size >= _LARGE
        box = ffi.from_buffer(sealed) + _NONCE_END if large else sealed[_NONCE_END:]
        key = self._key.lent
        if lib.crypto_secretbox_open_easy(plain, box, size, self._open_prefix + nonce, key):
            raise CryptographicError("MESSAGE")
        frame = room[1 : size - BOX_SIZE]
        inner = plain[0]
        if inner:
            more = MORE if inner & _INNER_MORE else 0
            return more | (COMMAND if inner & _INNER_COMMAND else 0), frame
        return 0, frame

    def wipe(self) -> None:
        """See :class:`Cipher`."""
        self._sent = _LAST_NONCE
        self._key.wipe()
        self._received = b"\xff" * SHORT_NONCE_SIZE
        self._bytes[:] = bytes(len(self._bytes))

    def _more_room(self, size: int) -> tuple[Any, Any]:
        """A buffer of at least ``size`` bytes, kept if it is not too large, and its bytes."""
        kept = size <= _MOST_ROOM
        room = ffi.new("unsigned char[]", min(2 * size, _MOST_ROOM) if kept else size)
        content = ffi.buffer(room)
        if kept:
            self._bytes[:] = bytes(len(self._bytes))
            self._room, self._bytes = room, content
        return room, content


def _fault(body: bytes) -> CommandError:
    """What is wrong with a body that is not a whole MESSAGE."""
    if len(body) < 2 or len(body) <= body[0]:
        return CommandError("unnamed", "the body holds no whole name")
    if not body.startswith(_HEAD):
        name = body[1 : 1 + body[0]].decode("ascii", "replace")
        return UnexpectedCommand(name, "a MESSAGE")
    return CommandError("MESSAGE", f"{len(body)} bytes, at least {MESSAGE_OVERHEAD} are needed")
