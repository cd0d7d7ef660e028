"""Everything that can be set on a socket: :class:`SocketOptions`.

Times are seconds, sizes are bytes, queues are messages. Each field's metadata names the ``ZMQ_``
constant that it stands for, with libzmq's unit and default where they differ from ours; the option
table of the documentation is made from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

import attrs
from attrs import frozen

from pyzmtp import validators
from pyzmtp.constants import DEFAULT_HWM, ReconnectStop, RouterNotify, SocketType
from pyzmtp.errors import UsageError
from pyzmtp.validators import (
    LARGEST,
    byte_string,
    flag,
    flags,
    integer,
    live_option,
    option,
    or_none,
    seconds,
    text,
)

__all__ = ["SocketOptions", "options_for"]

_NAMED: Final = frozenset({SocketType.REQ, SocketType.REP, SocketType.DEALER, SocketType.ROUTER})
_ZMTP: Final = frozenset(kind for kind in SocketType if not kind.is_raw)
_STREAM: Final = frozenset({SocketType.STREAM})
_REQ: Final = frozenset({SocketType.REQ})
_ROUTER: Final = frozenset({SocketType.ROUTER})
_PUBLISHERS: Final = frozenset({SocketType.PUB, SocketType.XPUB})
_XPUB: Final = frozenset({SocketType.XPUB})
_DEALER: Final = frozenset({SocketType.DEALER})
_GREETERS: Final = _ROUTER | _DEALER
_CONFLATERS: Final = frozenset(
    {SocketType.PUSH, SocketType.PULL, SocketType.DEALER, SocketType.PUB, SocketType.SUB}
)
_XSUB: Final = frozenset({SocketType.XSUB})
_PROBERS: Final = frozenset({SocketType.ROUTER, SocketType.DEALER, SocketType.REQ})
_MATCHERS: Final = frozenset({SocketType.PUB, SocketType.XPUB, SocketType.SUB})


@frozen
class SocketOptions:
    """The settings of a socket: a value, checked when it is made.

    Give it to any number of sockets, or set single options by keyword:
    ``PushSocket(reactor, options, send_hwm=10)``. A wrong value raises :exc:`OptionError` (a
    ``ValueError``), an option that a socket type has no use for raises :exc:`UsageError`.
    """

    send_hwm: int = live_option(
        DEFAULT_HWM, integer(0), "messages queued for one peer; 0: any number", "ZMQ_SNDHWM"
    )
    receive_hwm: int = live_option(
        DEFAULT_HWM,
        integer(0),
        "unread messages of one peer, beyond which its connection is not read; 0: any number",
        "ZMQ_RCVHWM",
    )
    send_hwm_bytes: int = live_option(0, integer(0), "bytes queued for one peer; 0: any number")
    receive_hwm_bytes: int = live_option(0, integer(0), "unread bytes of one peer; 0: any number")
    linger: float | None = live_option(
        5.0,
        or_none(seconds(), "no limit"),
        "how long close() goes on sending what is queued; None: until it is sent",
        "ZMQ_LINGER",
        "-1 (no limit); 0 for SUB, XSUB",
    )
    send_timeout: float | None = live_option(
        None,
        or_none(seconds(), "no limit"),
        "how long send() waits for a queue to take the message; None: no limit",
        "ZMQ_SNDTIMEO",
        "-1 (no limit)",
    )
    receive_timeout: float | None = live_option(
        None,
        or_none(seconds(), "no limit"),
        "how long receive() waits for a message; None: no limit",
        "ZMQ_RCVTIMEO",
        "-1 (no limit)",
    )
    max_message_size: int = option(
        0,
        integer(0),
        "bytes in all frames of one message from a peer, checked before they are kept; 0: any number",
        "ZMQ_MAXMSGSIZE",
        "-1 (any number), and counted a frame",
        types=_ZMTP,
    )
    max_message_parts: int = option(
        0,
        integer(0),
        "frames in one message from a peer; 0: any number",
        types=_ZMTP,
    )
    routing_id: bytes = option(
        b"",
        validators.routing_id,
        "the id that a ROUTER knows this socket by",
        "ZMQ_ROUTING_ID",
        types=_NAMED,
    )
    immediate: bool = option(
        False,
        flag,
        "queue messages only for peers that are connected",
        "ZMQ_IMMEDIATE",
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
        seconds(most=65.5),
        "how long the peer shall bear our silence, in steps of 0.1 s; 0: as long as it likes",
        "ZMQ_HEARTBEAT_TTL",
        "0",
        types=_ZMTP,
    )
    connect_timeout: float | None = option(
        None,
        or_none(seconds(zero=False), "the reactor's own limit"),
        "how long one attempt to connect may take",
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
    tcp_keepalive: bool | None = option(
        None,
        or_none(flag, "the system's default"),
        "whether TCP probes a silent connection",
        "ZMQ_TCP_KEEPALIVE",
        "-1 (the system's default)",
    )
    tcp_keepalive_count: int | None = option(
        None,
        or_none(integer(1, 127), "the system's default"),
        "probes without an answer after which TCP gives up",
        "ZMQ_TCP_KEEPALIVE_CNT",
        "-1 (the system's default)",
    )
    tcp_keepalive_idle: int | None = option(
        None,
        or_none(integer(1, 32767), "the system's default"),
        "whole seconds of silence before TCP probes",
        "ZMQ_TCP_KEEPALIVE_IDLE",
        "-1 (the system's default)",
    )
    tcp_keepalive_interval: int | None = option(
        None,
        or_none(integer(1, 32767), "the system's default"),
        "whole seconds between two of TCP's probes",
        "ZMQ_TCP_KEEPALIVE_INTVL",
        "-1 (the system's default)",
    )
    tcp_user_timeout: float | None = option(
        None,
        or_none(seconds(zero=False, most=2**31 / 1000), "the system's default"),
        "how long sent data may stay unacknowledged before TCP gives up",
        "ZMQ_TCP_MAXRT",
        "0 (the system's default)",
    )
    tos: int = option(0, integer(0, 255), "the type of service of TCP connections", "ZMQ_TOS", "0")
    socks_proxy: str | None = option(
        None,
        or_none(validators.host_and_port, "no proxy"),
        "host:port of a SOCKS5 proxy through which tcp:// is connected; it resolves the names",
        "ZMQ_SOCKS_PROXY",
        "none",
    )
    socks_username: str | None = option(
        None,
        or_none(text(1, 255), "no authentication"),
        "the name that the proxy knows us by",
        "ZMQ_SOCKS_USERNAME",
        "none",
    )
    socks_password: str | None = option(
        None,
        or_none(text(0, 255), "an empty one"),
        "the password that belongs to socks_username",
        "ZMQ_SOCKS_PASSWORD",
        "none",
        secret=True,
    )
    use_fd: int | None = option(
        None,
        or_none(integer(0, 2**31 - 1), "a new socket"),
        "a listening socket that the next bind of tcp:// or ipc:// takes over, and closes in the end",
        "ZMQ_USE_FD",
        "-1 (a new socket)",
    )
    backlog: int = option(
        100, integer(1, 2**31 - 1), "connections that may wait to be accepted", "ZMQ_BACKLOG"
    )
    max_half_open: int = option(
        1000,
        integer(1),
        "accepted connections of one bind whose handshake is not done; one too many is closed",
        types=_ZMTP,
    )
    max_half_open_per_address: int = option(
        500,
        integer(1),
        "the same, for connections from one address",
        types=_ZMTP,
    )
    send_buffer: int | None = option(
        None,
        or_none(integer(1, 2**31 - 1), "the system's default"),
        "the size of the kernel's send buffer, for tcp:// and ipc://",
        "ZMQ_SNDBUF",
        "-1 (the system's default)",
    )
    receive_buffer: int | None = option(
        None,
        or_none(integer(1, 2**31 - 1), "the system's default"),
        "the size of the kernel's receive buffer, for tcp:// and ipc://",
        "ZMQ_RCVBUF",
        "-1 (the system's default)",
    )
    ipv6: bool = option(False, flag, "resolve names to, and listen on, IPv6 too", "ZMQ_IPV6")
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
    conflate: bool = option(
        False,
        flag,
        "keep only the newest message of each queue, whatever its high-water mark; no multipart",
        "ZMQ_CONFLATE",
        types=_CONFLATERS,
    )
    hello_message: bytes = option(
        b"",
        byte_string(0, LARGEST),
        "sent to each peer first of all, at each connection; empty: nothing",
        "ZMQ_HELLO_MSG",
        "none",
        types=_GREETERS,
    )
    disconnect_message: bytes = option(
        b"",
        byte_string(0, LARGEST),
        "received when a peer that was accepted has left; empty: nothing",
        "ZMQ_DISCONNECT_MSG",
        "none",
        types=_ROUTER,
    )
    hiccup_message: bytes = option(
        b"",
        byte_string(0, LARGEST),
        "received when a connection is lost that will be dialled again; empty: nothing",
        "ZMQ_HICCUP_MSG",
        "none",
        types=_DEALER,
    )
    router_notify: RouterNotify = option(
        RouterNotify.NOTHING,
        flags(RouterNotify),
        "what is told of by a message that holds only the routing id and an empty frame",
        "ZMQ_ROUTER_NOTIFY",
        "0",
        types=_ROUTER,
    )
    router_mandatory: bool = live_option(
        False,
        flag,
        "a message that cannot be routed is an error, and a full peer is waited for",
        "ZMQ_ROUTER_MANDATORY",
        types=_ROUTER,
    )
    router_handover: bool = live_option(
        False,
        flag,
        "a new peer takes over the routing id of one that is connected",
        "ZMQ_ROUTER_HANDOVER",
        types=_ROUTER,
    )
    probe_router: bool = live_option(
        False,
        flag,
        "greet each new peer with an empty message, so that a ROUTER knows of us",
        "ZMQ_PROBE_ROUTER",
        types=_PROBERS,
    )
    req_correlate: bool = live_option(
        False,
        flag,
        "number the requests, and take only the reply with the same number",
        "ZMQ_REQ_CORRELATE",
        types=_REQ,
    )
    req_relaxed: bool = live_option(
        False,
        flag,
        "a new request may be sent before the reply, and abandons the one before",
        "ZMQ_REQ_RELAXED",
        types=_REQ,
    )
    xpub_verbose: bool = live_option(
        False, flag, "tell of every subscription, not only of the first to a topic",
        "ZMQ_XPUB_VERBOSE", types=_XPUB,
    )  # fmt: skip
    xpub_verboser: bool = live_option(
        False, flag, "tell of every subscription and every cancellation",
        "ZMQ_XPUB_VERBOSER", types=_XPUB,
    )  # fmt: skip
    xpub_nodrop: bool = live_option(
        False, flag, "wait while any subscriber of the topic is full, instead of dropping",
        "ZMQ_XPUB_NODROP", types=_PUBLISHERS,
    )  # fmt: skip
    xpub_welcome_message: bytes = live_option(
        b"", byte_string(0, LARGEST), "sent to each new peer, subscribed or not; empty: nothing",
        "ZMQ_XPUB_WELCOME_MSG", "none", types=_XPUB,
    )  # fmt: skip
    xpub_manual: bool = live_option(
        False, flag, "subscriptions are only told; subscribe() and unsubscribe() answer them",
        "ZMQ_XPUB_MANUAL", types=_XPUB,
    )  # fmt: skip
    xpub_manual_last_value: bool = live_option(
        False, flag, "as xpub_manual, and what is sent after a subscription goes to its peer only",
        "ZMQ_XPUB_MANUAL_LAST_VALUE", types=_XPUB,
    )  # fmt: skip
    only_first_subscribe: bool = live_option(
        False, flag,
        "a multipart message holds subscriptions if its first frame is one; else none ever does",
        "ZMQ_ONLY_FIRST_SUBSCRIBE", "0: each frame may be one", types=_PUBLISHERS | _XSUB,
    )  # fmt: skip
    max_subscriptions: int = live_option(
        100_000, integer(0), "topics that one peer may subscribe to; 0: any number",
        types=_PUBLISHERS,
    )  # fmt: skip
    invert_matching: bool = live_option(
        False, flag, "deliver what does not match; set it on both sides",
        "ZMQ_INVERT_MATCHING", types=_MATCHERS,
    )  # fmt: skip
    xsub_verbose_unsubscribe: bool = live_option(
        False, flag, "pass on every cancellation, not only the last of a topic",
        "ZMQ_XSUB_VERBOSE_UNSUBSCRIBE", types=_XSUB,
    )  # fmt: skip
    stream_notify: bool = option(
        True, flag, "tell by an empty chunk that a peer has connected, and that it has disconnected",
        "ZMQ_STREAM_NOTIFY", types=_STREAM,
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
