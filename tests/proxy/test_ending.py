"""Proxy: closed sockets, and what goes wrong (zmq_proxy)."""

from __future__ import annotations

from typing import Any

import pytest
from twisted.internet.defer import CancelledError

from pyzmtp import (
    Proxy,
    ProxyState,
    ProxyStatistics,
    PullSocket,
    PushSocket,
    ReceivingSocket,
)
from pyzmtp.errors import SocketClosed, WrongState
from pyzmtp.testing import Conditions

from ..sockets.world import Outcomes, World
from .stages import Caller, Line, Service, flood, numbers, state

# Closing


@pytest.mark.parametrize("which", ["frontend", "backend"])
@pytest.mark.parametrize("paused", [False, True])
@pytest.mark.parametrize("kind", [Line, Service])
def test_it_ends_with_either_socket(world: World, which: str, paused: bool, kind: Any) -> None:
    stage = kind(world)
    started = Outcomes(stage.proxy.start())
    if paused:
        stage.proxy.pause()
    world.run(getattr(stage, which).close())
    assert started == [None]
    assert state(stage.proxy) is ProxyState.STOPPED
    other = stage.backend if which == "frontend" else stage.frontend
    assert not other.closed
    if isinstance(other, ReceivingSocket):
        assert other.try_receive() is None


def test_a_closed_frontend_has_its_last_batch_delivered(world: World) -> None:
    line = Line(world)
    started = Outcomes(line.proxy.start())
    flood(world, line)
    received = line.proxy.statistics.frontend_received_parts
    closed = Outcomes(line.frontend.close(0))
    world.advance(1)
    assert closed == [None]
    assert started.pending
    assert len(world.drain(line.sink)) == received
    assert started == [None]


def test_what_waits_for_a_backend_that_is_closed_is_dropped_and_counted(world: World) -> None:
    line = Line(world)
    started = Outcomes(line.proxy.start())
    flood(world, line)
    Outcomes(line.backend.close(0))
    world.advance(1)
    assert started == [None]
    counted = line.proxy.statistics
    lost = counted.frontend_received_parts - counted.backend_sent_parts
    assert lost == counted.dropped_messages > 0
    assert line.frontend.try_receive() is not None


def test_a_socket_that_only_sends_ends_it_with_the_next_message(world: World) -> None:
    """It does not tell that it is being closed before it has lingered."""
    line = Line(world)
    started = Outcomes(line.proxy.start())
    world.network.conditions = Conditions(buffer=1000)
    Outcomes(line.backend.send_batch([bytes(100_000)] * 50))
    world.settle()
    closing = Outcomes(line.backend.close(100))
    assert started.pending
    line.send(1)
    assert started == [None]
    assert closing.pending
    assert line.proxy.statistics.dropped_messages == 1
    world.drain(line.sink)


@pytest.mark.parametrize("which", ["frontend", "backend"])
def test_a_closed_socket_cannot_be_started_with(world: World, which: str) -> None:
    line = Line(world)
    world.run(getattr(line, which).close())
    assert isinstance(Outcomes(line.proxy.start()).error, SocketClosed)
    assert state(line.proxy) is ProxyState.STOPPED


@pytest.mark.parametrize("which", ["frontend", "backend"])
def test_closed_within_its_own_first_batch(world: World, which: str) -> None:
    line = Line(world)
    line.send(*range(5))
    capture = world.make(Caller)
    proxy = Proxy(line.frontend, line.backend, capture)
    capture.act = lambda: getattr(line, which).close(0)
    started = Outcomes(proxy.start())
    world.settle()
    assert started == [None]
    assert state(proxy) is ProxyState.STOPPED
    got = world.drain(line.sink)
    assert got == (numbers(*range(5)) if which == "frontend" else [])
    assert proxy.statistics.dropped_messages == 5 - len(got)


# What goes wrong


@pytest.mark.parametrize("which", ["frontend", "backend"])
def test_somebody_else_is_receiving(world: World, which: str) -> None:
    service = Service(world)
    waiting = getattr(service, which).receive()
    waited = Outcomes(waiting)
    assert isinstance(Outcomes(service.proxy.start()).error, WrongState)
    assert state(service.proxy) is ProxyState.STOPPED
    assert waited.pending
    waiting.cancel()
    assert isinstance(waited.error, CancelledError)
    started = Outcomes(service.proxy.start())
    reply = Outcomes(service.clients[0].request(b"x"))
    world.settle()
    assert reply == [[b"re", b"x"]]
    assert started.pending


class Broken(PushSocket):
    """Cannot send any more after so many messages."""

    left = 2

    def try_send(self, message: Any) -> bool:
        self.left -= 1
        if self.left < 0:
            raise LookupError(message)
        return super().try_send(message)


def test_it_fails_with_what_forwarding_fails_with(world: World) -> None:
    line = Line(world)
    backend = world.make(Broken)
    world.link(backend, sink := world.make(PullSocket))
    proxy = Proxy(line.frontend, backend)
    line.send(*range(5))
    started = Outcomes(proxy.start())
    assert isinstance(started.error, LookupError)
    assert state(proxy) is ProxyState.STOPPED
    assert Outcomes(proxy.stop()) == [None]
    assert world.drain(sink) == numbers(0, 1)
    assert proxy.statistics == ProxyStatistics(5, 5, 0, 0, 0, 0, 2, 2, 3, 0)


def test_a_failure_that_nobody_waits_for_is_logged(world: World) -> None:
    line = Line(world)
    backend = world.make(Broken)  # it has no peer: the first message waits
    proxy = Proxy(line.frontend, backend)
    line.send(*range(5))
    starting = proxy.start()
    started = Outcomes(starting)
    starting.cancel()
    assert isinstance(started.error, CancelledError)
    stopped = Outcomes(proxy.stop())
    assert stopped.pending
    world.link(backend, world.make(PullSocket))
    assert stopped == [None]
    assert world.failures.take(LookupError) == 1
    assert proxy.statistics.dropped_messages == 3


def test_a_failure_while_it_stops_is_its_failure(world: World) -> None:
    line = Line(world)
    backend = world.make(Broken)
    proxy = Proxy(line.frontend, backend)
    line.send(*range(5))
    started = Outcomes(proxy.start())
    stopped = Outcomes(proxy.stop())
    world.link(backend, world.make(PullSocket))
    assert isinstance(started.error, LookupError)
    assert stopped == [None]


def test_it_tells_what_it_is(world: World) -> None:
    line = Line(world)
    assert repr(line.proxy).startswith("<Proxy stopped: <PullSocket")
