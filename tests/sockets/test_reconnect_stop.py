"""ZMQ_RECONNECT_STOP: after what a connection is not tried again."""

from __future__ import annotations

from pyzmtp import ConnectError, PullSocket, PushSocket, ReconnectStop
from pyzmtp.engine.events import Closed, ConnectRetried

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
