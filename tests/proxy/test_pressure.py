"""Proxy: a side without room, and the capture socket (zmq_proxy)."""

from __future__ import annotations

from typing import Any

import pytest

from pyzmtp import (
    DealerSocket,
    PairSocket,
    Proxy,
    PubSocket,
    PullSocket,
    PushSocket,
    RepSocket,
    RouterSocket,
    SubSocket,
)
from pyzmtp.errors import UsageError
from pyzmtp.testing import Conditions

from ..sockets.world import Outcomes, World
from .stages import FLOOD, Line, Service, flood, heads, numbers

# Back-pressure


def test_a_sink_that_does_not_read_stops_the_source(world: World) -> None:
    line = Line(world)
    started = Outcomes(line.proxy.start())
    done = flood(world, line)
    counted = line.proxy.statistics
    # One batch is under way at the most, and that came out of the frontend's queue.
    assert 0 < counted.frontend_received_parts - counted.backend_sent_parts <= 10
    assert line.frontend.stats.receive_queue <= 10
    assert line.backend.stats.send_queue <= 10 + 1
    arrived = line.frontend.stats.messages_received
    world.advance(60)
    assert line.frontend.stats.messages_received == arrived < 1000
    assert heads(world.drain(line.sink)) == FLOOD
    assert done == [None]
    assert started.pending


def test_without_workers_nothing_is_received_beyond_one_batch(world: World) -> None:
    line = Line(world)
    world.run(line.sink.close())
    world.settle()
    Outcomes(line.proxy.start())
    done = flood(world, line)
    assert 0 < line.proxy.statistics.frontend_received_parts <= 10
    sink = world.make(PullSocket)
    world.run(sink.connect(world.bind(line.backend)), 1)
    assert heads(world.drain(sink)) == FLOOD
    assert done == [None]


def test_one_direction_that_stands_still_does_not_stop_the_other(world: World) -> None:
    world.network.conditions = Conditions(buffer=1000)
    limits = {"send_hwm": 5, "receive_hwm": 5}
    frontend, one = world.pair(DealerSocket, DealerSocket, bind=limits, connect=limits)
    backend, other = world.pair(DealerSocket, DealerSocket, bind=limits, connect=limits)
    Outcomes(Proxy(frontend, backend).start())
    forth = Outcomes(one.send_batch([bytes(1000)] * 1000))
    world.settle()
    assert forth.pending
    Outcomes(other.send_batch(numbers(*range(500))))
    assert world.drain(one) == numbers(*range(500))
    assert len(world.drain(other)) == 1000
    assert forth == [None]


def test_a_send_timeout_does_not_count(world: World) -> None:
    line = Line(world)
    backend = world.make(PushSocket, send_timeout=0.01)
    proxy = Proxy(line.frontend, backend)
    started = Outcomes(proxy.start())
    line.send(1, 2, 3)
    world.advance(1)
    assert started.pending
    world.link(backend, sink := world.make(PullSocket))
    assert world.drain(sink) == numbers(1, 2, 3)
    assert proxy.statistics.dropped_messages == 0


def test_a_send_timeout_of_zero_is_refused(world: World) -> None:
    push, pull = world.make(PushSocket, send_timeout=0), world.make(PullSocket, receive_timeout=0)
    with pytest.raises(UsageError, match="send_timeout"):
        Proxy(pull, push)


# Capture


@pytest.mark.parametrize("kind", [PushSocket, DealerSocket, PubSocket, PairSocket])
def test_capture_gets_all_that_goes_either_way(world: World, kind: Any) -> None:
    peers: dict[Any, Any] = {PushSocket: PullSocket, PubSocket: SubSocket}
    capture, tap = world.pair(kind, peers.get(kind, kind))
    if isinstance(tap, SubSocket):
        tap.subscribe()
        world.run(capture.wait_subscribed())
    service = Service(world)
    proxy = Proxy(service.frontend, service.backend, capture)
    Outcomes(proxy.start())
    reply = Outcomes(service.clients[0].request([b"x", b"y"]))
    world.settle()
    assert reply == [[b"re", b"x", b"y"]]
    asked, answered = world.drain(tap)
    assert asked[2:] == [b"", b"x", b"y"]
    assert answered == [*asked[:2], b"", b"re", b"x", b"y"]
    assert proxy.statistics.capture_dropped_messages == 0


def test_a_full_capture_holds_up_nobody(world: World) -> None:
    world.network.conditions = Conditions(buffer=1000)
    capture, tap = world.pair(
        PushSocket, PullSocket, bind={"send_hwm": 3}, connect={"receive_hwm": 3}
    )
    line = Line(world)
    proxy = Proxy(line.frontend, line.backend, capture)
    Outcomes(proxy.start())
    for n in range(300):
        line.source.try_send([b"%d" % n, bytes(1000)])
        assert len(world.drain(line.sink)) == 1
    dropped = proxy.statistics.capture_dropped_messages
    assert dropped > 50
    assert len(world.drain(tap)) == 300 - dropped
    assert proxy.statistics.dropped_messages == 0


@pytest.mark.parametrize("trouble", ["no peer", "closed", "out of order", "nobody to route to"])
def test_a_capture_in_trouble_holds_up_nobody(world: World, trouble: str) -> None:
    kinds: dict[str, Any] = {"out of order": RepSocket, "nobody to route to": RouterSocket}
    kind = kinds.get(trouble, PushSocket)
    options: dict[str, Any] = {"router_mandatory": True} if kind is RouterSocket else {}
    capture = world.make(kind, **options)
    line = Line(world)
    proxy = Proxy(line.frontend, line.backend, capture)
    started = Outcomes(proxy.start())
    if trouble == "closed":
        world.run(capture.close())
    line.send(*range(5))
    assert world.drain(line.sink) == numbers(*range(5))
    assert proxy.statistics.capture_dropped_messages == 5
    assert started.pending


def test_a_message_that_waits_is_captured_once(world: World) -> None:
    unlimited = {"send_hwm": 0, "receive_hwm": 0}
    capture, tap = world.pair(PushSocket, PullSocket, bind=unlimited, connect=unlimited)
    line = Line(world)
    Outcomes(Proxy(line.frontend, line.backend, capture).start())
    flood(world, line)
    world.network.conditions = Conditions(buffer=10_000_000)
    assert heads(world.drain(line.sink)) == FLOOD
    assert heads(world.drain(tap)) == FLOOD
