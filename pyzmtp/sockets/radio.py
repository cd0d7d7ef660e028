"""The RADIO socket."""

from __future__ import annotations

from pyzmtp.constants import SocketType
from pyzmtp.errors import UsageError
from pyzmtp.patterns.radio import RadioPattern
from pyzmtp.sockets.groups import to_group
from pyzmtp.sockets.sender import Sendable, SendingSocket
from pyzmtp.wire.message import Message

__all__ = ["RadioSocket"]


class RadioSocket(SendingSocket):
    """Sends to all peers that joined the group of a message (ZMQ_RADIO, RFC 48).

    A message is ``[group, body]``; anything else raises :exc:`UsageError`. A group has at most 255
    bytes, none of them zero, and it matches only itself, not what begins with it.

    It never waits: a peer that is full misses messages, which :attr:`stats` counts. With
    ``xpub_nodrop`` it waits instead.
    """

    socket_type = SocketType.RADIO
    _pattern_class = RadioPattern
    _pattern: RadioPattern

    def _to_message(self, message: Sendable) -> Message:
        frames = super()._to_message(message)
        if len(frames) != 2:
            problem = f"a message has two frames, a group and a body, not {len(frames)}"
            raise UsageError(f"on a RADIO socket {problem}")
        to_group(frames[0])
        return frames
