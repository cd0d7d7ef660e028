"""What a peer did: :exc:`ProtocolError` and below."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from pyzmtp.errors.base import ZMTPError

if TYPE_CHECKING:
    from pyzmtp.constants import SocketType

__all__ = [
    "CommandError",
    "CommandTooLarge",
    "DecodeError",
    "FrameTooLarge",
    "FramingError",
    "HandshakeTimeout",
    "HeartbeatTimeout",
    "IncompatibleSocketType",
    "MechanismMismatch",
    "MetadataError",
    "NotAdmitted",
    "NotZMTP",
    "PeerRefused",
    "ProtocolError",
    "RoutingIdInUse",
    "TooManyPeers",
    "TooManySubscriptions",
    "UnexpectedCommand",
    "UnsupportedVersion",
    "UpgradeFailed",
    "WebsocketClosed",
]


class ProtocolError(ZMTPError):
    """A peer broke the rules, or refused us.

    ``libzmq_code`` is libzmq's number for the same fault, the value that its monitor gives with
    ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL or _AUTH; 0 where libzmq has none.
    """

    libzmq_code = 0


class NotZMTP(ProtocolError):
    """What arrived is no ZMTP greeting: an HTTP request, a TLS hello, noise.

    ``data``: the first bytes, at most ten.
    """

    def __init__(self, data: bytes) -> None:
        super().__init__(f"the peer does not speak ZMTP: it began with {data!r}")
        self.data = data


class UpgradeFailed(ProtocolError):
    """No websocket came of an HTTP connection; ``problem`` says what the peer did instead."""

    libzmq_code = 0x30000000

    def __init__(self, problem: str) -> None:
        super().__init__(f"the peer made no websocket of the connection: {problem}")
        self.problem = problem


class WebsocketClosed(ProtocolError):
    """The peer has closed its websocket, with a ``code`` and a ``reason`` (RFC 6455, section 7.4)."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"the peer closed the websocket: {int(code)} {reason!r}")
        self.code = int(code)
        self.reason = reason


class UnsupportedVersion(ProtocolError):
    """The peer speaks an older ZMTP than ``minimum``, the least that this socket accepts."""

    def __init__(self, version: tuple[int, int], minimum: tuple[int, int]) -> None:
        theirs, least = (f"{major}.{minor}" for major, minor in (version, minimum))
        super().__init__(f"the peer speaks ZMTP {theirs}, this socket accepts {least} and later")
        self.version = version
        self.minimum = minimum


class MechanismMismatch(ProtocolError):
    """The peer's greeting names another security mechanism than ours."""

    libzmq_code = 0x11000002

    def __init__(self, ours: str, theirs: str) -> None:
        super().__init__(f"this side is set to the mechanism {ours}, the peer to {theirs!r}")
        self.ours = ours
        self.theirs = theirs


class FramingError(ProtocolError):
    """A frame that RFC 37 forbids."""


class FrameTooLarge(FramingError):
    """A frame or message of ``size`` bytes where ``limit`` were allowed; none of it was buffered."""

    def __init__(self, size: int, limit: int) -> None:
        super().__init__(f"a frame of {size} bytes, where at most {limit} are allowed")
        self.size = size
        self.limit = limit


#: libzmq tells malformed commands apart by their names: ZMQ_PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND_*.
_MALFORMED: Final = {
    "MESSAGE": 0x10000012,
    "HELLO": 0x10000013,
    "INITIATE": 0x10000014,
    "ERROR": 0x10000015,
    "READY": 0x10000016,
    "WELCOME": 0x10000017,
}


class CommandError(ProtocolError):
    """A command whose bytes do not follow its grammar; ``command`` is its name."""

    libzmq_code = 0x10000011

    def __init__(self, command: str, problem: str) -> None:
        super().__init__(f"malformed {command} command: {problem}")
        if type(self) is CommandError:
            self.libzmq_code = _MALFORMED.get(command, self.libzmq_code)
        self.command = command
        self.problem = problem


class CommandTooLarge(FrameTooLarge):
    """The frame of a handshake's ``command`` has ``size`` bytes, where ``limit`` were allowed."""

    def __init__(self, command: str, size: int, limit: int) -> None:
        problem = f"a frame of {size} bytes, where {command} has at most {limit}"
        FramingError.__init__(self, problem)
        # libzmq, which reads it all, finds that no WELCOME of another size opens.
        self.libzmq_code = 0x11000001 if command == "WELCOME" else _MALFORMED.get(command, 0)
        self.command = command
        self.size = size
        self.limit = limit


class UnexpectedCommand(CommandError):
    """A command, or a message, that has no place in the present state."""

    libzmq_code = 0x10000001

    def __init__(self, command: str, expected: str) -> None:
        ProtocolError.__init__(self, f"got {command!r} where {expected} was expected")
        self.command = command
        self.problem = f"expected {expected}"
        self.expected = expected


class MetadataError(CommandError):
    """A property block that is cut short, too large, or holds a forbidden value."""

    libzmq_code = 0x10000018


class IncompatibleSocketType(ProtocolError):
    """The peer's socket type cannot talk to ours (RFC 37, "Socket types")."""

    libzmq_code = 0x10000018

    def __init__(self, ours: SocketType, theirs: str) -> None:
        super().__init__(f"a {ours.value} socket cannot talk to a {theirs!r} socket")
        self.ours = ours
        self.theirs = theirs


class RoutingIdInUse(ProtocolError):
    """Another peer with the same routing id is connected; ``router_handover`` would replace it."""

    def __init__(self, routing_id: bytes) -> None:
        super().__init__(f"the routing id {routing_id!r} belongs to another peer already")
        self.routing_id = routing_id


class TooManyPeers(ProtocolError):
    """One peer more than ``limit``: a second peer of a PAIR, or too many unfinished handshakes."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"more than {limit} peers")
        self.limit = limit


class NotAdmitted(ProtocolError):
    """The filters of the bind (``tcp_accept_filter``, ``ipc_filter_uid`` ...) do not let the peer in."""

    def __init__(self, peer_address: str) -> None:
        super().__init__(f"the filters do not let {peer_address or 'that process'} in")
        self.peer_address = peer_address


class TooManySubscriptions(ProtocolError):
    """A peer subscribed to one topic more than ``limit``, the option ``max_subscriptions``."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"more than {limit} subscriptions")
        self.limit = limit


class HandshakeTimeout(ProtocolError):
    """The handshake was not complete after ``seconds``; ``expected`` is what did not come."""

    def __init__(self, seconds: float, expected: str = "") -> None:
        why = f": no {expected} came" if expected else ""
        if expected == "HELLO":  # libzmq's greeting never says that it is a server
            why += ", the peer may be a server too"
        super().__init__(f"no complete handshake within {seconds} s{why}")
        self.seconds = seconds
        self.expected = expected


class HeartbeatTimeout(ProtocolError):
    """Nothing came from the peer for ``seconds``, though a PING had asked for it."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"the peer was silent for {seconds} s")
        self.seconds = seconds


class PeerRefused(ProtocolError):
    """The peer answered the handshake with ERROR; ``reason`` is its text.

    A status code of RFC 27 (ZAP) is no such text, but an :exc:`AuthenticationFailed`.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(f"the peer refused the connection: {reason!r}")
        self.reason = reason


class DecodeError(ProtocolError):
    """A ``message`` is not what the codec that was to read it expects; ``problem`` says why.

    It is of no consequence for the connection.
    """

    def __init__(self, message: Sequence[bytes], problem: str) -> None:
        super().__init__(f"the message cannot be decoded: {problem}")
        self.message = list(message)
        self.problem = problem
