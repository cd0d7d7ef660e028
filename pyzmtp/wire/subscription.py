"""The two forms of a subscription: commands since ZMTP 3.1, messages before (RFC 37, "SUBSCRIBE").

Inside pyzmtp, and to the application of an XPUB or XSUB, a subscription is always the message form:
one frame of ``\\x01`` or ``\\x00`` and the topic. Only the connection knows what its peer reads.
"""

from __future__ import annotations

from typing import Final

from pyzmtp.wire.command import Command
from pyzmtp.wire.message import Message

__all__ = [
    "CANCEL",
    "SUBSCRIBE",
    "is_subscription",
    "parts_of",
    "subscription_command",
    "subscription_message",
]

SUBSCRIBE: Final = b"\x01"
CANCEL: Final = b"\x00"

_NAMES: Final = {SUBSCRIBE: b"SUBSCRIBE", CANCEL: b"CANCEL"}


def subscription_command(prefix: bytes, topic: bytes) -> Command:
    """SUBSCRIBE or CANCEL, for a peer of ZMTP 3.1 or later."""
    return Command(_NAMES[prefix], topic)


def subscription_message(prefix: bytes, topic: bytes) -> Message:
    """The message form, which every version knows."""
    return [prefix + topic]


def is_subscription(message: Message) -> bool:
    """Whether a message is the message form: one frame, that begins with 1 or 0."""
    return len(message) == 1 and message[0][:1] in (SUBSCRIBE, CANCEL)


def parts_of(message: Message) -> list[Message]:
    """The message, taken apart if it is a multipart one whose first frame is a subscription.

    Then each frame that is one becomes a message, and the others are the last, if there are any.
    (ZMQ_ONLY_FIRST_SUBSCRIBE)
    """
    if len(message) == 1 or message[0][:1] not in _NAMES:
        return [message]
    parts = [[frame] for frame in message if frame[:1] in _NAMES]
    rest = [frame for frame in message if frame[:1] not in _NAMES]
    return [*parts, rest] if rest else parts
