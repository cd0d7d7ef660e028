"""Commands among messages of which a pattern is told: :func:`notice_of`."""

from __future__ import annotations

from typing import Final

from pyzmtp.constants import SocketType
from pyzmtp.wire.membership import JOIN, LEAVE, read_membership
from pyzmtp.wire.message import Message
from pyzmtp.wire.subscription import CANCEL, SUBSCRIBE, subscription_message

__all__ = ["notice_of"]

_PUBLISHERS: Final = frozenset({SocketType.PUB, SocketType.XPUB})
_SUBSCRIPTIONS: Final = {b"SUBSCRIBE": SUBSCRIBE, b"CANCEL": CANCEL}


def notice_of(ours: SocketType, name: bytes, data: bytes) -> Message | None:
    """What a publisher or RADIO is told of, as a message; ``None`` for a command of no meaning to us.

    RFC 37 and libzmq: unknown commands are ignored, and so is a late READY or ERROR.
    """
    if name in _SUBSCRIPTIONS and ours in _PUBLISHERS:
        return subscription_message(_SUBSCRIPTIONS[name], data)
    if name in (JOIN, LEAVE) and ours is SocketType.RADIO:
        return read_membership(name, data)
    return None
