"""The greeting: 64 bytes that open a ZMTP 3.x connection, sent in three stages (RFC 37, "Greeting").

The stages tell old peers from new ones before anything is said that they could not read::

    stage          we send                                       when
    SIGNATURE      ff, eight bytes of padding, 7f                at once
    VERSION        03                                            after ten good bytes of the peer
    REST           01, mechanism, as-server, filler: 53 bytes    after the peer's eleventh byte

A peer that waited for our whole greeting before it sent its own would never hear it, as libzmq
stages in the same manner. Bytes 1 to 8 are not checked (libzmq puts its routing id's length there).
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final

from attrs import frozen

from pyzmtp.constants import VERSION
from pyzmtp.errors import NotZMTP, UnsupportedVersion

__all__ = [
    "Greeting",
    "GreetingReader",
    "GreetingStage",
    "encode_rest",
    "encode_signature",
    "encode_version",
]

_SIGNATURE_SIZE: Final = 10
_VERSION_SIZE: Final = 11
_GREETING_SIZE: Final = 64
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

    :ivar version: (major, minor) as announced. Like libzmq we speak 3.0 to 3.0 and 3.1 to all others.
    :ivar mechanism: the 20 bytes of the mechanism field, padding included.
    :ivar as_server: the bit as it came. Never rely on it: libzmq always sends 0.
    """

    version: tuple[int, int]
    mechanism: bytes
    as_server: bool


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


class GreetingReader:
    """Collects a peer's greeting from chunks of any size.

    :ivar stage: how far it is; :ivar greeting: the value, once the stage is ``WHOLE``.
    """

    __slots__ = ("_data", "_minimum", "greeting", "stage")

    def __init__(self, minimum: tuple[int, int] = (3, 0)) -> None:
        self.stage = GreetingStage.NOTHING
        self.greeting: Greeting | None = None
        self._minimum = minimum
        self._data = b""

    def feed(self, data: bytes) -> bytes:
        """Take bytes and return those behind the greeting, if it is whole now, else ``b""``.

        Raises :exc:`NotZMTP` at the first byte that no greeting can have, so that junk is dropped
        without waiting for more, and :exc:`UnsupportedVersion` for ZMTP below 3.0.
        """
        room = _GREETING_SIZE - len(self._data)
        self._data += data[:room]
        self._check(self._data)
        return data[room:]

    def _check(self, data: bytes) -> None:
        if data[:1] not in (b"", b"\xff"):
            raise NotZMTP(data[:_SIGNATURE_SIZE])
        if len(data) < _SIGNATURE_SIZE:
            return
        if not data[9] & 0x01:
            # A ZMTP 1.0 peer whose routing id is announced in the long form.
            raise UnsupportedVersion((1, 0), self._minimum)
        self.stage = GreetingStage.SIGNATURE
        if len(data) < _VERSION_SIZE:
            return
        if data[10] < 2:
            # Revision 0 is ZMTP 1.0 behind a signature, revision 1 is ZMTP 2.0.
            raise UnsupportedVersion((data[10] + 1, 0), self._minimum)
        self.stage = GreetingStage.VERSION
        if len(data) < _GREETING_SIZE:
            return
        greeting = Greeting((data[10], data[11]), data[12:32], data[32] == 1)
        if greeting.version == (3, 0) < self._minimum:
            raise UnsupportedVersion(greeting.version, self._minimum)
        self.stage = GreetingStage.WHOLE
        self.greeting = greeting
