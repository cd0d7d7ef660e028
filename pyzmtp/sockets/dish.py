"""The DISH socket."""

from __future__ import annotations

from collections.abc import Collection

from pyzmtp.constants import SocketType
from pyzmtp.errors import UsageError
from pyzmtp.patterns.dish import DishPattern
from pyzmtp.sockets.groups import to_group
from pyzmtp.sockets.receiver import ReceivingSocket
from pyzmtp.wire.sendable import BytesLike

__all__ = ["DishSocket"]


class DishSocket(ReceivingSocket):
    """Receives from all radios what they send to the groups that it joined (ZMQ_DISH, RFC 48).

    A message is ``[group, body]``. A peer that sends anything else is parted from.

    It may also bind ``udp://host:port``, or a multicast group (``udp://239.0.0.1:5555``, or
    ``udp://interface;239.0.0.1:5555``). A datagram that comes while ``receive_hwm`` messages are unread
    is dropped.
    """

    socket_type = SocketType.DISH
    _pattern_class = DishPattern
    _pattern: DishPattern
    _udp_way = "bind"

    def join(self, group: BytesLike) -> None:
        """Want the messages to ``group``: to no other, also not to one that begins with it.

        A group has at most 255 bytes, none of them zero. Raises :exc:`UsageError` for another, and
        for one that was joined already. (``zmq_join``)
        """
        self._check_open()
        name = to_group(group)
        if name in self._pattern.groups:
            raise UsageError(f"the group {name!r} was joined already")
        self._pattern.join(name)

    def leave(self, group: BytesLike) -> None:
        """Undo :meth:`join`. Raises :exc:`UsageError` for a group that was not joined.

        (``zmq_leave``)
        """
        self._check_open()
        name = to_group(group)
        if name not in self._pattern.groups:
            raise UsageError(f"the group {name!r} was not joined")
        self._pattern.leave(name)

    @property
    def groups(self) -> Collection[bytes]:
        """The groups that it is in."""
        return frozenset(self._pattern.groups)
