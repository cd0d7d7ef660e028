"""Numbers and names that the wire fixes: socket types, frame flags, greeting bytes, command names."""

from __future__ import annotations

from enum import Enum, Flag
from typing import Final

__all__ = [
    "COMMAND",
    "DEFAULT_HWM",
    "LONG",
    "MAX_COMMAND",
    "MAX_GROUP",
    "MAX_HANDSHAKE_COMMAND",
    "MAX_HANDSHAKE_COMMANDS",
    "MAX_IDENTITY",
    "MAX_PROPERTIES",
    "MAX_PROPERTY_VALUE",
    "MAX_TOPIC",
    "MAX_TTL",
    "MORE",
    "PROPERTY_NAME_CHARACTERS",
    "SHORT_FRAME_LIMIT",
    "SOCKS_REFUSED",
    "VERSION",
    "ReconnectStop",
    "RouterNotify",
    "SocketType",
    "compatible",
]

# Frame flags (RFC 37, section "Framing"). Bits 3 to 7 are reserved.
MORE: Final = 0x01
LONG: Final = 0x02
COMMAND: Final = 0x04

# A body longer than this needs the long form; libzmq never uses the long form below it.
SHORT_FRAME_LIMIT: Final = 255

# The version that we announce: ZMTP 3.1 (RFC 37).
VERSION: Final = (3, 1)

# ZMQ_SNDHWM and ZMQ_RCVHWM: libzmq's default of 1000 messages a peer and direction.
DEFAULT_HWM: Final = 1000

#: Bytes in a handshake command: more than any READY or INITIATE in the field needs.
MAX_HANDSHAKE_COMMAND: Final = 16 * 1024
#: Commands of one side in a handshake: more than any mechanism in the RFCs has.
MAX_HANDSHAKE_COMMANDS: Final = 10
#: Bytes in a command once the handshake is done: a SUBSCRIBE with its topic is the largest.
MAX_COMMAND: Final = 64 * 1024
#: RFC 37: a routing id has at most 255 bytes.
MAX_IDENTITY: Final = 255
#: ZMQ_GROUP_MAX_LENGTH: bytes in the group of a RADIO's message (RFC 48).
MAX_GROUP: Final = 255
#: More than any peer in the field sends; libzmq itself has no limit (20,000 were accepted).
MAX_PROPERTIES: Final = 64
#: Bytes in the value of one property.
MAX_PROPERTY_VALUE: Final = 8192
#: Bytes in a topic that a peer subscribes to. Far longer than any in the field; libzmq has no limit.
MAX_TOPIC: Final = 32 * 1024
#: RFC 1928, section 6: "Connection refused", by the host that a proxy was to connect to.
SOCKS_REFUSED: Final = 5
#: The longest time to live that a PING of ours asks for, in seconds. The field holds a hundred times as
#: much, but libzmq multiplies it in 16 bits, and takes 65.6 s for 64 ms.
MAX_TTL: Final = 65.5
#: RFC 37: name-char = ALPHA | DIGIT | "-" | "_" | "." | "+"
PROPERTY_NAME_CHARACTERS: Final = frozenset(
    b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.+"
)


class SocketType(Enum):
    """A ZeroMQ socket type; the value is the name that travels as ``Socket-Type``.

    Those of STREAM and DGRAM never do.
    """

    PAIR = "PAIR"
    PUB = "PUB"
    SUB = "SUB"
    REQ = "REQ"
    REP = "REP"
    DEALER = "DEALER"
    ROUTER = "ROUTER"
    PULL = "PULL"
    PUSH = "PUSH"
    XPUB = "XPUB"
    XSUB = "XSUB"
    STREAM = "STREAM"
    SERVER = "SERVER"  # RFC 41
    CLIENT = "CLIENT"
    GATHER = "GATHER"  # RFC 49
    SCATTER = "SCATTER"
    PEER = "PEER"  # RFC 51
    CHANNEL = "CHANNEL"  # RFC 52
    RADIO = "RADIO"
    DISH = "DISH"
    DGRAM = "DGRAM"

    @property
    def number(self) -> int:
        """Its number in the greeting of ZMTP 2.0 (RFC 15), which is that of ``ZMQ_PAIR`` and so on."""
        return _NUMBERS[self]

    @property
    def sends_identity(self) -> bool:
        """Whether READY carries ``Identity`` (even an empty one), as libzmq's does."""
        return self in _IDENTITY_TYPES

    @property
    def is_raw(self) -> bool:
        """Whether it exchanges bytes as they are, with peers that speak no ZMTP."""
        return self in (SocketType.STREAM, SocketType.DGRAM)

    @property
    def frames(self) -> int | None:
        """How many frames a message has that is sent; ``None`` if that is free."""
        return _FRAMES.get(self)


class RouterNotify(Flag):
    """What a ROUTER is told of by a message ``[routing id, b""]`` (ZMQ_ROUTER_NOTIFY)."""

    NOTHING = 0
    CONNECT = 1  # ZMQ_NOTIFY_CONNECT
    DISCONNECT = 2  # ZMQ_NOTIFY_DISCONNECT


class ReconnectStop(Flag):
    """After what a connection is not tried again (ZMQ_RECONNECT_STOP)."""

    NEVER = 0
    REFUSED = 1  # ZMQ_RECONNECT_STOP_CONN_REFUSED: nobody listens there
    HANDSHAKE_FAILED = 2  # ZMQ_RECONNECT_STOP_HANDSHAKE_FAILED: it ended before it was ready
    AFTER_DISCONNECT = 4  # ZMQ_RECONNECT_STOP_AFTER_DISCONNECT: whatever is still queued


# RFC 15 folds XPUB and XSUB into PUB and SUB; libzmq sends numbers of their own.
_NUMBERS: Final = {
    SocketType.PAIR: 0,
    SocketType.PUB: 1,
    SocketType.SUB: 2,
    SocketType.REQ: 3,
    SocketType.REP: 4,
    SocketType.DEALER: 5,
    SocketType.ROUTER: 6,
    SocketType.PULL: 7,
    SocketType.PUSH: 8,
    SocketType.XPUB: 9,
    SocketType.XSUB: 10,
    SocketType.STREAM: 11,
    SocketType.SERVER: 12,
    SocketType.CLIENT: 13,
    SocketType.RADIO: 14,
    SocketType.DISH: 15,
    SocketType.GATHER: 16,
    SocketType.SCATTER: 17,
    SocketType.DGRAM: 18,
    SocketType.PEER: 19,
    SocketType.CHANNEL: 20,
}

_FRAMES: Final = {
    SocketType.STREAM: 2,
    SocketType.SERVER: 2,
    SocketType.CLIENT: 1,
    SocketType.SCATTER: 1,
    SocketType.PEER: 2,
    SocketType.CHANNEL: 1,
}

_IDENTITY_TYPES: Final = frozenset({SocketType.REQ, SocketType.DEALER, SocketType.ROUTER})

# RFC 37 "Socket types" and RFC 48, enforced by both sides during the handshake.
_COMPATIBLE: Final[dict[SocketType, frozenset[SocketType]]] = {
    SocketType.PAIR: frozenset({SocketType.PAIR}),
    SocketType.PUB: frozenset({SocketType.SUB, SocketType.XSUB}),
    SocketType.SUB: frozenset({SocketType.PUB, SocketType.XPUB}),
    SocketType.REQ: frozenset({SocketType.REP, SocketType.ROUTER}),
    SocketType.REP: frozenset({SocketType.REQ, SocketType.DEALER}),
    SocketType.DEALER: frozenset({SocketType.REP, SocketType.DEALER, SocketType.ROUTER}),
    SocketType.ROUTER: frozenset({SocketType.REQ, SocketType.DEALER, SocketType.ROUTER}),
    SocketType.PULL: frozenset({SocketType.PUSH}),
    SocketType.PUSH: frozenset({SocketType.PULL}),
    SocketType.XPUB: frozenset({SocketType.SUB, SocketType.XSUB}),
    SocketType.XSUB: frozenset({SocketType.PUB, SocketType.XPUB}),
    SocketType.STREAM: frozenset(),
    SocketType.SERVER: frozenset({SocketType.CLIENT}),
    SocketType.CLIENT: frozenset({SocketType.SERVER}),
    SocketType.GATHER: frozenset({SocketType.SCATTER}),
    SocketType.SCATTER: frozenset({SocketType.GATHER}),
    SocketType.PEER: frozenset({SocketType.PEER}),
    SocketType.CHANNEL: frozenset({SocketType.CHANNEL}),
    SocketType.RADIO: frozenset({SocketType.DISH}),
    SocketType.DISH: frozenset({SocketType.RADIO}),
    SocketType.DGRAM: frozenset(),
}


def compatible(ours: SocketType, theirs: SocketType) -> bool:
    """Whether two socket types may talk to each other (RFC 37, "Socket types")."""
    return theirs in _COMPATIBLE[ours]
