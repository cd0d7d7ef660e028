"""ZMQ_RECONNECT_STOP: after what a connection is not tried again."""

from __future__ import annotations

import pytest

from pyzmtp import ConnectAborted, ConnectError, PullSocket, PushSocket, ReconnectStop
from pyzmtp.engine.events import Closed, ConnectDelayed, ConnectRetried, MessagesDropped

from .world import GREETING, Outcomes, World, hello


def test_a_refused_connection_is_not_tried_again(world: World) -> None:
    push = world.make(PushSocket, reconnect_stop=ReconnectStop.REFUSED)
    failed = Outcomes(push.connect("tcp://127.0.0.1:5555"))
    world.advance(10)
    assert isinstance(failed.error, ConnectError)
    assert world.of(push, ConnectRetried) == []
    assert len(world.of(push, Closed)) == 1


def test_one_that_ended_before_it_was_ready_is_not_tried_again(world: World) -> None:
    push = world.make(PushSocket, reconnect_stop=ReconnectStop.HANDSHAKE_FAILED)
    _, peer = world.accept_raw(push, GREETING)
    peer.close()
    world.advance(10)
    assert world.of(push, ConnectRetried) == []


def test_one_that_was_ready_is(world: World) -> None:
    stop = ReconnectStop.HANDSHAKE_FAILED
    push = world.make(PushSocket, reconnect_stop=stop)
    _, peer = world.accept_raw(push, hello("PULL"))
    peer.close()
    world.advance(1)
    assert world.of(push, ConnectRetried)


def test_what_is_not_named_is_tried_again(world: World) -> None:
    push = world.make(PushSocket, reconnect_stop=ReconnectStop.HANDSHAKE_FAILED)
    push.connect("tcp://127.0.0.1:5555")
    world.advance(2)
    pull = world.make(PullSocket)
    world.run(pull.bind("tcp://127.0.0.1:5555"))
    world.advance(1)
    assert len(pull.peers) == 1


AFTER_DISCONNECT = ReconnectStop.AFTER_DISCONNECT


@pytest.mark.parametrize(
    ("stop", "goes_on"), [(ReconnectStop.NEVER, True), (AFTER_DISCONNECT, False)]
)
def test_after_disconnect_what_is_queued_is_no_reason_to_go_on(
    world: World, stop: ReconnectStop, goes_on: bool
) -> None:
    push = world.make(PushSocket, reconnect_stop=stop)
    failed = Outcomes(push.connect("tcp://127.0.0.1:5555"))
    assert push.try_send([b"x"])
    world.advance(1)
    parted = Outcomes(push.disconnect("tcp://127.0.0.1:5555"))
    before = len(world.of(push, ConnectDelayed))
    world.advance(1)
    assert (len(world.of(push, ConnectDelayed)) > before) is goes_on
    assert parted.pending is goes_on
    if not goes_on:
        assert isinstance(failed.error, ConnectAborted)
        assert [event.count for event in world.of(push, MessagesDropped)] == [1]
        assert len(world.of(push, Closed)) == 1


def test_an_attempt_that_is_under_way_may_still_succeed(world: World) -> None:
    """libzmq ends it when it has failed."""
    push = world.make(PushSocket, reconnect_stop=AFTER_DISCONNECT)
    push.connect("tcp://127.0.0.1:5555")
    assert push.try_send([b"x"])
    pull = world.make(PullSocket)
    bound = pull.bind("tcp://127.0.0.1:5555")
    push.disconnect("tcp://127.0.0.1:5555")
    world.run(bound)
    assert world.drain(pull) == [[b"x"]]


def test_one_that_is_under_way_and_fails_is_the_last(world: World) -> None:
    push = world.make(PushSocket, reconnect_stop=AFTER_DISCONNECT)
    push.connect("tcp://127.0.0.1:5555")
    assert push.try_send([b"x"])
    parted = Outcomes(push.disconnect("tcp://127.0.0.1:5555"))
    assert parted.pending
    world.settle()
    assert parted == [None]
    assert world.of(push, ConnectRetried) == []


def test_a_connection_that_is_lost_after_disconnect_is_not_made_again(world: World) -> None:
    push = world.make(PushSocket, reconnect_stop=AFTER_DISCONNECT)
    listener, peer = world.accept_raw(push, hello("PULL"))
    peer.pause()
    while push.try_send([bytes(50_000)]):
        pass
    parted = Outcomes(push.disconnect(f"tcp://127.0.0.1:{listener.port}"))
    peer.abort()
    world.advance(1)
    assert parted == [None]
    assert len(listener.peers) == 1
    assert world.of(push, MessagesDropped)


def test_close_is_no_disconnect(world: World) -> None:
    """libzmq: what lingers goes on trying."""
    push = world.make(PushSocket, reconnect_stop=AFTER_DISCONNECT)
    push.connect("tcp://127.0.0.1:5555")
    assert push.try_send([b"x"])
    world.advance(1)
    closed = Outcomes(push.close(linger=5))
    pull = world.make(PullSocket)
    world.run(pull.bind("tcp://127.0.0.1:5555"))
    world.advance(1)
    assert closed == [None]
    assert world.drain(pull) == [[b"x"]]


def test_before_disconnect_it_does_nothing(world: World) -> None:
    push = world.make(PushSocket, reconnect_stop=AFTER_DISCONNECT)
    push.connect("tcp://127.0.0.1:5555")
    world.advance(1)
    assert len(world.of(push, ConnectRetried)) > 1


@pytest.mark.parametrize("at_first", [True, False])
def test_what_counts_is_what_was_set_at_the_connect(world: World, at_first: bool) -> None:
    stop, other = ReconnectStop.NEVER, AFTER_DISCONNECT
    if at_first:
        stop, other = other, stop
    push = world.make(PushSocket, reconnect_stop=stop)
    push.connect("tcp://127.0.0.1:5555")
    assert push.try_send([b"x"])
    world.advance(1)
    push.configure(reconnect_stop=other)
    parted = Outcomes(push.disconnect("tcp://127.0.0.1:5555"))
    world.advance(1)
    assert parted.pending is not at_first
