"""MESSAGE: what all traffic of CURVE travels in (RFC 26, "MESSAGE"): :class:`CurveCipher`.

::

    %d7 MESSAGE, short nonce (8), box of [flags (1), body]

The flags within are MORE and, which RFC 26 leaves to be defined and libzmq does define, COMMAND.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from nacl._sodium import ffi, lib  # type: ignore[import-not-found]

from pyzmtp.constants import COMMAND, MORE
from pyzmtp.errors import CommandError, CryptographicError, SequenceError, UnexpectedCommand
from pyzmtp.mechanisms.base import Frame
from pyzmtp.mechanisms.curve_boxes import BOX_SIZE, SHORT_NONCE_SIZE, Secret

__all__ = ["MESSAGE_OVERHEAD", "CurveCipher"]

_HEAD: Final = b"\x07MESSAGE"
_NONCE_END: Final = len(_HEAD) + SHORT_NONCE_SIZE
#: Bytes of a MESSAGE beside the body in it.
MESSAGE_OVERHEAD: Final = _NONCE_END + BOX_SIZE + 1

_FROM_CLIENT: Final = b"CurveZMQMESSAGEC"
_FROM_SERVER: Final = b"CurveZMQMESSAGES"

_LAST_NONCE: Final = 2 ** (8 * SHORT_NONCE_SIZE) - 1
#: A frame's flags, and the byte that stands for them in the box: of that the lowest bit is MORE and the
#: next COMMAND, and the others mean nothing.
_INNER: Final = {0: b"\x00", MORE: b"\x01", COMMAND: b"\x02"}
_FLAGS: Final = {
    bytes((inner,)): (0, MORE, COMMAND, MORE | COMMAND)[inner & 3] for inner in range(256)
}

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

    # Both are generators: what stays the same from frame to frame is looked up once a batch.

    def seal(self, frames: Iterable[Frame]) -> Iterator[tuple[bytes, bytes]]:
        """See :class:`Cipher`. Raises :exc:`SequenceError` when no nonce is left, or no key."""
        seal, prefix, key = lib.crypto_secretbox_easy, self._seal_prefix, self._key.lent
        box, room = self._room, self._bytes
        most = len(room) - BOX_SIZE
        for flags, body in frames:
            if self._sent == _LAST_NONCE:
                raise SequenceError("MESSAGE")
            self._sent += 1
            nonce = self._sent.to_bytes(8, "big")
            plain = _INNER[flags] + body
            size = len(plain)
            if size > most:
                box, room = self._more_room(size + BOX_SIZE)
                most = len(room) - BOX_SIZE
            seal(box, plain, size, prefix + nonce, key)
            yield _HEAD + nonce, room[: size + BOX_SIZE]

    def open(self, sealed: Iterable[Sequence[bytes]]) -> Iterator[Frame]:
        """See :class:`Cipher`. Bits of the inner flags that mean nothing are ignored, as in libzmq."""
        unseal, prefix, key = lib.crypto_secretbox_open_easy, self._open_prefix, self._key.lent
        plain, room = self._room, self._bytes
        most = len(room)
        for [body] in sealed:
            nonce = body[8:16]
            size = len(body) - _NONCE_END
            if size <= BOX_SIZE or body[:8] != _HEAD:
                raise _fault(body)
            if nonce <= self._received:  # of equal length, so that bytes compare like the numbers
                raise SequenceError("MESSAGE")
            self._received = nonce
            if size > most:
                plain, room = self._more_room(size)
                most = len(room)
            large = size >= _LARGE
            box = ffi.from_buffer(body) + _NONCE_END if large else body[_NONCE_END:]
            if unseal(plain, box, size, prefix + nonce, key):
                raise CryptographicError("MESSAGE")
            yield _FLAGS[room[0]], room[1 : size - BOX_SIZE]

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
