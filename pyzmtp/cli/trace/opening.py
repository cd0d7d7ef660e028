"""How a side opens a connection, from the greeting of any version to its frames: :class:`Opening`.

A peer reads only the other side's greeting. Here both are seen, and what one of them is may depend on
the other: who speaks down to a peer of ZMTP 2.0 ends its greeting after 12 bytes, and who meets one of
ZMTP 1.0 has sent the head of an identity frame, not a signature.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from attrs import frozen

from pyzmtp.cli.trace.frames import (
    WIRE_KEPT,
    FrameReader,
    read_head,
    read_head_v1,
)
from pyzmtp.cli.trace.preview import Preview, printable
from pyzmtp.cli.trace.records import Greeting
from pyzmtp.cli.trace.rules import GRAMMAR, MECHANISM, NULL, ZMTP_2, Fault, Undecodable
from pyzmtp.constants import SocketType
from pyzmtp.wire.greeting import (
    GREETING_SIZE,
    OLD_GREETING_SIZE,
    SIGNATURE_SIZE,
    decode_greeting,
)

__all__ = ["Opened", "Opening"]

_MECHANISM_CHARACTERS: Final = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.+")
#: The second byte of a short identity. RFC 13 gives it no meaning, and libzmq 2.1 sends 7e. Other
#: protocols have letters in its place or, as TLS, the version 3.
_IDENTITY_FLAGS: Final = (0x00, 0x01, 0x7E, 0x7F)
_BY_NUMBER: Final = {each.number: each for each in SocketType}


@frozen
class Opened:
    """What a side's first bytes were.

    :ivar version: the one that it speaks.
    :ivar greeting: what it said; ZMTP 1.0 has no greeting.
    :ivar socket_type: what it said of that.
    :ivar frames: reads the rest, which it has been fed.
    """

    version: tuple[int, int]
    greeting: Greeting | None
    socket_type: SocketType | None
    frames: FrameReader


class Opening:
    """Reads the first bytes of one side.

    :ivar other: that of the other side.
    :ivar mechanism: what the greeting says of it; empty before, and below ZMTP 3.0.
    """

    other: Opening

    def __init__(self) -> None:
        self.mechanism = ""
        self._data = b""

    @property
    def data(self) -> bytes:
        """What has come and is not read yet."""
        return self._data

    @property
    def is_unversioned(self) -> bool:
        """Whether it speaks ZMTP 1.0, or none: no signature of a later version came."""
        data = self._data
        return data[:1] not in (b"", b"\xff") or (len(data) >= SIGNATURE_SIZE and not data[9] & 1)

    @property
    def revision(self) -> int | None:
        """What it announces behind the signature, as soon as that is there."""
        if self.is_unversioned or len(self._data) <= SIGNATURE_SIZE:
            return None
        return self._data[SIGNATURE_SIZE]

    def feed(self, data: bytes) -> Opened | None:
        """Take bytes; ``None`` if it takes more of them, or of the other side's, to understand them.

        Raises :exc:`Undecodable` for what no version begins with.
        """
        self._data += data
        data = self._data
        if self.is_unversioned or (len(data) >= SIGNATURE_SIZE and self.other.is_unversioned):
            return self._unversioned(data)
        if self.revision is None:
            return None
        revisions = [each for each in (self.revision, self.other.revision) if each is not None]
        if min(revisions) < 2:
            if len(data) < OLD_GREETING_SIZE:
                return None
            return self._old(data, min(revisions))
        # A side that would speak down has waited for the other's revision.
        return self._whole(data) if len(data) >= GREETING_SIZE else None

    def _unversioned(self, data: bytes) -> Opened | None:
        if data[0] != 0xFF:
            if len(data) < 2:
                return None
            if data[1] not in _IDENTITY_FLAGS:
                problem = f"no ZMTP: it begins with {data[:SIGNATURE_SIZE]!r}"
                raise Undecodable(problem, GRAMMAR)
        return self._opened((1, 0), None, None, FrameReader(read_head_v1), data)

    def _old(self, data: bytes, revision: int) -> Opened:
        number = data[11]
        socket_type = _BY_NUMBER.get(number)
        greeting = Greeting(
            version=(2, 0),
            socket_type=str(number) if socket_type is None else socket_type.value,
            wire=Preview(OLD_GREETING_SIZE, data[:OLD_GREETING_SIZE]),
            faults=tuple(_old_faults(data)),
        )
        frames = FrameReader(read_head if revision else read_head_v1)
        return self._opened((2, 0), greeting, socket_type, frames, data[OLD_GREETING_SIZE:])

    def _whole(self, data: bytes) -> Opened:
        read = decode_greeting(data)
        self.mechanism = printable(read.mechanism.rstrip(b"\0"))
        greeting = Greeting(
            version=(data[10], data[11]),
            mechanism=self.mechanism,
            as_server=read.as_server,
            wire=Preview(GREETING_SIZE, data[:WIRE_KEPT]),
            faults=tuple(self._faults(data)),
        )
        frames = FrameReader(read_head)
        return self._opened(greeting.version, greeting, None, frames, data[GREETING_SIZE:])

    def _opened(
        self,
        version: tuple[int, int],
        greeting: Greeting | None,
        socket_type: SocketType | None,
        frames: FrameReader,
        rest: bytes,
    ) -> Opened:
        frames.feed(rest)
        self._data = self._data[:OLD_GREETING_SIZE]  # the other side may still have to know
        return Opened(version, greeting, socket_type, frames)

    def _faults(self, data: bytes) -> Iterator[Fault]:
        yield from _signature_faults(data)
        field, as_server = data[12:32], data[32]
        name = field.rstrip(b"\0")
        if not name or not _MECHANISM_CHARACTERS.issuperset(name):
            yield Fault(f"the mechanism {name!r} is against the grammar", GRAMMAR)
        if as_server > 1:
            yield Fault(f"as-server is 0x{as_server:02x}, not 0 or 1", GRAMMAR)
        elif as_server and self.mechanism == "NULL":
            yield Fault("as-server is set under NULL", NULL)
        if any(data[33:GREETING_SIZE]):
            yield Fault("the filler is not zero", GRAMMAR)
        if self.other.mechanism not in ("", self.mechanism):
            problem = f"the mechanisms differ: {self.mechanism}, and {self.other.mechanism}"
            yield Fault(problem, MECHANISM)


def _signature_faults(data: bytes) -> Iterator[Fault]:
    if data[9] != 0x7F:
        yield Fault(f"the signature ends with 0x{data[9]:02x}, not with 0x7f", GRAMMAR)


def _old_faults(data: bytes) -> Iterator[Fault]:
    yield from _signature_faults(data)
    if data[11] not in _BY_NUMBER:
        yield Fault(f"the socket type {data[11]} is unknown", ZMTP_2)
