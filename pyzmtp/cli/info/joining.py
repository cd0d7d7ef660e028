"""As what to join a peer in order to ask it something, and whether that is safe."""

from __future__ import annotations

from typing import Final

from pyzmtp.constants import SocketType

__all__ = ["SAFE_TYPES", "UNSAFE_NAMES", "UNSAFE_TYPES", "type_to_join"]

#: For each type of peer, a type that it accepts. None of these peers sends to a newcomer what is meant
#: for others: they answer, they publish, or they only receive.
_SAFE: Final = {
    SocketType.PUB: SocketType.SUB,
    SocketType.XPUB: SocketType.SUB,
    SocketType.REP: SocketType.REQ,
    SocketType.ROUTER: SocketType.REQ,
    SocketType.PULL: SocketType.PUSH,
    SocketType.SUB: SocketType.PUB,
    SocketType.XSUB: SocketType.PUB,
    SocketType.SERVER: SocketType.CLIENT,
    SocketType.GATHER: SocketType.SCATTER,
    SocketType.RADIO: SocketType.DISH,
    SocketType.DISH: SocketType.RADIO,
    SocketType.PEER: SocketType.PEER,
}
#: These share their messages among their peers, or have only one.
_UNSAFE: Final = {
    SocketType.PUSH: SocketType.PULL,
    SocketType.DEALER: SocketType.ROUTER,
    SocketType.REQ: SocketType.ROUTER,
    SocketType.PAIR: SocketType.PAIR,
    SocketType.SCATTER: SocketType.GATHER,
    SocketType.CLIENT: SocketType.SERVER,
    SocketType.CHANNEL: SocketType.CHANNEL,
}

#: What to try on a peer that does not say first what it is.
SAFE_TYPES: Final = tuple(dict.fromkeys(_SAFE.values()))
UNSAFE_TYPES: Final = tuple(dict.fromkeys(_UNSAFE.values()))
UNSAFE_NAMES: Final = tuple(kind.value for kind in _UNSAFE)


def type_to_join(peer: str, unsafe: bool) -> SocketType | None:
    """A type that the peer accepts; ``None`` if there is none, or it is ``unsafe`` to join."""
    for theirs, ours in (_SAFE | (_UNSAFE if unsafe else {})).items():
        if theirs.value == peer:
            return ours
    return None
