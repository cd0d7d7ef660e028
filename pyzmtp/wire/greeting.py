"""The greeting: the bytes that open a connection, sent in stages that fit every version (RFC 37, 15).

The stages tell old peers from new ones before anything is said that they could not read::

    stage          we send                                       when
    SIGNATURE      ff, our routing id's length + 1, 7f           at once
    VERSION        03                                            after ten good bytes of the peer
    REST           01, mechanism, as-server, filler: 53 bytes    after the peer's eleventh byte

A peer that waited for our whole greeting before it sent its own would never hear it, as libzmq
stages in the same manner. Bytes 1 to 8 of a greeting are not checked.

To older peers the rest is less::

    the peer's bytes                        it speaks                 our rest
    the first is not ff                     1.0                       none: to it, our signature is
    the tenth is even                       1.0                       the head of an identity frame
    the eleventh is 0                       2.0, in frames of 1.0     our socket type's number
    the eleventh is 1                       2.0                       our socket type's number
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final

from attrs import frozen

from pyzmtp.constants import VERSION
from pyzmtp.errors import NotZMTP, UnsupportedVersion

__all__ = [
    "GREETING_SIZE",
    "OLD_GREETING_SIZE",
    "SIGNATURE_SIZE",
    "Greeting",
    "GreetingReader",
    "GreetingStage",
    "decode_greeting",
    "encode_rest",
    "encode_signature",
    "encode_version",
]

SIGNATURE_SIZE: Final = 10
_VERSION_SIZE: Final = 11
#: Of ZMTP 2.0.
OLD_GREETING_SIZE: Final = 12
GREETING_SIZE: Final = 64
_MECHANISM_SIZE: Final = 20


class GreetingStage(IntEnum):
    """How much of the peer's greeting has been read and found good."""

    NOTHING = 0
    SIGNATURE = 1
    VERSION = 2
    WHOLE = 3


@frozen
class Greeting:
    """What a peer's greeting said.

    :ivar version: the ZMTP to speak with it: (1, 0), (2, 0), (3, 0) or (3, 1). Like libzmq we speak 3.1
        to all that announce more.
    :ivar mechanism: the 20 bytes of the mechanism field, padding included; nothing below ZMTP 3.0.
    :ivar as_server: the bit as it came. Never rely on it: libzmq always sends 0.
    :ivar socket_type: the number that a peer of ZMTP 2.0 sent, else ``None``.
    :ivar frames_of_1_0: whether its frames are those of ZMTP 1.0.
    """

    version: tuple[int, int]
    mechanism: bytes = b""
    as_server: bool = False
    socket_type: int | None = None
    frames_of_1_0: bool = False


def encode_signature(routing_id: bytes = b"") -> bytes:
    """Bytes 0 to 9, with the routing id's length + 1 in the padding as libzmq writes it."""
    return b"\xff" + (len(routing_id) + 1).to_bytes(8, "big") + b"\x7f"


def encode_version() -> bytes:
    """Byte 10: the major version."""
    return bytes((VERSION[0],))


def encode_rest(mechanism: bytes, as_server: bool) -> bytes:
    """Bytes 11 to 63: minor version, mechanism, as-server and filler."""
    return b"%c%s%c%s" % (
        VERSION[1],
        mechanism.ljust(_MECHANISM_SIZE, b"\0"),
        as_server,
        bytes(31),
    )


def decode_greeting(data: bytes) -> Greeting:
    """What the 64 bytes of a peer of ZMTP 3.0 or later say."""
    version = (3, 0) if (data[10], data[11]) == (3, 0) else VERSION
    return Greeting(version, data[12:32], data[32] == 1)


class GreetingReader:
    """Collects a peer's greeting from chunks of any size.

    :ivar stage: how far it is.
    :ivar greeting: what it said, once the stage is ``WHOLE``, or the peer proved to speak ZMTP 1.0.
    :ivar minimum: the least version that is served.
    """

    __slots__ = ("_data", "greeting", "minimum", "stage")

    def __init__(self, minimum: tuple[int, int] = (2, 0)) -> None:
        self.stage = GreetingStage.NOTHING
        self.greeting: Greeting | None = None
        self.minimum = minimum
        self._data = b""

    @property
    def is_old(self) -> bool:
        """Whether the peer, whose eleventh byte is there, speaks ZMTP 2.0."""
        return self._data[10:11] in (b"\0", b"\1")

    def feed(self, data: bytes) -> bytes:
        """Take bytes and return those behind the greeting, if it is whole now, else ``b""``.

        Raises :exc:`NotZMTP` at the first byte that no greeting can have, so that junk is dropped
        without waiting for more, and :exc:`UnsupportedVersion` below the minimum.
        """
        if self.greeting is not None:
            return data
        room = GREETING_SIZE - len(self._data)
        self._data += data[:room]
        greeting = self._read(self._data)
        if greeting is None:
            return b""
        if greeting.version < self.minimum:
            raise UnsupportedVersion(greeting.version, self.minimum)
        if greeting.version > (1, 0):  # which has none: what came are frames already
            self.stage = GreetingStage.WHOLE
        self.greeting = greeting
        size = {(1, 0): 0, (2, 0): OLD_GREETING_SIZE}.get(greeting.version, GREETING_SIZE)
        return self._data[size:] + data[room:]

    def _read(self, data: bytes) -> Greeting | None:
        """The greeting, if ``data`` is enough of it."""
        if not data:
            return None
        if data[0] != 0xFF and self.minimum > (1, 0):
            raise NotZMTP(data[:SIGNATURE_SIZE])
        if data[0] != 0xFF or (len(data) >= SIGNATURE_SIZE and not data[9] & 0x01):
            # The head of an identity frame, in the short form or in the long one.
            return Greeting((1, 0), frames_of_1_0=True)
        if len(data) < SIGNATURE_SIZE:
            return None
        self.stage = GreetingStage.SIGNATURE
        if len(data) < _VERSION_SIZE:
            return None
        if self.is_old and self.minimum > (2, 0):
            raise UnsupportedVersion((2, 0), self.minimum)
        self.stage = GreetingStage.VERSION
        if self.is_old:
            if len(data) < OLD_GREETING_SIZE:
                return None
            return Greeting((2, 0), socket_type=data[11], frames_of_1_0=data[10] == 0)
        return None if len(data) < GREETING_SIZE else decode_greeting(data)
