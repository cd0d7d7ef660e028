"""Every error that pyzmtp raises, in one tree of three branches.

::

    ZMTPError
    ├── ProtocolError                  what a peer did; ``libzmq_code`` is libzmq's number for it
    │   ├── NotZMTP                    the first bytes are no ZMTP greeting
    │   ├── UnsupportedVersion         a ZMTP older than ``min_version``
    │   ├── MechanismMismatch          the two sides are configured for different mechanisms
    │   ├── FramingError               a frame that the rules forbid
    │   │   └── FrameTooLarge          longer than ``max_message_size`` or a handshake limit
    │   ├── CommandError               a malformed command
    │   │   ├── UnexpectedCommand      a well-formed one at the wrong time
    │   │   └── MetadataError          a malformed or forbidden property in READY
    │   ├── IncompatibleSocketType     for example a PUSH that met a SUB
    │   ├── RoutingIdInUse             a second peer with a routing id that is taken
    │   ├── TooManyPeers               the peer was one more than a limit or a PAIR allows
    │   ├── TooManySubscriptions       the peer subscribed to more than ``max_subscriptions``
    │   ├── HandshakeTimeout           the handshake took longer than ``handshake_timeout``
    │   ├── HeartbeatTimeout           the peer was silent for too long
    │   └── PeerRefused                the peer sent ERROR and its reason
    ├── UsageError                     what the caller did
    │   ├── WrongState                 for example two sends in a row on a REQ (``EFSM``)
    │   ├── OptionError                a value that an option does not take (also a ``ValueError``)
    │   ├── AddressError               an address that cannot be understood (also a ``ValueError``)
    │   ├── UnknownEndpoint            unbind or disconnect of what is not there (``ENOENT``)
    │   ├── TransportUnavailable       this reactor has no such transport
    │   ├── LibraryMissing             an optional library is not installed
    │   └── SocketClosed               the socket is closed, or was closed meanwhile
    └── NotPossibleNow                 what could not be done at this moment
        ├── WouldBlock                 a queue is full, nothing to do but wait (``EAGAIN``)
        ├── OperationTimeout           (also a ``TimeoutError``)
        │   ├── SendTimeout            ``send_timeout`` passed
        │   ├── ReceiveTimeout         ``receive_timeout`` passed
        │   └── RequestTimeout         no reply within the ``timeout`` of a request
        ├── HostUnreachable            a ROUTER or STREAM knows no such peer (``EHOSTUNREACH``)
        ├── PeerLost                   the peer that had our request went away
        ├── AddressInUse               somebody else listens there (``EADDRINUSE``)
        ├── BindError                  the operating system refused the address
        ├── ConnectError               one attempt to connect failed; more may follow
        ├── ProxyError                 why: the SOCKS proxy did not open a tunnel
        └── ConnectAborted             the connection was ended before it was ready

Errors carry fields, so that no program needs to read their text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pyzmtp.constants import SocketType

__all__ = [
    "AddressError",
    "AddressInUse",
    "BindError",
    "CommandError",
    "ConnectAborted",
    "ConnectError",
    "FrameTooLarge",
    "FramingError",
    "HandshakeTimeout",
    "HeartbeatTimeout",
    "HostUnreachable",
    "IncompatibleSocketType",
    "LibraryMissing",
    "MechanismMismatch",
    "MetadataError",
    "NotPossibleNow",
    "NotZMTP",
    "OperationTimeout",
    "OptionError",
    "PeerLost",
    "PeerRefused",
    "ProtocolError",
    "ProxyError",
    "ReceiveTimeout",
    "RequestTimeout",
    "RoutingIdInUse",
    "SendTimeout",
    "SocketClosed",
    "TooManyPeers",
    "TooManySubscriptions",
    "TransportUnavailable",
    "UnexpectedCommand",
    "UnknownEndpoint",
    "UnsupportedVersion",
    "UsageError",
    "WouldBlock",
    "WrongState",
    "ZMTPError",
]


class ZMTPError(Exception):
    """The root of all errors of pyzmtp."""


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


class TooManySubscriptions(ProtocolError):
    """A peer subscribed to one topic more than ``limit``, the option ``max_subscriptions``."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"more than {limit} subscriptions")
        self.limit = limit


class HandshakeTimeout(ProtocolError):
    """The handshake was not complete after ``seconds``."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"no complete handshake within {seconds} s")
        self.seconds = seconds


class HeartbeatTimeout(ProtocolError):
    """Nothing came from the peer for ``seconds``, though a PING had asked for it."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"the peer was silent for {seconds} s")
        self.seconds = seconds


#: ZAP statuses that say no (libzmq: those that make ZMQ_EVENT_HANDSHAKE_FAILED_AUTH).
_REFUSALS: Final = ("300", "400", "500")


class PeerRefused(ProtocolError):
    """The peer answered the handshake with ERROR; ``reason`` is its text.

    A server that refuses our credentials says "300", "400" or "500", the status codes of RFC 27 (ZAP):
    then that is the ``libzmq_code``.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(f"the peer refused the connection: {reason!r}")
        self.reason = reason
        self.libzmq_code = int(reason) if reason in _REFUSALS else 0


class UsageError(ZMTPError):
    """The caller asked for something that this socket, or any socket, does not do."""


class WrongState(UsageError):
    """The call is out of order, as libzmq's EFSM."""


class OptionError(UsageError, ValueError):
    """``option`` does not take ``value``."""

    def __init__(self, option: str, value: object, problem: str) -> None:
        super().__init__(f"option {option}={value!r}: {problem}")
        self.option = option
        self.value = value
        self.problem = problem


class AddressError(UsageError, ValueError):
    """An address that cannot be understood, or does not fit the call."""

    def __init__(self, address: object, problem: str) -> None:
        super().__init__(f"address {address!r}: {problem}")
        self.address = address
        self.problem = problem


class UnknownEndpoint(UsageError):
    """Nothing of this socket is bound, or connected, to ``address`` (libzmq: ENOENT)."""

    def __init__(self, address: object) -> None:
        super().__init__(f"this socket has nothing at {address!r}")
        self.address = address


class TransportUnavailable(UsageError):
    """The reactor offers no ``interface``, which this address needs."""

    def __init__(self, address: str, interface: str) -> None:
        super().__init__(
            f"{address!r} needs a reactor that provides {interface}; this one does not"
        )
        self.address = address
        self.interface = interface


class LibraryMissing(UsageError):
    """``what`` needs a ``library`` that is not installed; the ``extra`` of pyzmtp brings it."""

    def __init__(self, what: str, library: str, extra: str) -> None:
        super().__init__(
            f"{what} needs {library}, which is not installed: pip install pyzmtp[{extra}]"
        )
        self.what = what
        self.library = library
        self.extra = extra


class SocketClosed(UsageError):
    """The socket was closed before, or during, the call."""

    def __init__(self) -> None:
        super().__init__("the socket is closed")


class NotPossibleNow(ZMTPError):
    """Nothing is wrong, but it cannot be done at this moment."""


class WouldBlock(NotPossibleNow):
    """No peer can take the message now (libzmq: EAGAIN)."""


class OperationTimeout(NotPossibleNow, TimeoutError):
    """Something took longer than ``seconds``."""

    def __init__(self, what: str, seconds: float) -> None:
        super().__init__(f"{what} within {seconds} s")
        self.seconds = seconds


class SendTimeout(OperationTimeout):
    """No peer could take the message within ``send_timeout`` (ZMQ_SNDTIMEO)."""

    def __init__(self, seconds: float) -> None:
        super().__init__("no peer could take the message", seconds)


class ReceiveTimeout(OperationTimeout):
    """No message came within ``receive_timeout`` (ZMQ_RCVTIMEO)."""

    def __init__(self, seconds: float) -> None:
        super().__init__("no message arrived", seconds)


class RequestTimeout(OperationTimeout):
    """No reply came within the request's ``timeout``."""

    def __init__(self, seconds: float) -> None:
        super().__init__("no reply arrived", seconds)


class HostUnreachable(NotPossibleNow):
    """A ROUTER with ``router_mandatory``, or a STREAM, knows no peer ``routing_id``.

    (libzmq: EHOSTUNREACH)
    """

    def __init__(self, routing_id: bytes) -> None:
        super().__init__(f"no peer has the routing id {routing_id!r}")
        self.routing_id = routing_id


class PeerLost(NotPossibleNow):
    """The connection to the peer that was to answer has been lost."""

    def __init__(self, address: str) -> None:
        super().__init__(f"the connection to {address} was lost before the reply came")
        self.address = address


class AddressInUse(NotPossibleNow):
    """Somebody listens at ``address`` already (EADDRINUSE)."""

    def __init__(self, address: str) -> None:
        super().__init__(f"{address} is in use")
        self.address = address


class BindError(NotPossibleNow):
    """The operating system, or the endpoint, refused to listen at ``address``; see ``reason``."""

    def __init__(self, address: str, reason: BaseException) -> None:
        super().__init__(f"cannot listen at {address}: {reason}")
        self.address = address
        self.reason = reason


class ConnectError(NotPossibleNow):
    """An attempt to connect to ``address`` failed with ``reason``. Others may follow."""

    def __init__(self, address: str, reason: BaseException) -> None:
        super().__init__(f"cannot connect to {address}: {reason}")
        self.address = address
        self.reason = reason


class ProxyError(NotPossibleNow):
    """The SOCKS proxy at ``proxy`` was not reached, or opened no tunnel: the ``reason`` of a
    :exc:`ConnectError`.

    ``reply``: the number that it refused the tunnel with (RFC 1928, section 6), else ``None``.
    """

    def __init__(self, proxy: str, problem: str, reply: int | None = None) -> None:
        number = "" if reply is None else f" (reply {reply})"
        super().__init__(f"SOCKS proxy {proxy}: {problem}{number}")
        self.proxy = proxy
        self.problem = problem
        self.reply = reply


class ConnectAborted(NotPossibleNow):
    """The connection to ``address`` was given up (disconnect, unbind or close) before it was ready."""

    def __init__(self, address: str) -> None:
        super().__init__(f"{address} was disconnected before the handshake was done")
        self.address = address
