"""What only some types of sockets do."""

from __future__ import annotations

from typing import Final

from attrs import frozen

from pyzmtp.constants import RouterNotify, SocketType
from pyzmtp.validators import LARGEST, byte_string, flag, flags, integer, live_option, option

__all__ = ["PatternOptions"]

_STREAM: Final = frozenset({SocketType.STREAM})
_REQ: Final = frozenset({SocketType.REQ})
_ROUTER: Final = frozenset({SocketType.ROUTER})
_PUBLISHERS: Final = frozenset({SocketType.PUB, SocketType.XPUB})
_RADIO: Final = frozenset({SocketType.RADIO})
_XPUB: Final = frozenset({SocketType.XPUB})
_SERVERS: Final = frozenset({SocketType.ROUTER, SocketType.SERVER, SocketType.PEER})
_CLIENTS: Final = frozenset({SocketType.DEALER, SocketType.CLIENT, SocketType.PEER})
_GREETERS: Final = _SERVERS | _CLIENTS
_XSUB: Final = frozenset({SocketType.XSUB})
_PROBERS: Final = frozenset({SocketType.ROUTER, SocketType.DEALER, SocketType.REQ})
_MATCHERS: Final = frozenset({SocketType.PUB, SocketType.XPUB, SocketType.SUB})


@frozen(slots=False)
class PatternOptions:
    """What only some types of sockets do.

    A part of :class:`SocketOptions`.
    """

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
        types=_SERVERS,
    )
    hiccup_message: bytes = option(
        b"",
        byte_string(0, LARGEST),
        "received when a connection is lost that will be dialled again; empty: nothing",
        "ZMQ_HICCUP_MSG",
        "none",
        types=_CLIENTS,
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
        False, flag, "wait while any peer that the message is for is full, instead of dropping",
        "ZMQ_XPUB_NODROP", types=_PUBLISHERS | _RADIO,
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
        100_000, integer(0), "topics or groups that one peer may subscribe to; 0: any number",
        types=_PUBLISHERS | _RADIO,
    )  # fmt: skip
    invert_matching: bool = live_option(
        False, flag, "deliver what does not match; set it on both sides",
        "ZMQ_INVERT_MATCHING", types=_MATCHERS,
    )  # fmt: skip
    xsub_verbose_unsubscribe: bool = live_option(
        False, flag, "pass on every cancellation, not only the last of a topic",
        "ZMQ_XSUB_VERBOSE_UNSUBSCRIBE", types=_XSUB,
    )  # fmt: skip
    multicast_hops: int = option(
        1, integer(1, 255), "routers that a datagram to a multicast group may pass, and one",
        "ZMQ_MULTICAST_HOPS", types=_RADIO,
    )  # fmt: skip
    multicast_loop: bool = option(
        True, flag, "datagrams to a multicast group come to sockets of this host too",
        "ZMQ_MULTICAST_LOOP", types=_RADIO,
    )  # fmt: skip
    stream_notify: bool = option(
        True, flag, "tell by an empty chunk that a peer has connected, and that it has disconnected",
        "ZMQ_STREAM_NOTIFY", types=_STREAM,
    )  # fmt: skip
