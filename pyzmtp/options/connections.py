"""What two sockets say to each other, and when they part and meet again."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from attrs import frozen

from pyzmtp import validators
from pyzmtp.constants import MAX_TTL, ReconnectStop, SocketType
from pyzmtp.validators import flags, option, or_none, seconds

__all__ = ["ConnectionOptions"]

_NAMED: Final = frozenset({SocketType.REQ, SocketType.REP, SocketType.DEALER, SocketType.ROUTER})
_ZMTP: Final = frozenset(kind for kind in SocketType if not kind.is_raw)


@frozen(slots=False)
class ConnectionOptions:
    """What two sockets say to each other, and when they part and meet again.

    A part of :class:`SocketOptions`.
    """

    routing_id: bytes = option(
        b"",
        validators.routing_id,
        "the id that a ROUTER knows this socket by",
        "ZMQ_ROUTING_ID",
        types=_NAMED,
    )
    min_version: tuple[int, int] = option(
        (2, 0),
        validators.version,
        "the oldest version of ZMTP that is spoken to; (1, 0) takes any bytes for a peer",
        types=_ZMTP,
    )
    metadata: Mapping[str, bytes] = option(
        MappingProxyType({}),
        validators.metadata,
        "properties of the application, told to each peer",
        "ZMQ_METADATA",
        "none",
        converter=validators.own_copy,
        types=_ZMTP,
    )
    handshake_timeout: float | None = option(
        30.0,
        or_none(seconds(zero=False), "no limit"),
        "how long a new connection may take to become ready",
        "ZMQ_HANDSHAKE_IVL",
        "30000",
        types=_ZMTP,
    )
    heartbeat_interval: float | None = option(
        None,
        or_none(seconds(zero=False), "no heartbeats"),
        "how often to send a PING",
        "ZMQ_HEARTBEAT_IVL",
        "0 (no heartbeats)",
        types=_ZMTP,
    )
    heartbeat_timeout: float | None = option(
        None,
        or_none(seconds(), "the interval"),
        "how long after a PING the peer may be silent; 0: for ever",
        "ZMQ_HEARTBEAT_TIMEOUT",
        "-1 (the interval)",
        types=_ZMTP,
    )
    heartbeat_ttl: float = option(
        0.0,
        seconds(most=MAX_TTL),
        "how long the peer shall bear our silence, in steps of 0.1 s; 0: as long as it likes",
        "ZMQ_HEARTBEAT_TTL",
        "0",
        types=_ZMTP,
    )
    connect_timeout: float | None = option(
        None,
        or_none(seconds(zero=False), "the reactor's own limit"),
        "how long a name may take to be resolved, and each of its addresses to answer",
        "ZMQ_CONNECT_TIMEOUT",
        "0 (the system's limit)",
    )
    reconnect_interval: float | None = option(
        0.1,
        or_none(seconds(zero=False), "no retries"),
        "the least wait before a connection is tried again; a random part of it is added",
        "ZMQ_RECONNECT_IVL",
        "100; -1: no retries",
    )
    reconnect_interval_max: float = option(
        0.0,
        seconds(),
        "doubles the wait up to this at each failure in a row; 0: no growth",
        "ZMQ_RECONNECT_IVL_MAX",
        "0",
    )
    reconnect_stop: ReconnectStop = option(
        ReconnectStop.NEVER,
        flags(ReconnectStop),
        "after what a connection is not tried again",
        "ZMQ_RECONNECT_STOP",
        "0",
    )
