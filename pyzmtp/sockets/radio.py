"""The RADIO socket."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred

from pyzmtp.constants import SocketType
from pyzmtp.errors import UsageError
from pyzmtp.net.reactor import Reactor
from pyzmtp.options import SocketOptions
from pyzmtp.patterns.radio import RadioPattern
from pyzmtp.sockets.audience import AudienceSocket
from pyzmtp.sockets.groups import to_group
from pyzmtp.wire.datagram import MAX_DATAGRAM, MAX_DATAGRAM_GROUP
from pyzmtp.wire.message import Message
from pyzmtp.wire.sendable import BytesLike

__all__ = ["RadioSocket"]


class RadioSocket(AudienceSocket):
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

    def __init__(
        self, reactor: Reactor, options: SocketOptions | None = None, **overrides: Any
    ) -> None:
        super().__init__(reactor, options, **overrides)
        self._pattern.on_joined = self._audience_grew

    def wait_joined(self, group: BytesLike | None = None, count: int = 1) -> Deferred[None]:
        """Fires when at least ``count`` peers have joined ``group``; ``None``: any group.

        So the first messages need not be lost on peers that are just connecting. One that is connected
        to by ``udp://`` counts as a member of all groups.
        """
        return self._wait_for(None if group is None else to_group(group), count)

    def _audience(self, wanted: bytes | None) -> int:
        pattern = self._pattern
        return len(pattern.all_members if wanted is None else pattern.members(wanted))

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
