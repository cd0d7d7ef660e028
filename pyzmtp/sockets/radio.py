"""The RADIO socket."""

from __future__ import annotations

from pyzmtp.constants import SocketType
from pyzmtp.errors import UsageError
from pyzmtp.patterns.radio import RadioPattern
from pyzmtp.sockets.groups import to_group
from pyzmtp.sockets.sender import SendingSocket
from pyzmtp.wire.datagram import MAX_DATAGRAM, MAX_DATAGRAM_GROUP
from pyzmtp.wire.message import Message

__all__ = ["RadioSocket"]


class RadioSocket(SendingSocket):
    """Sends to all peers that joined the group of a message (ZMQ_RADIO, RFC 48).

    A message is ``[group, body]``; anything else raises :exc:`UsageError`. A group has at most 255
    bytes, none of them zero, and it matches only itself, not what begins with it.

    It never waits: a peer that is full misses messages, which :attr:`stats` counts. With
    ``xpub_nodrop`` it waits instead.

    It may also connect to ``udp://host:port``, or to a multicast group (``udp://239.0.0.1:5555``, or
    ``udp://interface;239.0.0.1:5555``). There goes every message, as one datagram. So while it is
    connected to one, a group may have 127 bytes, and group and body together 8191.
    """

    socket_type = SocketType.RADIO
    _pattern_class = RadioPattern
    _pattern: RadioPattern
    _udp_way = "connect"

    def _check_form(self, frames: Message) -> None:
        if len(frames) != 2:
            problem = f"a message has two frames, a group and a body, not {len(frames)}"
            raise UsageError(f"on a RADIO socket {problem}")
        to_group(frames[0])
        if self._pattern.sends_datagrams:
            _check_datagram(frames)


def _check_datagram(message: Message) -> None:
    """Raise :exc:`UsageError` for a message that makes no datagram."""
    group, body = message
    if len(group) > MAX_DATAGRAM_GROUP:
        raise UsageError(
            f"over udp a group has at most {MAX_DATAGRAM_GROUP} bytes, not {len(group)}"
        )
    size = 1 + len(group) + len(body)
    if size > MAX_DATAGRAM:
        raise UsageError(f"a datagram has at most {MAX_DATAGRAM} bytes, not {size}")
