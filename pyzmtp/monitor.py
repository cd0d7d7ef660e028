"""Tells whoever wants to know what happens to a socket's connections (libzmq: socket monitor)."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from inspect import iscoroutine
from typing import Final
from weakref import WeakSet

from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from pyzmtp.engine.events import (
    AcceptFailed,
    BindFailed,
    Closed,
    CloseFailed,
    Event,
    HandshakeFailed,
    MessagesDropped,
    MonitorStopped,
)
from pyzmtp.errors import ProtocolError
from pyzmtp.validators import check_callable

__all__ = ["EventStream", "Monitor"]

#: Events that wait for a slow reader; beyond that the oldest are dropped, and counted.
_MAX_WAITING: Final = 1000
#: Seconds between two warnings of one socket: a scanner on the port must not fill the log.
_WARNING_INTERVAL: Final = 1.0
_WORTH_A_WARNING: Final = (BindFailed, AcceptFailed, CloseFailed, HandshakeFailed, MessagesDropped)

_log = Logger(namespace="pyzmtp")


def _is_given_up(event: Event) -> bool:
    """Whether a connect has ended for a reason of which nothing else has told."""
    error = event.error if isinstance(event, Closed) else None
    return error is not None and not isinstance(error, ProtocolError)


class EventStream:
    """The events of a socket from now on, for ``async for``. Ends when the socket is closed.

    :ivar dropped: events that were dropped because the reader was more than 1000 behind.
    """

    def __init__(self, on_drop: Callable[[], None], awaited: set[EventStream]) -> None:
        self.dropped = 0
        self._on_drop = on_drop
        # The monitor knows its streams weakly, so that one that nobody reads goes away. But one that
        # is being waited for must stay, even if it is only known to whoever waits.
        self._awaited = awaited
        self._events: deque[Event] = deque()
        self._readers: deque[Deferred[Event]] = deque()
        self._closed = False

    def __aiter__(self) -> EventStream:
        return self

    def __anext__(self) -> Deferred[Event]:
        if self._events:
            return succeed(self._events.popleft())
        if self._closed:
            return fail(StopAsyncIteration())
        reader: Deferred[Event] = Deferred(self._forget)
        self._readers.append(reader)
        self._awaited.add(self)
        return reader

    def _forget(self, reader: Deferred[Event]) -> None:
        self._readers.remove(reader)
        if not self._readers:
            self._awaited.discard(self)

    def _next_reader(self) -> Deferred[Event]:
        reader = self._readers[0]
        self._forget(reader)
        return reader

    def put(self, event: Event) -> None:
        """Hand over an event."""
        if self._readers:
            self._next_reader().callback(event)
            return
        if len(self._events) == _MAX_WAITING:
            self._events.popleft()
            self.dropped += 1
            self._on_drop()
        self._events.append(event)

    def close(self) -> None:
        """There will be no more."""
        self._closed = True
        while self._readers:
            self._next_reader().errback(StopAsyncIteration())


class Monitor:
    """Passes each event to callbacks, streams and the log, and is never held up by any of them.

    :ivar dropped: how many events all its streams together have dropped.
    """

    def __init__(self, reactor: IReactorTime) -> None:
        self.dropped = 0
        self._reactor = reactor
        self._callbacks: dict[object, Callable[[Event], object]] = {}
        self._streams: WeakSet[EventStream] = WeakSet()
        self._awaited: set[EventStream] = set()
        self._undelivered: deque[Event] = deque()
        self._delivering = False
        self._stopped = False  # nothing more is taken
        self._closed = False  # nothing more is delivered
        self._then: Callable[[], object] = lambda: None
        self._next_warning = 0.0
        self._withheld = 0

    def on_event(self, callback: Callable[[Event], object]) -> Callable[[], None]:
        """Call ``callback(event)`` for each event; return a function that ends this."""
        check_callable(callback)
        registration = object()
        self._callbacks[registration] = callback

        def unsubscribe() -> None:
            self._callbacks.pop(registration, None)

        return unsubscribe

    def events(self) -> EventStream:
        """A new stream of the events from now on."""
        stream = EventStream(self._count_drop, self._awaited)
        if self._closed:
            stream.close()
        self._streams.add(stream)
        return stream

    def _count_drop(self) -> None:
        self.dropped += 1

    def emit(self, *events: Event) -> None:
        """Pass ``events`` on, with nothing in between. Never raises.

        Whoever is told may cause further events. They wait until everybody knows of this one, so that
        all see the same order.
        """
        if self._stopped:
            return
        self._undelivered.extend(events)
        if self._delivering:
            return
        self._delivering = True
        try:
            while self._undelivered:
                self._deliver(self._undelivered.popleft())
        finally:
            self._delivering = False

    def _deliver(self, event: Event) -> None:
        self._report(event)
        for stream in list(self._streams):
            stream.put(event)
        for registration, callback in list(self._callbacks.items()):
            if registration in self._callbacks:  # the one before may have ended this
                self._call(callback, event)
        if isinstance(event, MonitorStopped):
            self._closed = True
            self._callbacks.clear()
            for stream in list(self._streams):
                stream.close()
            self._then()

    def _call(self, callback: Callable[[Event], object], event: Event) -> None:
        def failed(failure: Failure) -> None:
            _log.failure("an event callback failed on {event}", failure, event=event)

        try:
            result = callback(event)
        except Exception:
            failed(Failure())
            return
        if iscoroutine(result):  # a Deferred that it returns may be somebody else's
            Deferred.fromCoroutine(result).addErrback(failed)

    def close(self, then: Callable[[], object] = lambda: None) -> None:
        """Pass on a last event, end all streams, and call ``then()`` when everybody knows."""
        if not self._stopped:
            self._then = then
            self.emit(MonitorStopped(""))
            self._stopped = True

    def _report(self, event: Event) -> None:
        kind = type(event).__name__
        error = getattr(event, "error", None)
        if not isinstance(event, _WORTH_A_WARNING) and not _is_given_up(event):
            _log.debug("{kind} {address}", kind=kind, address=event.address, event=event)
            return
        now = self._reactor.seconds()
        if now < self._next_warning:
            self._withheld += 1
            return
        self._next_warning = now + _WARNING_INTERVAL
        withheld, self._withheld = self._withheld, 0
        if isinstance(event, MessagesDropped):
            reason = (
                f"{event.count} {'not sent' if event.unsent else 'not received'}: {event.reason}"
            )
        else:
            reason = str(error)
        peer_address = getattr(event, "peer_address", "")
        _log.warn(
            "{kind} {address} {peer_address}: {reason} ({withheld} more since the last warning)",
            kind=kind,
            address=event.address,
            peer_address=peer_address,
            reason=reason,
            withheld=withheld,
            event=event,
        )
