"""The link between two ``inproc://`` sockets, of which each has one :class:`InprocEnd`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyzmtp.errors import ProtocolError
from pyzmtp.net.core import SocketCore
from pyzmtp.patterns.pipe import Pipe
from pyzmtp.wire.command import Command
from pyzmtp.wire.membership import membership_of
from pyzmtp.wire.message import Message

if TYPE_CHECKING:
    from pyzmtp.net.inproc import InprocKeeper

__all__ = ["InprocEnd"]


class InprocEnd:
    """One end of a link between two pipes; see :class:`pyzmtp.patterns.pipe.Link`.

    What one side queues is handed to the other in the next turn of the reactor, so that no
    application is ever called from within another's call. Until then the queue may hold what fits
    into it and into the other's: the high-water marks of both sides add up, as in libzmq.
    """

    __slots__ = ("_collecting", "connection", "core", "keeper", "other", "pipe")

    other: InprocEnd | None

    def __init__(self, core: SocketCore, keeper: InprocKeeper, pipe: Pipe) -> None:
        self.core = core
        self.keeper = keeper
        self.pipe = pipe
        self.other = None
        self.connection = 0  # its number, once it has been told of
        self._collecting = False

    def wake(self) -> None:
        if not self._collecting:
            self._collecting = True
            self.core.turn.join(self._end_turn)

    def flush(self) -> None:
        if self.other is not None:
            self.pipe.send_mark = self.pipe.send_hwm + max(0, self.other.pipe.room())

    def resume(self) -> None:
        if self.other is not None and self.other.pipe.outbox:
            self.other.wake()

    def drop(self, error: ProtocolError) -> None:
        self.close(error)
        self.keeper.link_lost(self, error)

    def finish(self) -> None:
        self.drop(ProtocolError("the link was ended"))

    def reset(self) -> None:
        for end in (self, self.other):
            if end is not None:
                end.keeper.resetting = True
        self.drop(ProtocolError("the link was reset"))

    def _end_turn(self) -> None:
        self._collecting = False
        if self.other is not None:
            self.other.receive(self._take(self.other.pipe.fitting(self.pipe.outbox)))
        if self.other is not None:
            if self.other.pipe.room() <= 0:
                self.other.pipe.block()
            elif self.pipe.outbox:
                self.wake()

    def _take(self, count: int) -> list[Message]:
        """The first ``count`` messages of the outbox, as lists that belong to nobody else."""
        messages: list[Message] = []
        for message in self.pipe.outbox[:count]:
            if isinstance(message, Command):  # JOIN and LEAVE: there is no other here
                messages.append(membership_of(message))
            else:
                assert isinstance(message, list)
                messages.append(list(message))
        self.pipe.send_mark = self.pipe.send_hwm
        self.pipe.taken_out(len(messages))
        return messages

    def receive(self, messages: list[Message]) -> None:
        """Take what the other side has handed over."""
        if messages:
            self.pipe.received += len(messages)
            self.core.pattern.deliver(self.pipe, messages)

    def close(self, reason: Exception) -> None:
        """Hand over what is queued, and part. The other side learns of both in its next turn."""
        other = self.other
        self.pipe.link = None
        if other is not None:
            messages = self._take(len(self.pipe.outbox))
            other.other = self.other = None
            other.core.parting += 1

            def part() -> None:
                other.core.parting -= 1
                if other in other.keeper.ends:
                    other.receive(messages)
                    other.keeper.link_lost(other, reason)
                if not other.core.parting:
                    other.keeper.make_room()

            other.core.turn.join(part)
