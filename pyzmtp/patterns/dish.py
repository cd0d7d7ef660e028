"""DISH: from all radios, what was sent to a group that it is in (RFC 48)."""

from __future__ import annotations

from pyzmtp.constants import MAX_GROUP, SocketType
from pyzmtp.errors import FramingError, ProtocolError
from pyzmtp.options import SocketOptions
from pyzmtp.patterns.base import FairReceiver
from pyzmtp.patterns.pipe import Pipe
from pyzmtp.wire.command import Command
from pyzmtp.wire.membership import JOIN, LEAVE
from pyzmtp.wire.message import Message

__all__ = ["DishPattern"]


class DishPattern(FairReceiver):
    """Receives ``[group, body]`` of its groups, each of which every connection is told of.

    RADIOs filter for it, but it looks once more: a LEAVE may not have reached them yet.

    :ivar groups: the groups that it is in, in the order of joining.
    """

    socket_type = SocketType.DISH

    def __init__(self, options: SocketOptions) -> None:
        super().__init__(options)
        self.groups: dict[bytes, None] = {}

    def join(self, group: bytes) -> None:
        """Enter a group that it is not in."""
        self.groups[group] = None
        self._tell_all(JOIN, group)

    def leave(self, group: bytes) -> None:
        """Leave a group that it is in."""
        del self.groups[group]
        self._tell_all(LEAVE, group)

    def _tell_all(self, name: bytes, group: bytes) -> None:
        for pipe in self.ready_pipes():
            if _reads_commands(pipe):
                pipe.push(Command(name, group))

    def ready(self, pipe: Pipe) -> None:
        super().ready(pipe)
        if _reads_commands(pipe):
            pipe.push_first([Command(JOIN, group) for group in self.groups])

    def hiccup(self, pipe: Pipe) -> None:
        self.clear(pipe)  # the next connection is told of all groups
        super().hiccup(pipe)

    def clear(self, pipe: Pipe) -> int:
        messages = sum(isinstance(queued, list) for queued in pipe.outbox)
        pipe.clear_outbox()
        return messages

    def deliver(self, pipe: Pipe, messages: list[Message]) -> None:
        wanted: list[Message] = []
        refusal: ProtocolError | None = None
        for message in messages:
            refusal = _fault(message)
            if refusal is not None:
                break
            if message[0] in self.groups:
                wanted.append(message)
            else:
                self.dropped_received += 1
        if wanted:
            super().deliver(pipe, wanted)
        if refusal is not None and pipe.link is not None:
            pipe.link.drop(refusal)


def _fault(message: Message) -> ProtocolError | None:
    """What is wrong with a message, if anything is."""
    if len(message) != 2:
        return FramingError(f"{len(message)} frames, where a group and a body were expected")
    if len(message[0]) > MAX_GROUP:
        return FramingError(f"a group of {len(message[0])} bytes; it has at most {MAX_GROUP}")
    return None


def _reads_commands(pipe: Pipe) -> bool:
    """Whether the peer can be told of groups: commands came with ZMTP 3.0."""
    return pipe.peer is not None and pipe.peer.version >= (3, 0)
