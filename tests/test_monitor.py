"""What happens is told to callbacks, streams and the log, and none of them can hold it up."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import Clock
from twisted.logger import ILogObserver, LogEvent, LogLevel, formatEvent, globalLogPublisher
from twisted.python.failure import Failure
from zope.interface import implementer

from pyzmtp.engine.events import (
    BindFailed,
    Closed,
    Connected,
    Disconnected,
    Event,
    HandshakeFailed,
    Listening,
    MessagesDropped,
    MonitorStopped,
)
from pyzmtp.errors import AddressInUse, HandshakeTimeout, NotZMTP, PeerLost
from pyzmtp.monitor import EventStream, Monitor
from pyzmtp.peer import Peer

#: Events that a stream holds for its reader, as its docstring says.
_MOST = 1000

_ADDRESS = "tcp://127.0.0.1:5555"

#: The last event of every monitor.
_STOPPED = MonitorStopped("")


@implementer(ILogObserver)
class _Log:
    """What has been logged under the name of pyzmtp."""

    def __init__(self) -> None:
        self.events: list[LogEvent] = []

    def __call__(self, event: LogEvent) -> None:
        if event.get("log_namespace") == "pyzmtp":
            self.events.append(event)

    def at(self, level: object) -> list[LogEvent]:
        return [event for event in self.events if event["log_level"] is level]

    @property
    def warnings(self) -> list[LogEvent]:
        return self.at(LogLevel.warn)


@pytest.fixture
def log() -> Iterator[_Log]:
    log = _Log()
    globalLogPublisher.addObserver(log)
    yield log
    globalLogPublisher.removeObserver(log)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def monitor(clock: Clock) -> Monitor:
    return Monitor(clock)


def _numbered(number: int) -> Event:
    return Connected(_ADDRESS, f"127.0.0.1:{number}")


def _failed() -> HandshakeFailed:
    return HandshakeFailed(_ADDRESS, "10.0.0.7:999", NotZMTP(b"GET / HTTP"))


def _next(stream: EventStream) -> list[Event | BaseException]:
    """What the next event turns out to be, once it is there: an event, or an error."""
    results: list[Event | BaseException] = []
    stream.__anext__().addCallbacks(results.append, lambda failure: results.append(failure.value))
    return results


def _read(stream: EventStream) -> list[Event]:
    """All events that wait in a stream that is at its end."""
    events: list[Event] = []

    async def read() -> None:
        async for event in stream:
            events.append(event)

    done = Deferred.fromCoroutine(read())
    assert done.called
    assert done.result is None
    return events


# Callbacks


def test_a_callback_gets_each_event_in_order(monitor: Monitor) -> None:
    seen: list[Event] = []
    monitor.on_event(seen.append)
    events = [_numbered(number) for number in range(3)]
    for event in events:
        monitor.emit(event)
    assert seen == events


def test_a_callback_that_was_ended_gets_nothing_more(monitor: Monitor) -> None:
    first: list[Event] = []
    second: list[Event] = []
    end = monitor.on_event(first.append)
    monitor.on_event(second.append)
    monitor.emit(_numbered(0))
    end()
    end()
    monitor.emit(_numbered(1))
    assert first == [_numbered(0)]
    assert second == [_numbered(0), _numbered(1)]


def test_to_end_one_of_two_registrations_leaves_the_other(monitor: Monitor) -> None:
    seen: list[Event] = []

    def see(event: Event) -> None:
        seen.append(event)

    end = monitor.on_event(see)
    monitor.on_event(see)
    end()
    end()
    monitor.emit(_numbered(0))
    assert seen == [_numbered(0)]


def test_a_callback_may_end_itself_and_begin_another(monitor: Monitor) -> None:
    seen: list[str] = []

    def first(event: Event) -> None:
        seen.append("first")
        end()
        monitor.on_event(lambda event: seen.append("second"))

    end = monitor.on_event(first)
    monitor.emit(_numbered(0))
    monitor.emit(_numbered(1))
    assert seen == ["first", "second"]


def test_a_callback_that_fails_is_logged_and_stops_nobody(monitor: Monitor, log: _Log) -> None:
    seen: list[Event] = []

    def fail(event: Event) -> None:
        raise ZeroDivisionError("in a callback")

    monitor.on_event(fail)
    monitor.on_event(seen.append)
    stream = monitor.events()
    result = _next(stream)
    for number in range(2):
        monitor.emit(_numbered(number))
    assert seen == [_numbered(0), _numbered(1)]
    assert result == [_numbered(0)]
    failures = log.at(LogLevel.critical)
    assert [failure["log_failure"].type for failure in failures] == [ZeroDivisionError] * 2
    assert failures[0]["event"] == _numbered(0)


def test_what_cannot_be_called_is_no_callback(monitor: Monitor) -> None:
    not_callable: Any = "print"
    with pytest.raises(TypeError, match="str"):
        monitor.on_event(not_callable)


# Streams


def test_a_stream_gives_the_events_from_now_on_in_order(monitor: Monitor) -> None:
    monitor.emit(_numbered(0))
    stream = monitor.events()
    monitor.emit(_numbered(1))
    monitor.emit(_numbered(2))
    monitor.close()
    assert _read(stream) == [_numbered(1), _numbered(2), _STOPPED]


def test_a_reader_that_waits_gets_the_next_event_at_once(monitor: Monitor) -> None:
    stream = monitor.events()
    result = _next(stream)
    assert result == []
    monitor.emit(_numbered(0))
    assert result == [_numbered(0)]


def test_each_stream_gets_every_event(monitor: Monitor) -> None:
    streams = [monitor.events(), monitor.events()]
    monitor.emit(_numbered(0))
    monitor.close()
    assert [_read(stream) for stream in streams] == [[_numbered(0), _STOPPED]] * 2


def test_a_slow_reader_loses_the_oldest_events_and_they_are_counted(monitor: Monitor) -> None:
    slow, quick = monitor.events(), monitor.events()
    read = []
    for number in range(_MOST + 3):
        monitor.emit(_numbered(number))
        read += _next(quick)
    assert slow.dropped == monitor.dropped == 3
    monitor.close()
    assert slow.dropped == monitor.dropped == 4
    assert quick.dropped == 0
    assert len(read) == _MOST + 3
    assert _read(slow) == [*[_numbered(number) for number in range(4, _MOST + 3)], _STOPPED]


def test_what_a_stream_lost_is_counted_when_it_is_gone_too(monitor: Monitor) -> None:
    stream = monitor.events()
    for number in range(_MOST + 3):
        monitor.emit(_numbered(number))
    del stream
    gc.collect()
    monitor.emit(_numbered(0))
    assert monitor.dropped == 3


def test_a_stream_that_nobody_holds_costs_nothing(monitor: Monitor) -> None:
    monitor.events()
    gc.collect()
    for number in range(_MOST + 3):
        monitor.emit(_numbered(number))
    assert monitor.dropped == 0


def test_a_reader_that_waits_is_served_though_it_holds_no_stream(monitor: Monitor) -> None:
    result = _next(monitor.events())  # as in "await anext(socket.events())"
    gc.collect()
    monitor.emit(_numbered(0))
    assert result == [_numbered(0)]


def test_a_loop_that_nobody_holds_goes_on(monitor: Monitor) -> None:
    seen: list[Event] = []

    async def watch() -> None:
        async for event in monitor.events():
            seen.append(event)

    Deferred.fromCoroutine(watch())
    for number in range(3):
        gc.collect()
        monitor.emit(_numbered(number))
    assert seen == [_numbered(number) for number in range(3)]


def test_to_cancel_a_wait_loses_no_event(monitor: Monitor) -> None:
    stream = monitor.events()
    waiting = stream.__anext__()
    results: list[object] = []
    waiting.addCallbacks(results.append, lambda failure: results.append(failure.type))
    waiting.cancel()
    assert results == [CancelledError]
    monitor.emit(_numbered(0))
    monitor.emit(_numbered(1))
    assert _next(stream) == [_numbered(0)]
    assert _next(stream) == [_numbered(1)]


def test_two_who_wait_on_one_stream_get_an_event_each(monitor: Monitor) -> None:
    stream = monitor.events()
    first, second = _next(stream), _next(stream)
    monitor.emit(_numbered(0))
    monitor.emit(_numbered(1))
    assert first == [_numbered(0)]
    assert second == [_numbered(1)]


def test_a_reader_may_wait_again_from_within_its_callback(monitor: Monitor) -> None:
    stream = monitor.events()
    seen: list[Event] = []

    def take(event: Event) -> None:
        seen.append(event)
        stream.__anext__().addCallback(take)

    stream.__anext__().addCallback(take)
    for number in range(3):
        monitor.emit(_numbered(number))
    assert seen == [_numbered(number) for number in range(3)]


# The end


def test_to_close_ends_who_waits(monitor: Monitor) -> None:
    stream = monitor.events()
    first, second = _next(stream), _next(stream)
    monitor.close()
    assert first == [_STOPPED]
    assert [type(end) for end in second] == [StopAsyncIteration]


def test_to_close_ends_a_loop_after_what_is_left(monitor: Monitor) -> None:
    stream = monitor.events()
    events: list[Event] = []

    async def read() -> str:
        async for event in stream:
            events.append(event)
        return "over"

    done = Deferred.fromCoroutine(read())
    monitor.emit(_numbered(0))
    assert not done.called
    monitor.emit(_numbered(1))
    monitor.close()
    assert events == [_numbered(0), _numbered(1), _STOPPED]
    assert done.result == "over"
    assert _read(stream) == []


def test_a_stream_that_is_asked_for_after_the_end_is_at_its_end(monitor: Monitor) -> None:
    monitor.close()
    assert [type(end) for end in _next(monitor.events())] == [StopAsyncIteration]


def test_to_close_twice_does_no_harm(monitor: Monitor) -> None:
    stream = monitor.events()
    monitor.close()
    monitor.close()
    assert _read(stream) == [_STOPPED]


def test_after_the_last_event_nobody_is_told_anything(monitor: Monitor, log: _Log) -> None:
    seen: list[Event] = []
    monitor.on_event(seen.append)
    stream = monitor.events()
    monitor.close()
    monitor.emit(_failed())
    assert seen == [_STOPPED]
    assert _read(stream) == [_STOPPED]
    assert log.warnings == []


# What is caused by those who are told


def test_events_that_a_callback_causes_come_after_the_one_that_it_was_told(
    monitor: Monitor,
) -> None:
    first: list[Event] = []
    last: list[Event] = []
    stream = monitor.events()

    def cause(event: Event) -> None:
        first.append(event)
        if event == _numbered(0):
            monitor.emit(_numbered(2))

    monitor.on_event(cause)
    monitor.on_event(last.append)
    monitor.emit(_numbered(0), _numbered(1))
    monitor.close()
    in_order = [*[_numbered(number) for number in range(3)], _STOPPED]
    assert first == last == _read(stream) == in_order


def test_a_callback_that_ends_it_all_keeps_nothing_from_the_others(monitor: Monitor) -> None:
    seen: list[Event] = []
    monitor.on_event(lambda event: monitor.close())
    monitor.on_event(seen.append)
    stream = monitor.events()
    monitor.emit(_numbered(0), _numbered(1))
    monitor.emit(_numbered(2))
    assert seen == [_numbered(0), _numbered(1), _STOPPED]
    assert _read(stream) == seen


def test_a_reader_that_causes_events_sees_them_in_their_order(monitor: Monitor) -> None:
    seen: list[Event] = []
    monitor.on_event(seen.append)
    stream, other = monitor.events(), monitor.events()
    stream.__anext__().addCallback(lambda event: monitor.emit(_numbered(1)))
    monitor.emit(_numbered(0))
    monitor.close()
    assert seen == [_numbered(0), _numbered(1), _STOPPED]
    assert _read(stream) == [_numbered(1), _STOPPED]
    assert _read(other) == seen


# The log


@pytest.mark.parametrize(("event", "reason"), [
    (_failed(), "does not speak ZMTP"),
    (BindFailed(_ADDRESS, AddressInUse(_ADDRESS)), "is in use"),
    (MessagesDropped(_ADDRESS, 3, PeerLost(_ADDRESS), True), "3 not sent: the connection to"),
])  # fmt: skip
def test_a_warning_says_what_where_and_why(
    monitor: Monitor, log: _Log, event: Event, reason: str
) -> None:
    monitor.emit(event)
    [warning] = log.warnings
    text = formatEvent(warning)
    assert type(event).__name__ in text
    assert _ADDRESS in text
    assert reason in text
    assert warning["event"] is event
    assert warning["address"] == _ADDRESS


def test_a_warning_of_a_peer_says_where_the_peer_is(monitor: Monitor, log: _Log) -> None:
    monitor.emit(_failed())
    assert log.warnings[0]["peer_address"] == "10.0.0.7:999"
    assert "10.0.0.7:999" in formatEvent(log.warnings[0])


def test_what_is_nothing_unusual_is_logged_for_debugging_alone(monitor: Monitor, log: _Log) -> None:
    peer = Peer(_ADDRESS, "127.0.0.1:1", True, (3, 1), "NULL")
    events = [Listening(_ADDRESS), Disconnected(_ADDRESS, peer, HandshakeTimeout(1.0))]
    for event in events:
        monitor.emit(event)
    assert log.warnings == []
    assert [logged["event"] for logged in log.at(LogLevel.debug)] == events


def test_warnings_come_once_a_second_with_the_number_of_those_withheld(
    monitor: Monitor, log: _Log, clock: Clock
) -> None:
    for _ in range(5):
        monitor.emit(_failed())
    assert [warning["withheld"] for warning in log.warnings] == [0]
    clock.advance(0.5)
    monitor.emit(_failed())
    assert len(log.warnings) == 1
    clock.advance(0.5)
    monitor.emit(_failed())
    assert [warning["withheld"] for warning in log.warnings] == [0, 5]
    assert "5 more" in formatEvent(log.warnings[-1])
    clock.advance(10)
    monitor.emit(_failed())
    assert [warning["withheld"] for warning in log.warnings] == [0, 5, 0]


def test_what_is_withheld_from_the_log_is_told_to_all_others(monitor: Monitor, log: _Log) -> None:
    seen: list[Event] = []
    monitor.on_event(seen.append)
    for _ in range(5):
        monitor.emit(_failed())
    assert len(seen) == 5
    assert len(log.warnings) == 1


def test_each_socket_has_its_own_second(clock: Clock, log: _Log) -> None:
    for _ in range(3):
        Monitor(clock).emit(_failed())
    assert len(log.warnings) == 3


def test_a_callback_that_another_one_has_ended_is_not_called_any_more(monitor: Monitor) -> None:
    called: list[str] = []
    ends: list[Callable[[], None]] = []

    def first(event: Event) -> None:
        called.append("first")
        ends[0]()

    monitor.on_event(first)
    ends.append(monitor.on_event(lambda event: called.append("ended")))
    monitor.on_event(lambda event: called.append("last"))
    monitor.emit(_numbered(0))
    assert called == ["first", "last"]


def test_a_callback_may_be_a_coroutine(monitor: Monitor, log: _Log) -> None:
    later: Deferred[str] = Deferred()
    got: list[object] = []

    async def note(event: Event) -> None:
        got.append(event)
        got.append(await later)

    monitor.on_event(note)
    monitor.emit(_numbered(0))
    later.callback("later")
    assert got == [_numbered(0), "later"]
    assert log.at(LogLevel.critical) == []


@pytest.mark.parametrize("at_once", [True, False])
def test_a_coroutine_that_fails_is_logged_and_stops_nobody(
    monitor: Monitor, log: _Log, at_once: bool
) -> None:
    later: Deferred[None] = Deferred()
    got: list[Event] = []

    async def fail(event: Event) -> None:
        if not at_once:
            await later
        raise ValueError("not now")

    monitor.on_event(fail)
    monitor.on_event(got.append)
    monitor.emit(_numbered(0))
    assert got == [_numbered(0)]
    later.callback(None)
    [logged] = log.at(LogLevel.critical)
    assert logged["log_failure"].check(ValueError)
    assert repr(_numbered(0)) in formatEvent(logged)


def test_a_deferred_that_a_callback_returns_is_left_alone(monitor: Monitor, log: _Log) -> None:
    """It may be somebody else's, as that of connect() often is."""
    theirs: Deferred[str] = Deferred()
    monitor.on_event(lambda event: theirs)
    monitor.emit(_numbered(0))
    failures: list[Failure] = []
    theirs.addErrback(failures.append)
    theirs.errback(ValueError("theirs"))
    assert [failure.type for failure in failures] == [ValueError]
    assert log.at(LogLevel.critical) == []


@pytest.mark.parametrize(
    ("error", "warned"), [(None, False), (PeerLost(_ADDRESS), True), (NotZMTP(b"x"), False)]
)
def test_a_connect_that_was_given_up_is_warned_of_unless_its_handshake_was(
    monitor: Monitor, log: _Log, error: Exception | None, warned: bool
) -> None:
    monitor.emit(Closed(_ADDRESS, None, error))
    assert [str(error) in formatEvent(warning) for warning in log.warnings] == [True] * warned
