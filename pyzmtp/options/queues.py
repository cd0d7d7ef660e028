"""What is queued, for how long, and how much a message may be."""

from __future__ import annotations

from typing import Final

from attrs import frozen

from pyzmtp.constants import DEFAULT_HWM, SocketType
from pyzmtp.validators import flag, integer, live_option, option, or_none, seconds

__all__ = ["QueueOptions"]

_ZMTP: Final = frozenset(kind for kind in SocketType if not kind.is_raw)
_CONFLATERS: Final = frozenset(
    {SocketType.PUSH, SocketType.PULL, SocketType.DEALER, SocketType.PUB, SocketType.SUB}
)


@frozen(slots=False)
class QueueOptions:
    """What is queued, for how long, and how much a message may be.

    A part of :class:`SocketOptions`.
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
        "-1 (no limit); 0 for SUB, XSUB, DISH",
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
    immediate: bool = option(
        False,
        flag,
        "queue messages only for peers that are connected",
        "ZMQ_IMMEDIATE",
        types=_ZMTP,
    )
    conflate: bool = option(
        False,
        flag,
        "keep only the newest message of each queue, whatever its high-water mark",
        "ZMQ_CONFLATE",
        types=_CONFLATERS,
    )
