"""One connection that asks a peer what it is, without I/O: :class:`Inspection`.

It does less than a socket, and looks closer: it lets the peer speak first wherever ZMTP leaves that
open, so that it can answer in the peer's own mechanism, and need not join before it knows whom.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Final

from attrs import define, field

from pyzmtp.cli.info.joining import type_to_join
from pyzmtp.constants import MAX_COMMAND, MAX_HANDSHAKE_COMMAND, SocketType
from pyzmtp.engine.sealed import SealedDecoder, seal_frames
from pyzmtp.errors import ProtocolError, UnexpectedCommand
from pyzmtp.mechanisms.base import Cipher, Mechanism, Properties
from pyzmtp.mechanisms.null import NullMechanism
from pyzmtp.mechanisms.refusal import decode_refusal
from pyzmtp.wire.command import (
    decode_command,
    decode_handshake_command,
    encode_command,
    encode_ping,
)
from pyzmtp.wire.greeting import (
    Greeting,
    GreetingReader,
    GreetingStage,
    encode_rest,
    encode_signature,
    encode_version,
)
from pyzmtp.wire.hot import FrameDecoder
from pyzmtp.wire.metadata import decode_properties, encode_properties

__all__ = ["Findings", "Inspection", "MakeMechanism", "Stage"]

#: Makes the mechanism of a socket that says these properties.
MakeMechanism = Callable[[Properties], Mechanism]

_CONTEXT: Final = b"pyzmtp info"
#: Bytes of a message, which is not for us, that are borne before the PONG.
_MAX_MESSAGE: Final = 2**24
#: The mechanism that a greeting names when there is no other.
_NULL: Final = "NULL"


class Stage(Enum):
    """What is waited for; the value says it in words."""

    GREETING = "the greeting"
    HANDSHAKE = "the end of the handshake"
    PONG = "the PONG"
    DONE = "nothing"


@define
class Findings:
    """What has been found out of a peer.

    :ivar properties: what it said of itself, ``None`` before it did.
    :ivar joined: the type that it has accepted us as, ``None`` if we did not join.
    :ivar handshake_seconds: from our greeting to its answer.
    :ivar ping_seconds: from a PING to its PONG.
    """

    greeting: Greeting | None = None
    properties: dict[str, bytes] | None = None
    joined: SocketType | None = None
    handshake_seconds: float | None = None
    ping_seconds: float | None = None

    @property
    def mechanism(self) -> str:
        """What the greeting names."""
        if self.greeting is None:
            return ""
        return self.greeting.mechanism.rstrip(b"\0").decode("ascii", "backslashreplace")

    @property
    def socket_type(self) -> str:
        """What it says it is, if it did."""
        for name, value in (self.properties or {}).items():
            if name.lower() == "socket-type":
                return value.decode("ascii", "backslashreplace")
        if self.greeting is not None and self.greeting.socket_type is not None:
            for kind in SocketType:
                if kind.number == self.greeting.socket_type:
                    return kind.value
        return ""


@define
class Inspection:
    """Bytes and the time in, bytes out; what is found is in :attr:`findings`.

    :ivar mechanism: makes the mechanism for a peer that has another than NULL; ``None``: there is none.
    :ivar announced: what we say we are under that one; ``None``: nothing.
    :ivar joins: whether to join whatever it is, also what would send us messages then.
    :ivar stage: what is waited for.
    """

    mechanism: MakeMechanism | None
    mechanism_name: str
    announced: SocketType | None
    joins: bool
    address: str = ""
    stage: Stage = Stage.GREETING
    findings: Findings = field(factory=Findings)
    _reader: GreetingReader = field(init=False, factory=GreetingReader)
    _frames: FrameDecoder = field(init=False)
    _decoder: FrameDecoder | SealedDecoder = field(init=False)
    _current: Mechanism | None = field(init=False, default=None)
    _asked_at: float = field(init=False, default=0.0)

    def __attrs_post_init__(self) -> None:
        self._frames = self._decoder = FrameDecoder(MAX_HANDSHAKE_COMMAND)
        self._frames.commands_only = True

    @property
    def expected(self) -> str:
        """The command of the handshake that is waited for, once a mechanism has begun."""
        return "" if self._current is None else self._current.expected

    def start(self) -> bytes:
        """What to say first."""
        return encode_signature()

    def receive(self, data: bytes, now: float) -> bytes:
        """Take bytes from the peer, and return what to answer.

        Raises :exc:`ProtocolError` for what is no ZMTP, and for a refusal.
        """
        output = b""
        if self.stage is Stage.GREETING:
            before = self._reader.stage
            data = self._reader.feed(data)
            if before < GreetingStage.SIGNATURE <= self._reader.stage:
                output += encode_version()
            if self._reader.greeting is None:
                return output
            output += self._greeted(self._reader.greeting, now)
        if self.stage is Stage.HANDSHAKE:
            output += self._read_handshake(data, now)
            data = b""
        if self.stage is Stage.PONG:
            self._look_for_pong(data, now)
        return output

    def _greeted(self, greeting: Greeting, now: float) -> bytes:
        """The peer's greeting is whole, and ours is not: it is to fit."""
        self.findings.greeting = greeting
        self._asked_at = now
        self.stage = Stage.HANDSHAKE
        name = self.findings.mechanism
        if greeting.version < (3, 0) or name not in (_NULL, self.mechanism_name):
            self.stage = Stage.DONE  # there is nothing more to hear
            return b""
        if name == _NULL:
            # READY is withheld until theirs has come.
            return encode_rest(b"NULL", False)
        assert self.mechanism is not None
        self._current = self.mechanism(_properties(self.announced))
        rest = encode_rest(self._current.name, self._current.as_server)
        return rest + self._current.start()

    def _read_handshake(self, data: bytes, now: float) -> bytes:
        output = b""
        while self.stage is Stage.HANDSHAKE:
            self._frames.feed(data, 1)
            data = b""
            if self._frames.error is not None:
                raise self._frames.error
            if self._frames.command is None:
                break
            name, content = decode_handshake_command(self._frames.command)
            if name == b"ERROR":
                raise self._refusal(content)
            output += self._take(name, content, now)
        return output

    def _refusal(self, content: bytes) -> ProtocolError:
        return decode_refusal(content, self._current or NullMechanism(()), self.address)

    def _take(self, name: bytes, content: bytes, now: float) -> bytes:
        """A command of the handshake."""
        mechanism = self._current
        if mechanism is None:
            if name != b"READY":
                raise UnexpectedCommand(name.decode("ascii", "replace"), "READY")
            self._introduced(decode_properties(content, "READY"), now)
            ours = type_to_join(self.findings.socket_type, self.joins)
            if ours is None:
                self.stage = Stage.DONE
                return b""
            ready = encode_command(b"READY", encode_properties(_properties(ours)))
            return ready + self._ask(ours, None, now)
        output = mechanism.receive(name, content)
        if not mechanism.done:
            return output
        self._introduced(mechanism.peer_properties or {}, now)
        return output + self._ask(self.announced, mechanism.cipher, now)

    def _introduced(self, properties: dict[str, bytes], now: float) -> None:
        self.findings.properties = properties
        self.findings.handshake_seconds = now - self._asked_at

    def _ask(self, ours: SocketType | None, cipher: Cipher | None, now: float) -> bytes:
        """We have joined: send a PING."""
        self.findings.joined = ours
        self.stage = Stage.PONG
        self._asked_at = now
        self._frames.commands_only = False
        self._frames.max_command_size = MAX_COMMAND
        self._frames.max_message_size = _MAX_MESSAGE
        ping = encode_ping(0, _CONTEXT)
        if cipher is None:
            return ping
        self._decoder = SealedDecoder(self._frames, cipher)
        return seal_frames(cipher, ping)

    def _look_for_pong(self, data: bytes, now: float) -> None:
        """Find our PONG among whatever comes; messages are not for us."""
        decoder = self._decoder
        decoder.feed(data, 1)
        while decoder.error is None and (decoder.command is not None or decoder.pending):
            if decoder.command is not None:
                name, content = decode_command(decoder.command)
                if (name, content) == (b"PONG", _CONTEXT):
                    self.findings.ping_seconds = now - self._asked_at
                    self.stage = Stage.DONE
                    return
            decoder.feed(b"", 1)


def _properties(ours: SocketType | None) -> list[tuple[str, bytes]]:
    """What we say of us; libzmq takes a peer that does not say what it is for one that fits."""
    if ours is None:
        return []
    properties = [("Socket-Type", ours.value.encode("ascii"))]
    if ours.sends_identity:
        properties.append(("Identity", b""))
    return properties
