"""The receiving half of a socket."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Final, Generic, TypeVar

from twisted.internet.defer import Deferred, fail
from twisted.internet.interfaces import IDelayedCall
from twisted.logger import Logger
from twisted.python.failure import Failure

from pyzmtp.errors import ReceiveTimeout, SocketClosed, WrongState, ZMTPError
from pyzmtp.net.hot import Fired
from pyzmtp.net.outcome import as_deferred
from pyzmtp.net.reactor import Reactor
from pyzmtp.options import SocketOptions
from pyzmtp.patterns.base import Receiver
from pyzmtp.peer import Peer
from pyzmtp.sockets.base import Socket
from pyzmtp.validators import check_callable
from pyzmtp.wire.message import Message

__all__ = ["BatchCallback", "ReceivingSocket"]

_log = Logger(namespace="pyzmtp")
_T = TypeVar("_T")
_Self = TypeVar("_Self", bound="ReceivingSocket")

#: Messages that a batch holds at most, so that no turn of the reactor becomes too long.
_MAX_BATCH: Final = 1000


#: Takes a batch; a Deferred or a coroutine that it returns holds back the next one.
BatchCallback = Callable[[list[Message]], object]


class _PendingReceive(Generic[_T]):
    """Somebody who waits for a message."""

    __slots__ = ("done", "take", "timer")

    def __init__(self, take: Callable[[], _T], done: Deferred[_T]) -> None:
        self.take = take
        self.done = done
        self.timer: IDelayedCall | None = None

    def cancel_timer(self) -> None:
        if self.timer is not None and self.timer.active():
            self.timer.cancel()

    def fail(self, error: Exception) -> None:
        self.cancel_timer()
        self.done.errback(error)

    def succeed(self) -> None:
        self.cancel_timer()
        self.done.callback(self.take())


class _Consumer:
    """Somebody who takes all messages, in batches."""

    __slots__ = ("busy", "callback", "done")

    def __init__(self, callback: BatchCallback, done: Deferred[None]) -> None:
        self.callback = callback
        self.done = done
        self.busy = False


class ReceivingSocket(Socket):
    """A socket that can receive. A message is a list of ``bytes``, one for each frame."""

    _pattern: Receiver

    def __init__(
        self, reactor: Reactor, options: SocketOptions | None = None, **overrides: Any
    ) -> None:
        super().__init__(reactor, options, **overrides)
        self._receives: OrderedDict[_PendingReceive[Any], None] = OrderedDict()
        self._consumer: _Consumer | None = None
        self._ended = False  # by stop_receiving()
        self._serving = False
        self._shortest_take = self._pattern.shortest_take()
        self._pattern.on_readable = self._serve

    def receive(self) -> Deferred[Message]:
        """The next message. Cancelled while it waits, it leaves the message to the next receiver.

        Fails with :exc:`ReceiveTimeout` after ``receive_timeout``, :exc:`WrongState` or
        :exc:`SocketClosed`. (``zmq_recv``)
        """
        message = self._take_now()
        if message is not None:
            return Fired(message)
        return self._receive(self._take_message, self._options.receive_timeout)

    def receive_from(self) -> Deferred[tuple[Peer, Message]]:
        """The next message and the peer that sent it."""
        return self._receive(self._take_with_peer, self._options.receive_timeout)

    def receive_batch(self, limit: int = _MAX_BATCH) -> Deferred[list[Message]]:
        """The next messages, one at least and ``limit`` at the most."""
        if not isinstance(limit, int) or limit < 1:
            raise ValueError(f"limit={limit!r}: a batch has a whole number of messages from 1 up")
        timeout = self._options.receive_timeout
        return self._receive(lambda: self._pattern.take_batch(limit), timeout)

    def try_receive(self) -> Message | None:
        """The next message if there is one, else ``None``. (``zmq_recv`` with ZMQ_DONTWAIT)"""
        message = self._take_now()
        if message is None:
            self._check_receive()
        return message

    @property
    def readable(self) -> bool:
        """Whether a message can be received without waiting. (ZMQ_POLLIN of ZMQ_EVENTS)"""
        return not self.closed and not self._ended and self._pattern.readable

    def __aiter__(self: _Self) -> _Self:
        return self

    async def __anext__(self) -> Message:
        message = self._take_now()
        if message is not None:
            return message
        try:
            return await self.receive()
        except SocketClosed:
            raise StopAsyncIteration from None

    def consume(self, callback: BatchCallback) -> Deferred[None]:
        """Call ``callback(messages)`` with each batch that arrives, a list of one message or more.

        If the callback returns a Deferred or a coroutine, no further batch comes until that is done:
        the queue fills to its high-water mark, and then the peers are held back. The Deferred that
        is returned fires when the socket is closed, fails if the callback does, and ends the
        consuming when it is cancelled. No other receiver may be at work meanwhile.
        """
        check_callable(callback)
        try:
            self._check_receive()
            if self._receives:
                raise WrongState("somebody is waiting to receive already")
        except ZMTPError as error:
            return fail(error)
        consumer = _Consumer(callback, Deferred(lambda _: self._stop_consuming(consumer)))
        self._consumer = consumer
        self._serve()
        return consumer.done

    def stop_receiving(self) -> None:
        """Accept no more peers and hand out no more messages, while those that are there are sent to.

        To whoever receives, it is as if the socket were closed: what waits fails with
        :exc:`SocketClosed`, ``async for`` and :meth:`consume` end. So a service can finish, and answer,
        what it has been given, and then :meth:`close`; what it has not been given is lost then.
        """
        self._check_open()
        self._ended = True
        self._shortest_take = lambda: None
        for bind in self._binds:
            bind.stop_accepting()
        self._end_receivers()

    # Taking messages out

    def _take_now(self) -> Message | None:
        """The next message, if there is one that nobody else is to have."""
        if self._receives or self._consumer is not None or self._closed is not None:
            return None
        return self._shortest_take()

    def _take_message(self) -> Message:
        return self._pattern.take()[1]

    def _take_with_peer(self) -> tuple[Peer, Message]:
        pipe, message = self._pattern.take()
        sender = pipe.sender
        assert sender is not None  # a message has come through the pipe
        return sender, message

    def _check_receive(self) -> None:
        self._check_open()
        if self._ended:
            raise SocketClosed
        self._pattern.check_receive()
        if self._consumer is not None:
            raise WrongState("consume() takes all messages until it is cancelled")

    def _receive_without_limit(self) -> Deferred[Message]:
        """As :meth:`receive`, without ``receive_timeout``."""
        return self._receive(self._take_message, None)

    def _receive(self, take: Callable[[], _T], timeout: float | None) -> Deferred[_T]:
        try:
            self._check_receive()
        except ZMTPError as error:
            return fail(error)
        if self._pattern.readable and not self._receives:
            return Fired(take())
        return self._wait_to_receive(take, timeout)

    def _wait_to_receive(self, take: Callable[[], _T], timeout: float | None) -> Deferred[_T]:
        if timeout == 0:
            return fail(ReceiveTimeout(timeout))
        done: Deferred[_T] = Deferred(lambda _: self._give_up_receiving(pending))
        pending = _PendingReceive(take, done)
        self._receives[pending] = None
        if timeout is not None:

            def time_out() -> None:
                self._give_up_receiving(pending)
                pending.fail(ReceiveTimeout(timeout))

            pending.timer = self._core.reactor.callLater(timeout, time_out)
        return done

    def _give_up_receiving(self, pending: _PendingReceive[Any]) -> None:
        pending.cancel_timer()
        self._receives.pop(pending, None)

    def _next_receive(self) -> _PendingReceive[Any]:
        return self._receives.popitem(last=False)[0]

    # Handing messages over

    def _serve(self) -> None:
        """There may be messages: hand them to those who wait, or to the consumer."""
        if self._serving:
            return
        self._serving = True
        try:
            while True:
                consumer = self._consumer
                if consumer is not None and not consumer.busy:
                    batch = self._pattern.take_batch(_MAX_BATCH)
                    if not batch:
                        break
                    self._hand_over(consumer, batch)
                elif self._receives and self._pattern.readable:
                    self._next_receive().succeed()
                else:
                    break
        finally:
            self._serving = False

    def _hand_over(self, consumer: _Consumer, batch: list[Message]) -> None:
        try:
            pause = as_deferred(consumer.callback(batch))
        except Exception:
            self._batch_failed(Failure(), consumer)
            return
        if pause is not None:
            consumer.busy = True
            pause.addCallbacks(
                self._batch_done,
                self._batch_failed,
                callbackArgs=(consumer,),
                errbackArgs=(consumer,),
            )

    def _batch_done(self, _: object, consumer: _Consumer) -> None:
        consumer.busy = False
        self._serve()

    def _batch_failed(self, failure: Failure, consumer: _Consumer) -> None:
        if self._consumer is consumer:
            self._consumer = None
            consumer.done.errback(failure)
        else:
            _log.failure("a consumer failed after its end", failure)

    def _stop_consuming(self, consumer: _Consumer) -> None:
        if self._consumer is consumer:
            self._consumer = None

    def _stop_waiting(self) -> None:
        super()._stop_waiting()
        self._end_receivers()

    def _end_receivers(self) -> None:
        # One by one: whoever is told may cancel the others.
        while self._receives:
            self._next_receive().fail(SocketClosed())
        consumer, self._consumer = self._consumer, None
        if consumer is not None:
            consumer.done.callback(None)
