"""RADIO: to all who joined the group of a message (RFC 48)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from pyzmtp.constants import SocketType
from pyzmtp.errors import TooManySubscriptions
from pyzmtp.options import SocketOptions
from pyzmtp.patterns.base import Sender
from pyzmtp.patterns.hot import distribute, have_room
from pyzmtp.patterns.pipe import Pipe
from pyzmtp.wire.membership import JOIN, Membership
from pyzmtp.wire.message import Message

__all__ = ["RadioPattern"]


class RadioPattern(Sender):
    """A message ``[group, body]`` goes to every peer that joined exactly that group.

    As in libzmq, a peer that joins twice has to leave twice. What else comes from it is dropped.

    :ivar on_joined: called when peers may have joined a group.
    """

    socket_type = SocketType.RADIO

    def __init__(self, options: SocketOptions) -> None:
        super().__init__(options)
        self._members: dict[bytes, Counter[Pipe]] = {}
        self._groups: dict[Pipe, set[bytes]] = {}
        self._unasked: dict[Pipe, None] = {}
        self.on_joined: Callable[[], None] = lambda: None

    def hiccup(self, pipe: Pipe) -> None:
        super().hiccup(pipe)
        # Messages go on waiting for the next connection, but that will count its JOINs anew.
        for group in self._groups.get(pipe, ()):
            self._members[group][pipe] = 0

    def detach(self, pipe: Pipe) -> None:
        super().detach(pipe)
        self._unasked.pop(pipe, None)
        for group in self._groups.pop(pipe, ()):
            self._forget(group, pipe)

    def send_all_to(self, pipe: Pipe) -> None:
        """Send every message to an attached pipe, from which no JOIN can come: that of ``udp://``."""
        self._unasked[pipe] = None
        self.on_joined()

    @property
    def sends_datagrams(self) -> bool:
        """Whether there is such a pipe."""
        return bool(self._unasked)

    def try_send(self, message: Message) -> bool:
        pipes = self.members(message[0])
        if self.options.xpub_nodrop and not have_room(pipes):
            return False
        self.dropped_sent += distribute(message, pipes)
        return True

    def members(self, group: bytes) -> list[Pipe]:
        """The pipes to which a message to ``group`` goes."""
        return [*self._members.get(group, ()), *self._unasked]

    @property
    def all_members(self) -> list[Pipe]:
        """The pipes to which any message at all goes."""
        joined = [pipe for pipe, groups in self._groups.items() if groups]
        return [*joined, *self._unasked]

    def deliver(self, pipe: Pipe, messages: list[Message]) -> None:
        joined = False
        for message in messages:
            if not isinstance(message, Membership):
                self.dropped_received += 1
            elif pipe.attached:
                name, group = message
                if name == JOIN:
                    joined = True
                    self._join(group, pipe)
                else:
                    self._leave(group, pipe)
        if joined:
            self.on_joined()

    def _join(self, group: bytes, pipe: Pipe) -> None:
        groups = self._groups.setdefault(pipe, set())
        limit = self.options.max_subscriptions
        if group not in groups and 0 < limit <= len(groups):
            if pipe.link is not None:
                pipe.link.drop(TooManySubscriptions(limit))
            return
        groups.add(group)
        self._members.setdefault(group, Counter())[pipe] += 1

    def _leave(self, group: bytes, pipe: Pipe) -> None:
        groups = self._groups.get(pipe, set())
        if group not in groups:
            return
        self._members[group][pipe] -= 1
        if self._members[group][pipe] <= 0:
            groups.remove(group)
            self._forget(group, pipe)
            if self.options.xpub_nodrop:
                self.on_writable()  # a full peer that has left holds nothing up

    def _forget(self, group: bytes, pipe: Pipe) -> None:
        del self._members[group][pipe]
        if not self._members[group]:
            del self._members[group]
