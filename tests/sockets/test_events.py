"""Events: which, in what order, to whom (DESIGN.md 1; PARITY.md)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.logger import LogEvent, LogLevel, formatEvent, globalLogPublisher

from pyzmtp import PullSocket, PushSocket, ReconnectStop
from pyzmtp.engine.events import (
    Accepted,
    BindFailed,
    Closed,
    ConnectDelayed,
    Connected,
    ConnectRetried,
    Disconnected,
    Event,
    HandshakeFailed,
    HandshakeSucceeded,
    Listening,
    MonitorStopped,
)
from pyzmtp.errors import AddressInUse, ConnectError, ProtocolError
from pyzmtp.testing import FailureLog

from .world import GREETING, Outcomes, World, hello, short

NOWHERE = "tcp://127.0.0.1:40001"


@pytest.fixture
def warnings() -> Iterator[list[str]]:
    """What is logged as a warning, as text."""
    lines: list[str] = []

    def note(event: LogEvent) -> None:
        if event["log_level"] is LogLevel.warn:
            lines.append(formatEvent(event))

    observer: Any = note
    globalLogPublisher.addObserver(observer)
    yield lines
    globalLogPublisher.removeObserver(observer)


def test_events_of_a_whole_life_in_their_order(world: World) -> None:
    pull, push = world.pair(PullSocket, PushSocket)
    [bound, *_] = world.events[pull]
    address = bound.address
    world.run(push.close())
    world.settle()
    world.run(pull.close())
    client = world.events[pull][1]
    assert isinstance(client, Accepted)
    [server] = world.of(push, HandshakeSucceeded)
    [there] = world.of(pull, HandshakeSucceeded)
    assert [type(event) for event in world.events[pull]] == [
        Listening,
        Accepted,
        HandshakeSucceeded,
        Disconnected,
        Closed,
        MonitorStopped,
    ]
    assert [type(event) for event in world.events[push]] == [
        ConnectDelayed,
        Connected,
        HandshakeSucceeded,
        Disconnected,
        Closed,
        MonitorStopped,
    ]
    assert {event.address for event in world.events[pull][:-1]} == {address}
    assert {event.address for event in world.events[push][:-1]} == {address}
    assert world.of(push, Connected) == [Connected(address, address.removeprefix("tcp://"), 1)]
    assert there.peer.peer_address == client.peer_address
    assert world.of(pull, Disconnected)[0].peer is there.peer
    assert world.of(push, Disconnected)[0].peer is server.peer
    assert isinstance(world.of(pull, Disconnected)[0].reason, ConnectionDone)


def test_events_of_a_refused_attempt(world: World) -> None:
    push = world.make(PushSocket)
    where = "tcp://127.0.0.1:40001"
    push.connect(where)
    world.advance(0.25)
    assert world.names(push)[:3] == ["ConnectDelayed", "ConnectRetried", "ConnectDelayed"]
    retried = world.of(push, ConnectRetried)[0]
    assert retried.address == where
    assert isinstance(retried.error, ConnectError)
    assert "refused" in str(retried.error)


def test_events_of_a_lost_connection(world: World) -> None:
    pull, push = world.pair(PullSocket, PushSocket)
    world.network.connections[0].reset()
    world.settle()
    assert world.names(push)[-2:] == ["Disconnected", "ConnectRetried"]
    assert isinstance(world.of(push, Disconnected)[0].reason, ConnectionLost)
    assert world.names(pull)[-1] == "Disconnected"


def test_events_of_a_bind_that_fails(world: World) -> None:
    on = world.network.reactor()
    first, second = world.make(PullSocket, on=on), world.make(PullSocket, on=on)
    address = world.bind(first)
    failed = Outcomes(second.bind(address))
    assert isinstance(failed.error, AddressInUse)
    assert world.of(second, BindFailed) == [BindFailed(address, failed.error)]
    assert len(world.names(second)) == 1


@pytest.mark.parametrize("transport", ["inproc"])
def test_inproc_has_the_same_events(world: World, transport: str) -> None:
    pull, push = world.pair(PullSocket, PushSocket, transport)
    world.run(push.close())
    world.settle()
    world.run(pull.close())
    rest = ["HandshakeSucceeded", "Disconnected", "Closed", "MonitorStopped"]
    assert world.names(pull) == ["Listening", "Accepted", *rest]
    assert world.names(push) == ["ConnectDelayed", "Connected", *rest]


def test_a_half_done_handshake_has_failed(world: World) -> None:
    pull = world.make(PullSocket)
    peer = world.attach_raw(pull, hello("PUSH")[:30])
    peer.close()
    world.settle()
    [event] = world.of(pull, HandshakeFailed)
    assert isinstance(event.error, ConnectionDone)
    assert event.libzmq_code == 0
    assert event.peer_address.startswith("127.0.0.1:")
    assert event.libzmq_event == 0x0800  # NO_DETAIL
    [over] = world.of(pull, Disconnected)
    assert (over.peer, over.reason, over.peer_address) == (None, event.error, event.peer_address)


def test_a_callback_can_be_taken_back(world: World) -> None:
    pull = world.make(PullSocket)
    got: list[Event] = []
    unsubscribe = pull.on_event(got.append)
    world.bind(pull)
    assert len(got) == 1
    unsubscribe()
    world.bind(pull)
    assert len(got) == 1
    unsubscribe()


def test_a_failing_callback_is_logged_and_disturbs_nobody(
    world: World, failures: FailureLog
) -> None:
    pull = world.make(PullSocket)
    pull.on_event(lambda event: 1 // 0)
    got: list[Event] = []
    pull.on_event(got.append)
    world.bind(pull)
    assert failures.take(ZeroDivisionError) == 1
    assert len(got) == 1
    world.run(pull.close())
    assert failures.take(ZeroDivisionError) == 2  # Closed, MonitorStopped


def test_a_stream_gives_the_events_from_now_on_and_ends_at_close(world: World) -> None:
    pull = world.make(PullSocket)
    first = world.bind(pull)
    got: list[Event] = []

    async def read(events: Any) -> None:
        async for event in events:
            got.append(event)

    reading = Outcomes(Deferred.fromCoroutine(read(pull.events())))
    second = world.bind(pull)
    assert got == [Listening(second)]
    world.run(pull.close())
    assert reading == [None]
    assert got == [Listening(second), Closed(first), Closed(second), MonitorStopped("")]


def test_a_stream_that_is_read_late_has_kept_its_events(world: World) -> None:
    pull = world.make(PullSocket)
    stream = pull.events()
    address = world.bind(pull)
    world.run(pull.close())

    async def read() -> list[Event]:
        return [event async for event in stream]

    assert world.run(read()) == [Listening(address), Closed(address), MonitorStopped("")]
    assert stream.dropped == 0


def test_waiting_for_an_event_can_be_cancelled(world: World) -> None:
    pull = world.make(PullSocket)
    stream = pull.events()
    waiting: Deferred[Event] = Deferred.fromCoroutine(anext_of(stream))
    outcome = Outcomes(waiting)
    waiting.cancel()
    assert isinstance(outcome.error, CancelledError)
    address = world.bind(pull)
    assert world.run(anext_of(stream)) == Listening(address)


async def anext_of(stream: Any) -> Event:
    """The next event of a stream."""
    event: Event = await stream.__anext__()
    return event


@pytest.mark.parametrize(
    "options", [{"reconnect_interval": None}, {"reconnect_stop": ReconnectStop.REFUSED}]
)
def test_a_connect_that_is_given_up_says_why(
    world: World, warnings: list[str], options: dict[str, Any]
) -> None:
    """Its Deferred may be dropped: the last event and the log tell as well."""
    push = world.make(PushSocket, **options)
    push.connect(NOWHERE)
    world.settle()
    [closed] = world.of(push, Closed)
    assert isinstance(closed.error, ConnectError)
    [warning] = warnings
    assert f"Closed {NOWHERE}" in warning
    assert str(closed.error) in warning


@pytest.mark.parametrize("how", ["disconnect", "close"])
def test_a_connect_that_is_ended_by_its_owner_has_no_error(
    world: World, warnings: list[str], how: str
) -> None:
    push = world.make(PushSocket)
    push.connect(NOWHERE)
    world.settle()
    world.run(push.disconnect(NOWHERE) if how == "disconnect" else push.close())
    [closed] = world.of(push, Closed)
    assert closed.error is None
    assert warnings == []


@pytest.mark.parametrize("how", ["disconnect", "unbind", "close"])
@pytest.mark.parametrize("said", [b"", GREETING])
def test_a_half_done_handshake_that_its_owner_ends_has_not_failed(
    world: World, warnings: list[str], how: str, said: bytes
) -> None:
    """libzmq tells no HANDSHAKE_FAILED either."""
    pull = world.make(PullSocket)
    if how == "disconnect":
        world.accept_raw(pull, said)
    else:
        world.attach_raw(pull, said)
    address = world.events[pull][0].address
    end = {"disconnect": pull.disconnect, "unbind": pull.unbind}
    world.run(end[how](address) if how in end else pull.close(0), within=10)
    opened = "Connected" if how == "disconnect" else "Accepted"
    assert world.names(pull)[1:4] == [opened, "Disconnected", "Closed"]
    assert warnings == []


def test_a_peer_that_ends_its_handshake_badly_while_we_part_has_failed(world: World) -> None:
    push = world.make(PushSocket, linger=5)
    _, peer = world.accept_raw(push, GREETING)
    push.try_send(b"x")
    Outcomes(push.disconnect(world.events[push][0].address))
    peer.send(short(0x80, b"a reserved bit"))
    world.settle()
    [failed] = world.of(push, HandshakeFailed)
    assert isinstance(failed.error, ProtocolError)
