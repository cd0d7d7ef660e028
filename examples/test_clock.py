"""The clock in memory: a day goes by in a moment, and a clock that is stopped is started again."""

from __future__ import annotations

import pytest
from twisted.internet.defer import Deferred

from examples.clock import publish, subscribe
from pyzmtp.testing import MemoryNetwork


def test_a_subscriber_hears_of_its_topics_alone(
    memory_network: MemoryNetwork, capsys: pytest.CaptureFixture[str]
) -> None:
    clock, listener = memory_network.reactor("clock"), memory_network.reactor("listener")
    telling = Deferred.fromCoroutine(publish(clock, "tcp://*:5556"))
    hearing = Deferred.fromCoroutine(subscribe(listener, "tcp://clock:5556", "minute", "hour"))
    memory_network.advance(3600.5)
    heard = capsys.readouterr().out.splitlines()[1:]
    assert heard[:2] == ["minute 00:01:00", "minute 00:02:00"]
    assert heard[-2:] == ["minute 01:00:00", "hour 01:00:00"]
    assert len(heard) == 61
    stop(memory_network, telling, hearing)


def test_subscribers_go_on_when_the_clock_comes_back(
    memory_network: MemoryNetwork, capsys: pytest.CaptureFixture[str]
) -> None:
    clock, listener = memory_network.reactor("clock"), memory_network.reactor("listener")
    hearing = Deferred.fromCoroutine(subscribe(listener, "tcp://clock:5556"))
    Deferred.fromCoroutine(publish(clock, "tcp://*:5556"))
    memory_network.advance(3.5)
    clock.kill()
    memory_network.advance(10)
    telling = Deferred.fromCoroutine(publish(clock.restart(), "tcp://*:5556"))
    memory_network.advance(3)
    heard = capsys.readouterr().out.splitlines()
    assert "second 00:00:03" in heard
    assert heard[-1] == "second 00:00:16"
    assert "second 00:00:10" not in heard
    stop(memory_network, telling, hearing)


def stop(network: MemoryNetwork, *programs: Deferred[None]) -> None:
    """End programs that would go on for ever, as Ctrl-C does."""
    for program in programs:
        program.addErrback(lambda _: None)
        program.cancel()
    network.advance(10)
