"""The two queues between a socket and one peer: :class:`Pipe`."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final, Protocol

from pyzmtp.errors import ProtocolError
from pyzmtp.options import SocketOptions
from pyzmtp.peer import Peer
from pyzmtp.wire.message import Message, Outgoing

__all__ = ["Link", "Pipe"]

#: No queue is as long as this, and the sum of two marks is still a number of C.
_UNLIMITED: Final = sys.maxsize // 4

#: Stands in the place of a message that was taken, so that its memory is free.
_TAKEN: Final[Message] = []


class Link(Protocol):
    """What moves a pipe's outbox to the peer and the peer's messages into its inbox."""

    def wake(self) -> None:
        """The outbox, which was empty, has its first message."""

    def flush(self) -> None:
        """The outbox is full: move now what can be moved."""

    def resume(self) -> None:
        """The inbox, which was full, has room again."""

    def drop(self, error: ProtocolError) -> None:
        """End the connection for ``error``."""

    def finish(self) -> None:
        """End the connection when all that is queued has left."""

    def reset(self) -> None:
        """Lose the connection, with all that is under way; whoever dialled it dials again."""


class Pipe:
    """A peer as a pattern sees it.

    The outbox stops being :attr:`writable` at its high-water mark and is so again at half of it; an
    inbox that is full makes the link stop reading, until half of it has been taken out.

    :ivar unread: how many messages the inbox holds: those that the application has not taken yet.
    :ivar outbox: messages that the link has not taken yet. It stays while a connection is redialled.
    :ivar link: the connection that serves the pipe at present, if there is one.
    :ivar peer: who is there; of a lost connection, who was there last.
    :ivar options: the options of the bind or connect that it belongs to.
    :ivar routing_id: what a ROUTER, STREAM, SERVER or PEER calls the peer.
    :ivar attached: whether the pattern routes messages to it.
    :ivar ready: whether the handshake of its present connection is done.
    :ivar writable: whether the outbox takes another message.
    :ivar send_hwm: the outbox's high-water mark as the socket has it.
    :ivar send_mark: the one that holds at present, which a link may raise for a while.
    :ivar conflate_out: whether the outbox keeps only the newest message.
    :ivar reads_commands: whether the peer reads subscriptions as commands (ZMTP 3.1).
    :ivar sent, received: counts of messages that the link has taken and brought.
    """

    __slots__ = (
        "_blocked",
        "_conflate",
        "_former",
        "_inbox",
        "_inbox_bytes",
        "_last_sender",
        "_on_writable",
        "_outbox_bytes",
        "_receive_hwm",
        "_receive_hwm_bytes",
        "_send_hwm_bytes",
        "attached",
        "conflate_out",
        "link",
        "options",
        "outbox",
        "peer",
        "reads_commands",
        "ready",
        "received",
        "routing_id",
        "send_hwm",
        "send_mark",
        "sent",
        "unread",
        "writable",
    )

    def __init__(self, options: SocketOptions, on_writable: Callable[[Pipe], None]) -> None:
        self.options = options
        self.unread = 0
        self._inbox: list[Message] = []  # what is unread, behind empty places of what was taken
        self.outbox: list[Outgoing] = []
        self.link: Link | None = None
        self.peer: Peer | None = None
        self.routing_id = b""
        self.attached = False
        self.ready = False
        self.writable = True
        self.reads_commands = False
        self.sent = 0
        self.received = 0
        # ZMQ_CONFLATE: a queue holds one message, the newest, and its marks mean nothing.
        self._conflate = options.conflate
        self.conflate_out = options.conflate
        self.send_hwm = self.send_mark = self._receive_hwm = _UNLIMITED
        self._send_hwm_bytes = self._receive_hwm_bytes = 0
        self._outbox_bytes = 0  # kept only where there is a mark in bytes
        self._inbox_bytes = 0
        self._blocked = False
        self._former: deque[tuple[Peer, int]] | None = None  # whose the first in the inbox are
        self._last_sender: Peer | None = None
        self._on_writable = on_writable
        self.change_marks(options)

    # The marks

    def change_marks(self, options: SocketOptions) -> bool:
        """Take the high-water marks of ``options``; return whether they differ from those before.

        An outbox that is full by the new ones is no longer writable. Nobody is told of anything yet:
        that is for :meth:`settle`.
        """
        before = (self.send_hwm, self._receive_hwm, self._send_hwm_bytes, self._receive_hwm_bytes)
        marks = (
            min(options.send_hwm or _UNLIMITED, _UNLIMITED),
            min(options.receive_hwm or _UNLIMITED, _UNLIMITED),
            min(options.send_hwm_bytes, _UNLIMITED),
            min(options.receive_hwm_bytes, _UNLIMITED),
        )
        if self._conflate or marks == before:
            return False
        self.send_hwm, self._receive_hwm, self._send_hwm_bytes, self._receive_hwm_bytes = marks
        self.send_mark = self.send_hwm
        self._outbox_bytes = sum(map(_size, self.outbox)) if self._send_hwm_bytes else 0
        self._inbox_bytes = sum(map(_size, self._unread())) if self._receive_hwm_bytes else 0
        if self._is_full():
            self.writable = False
        return True

    def settle(self) -> None:
        """Act on changed marks: whoever waited for the room that there is now learns of it."""
        if not self.writable and self._is_full() and self.link is not None:
            self.link.flush()
        if not self.writable and not self._is_full():
            self.writable = True
            self._on_writable(self)
        if self._blocked and self.room() > 0:
            self._blocked = False
            if self.link is not None:
                self.link.resume()

    # The way out

    def push(self, message: Outgoing) -> None:
        """Queue a message. Look at :attr:`writable` first: a full outbox grows all the same."""
        outbox = self.outbox
        if self.conflate_out:
            outbox.clear()
        outbox.append(message)
        if self._send_hwm_bytes:
            self._outbox_bytes += _size(message)
        if len(outbox) == 1 and self.link is not None:
            self.link.wake()
        if len(outbox) >= self.send_mark or self._send_hwm_bytes:
            self._check_full()

    def push_first(self, messages: list[Outgoing]) -> None:
        """Queue messages before all others, on a pipe that is about to get its link."""
        self.outbox[:0] = messages
        if self._send_hwm_bytes:
            self._outbox_bytes += sum(map(_size, messages))

    def extend(self, messages: list[Message]) -> int:
        """Queue messages from the front of ``messages`` while there is room; return how many."""
        if self._send_hwm_bytes or self.conflate_out:
            for count, message in enumerate(messages):
                if not self.writable:
                    return count
                self.push(message)
            return len(messages)
        taken = 0
        while self.writable and taken < len(messages):
            if self._send_hwm_bytes:  # set by whom the link has called
                return taken + self.extend(messages[taken:])
            room = max(1, self.send_mark - len(self.outbox))
            batch = messages[taken : taken + room]
            was_empty = not self.outbox
            self.outbox += batch
            taken += len(batch)
            if was_empty and self.link is not None:
                self.link.wake()
            if len(self.outbox) >= self.send_mark:
                self._check_full()
        return taken

    def _check_full(self) -> None:
        if self._is_full() and self.link is not None:
            self.link.flush()
        if self._is_full():
            self.writable = False

    def _is_full(self) -> bool:
        return len(self.outbox) >= self.send_mark or 0 < self._send_hwm_bytes <= self._outbox_bytes

    def taken_out(self, count: int) -> None:
        """The link has taken ``count`` messages from the front of the outbox."""
        self.take_out(count)
        self.relieved()

    def take_out(self, count: int) -> None:
        """The first half of :meth:`taken_out`: nobody is told of the room yet."""
        self.sent += count
        self._drop_front(count)

    def relieved(self) -> None:
        """The other half: if there is room again, tell whoever waits for it."""
        if (
            not self.writable
            and len(self.outbox) <= self.send_mark // 2
            and (not self._send_hwm_bytes or self._outbox_bytes <= self._send_hwm_bytes // 2)
        ):
            self.writable = True
            self._on_writable(self)

    def clear_outbox(self) -> int:
        """Throw away what is queued for the peer; return how many messages that were."""
        count = len(self.outbox)
        self._drop_front(count)
        self.relieved()
        return count

    def withdraw(self, message: Outgoing) -> bool:
        """Take back a message that the link has not taken yet; return whether it was still there."""
        for index, queued in enumerate(self.outbox):
            if queued is message:
                self._outbox_bytes -= _size(message) if self._send_hwm_bytes else 0
                del self.outbox[index]
                self.relieved()
                return True
        return False

    def _drop_front(self, count: int) -> None:
        if self._send_hwm_bytes:
            self._outbox_bytes -= sum(map(_size, self.outbox[:count]))
        del self.outbox[:count]

    # The way in

    def room(self) -> int:
        """How many more messages the inbox takes; 0 or less: the link must stop reading."""
        if 0 < self._receive_hwm_bytes <= self._inbox_bytes:
            return 0
        return self._receive_hwm - self.unread

    def fitting(self, messages: Sequence[Outgoing]) -> int:
        """How many from the front of ``messages`` the inbox takes: the last may pass the byte mark."""
        room = max(0, self.room())
        if not self._receive_hwm_bytes:
            return min(room, len(messages))
        size = self._inbox_bytes
        for count, message in enumerate(messages):
            if count == room or size >= self._receive_hwm_bytes:
                return count
            size += _size(message)
        return len(messages)

    def block(self) -> None:
        """The link has stopped reading, because there is no room."""
        self._blocked = True

    def put(self, messages: list[Message]) -> None:
        """Queue messages for the application."""
        if self._conflate:
            self._inbox = []
            self.unread = 0
            messages = messages[-1:]
        taken = len(self._inbox) - self.unread
        if taken > self.unread:
            del self._inbox[:taken]
        self._inbox += messages
        self.unread += len(messages)
        if self._receive_hwm_bytes:
            self._inbox_bytes += sum(map(_size, messages))

    def change_peer(self, peer: Peer) -> None:
        """Another connection has taken the place of the last; what that has brought stays its peer's."""
        former = self.peer
        if former is not None and self.unread:
            if self._former is None:
                self._former = deque()
            count = self.unread - sum(count for _, count in self._former)
            if count:
                self._former.append((former, count))
        self.peer = peer

    def _count_former(self) -> None:
        """A message was taken while there were some of former peers: who sent it?"""
        if not self._former:
            self._former = None
            self._last_sender = None
            return
        self._last_sender, count = self._former.popleft()
        if count > 1:
            self._former.appendleft((self._last_sender, count - 1))

    @property
    def sender(self) -> Peer | None:
        """Who sent the message that was taken last."""
        return self._last_sender if self._last_sender is not None else self.peer

    def take(self) -> Message:
        """The next message for the application."""
        inbox = self._inbox
        at = len(inbox) - self.unread
        message = inbox[at]
        self.unread -= 1
        if self.unread:
            inbox[at] = _TAKEN
        else:
            inbox.clear()
        if self._former is not None:
            self._count_former()
        if self._receive_hwm_bytes:
            self._inbox_bytes -= _size(message)
        if self._blocked:
            self._check_room()
        return message

    def take_all(self) -> list[Message]:
        """All messages for the application."""
        messages = self._unread()
        self._inbox = []
        self.unread = 0
        self._former = self._last_sender = None
        self._inbox_bytes = 0
        if self._blocked:
            self._check_room()
        return messages

    def _unread(self) -> list[Message]:
        taken = len(self._inbox) - self.unread
        return self._inbox[taken:] if taken else self._inbox

    def _check_room(self) -> None:
        if self.unread <= self._receive_hwm // 2 and (
            self._inbox_bytes <= self._receive_hwm_bytes // 2
        ):
            self._blocked = False
            if self.link is not None:
                self.link.resume()


def _size(message: Outgoing) -> int:
    return sum(map(len, message)) if isinstance(message, list) else len(message.wire)
