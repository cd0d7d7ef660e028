"""The sending half of a socket."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from typing import Any, Final

from twisted.internet.defer import Deferred, fail, gatherResults
from twisted.internet.interfaces import IDelayedCall

from pyzmtp.constants import SocketType
from pyzmtp.errors import SendTimeout, SocketClosed, UsageError, ZMTPError
from pyzmtp.net.hot import Done
from pyzmtp.net.reactor import Reactor
from pyzmtp.options import SocketOptions
from pyzmtp.patterns.base import Sender
from pyzmtp.sockets.base import Socket
from pyzmtp.wire.hot import to_message, to_messages
from pyzmtp.wire.message import Message
from pyzmtp.wire.sendable import Sendable

__all__ = ["SendingSocket"]

#: Every so many sends that need not wait, one waits for the reactor's next turn all the same: a
#: publisher in a loop, whose sends never wait, must not keep the reactor from its other work.
_SENDS_PER_TURN: Final = 1000


def _wrong_number(socket_type: SocketType, number: int) -> str:
    demanded = "one frame"
    if socket_type.frames == 2:
        demanded = "two frames, a routing id and bytes"
    return f"on a {socket_type.value} socket a message has {demanded}, not {number}"


class _PendingSend:
    """Messages that wait for room, and who waits for that."""

    __slots__ = ("done", "messages", "timer")

    def __init__(self, messages: list[Message], done: Deferred[None]) -> None:
        self.messages = messages
        self.done = done
        self.timer: IDelayedCall | None = None

    def finish(self, error: Exception | None = None) -> None:
        if error is None:
            self.done.callback(None)
        else:
            self.done.errback(error)


class SendingSocket(Socket):
    """A socket that can send. A message is ``bytes``, or a sequence of ``bytes``, one for each frame."""

    _pattern: Sender

    def __init__(
        self, reactor: Reactor, options: SocketOptions | None = None, **overrides: Any
    ) -> None:
        super().__init__(reactor, options, **overrides)
        # One queue for each destination, so that a ROUTER's slow peer does not hold up the others.
        self._sends: dict[bytes, OrderedDict[_PendingSend, None]] = {}
        self._draining = False
        self._drain_again = False
        self._sends_left = _SENDS_PER_TURN
        demanding = type(self)._check_form is not SendingSocket._check_form
        self._has_form = demanding or self.socket_type.frames is not None
        self._shortest_send = self._pattern.shortest_send()
        self._pattern.on_writable = self._drain

    def send(self, message: Sendable) -> Deferred[None]:
        """Send a message; fires when a peer's queue has taken it, which at a high-water mark may wait.

        Cancelled while it waits, the message is not sent. Raises :exc:`TypeError` and
        :exc:`ValueError` for what is no message, :exc:`UsageError` for a number of frames that the
        type does not send; fails with :exc:`SendTimeout` after
        ``send_timeout``, :exc:`WrongState`, :exc:`HostUnreachable` or :exc:`SocketClosed`.
        (``zmq_send``)
        """
        frames = to_message(message)
        if self._has_form:
            self._check_form(frames)
        try:
            # As by _try_send(), which is one call too many for what is done most.
            in_turn = self._closed is None and not self._sends
            if self._shortest_send(frames) if in_turn else self._try_send(frames):
                self._sends_left -= 1
                return Done() if self._sends_left else self._next_turn()
        except ZMTPError as error:
            return fail(error)
        return self._wait_to_send([frames], self._pattern.destination(frames))

    def try_send(self, message: Sendable) -> bool:
        """Send a message if that needs no waiting; return whether it was sent.

        Raises what :meth:`send` raises or fails with. (``zmq_send`` with ZMQ_DONTWAIT)
        """
        frames = to_message(message)
        if self._has_form:
            self._check_form(frames)
        if self._closed is None and not self._sends:  # as in send()
            return bool(self._shortest_send(frames))
        return self._try_send(frames)

    def send_batch(self, messages: Iterable[Sendable]) -> Deferred[None]:
        """Send messages in their order; fires when all of them have been taken.

        Cheaper than as many calls of :meth:`send`. Fails like it, at the first message that cannot be
        sent: those before it are on their way. Cancelled while it waits, the rest is not sent.
        """
        batch = to_messages(messages)
        if self._has_form:
            for frames in batch:
                self._check_form(frames)
        waits: list[Deferred[None]] = []
        try:
            self._check_open()
            if not self._sends:
                del batch[: self._pattern.try_send_batch(batch)]
            if not batch:
                self._sends_left -= 1
                return Done() if self._sends_left else self._next_turn()
            for destination, part in self._by_destination(batch).items():
                if destination not in self._sends:
                    del part[: self._pattern.try_send_batch(part)]
                if part:
                    waits.append(self._wait_to_send(part, destination))
        except ZMTPError as error:
            waits.append(fail(error))  # what waits already does so, and may fail unheard
        return waits[0] if len(waits) == 1 else _all_of(waits)

    def _by_destination(self, batch: list[Message]) -> dict[bytes, list[Message]]:
        if not self._pattern.has_destinations:
            return {b"": batch}
        parts: dict[bytes, list[Message]] = {}
        for message in batch:
            parts.setdefault(self._pattern.destination(message), []).append(message)
        return parts

    def _check_form(self, frames: Message) -> None:
        """Raise :exc:`UsageError` for what is no message of this type, if it demands a form."""
        if len(frames) != self.socket_type.frames:
            raise UsageError(_wrong_number(self.socket_type, len(frames)))

    def _try_send(self, frames: Message) -> bool:
        if self._closed is not None:
            raise SocketClosed
        if self._sends and self._pattern.destination(frames) in self._sends:
            self._pattern.check_send()
            return False
        return bool(self._shortest_send(frames))

    def _next_turn(self) -> Deferred[None]:
        """The Deferred of a send that waits for the reactor's other work only."""
        self._sends_left = _SENDS_PER_TURN
        return self._core.turn.next()

    @property
    def writable(self) -> bool:
        """Whether some message can be sent without waiting. (ZMQ_POLLOUT of ZMQ_EVENTS)

        A publisher and a ROUTER without ``router_mandatory`` always can, for they drop instead.
        """
        return not self.closed and b"" not in self._sends and self._pattern.sendable

    # Waiting for room

    def _wait_to_send(self, messages: list[Message], destination: bytes) -> Deferred[None]:
        timeout = self._options.send_timeout
        if timeout == 0:
            return fail(SendTimeout(timeout))
        done: Deferred[None] = Deferred(lambda _: self._give_up_sending(pending, destination))
        pending = _PendingSend(messages, done)
        self._sends.setdefault(destination, OrderedDict())[pending] = None
        if timeout is not None:

            def time_out() -> None:
                self._give_up_sending(pending, destination)
                pending.finish(SendTimeout(timeout))

            pending.timer = self._core.reactor.callLater(timeout, time_out)
        return done

    def _give_up_sending(self, pending: _PendingSend, destination: bytes) -> None:
        if pending.timer is not None and pending.timer.active():
            pending.timer.cancel()
        queue = self._sends.get(destination)
        if queue is not None and pending in queue:
            del queue[pending]
            if not queue:
                del self._sends[destination]

    def _drain(self) -> None:
        """There may be room again: go on with those who wait, in their order."""
        self._drain_again = True
        if self._draining:
            return
        self._draining = True
        try:
            while self._drain_again:  # whoever is told may make room for those before him
                self._drain_again = False
                for destination in list(self._sends):
                    self._drain_queue(destination)
        finally:
            self._draining = False

    def _drain_queue(self, destination: bytes) -> None:
        # Whoever is told that its message was taken may send, cancel or close at once, so the queue
        # is looked up anew each time.
        while queue := self._sends.get(destination):
            pending = next(iter(queue))
            error: Exception | None = None
            try:
                del pending.messages[: self._pattern.try_send_batch(pending.messages)]
            except ZMTPError as problem:
                error = problem
            if pending.messages and error is None:
                return
            self._give_up_sending(pending, destination)
            pending.finish(error)

    def _stop_waiting(self) -> None:
        super()._stop_waiting()
        # One by one: whoever is told may cancel the others.
        while self._sends:
            destination, queue = next(iter(self._sends.items()))
            pending = next(iter(queue))
            self._give_up_sending(pending, destination)
            pending.finish(SocketClosed())

    def _waiting_to_send(self) -> int:
        return sum(len(pending.messages) for queue in self._sends.values() for pending in queue)


def _all_of(waits: list[Deferred[None]]) -> Deferred[None]:
    """Fires when all have, fails with the first that does; cancelling it cancels all."""
    together = gatherResults(waits, consumeErrors=True)
    return together.addCallbacks(lambda _: None, lambda failure: failure.value.subFailure)
