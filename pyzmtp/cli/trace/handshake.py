"""One side's part of a handshake of ZMTP 3.x: :class:`Handshake`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from attrs import evolve

from pyzmtp.cli.trace.frames import RawFrame, flag_faults
from pyzmtp.cli.trace.preview import Preview, printable
from pyzmtp.cli.trace.records import Command, Hello, Metadata, Refusal, Said, Sealed
from pyzmtp.cli.trace.rules import (
    CURVE,
    GRAMMAR,
    IDENTITY,
    NULL,
    PLAIN,
    SOCKET_TYPE,
    Fault,
)
from pyzmtp.constants import MAX_IDENTITY, SocketType, compatible
from pyzmtp.errors import CommandError
from pyzmtp.mechanisms.plain import decode_hello
from pyzmtp.wire.command import LIBZMQ_PLAIN_ERROR, decode_error, decode_handshake_command
from pyzmtp.wire.metadata import decode_properties

__all__ = ["Handshake", "is_handshake_command", "rule_of", "type_faults"]

_CLIENT: Final = ("HELLO", "INITIATE")
_SERVER: Final = ("WELCOME", "READY")
#: What a side says, by mechanism: one of these, in this order.
_PARTS: Final = {"NULL": (("READY",),), "PLAIN": (_CLIENT, _SERVER), "CURVE": (_CLIENT, _SERVER)}
#: What the other side must have said before, where there is a client and a server.
_AFTER: Final = {"WELCOME": "HELLO", "INITIATE": "WELCOME", "READY": "INITIATE"}
#: Behind these a side may send messages.
_LAST: Final = frozenset({"READY", "INITIATE", "ERROR"})
_RULES: Final = {"PLAIN": PLAIN, "CURVE": CURVE}

#: What a frame of a handshake may begin with. libzmq does not ask for the COMMAND flag.
_BEGINNINGS: Final = (
    *(bytes((len(name),)) + name for name in (b"HELLO", b"WELCOME", b"INITIATE", b"READY", b"ERROR")),
    LIBZMQ_PLAIN_ERROR,
)  # fmt: skip

#: RFC 26: the bytes of CURVE's commands; of two of them the least, without metadata.
_CURVE_SIZES: Final = {"HELLO": 200, "WELCOME": 168, "INITIATE": 257, "READY": 30}
_GROWING: Final = frozenset({"INITIATE", "READY"})
#: The names of commands that are kept: more than any handshake has.
_SAID_KEPT: Final = 10
#: Where in the data of CURVE's commands the counter is.
_NONCE_OFFSETS: Final = {"HELLO": 106, "INITIATE": 96, "READY": 0}


class Handshake:
    """Understands the handshake commands of one side.

    :ivar other: that of the other side, as soon as that has greeted.
    :ivar said: the names of its commands so far.
    :ivar done: whether its part is over, and messages may follow.
    :ivar socket_type: what it says of itself, once it has.
    :ivar nonce: the counter in the last command of CURVE.
    """

    other: Handshake | None = None

    def __init__(self, mechanism: str, limit: int) -> None:
        """:param limit: how many bytes are kept of what is shown."""
        self.mechanism = mechanism
        self._limit = limit
        self.said: list[str] = []
        self.done = False
        self.socket_type: SocketType | None = None
        self.nonce = 0

    def read(self, frame: RawFrame) -> Said:
        """What a command says.

        Nothing is shown of what may hold a password, be it as malformed as it may.
        """
        faults = [*flag_faults(frame, (3, 0))]
        if not frame.is_command:
            faults.append(Fault("a handshake command without the COMMAND flag", GRAMMAR))
        if frame.body.startswith(LIBZMQ_PLAIN_ERROR):
            faults.append(Fault("ERROR is spelt ^RROR, as libzmq does", PLAIN))
        try:
            name, data = decode_handshake_command(frame.body)
        except CommandError as error:
            faults.append(Fault(str(error), GRAMMAR))
            return Command("", frame.size, wire=frame.wire(0), faults=tuple(faults))
        spelt = printable(name)
        faults += self._order_faults(spelt)
        if len(self.said) < _SAID_KEPT:
            self.said.append(spelt)
        self.done = spelt in _LAST and (self.mechanism in _PARTS or spelt != "INITIATE")
        return evolve(self._meaning(spelt, data, frame, faults), faults=tuple(faults))

    def _meaning(self, name: str, data: bytes, frame: RawFrame, faults: list[Fault]) -> Command:
        """What the command says; what is wrong with it is added to ``faults``."""
        size = frame.size - (len(frame.body) - len(data))
        wire = frame.wire(frame.size - size)  # without the data
        bare = Command(name, size, wire=wire)
        if not frame.is_whole:
            return bare
        try:
            if name == "ERROR":
                return Refusal(name, size, reason=decode_error(data), wire=frame.wire())
            if self.mechanism == "CURVE" and name in _CURVE_SIZES:
                return self._sealed(name, data, wire, faults)
            if self.mechanism not in _PARTS:
                return Sealed(name, size, payload=None, nonce=None, wire=wire)
            if name == "HELLO":
                user, _ = decode_hello(data)
                return Hello(name, size, user=self._preview(user), wire=wire)
            if name in ("READY", "INITIATE"):
                properties = self._properties(name, data, faults)
                return Metadata(name, size, properties=properties, wire=frame.wire())
        except CommandError as error:
            faults.append(Fault(str(error), rule_of(self.mechanism)))
        if name == "WELCOME" and data:
            faults.append(Fault("WELCOME has data", PLAIN))
        return bare

    # The order of things

    def _order_faults(self, name: str) -> Iterator[Fault]:
        parts = _PARTS.get(self.mechanism)
        if parts is None:
            return
        rule = rule_of(self.mechanism)
        said = (*self.said, name)
        place = len(self.said)
        expected = {
            part[place] for part in parts if len(part) > place and part[:place] == said[:place]
        }
        if name == "ERROR":
            if "HELLO" in self.said:
                yield Fault("ERROR from a client", rule)
        elif name not in expected:
            wanted = " or ".join(sorted(expected)) or "nothing more"
            yield Fault(f"{name} where {wanted} should be", rule)
        elif self.mechanism != "NULL":
            theirs = [] if self.other is None else self.other.said
            before = _AFTER.get(name)
            if name == "HELLO" and "HELLO" in theirs:
                yield Fault("both sides are clients", rule)
            elif before is not None and before not in theirs:
                yield Fault(f"{name} before the other side's {before}", rule)

    # What commands say

    def _properties(self, name: str, data: bytes, faults: list[Fault]) -> dict[str, Preview]:
        """The properties in the clear. Raises :exc:`MetadataError`."""
        properties = decode_properties(data, name)
        by_name = {each.lower(): value for each, value in properties.items()}
        faults += self._socket_type_faults(name, by_name)
        faults += _identity_faults(by_name)
        return {each: self._preview(value) for each, value in properties.items()}

    def _socket_type_faults(self, name: str, properties: Mapping[str, bytes]) -> Iterator[Fault]:
        value = properties.get("socket-type")
        if value is None:
            yield Fault(f"{name} without Socket-Type", SOCKET_TYPE)
            return
        try:
            self.socket_type = SocketType(value.decode("ascii"))
        except ValueError:
            yield Fault(f"the Socket-Type {value!r} is unknown", SOCKET_TYPE)
            return
        theirs = None if self.other is None else self.other.socket_type
        yield from type_faults(self.socket_type, theirs, SOCKET_TYPE)

    def _sealed(self, name: str, data: bytes, wire: Preview, faults: list[Fault]) -> Command:
        size = 1 + len(name) + len(data)
        least = _CURVE_SIZES[name]
        if size < least or (size > least and name not in _GROWING):
            wanted = f"{least} or more" if name in _GROWING else str(least)
            faults.append(Fault(f"{name} of {size} bytes, not {wanted}", CURVE))
            return Command(name, len(data), wire=wire)
        nonce = None
        if name in _NONCE_OFFSETS:
            at = _NONCE_OFFSETS[name]
            nonce = self.nonce = int.from_bytes(data[at : at + 8], "big")
        if name == "HELLO" and data[:2] != b"\1\0":
            faults.append(Fault(f"CurveZMQ {data[0]}.{data[1]}, not 1.0", CURVE))
        payload = size - least if name in _GROWING else None
        return Sealed(name, len(data), payload=payload, nonce=nonce, wire=wire)

    def _preview(self, data: bytes) -> Preview:
        return Preview(len(data), data[: self._limit])


def _identity_faults(properties: Mapping[str, bytes]) -> Iterator[Fault]:
    identity = properties.get("identity", b"")
    if len(identity) > MAX_IDENTITY:
        problem = f"an Identity of {len(identity)} bytes, at most {MAX_IDENTITY} allowed"
        yield Fault(problem, IDENTITY)
    if identity.startswith(b"\0"):
        yield Fault("the Identity begins with a zero byte", IDENTITY)


def is_handshake_command(frame: RawFrame) -> bool:
    """Whether ``frame`` is part of a handshake, as it says, or as it begins."""
    return frame.is_command or frame.body.startswith(_BEGINNINGS)


def rule_of(mechanism: str) -> str:
    """Where it is said what a mechanism's handshake is."""
    return _RULES.get(mechanism, NULL)


def type_faults(ours: SocketType | None, theirs: SocketType | None, rule: str) -> Iterator[Fault]:
    """A fault if the two socket types are known and cannot talk to each other."""
    if ours is not None and theirs is not None and not compatible(ours, theirs):
        yield Fault(f"a {ours.value} socket cannot talk to a {theirs.value} socket", rule)
