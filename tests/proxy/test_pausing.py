"""Proxy: pause, resume and stop at any time (zmq_proxy)."""

from __future__ import annotations

import pytest
from twisted.internet.defer import CancelledError

from pyzmtp import (
    Proxy,
    ProxyState,
)
from pyzmtp.errors import WrongState

from ..sockets.world import Outcomes, World
from .stages import FLOOD, Caller, Line, Service, flood, heads, numbers, state

# Pause, resume, stop


def test_paused_it_receives_nothing(world: World) -> None:
    line = Line(world)
    Outcomes(line.proxy.start())
    line.send(1)
    line.proxy.pause()
    line.proxy.pause()
    assert state(line.proxy) is ProxyState.PAUSED
    line.send(2, 3)
    assert world.drain(line.sink) == numbers(1)
    assert line.frontend.stats.receive_queue == 2
    assert line.proxy.statistics.frontend_received_parts == 1
    line.proxy.resume()
    line.proxy.resume()
    assert state(line.proxy) is ProxyState.RUNNING
    line.send(4)
    assert world.drain(line.sink) == numbers(2, 3, 4)


def test_paused_in_the_middle_of_a_batch(world: World) -> None:
    line = Line(world)
    Outcomes(line.proxy.start())
    done = flood(world, line)
    line.proxy.pause()
    received = line.proxy.statistics.frontend_received_parts
    got = world.drain(line.sink)
    assert len(got) == received == line.proxy.statistics.frontend_received_parts
    line.proxy.resume()
    assert heads(got + world.drain(line.sink)) == FLOOD
    assert done == [None]


def test_paused_and_resumed_in_the_middle_of_a_batch(world: World) -> None:
    line = Line(world)
    Outcomes(line.proxy.start())
    flood(world, line)
    received = line.proxy.statistics.frontend_received_parts
    for _ in range(3):
        line.proxy.pause()
        line.proxy.resume()
        world.settle()
    assert line.proxy.statistics.frontend_received_parts == received
    assert heads(world.drain(line.sink)) == FLOOD


def test_stop_leaves_what_was_not_received_to_the_caller(world: World) -> None:
    line = Line(world)
    started = Outcomes(line.proxy.start())
    line.send(1, 2)
    stopped = Outcomes(line.proxy.stop())
    assert (stopped, started) == ([None], [None])
    line.send(3)
    assert line.frontend.try_receive() == [b"3"]
    assert line.backend.try_send(b"by hand")
    assert world.drain(line.sink) == [*numbers(1, 2), [b"by hand"]]
    assert not line.frontend.closed
    assert not line.backend.closed


def test_stop_delivers_the_batch_that_is_under_way(world: World) -> None:
    line = Line(world)
    started = Outcomes(line.proxy.start())
    flood(world, line)
    stopped = [Outcomes(line.proxy.stop()) for _ in range(2)]
    assert state(line.proxy) is ProxyState.STOPPING
    world.advance(10)
    assert started.pending
    assert stopped[0].pending
    assert stopped[1].pending
    received = line.proxy.statistics.frontend_received_parts
    first = world.drain(line.sink)
    assert len(first) == received
    assert (started, stopped) == ([None], [[None], [None]])
    assert state(line.proxy) is ProxyState.STOPPED
    assert heads(first + world.drain(line.frontend)) == FLOOD


def test_it_can_be_started_again(world: World) -> None:
    line = Line(world)
    for n in range(3):
        started = Outcomes(line.proxy.start())
        line.send(n)
        assert world.drain(line.sink) == numbers(n)
        world.run(line.proxy.stop())
        assert started == [None]
    assert line.proxy.statistics.backend_sent_parts == 3


@pytest.mark.parametrize("when", ["before", "after", "stopping"])
def test_only_a_proxy_at_work_can_be_paused_or_resumed(world: World, when: str) -> None:
    line = Line(world)
    if when != "before":
        Outcomes(line.proxy.start())
        if when == "stopping":
            flood(world, line)
        Outcomes(line.proxy.stop())
    assert state(line.proxy) is (ProxyState.STOPPING if when == "stopping" else ProxyState.STOPPED)
    for change in (line.proxy.pause, line.proxy.resume):
        with pytest.raises(WrongState, match=line.proxy.state.value):
            change()


def test_stop_before_start_means_nothing(world: World) -> None:
    line = Line(world)
    assert Outcomes(line.proxy.stop()) == [None]
    started = Outcomes(line.proxy.start())
    line.send(1)
    assert world.drain(line.sink) == numbers(1)
    assert started.pending
    assert Outcomes(line.proxy.stop()) == [None]
    assert Outcomes(line.proxy.stop()) == [None]


def test_it_is_started_once(world: World) -> None:
    line = Line(world)
    Outcomes(line.proxy.start())
    assert isinstance(Outcomes(line.proxy.start()).error, WrongState)
    line.send(1)
    assert world.drain(line.sink) == numbers(1)


def test_to_cancel_it_is_to_stop_it(world: World) -> None:
    line = Line(world)
    starting = line.proxy.start()
    started = Outcomes(starting)
    flood(world, line)
    starting.cancel()
    assert isinstance(started.error, CancelledError)
    received = line.proxy.statistics.frontend_received_parts
    assert len(world.drain(line.sink)) == received
    assert state(line.proxy) is ProxyState.STOPPED
    assert line.frontend.try_receive() is not None


def test_a_stop_that_is_cancelled_is_a_stop_all_the_same(world: World) -> None:
    line = Line(world)
    started = Outcomes(line.proxy.start())
    flood(world, line)
    stopping = line.proxy.stop()
    stopped = Outcomes(stopping)
    stopping.cancel()
    assert isinstance(stopped.error, CancelledError)
    world.drain(line.sink)
    assert started == [None]


@pytest.mark.parametrize("count", [1, 999, 1500, 5000])
def test_paused_within_its_first_batch(world: World, count: int) -> None:
    line = Line(world, send_hwm=10_000, receive_hwm=10_000)
    line.send(*range(count))
    capture = world.make(Caller)
    proxy = Proxy(line.frontend, line.backend, capture)
    capture.act = proxy.pause
    started = Outcomes(proxy.start())
    world.settle()
    assert proxy.statistics.frontend_received_parts == min(count, 1000)
    assert line.frontend.stats.receive_queue == max(0, count - 1000)
    assert started.pending
    proxy.resume()
    assert world.drain(line.sink) == numbers(*range(count))


@pytest.mark.parametrize("count", [1, 999, 1500, 5000])
def test_stopped_within_its_first_batch(world: World, count: int) -> None:
    line = Line(world, send_hwm=10_000, receive_hwm=10_000)
    line.send(*range(count))
    capture = world.make(Caller)
    proxy = Proxy(line.frontend, line.backend, capture)
    stopped: list[Outcomes[None]] = []
    capture.act = lambda: stopped.append(Outcomes(proxy.stop()))
    started = Outcomes(proxy.start())
    assert (started, stopped) == ([None], [[None]])
    assert proxy.statistics.backend_sent_parts == min(count, 1000)
    rest = world.drain(line.frontend)
    assert world.drain(line.sink) + rest == numbers(*range(count))


@pytest.mark.parametrize("count", [1, 999, 1500, 5000])
def test_paused_and_resumed_within_a_batch(world: World, count: int) -> None:
    line = Line(world, send_hwm=10_000, receive_hwm=10_000)
    capture = world.make(Caller)
    proxy = Proxy(line.frontend, line.backend, capture)
    started = Outcomes(proxy.start())

    def act() -> None:
        proxy.pause()
        proxy.resume()

    for _ in range(3):
        capture.act = act
        line.send(*range(count))
        assert world.drain(line.sink) == numbers(*range(count))
    assert started.pending


def test_started_again_by_who_is_told_of_the_stop(world: World) -> None:
    line = Line(world, send_hwm=10_000, receive_hwm=10_000)
    line.send(*range(3500))
    capture = world.make(Caller)
    proxy = Proxy(line.frontend, line.backend, capture)
    again: list[Outcomes[None]] = []
    capture.act = lambda: proxy.stop()
    proxy.start().addCallback(lambda _: again.append(Outcomes(proxy.start())))
    assert world.drain(line.sink) == numbers(*range(3500))
    assert again[0].pending
    assert state(proxy) is ProxyState.RUNNING


def test_paused_stopped_and_started_all_the_time_nothing_is_lost(world: World) -> None:
    service = Service(world, clients=3, workers=2)
    proxy = service.proxy
    started = Outcomes(proxy.start())
    replies = []
    for n in range(60):
        replies += [(n, Outcomes(client.request(b"%d" % n))) for client in service.clients]
        if n % 3 == 0:
            proxy.pause()
        if n % 2 == 0:
            world.settle()
        if n % 3 == 1:
            proxy.resume()
        if n % 7 == 0:
            stopped = Outcomes(proxy.stop())
            assert (stopped, started) == ([None], [None])
            started = Outcomes(proxy.start())
    proxy.resume()
    world.settle()
    assert all(reply == [[b"re", b"%d" % n]] for n, reply in replies)
    counted = proxy.statistics
    assert counted.frontend_received_parts == counted.backend_sent_parts == 180 * 4
    assert counted.backend_received_parts == counted.frontend_sent_parts == 180 * 5
    assert counted.frontend_received_bytes == counted.backend_sent_bytes
