"""Everything that can be set on a socket: :class:`SocketOptions`.

Times are seconds, sizes are bytes, queues are messages. Each field's metadata names the ``ZMQ_``
constant that it stands for, with libzmq's unit and default where they differ from ours; the option
table of the documentation is made from it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final, TypeVar

import attrs
from attrs import field, frozen

from pyzmtp.constants import (
    DEFAULT_HWM,
    MAX_HANDSHAKE_COMMAND,
    MAX_PROPERTIES,
    MAX_PROPERTY_VALUE,
    PROPERTY_NAME_CHARACTERS,
    SocketType,
)
from pyzmtp.errors import OptionError, UsageError

__all__ = ["SocketOptions", "options_for"]

_T = TypeVar("_T")
_Validator = Callable[[Any, "attrs.Attribute[Any]", Any], None]

_ALL: Final = frozenset(SocketType)
_NAMED: Final = frozenset({SocketType.REQ, SocketType.REP, SocketType.DEALER, SocketType.ROUTER})
_REQ: Final = frozenset({SocketType.REQ})
_ROUTER: Final = frozenset({SocketType.ROUTER})
_PUBLISHERS: Final = frozenset({SocketType.PUB, SocketType.XPUB})
_XPUB: Final = frozenset({SocketType.XPUB})
_XSUB: Final = frozenset({SocketType.XSUB})
_PROBERS: Final = frozenset({SocketType.ROUTER, SocketType.DEALER, SocketType.REQ})
_MATCHERS: Final = frozenset({SocketType.PUB, SocketType.XPUB, SocketType.SUB})

_LARGEST: Final = 2**62

# What Socket-Type, Identity and a mechanism's own bytes take of a READY or INITIATE, generously.
_OWN_PROPERTIES: Final = 1024


def _option(
    default: _T,
    check: _Validator,
    meaning: str,
    zmq: str | None = None,
    zmq_default: str | None = None,
    types: frozenset[SocketType] = _ALL,
    converter: Callable[[Any], _T] | None = None,
) -> _T:
    """A field: its default, its validator, and what the documentation says of it."""
    metadata = {"meaning": meaning, "zmq": zmq, "zmq_default": zmq_default, "types": types}
    return field(
        default=default,
        converter=converter,
        validator=check,
        hash=converter is None,  # a mapping has none
        kw_only=True,
        metadata=metadata,
    )


def _require(holds: bool, attribute: attrs.Attribute[Any], value: object, problem: str) -> None:
    if not holds:
        raise OptionError(attribute.name, value, problem)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _flag(instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    _require(isinstance(value, bool), attribute, value, "it takes True or False")


def _integer(least: int, most: int = _LARGEST) -> _Validator:
    def check(instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
        good = isinstance(value, int) and not isinstance(value, bool) and least <= value <= most
        _require(good, attribute, value, f"it takes a whole number from {least} to {most}")

    return check


def _seconds(zero: bool = True, most: float = sys.float_info.max) -> _Validator:
    def check(instance: object, attribute: attrs.Attribute[Any], value: Any) -> None:
        good = _is_number(value) and 0 <= value <= most and (zero or value > 0)
        least = "0" if zero else "more than 0"
        end = "up" if most == sys.float_info.max else f"to {most}"
        _require(good, attribute, value, f"it takes seconds as a number from {least} {end}")

    return check


def _or_none(check: _Validator, meaning: str) -> _Validator:
    def check_unless_none(instance: object, attribute: attrs.Attribute[Any], value: Any) -> None:
        if value is not None:
            try:
                check(instance, attribute, value)
            except OptionError as error:
                raise OptionError(
                    attribute.name, value, f"{error.problem}, or None for {meaning}"
                ) from None

    return check_unless_none


def _bytes(least: int, most: int) -> _Validator:
    def check(instance: object, attribute: attrs.Attribute[Any], value: Any) -> None:
        good = isinstance(value, bytes) and least <= len(value) <= most
        _require(good, attribute, value, f"it takes {least} to {most} bytes")

    return check


def _routing_id(instance: object, attribute: attrs.Attribute[Any], value: Any) -> None:
    _bytes(0, 255)(instance, attribute, value)
    # Ids that begin with a zero byte are those that a ROUTER draws for nameless peers (RFC 28).
    _require(value[:1] != b"\0", attribute, value, "it may not begin with a zero byte")


def _version(instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    _require(value in ((3, 0), (3, 1)), attribute, value, "it takes (3, 0) or (3, 1)")


def _metadata(instance: object, attribute: attrs.Attribute[Any], value: Any) -> None:
    _require(isinstance(value, Mapping), attribute, value, "it takes a mapping of str to bytes")
    for name, content in value.items():
        # libzmq: an application's property name begins with X-, and fits its length byte.
        good = isinstance(name, str) and name.startswith("X-") and len(name) < 256
        good = good and PROPERTY_NAME_CHARACTERS.issuperset(name.encode())
        _require(good, attribute, name, "a property's name is X- and letters, digits, -, _, . or +")
        good = isinstance(content, bytes) and len(content) <= MAX_PROPERTY_VALUE
        limit = f"a property's value is bytes, {MAX_PROPERTY_VALUE} at the most"
        _require(good, attribute, content, limit)
    names = {name.lower() for name in value}
    _require(len(names) == len(value), attribute, value, "a property's name may stand only once")
    size = sum(len(name) + len(content) + 5 for name, content in value.items())
    good = len(value) <= MAX_PROPERTIES - 2 and size <= MAX_HANDSHAKE_COMMAND - _OWN_PROPERTIES
    _require(good, attribute, value, "it does not fit into a READY of 64 properties and 16 KiB")


def _own_copy(value: Any) -> Any:
    """What was checked must not change later; what is no mapping is left for the check to refuse."""
    return MappingProxyType(dict(value)) if isinstance(value, Mapping) else value


@frozen
class SocketOptions:
    """The settings of a socket: a value, checked when it is made.

    Give it to any number of sockets, or set single options by keyword:
    ``PushSocket(reactor, options, send_hwm=10)``. A wrong value raises :exc:`OptionError` (a
    ``ValueError``), an option that a socket type has no use for raises :exc:`UsageError`.
    """

    send_hwm: int = _option(
        DEFAULT_HWM, _integer(0), "messages queued for one peer; 0: any number", "ZMQ_SNDHWM"
    )
    receive_hwm: int = _option(
        DEFAULT_HWM,
        _integer(0),
        "unread messages of one peer, beyond which its connection is not read; 0: any number",
        "ZMQ_RCVHWM",
    )
    send_hwm_bytes: int = _option(0, _integer(0), "bytes queued for one peer; 0: any number")
    receive_hwm_bytes: int = _option(0, _integer(0), "unread bytes of one peer; 0: any number")
    linger: float | None = _option(
        5.0,
        _or_none(_seconds(), "no limit"),
        "how long close() goes on sending what is queued; None: until it is sent",
        "ZMQ_LINGER",
        "-1 ms (no limit); 0 for SUB, XSUB",
    )
    send_timeout: float | None = _option(
        None,
        _or_none(_seconds(), "no limit"),
        "how long send() waits for a queue to take the message; None: no limit",
        "ZMQ_SNDTIMEO",
        "-1 ms (no limit)",
    )
    receive_timeout: float | None = _option(
        None,
        _or_none(_seconds(), "no limit"),
        "how long receive() waits for a message; None: no limit",
        "ZMQ_RCVTIMEO",
        "-1 ms (no limit)",
    )
    max_message_size: int = _option(
        0,
        _integer(0),
        "bytes in all frames of one message from a peer, checked before they are kept; 0: any number",
        "ZMQ_MAXMSGSIZE",
        "-1 (any number), and counted a frame",
    )
    max_message_parts: int = _option(
        0, _integer(0), "frames in one message from a peer; 0: any number"
    )
    routing_id: bytes = _option(
        b"",
        _routing_id,
        "the id that a ROUTER knows this socket by",
        "ZMQ_ROUTING_ID",
        types=_NAMED,
    )
    immediate: bool = _option(
        False, _flag, "queue messages only for peers that are connected", "ZMQ_IMMEDIATE"
    )
    handshake_timeout: float | None = _option(
        30.0,
        _or_none(_seconds(zero=False), "no limit"),
        "how long a new connection may take to become ready",
        "ZMQ_HANDSHAKE_IVL",
        "30000 ms",
    )
    heartbeat_interval: float | None = _option(
        None,
        _or_none(_seconds(zero=False), "no heartbeats"),
        "how often to send a PING",
        "ZMQ_HEARTBEAT_IVL",
        "0 ms (no heartbeats)",
    )
    heartbeat_timeout: float | None = _option(
        None,
        _or_none(_seconds(), "the interval"),
        "how long after a PING the peer may be silent; 0: for ever",
        "ZMQ_HEARTBEAT_TIMEOUT",
        "-1 (the interval)",
    )
    heartbeat_ttl: float = _option(
        0.0,
        _seconds(most=65.5),
        "how long the peer shall bear our silence, in steps of 0.1 s; 0: as long as it likes",
        "ZMQ_HEARTBEAT_TTL",
        "0 ms",
    )
    connect_timeout: float | None = _option(
        None,
        _or_none(_seconds(zero=False), "the reactor's own limit"),
        "how long one attempt to connect may take",
        "ZMQ_CONNECT_TIMEOUT",
        "0 ms (the system's limit)",
    )
    reconnect_interval: float | None = _option(
        0.1,
        _or_none(_seconds(zero=False), "no retries"),
        "the least wait before a connection is tried again; a random part of it is added",
        "ZMQ_RECONNECT_IVL",
        "100 ms; -1: no retries",
    )
    reconnect_interval_max: float = _option(
        0.0,
        _seconds(),
        "doubles the wait up to this at each failure in a row; 0: no growth",
        "ZMQ_RECONNECT_IVL_MAX",
        "0 ms",
    )
    backlog: int = _option(
        100, _integer(1, 2**31 - 1), "connections that may wait to be accepted", "ZMQ_BACKLOG"
    )
    max_half_open: int = _option(
        1000,
        _integer(1),
        "accepted connections of one bind whose handshake is not done; one too many is closed",
    )
    max_half_open_per_address: int = _option(
        500, _integer(1), "the same, for connections from one address"
    )
    send_buffer: int | None = _option(
        None,
        _or_none(_integer(1, 2**31 - 1), "the system's default"),
        "the size of the kernel's send buffer, for tcp:// and ipc://",
        "ZMQ_SNDBUF",
        "-1 (the system's default)",
    )
    receive_buffer: int | None = _option(
        None,
        _or_none(_integer(1, 2**31 - 1), "the system's default"),
        "the size of the kernel's receive buffer, for tcp:// and ipc://",
        "ZMQ_RCVBUF",
        "-1 (the system's default)",
    )
    ipv6: bool = _option(False, _flag, "resolve names to, and listen on, IPv6 too", "ZMQ_IPV6")
    min_version: tuple[int, int] = _option(
        (3, 0), _version, "the oldest version of ZMTP that is spoken to"
    )
    metadata: Mapping[str, bytes] = _option(
        MappingProxyType({}),
        _metadata,
        "properties of the application, told to each peer",
        "ZMQ_METADATA",
        "none",
        converter=_own_copy,
    )
    router_mandatory: bool = _option(
        False,
        _flag,
        "a message that cannot be routed is an error, and a full peer is waited for",
        "ZMQ_ROUTER_MANDATORY",
        types=_ROUTER,
    )
    router_handover: bool = _option(
        False,
        _flag,
        "a new peer takes over the routing id of one that is connected",
        "ZMQ_ROUTER_HANDOVER",
        types=_ROUTER,
    )
    probe_router: bool = _option(
        False,
        _flag,
        "greet each new peer with an empty message, so that a ROUTER knows of us",
        "ZMQ_PROBE_ROUTER",
        types=_PROBERS,
    )
    req_correlate: bool = _option(
        False,
        _flag,
        "number the requests, and take only the reply with the same number",
        "ZMQ_REQ_CORRELATE",
        types=_REQ,
    )
    req_relaxed: bool = _option(
        False,
        _flag,
        "a new request may be sent before the reply, and abandons the one before",
        "ZMQ_REQ_RELAXED",
        types=_REQ,
    )
    xpub_verbose: bool = _option(
        False, _flag, "tell of every subscription, not only of the first to a topic",
        "ZMQ_XPUB_VERBOSE", types=_XPUB,
    )  # fmt: skip
    xpub_verboser: bool = _option(
        False, _flag, "tell of every subscription and every cancellation",
        "ZMQ_XPUB_VERBOSER", types=_XPUB,
    )  # fmt: skip
    xpub_nodrop: bool = _option(
        False, _flag, "wait while any subscriber of the topic is full, instead of dropping",
        "ZMQ_XPUB_NODROP", types=_PUBLISHERS,
    )  # fmt: skip
    max_subscriptions: int = _option(
        100_000, _integer(0), "topics that one peer may subscribe to; 0: any number",
        types=_PUBLISHERS,
    )  # fmt: skip
    invert_matching: bool = _option(
        False, _flag, "deliver what does not match; set it on both sides",
        "ZMQ_INVERT_MATCHING", types=_MATCHERS,
    )  # fmt: skip
    xsub_verbose_unsubscribe: bool = _option(
        False, _flag, "pass on every cancellation, not only the last of a topic",
        "ZMQ_XSUB_VERBOSE_UNSUBSCRIBE", types=_XSUB,
    )  # fmt: skip


def options_for(
    socket_type: SocketType, options: SocketOptions | None, overrides: Mapping[str, Any]
) -> SocketOptions:
    """``options`` with ``overrides``, once it is sure that all of them mean something here.

    Raises :exc:`UsageError` for an option that does nothing on a ``socket_type`` and is not at its
    default, :exc:`TypeError` for an unknown name, :exc:`OptionError` for a wrong value.
    """
    if options is not None and not isinstance(options, SocketOptions):
        raise TypeError(f"options must be SocketOptions, not {type(options).__name__}")
    fields = attrs.fields_dict(SocketOptions)
    unknown = sorted(overrides.keys() - fields.keys())
    if unknown:
        raise TypeError(f"there is no option {', '.join(unknown)}")
    chosen = attrs.evolve(options if options is not None else SocketOptions(), **overrides)
    for name, attribute in fields.items():
        if (
            socket_type not in attribute.metadata["types"]
            and getattr(chosen, name) != attribute.default
        ):
            raise UsageError(f"the option {name} does nothing on a {socket_type.value} socket")
    return chosen
