"""ZmqFactory: which reactor it runs on, and how it ends."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from twisted.internet import reactor as installed

from pyzmtp import WrongState
from pyzmtp.txzmq import ZmqFactory, ZmqPushConnection

from ..sockets.world import Outcomes, World
from .connections import Pull, bound, connected


class Triggers:
    """A reactor's system event triggers, which memory reactors lack."""

    def __init__(self, reactor: object) -> None:
        self.calls: dict[int, tuple[Any, ...]] = {}
        self._reactor = reactor

    def __getattr__(self, name: str) -> Any:
        return getattr(self._reactor, name)

    def addSystemEventTrigger(self, *call: Any) -> int:
        number = len(self.calls) + 1
        self.calls[number] = call
        return number

    def removeSystemEventTrigger(self, number: int) -> None:
        if self.calls.pop(number, None) is None:
            raise ValueError("no such trigger")


def test_the_reactor_is_that_of_the_process_unless_another_is_given() -> None:
    assert ZmqFactory.reactor is installed
    assert ZmqFactory().reactor is installed
    other = object()
    assert ZmqFactory(other).reactor is other
    factory = ZmqFactory()
    factory.reactor = other
    assert factory.reactor is other
    assert type("Mine", (ZmqFactory,), {"reactor": other})().reactor is other


def test_it_installs_no_reactor_and_finds_that_of_the_program() -> None:
    code = (
        "import sys, pyzmtp.txzmq as t; print('twisted.internet.reactor' in sys.modules);"
        "factory = t.ZmqFactory(); print('twisted.internet.reactor' in sys.modules)\n"
        "try: factory.reactor\n"
        "except t.factory.WrongState as error: print('import' in str(error))\n"
        "print('twisted.internet.reactor' in sys.modules);"
        "from twisted.internet import reactor; print(factory.reactor is reactor)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False", "True", "False", "True"]


def test_shutdown_ends_all_connections(world: World) -> None:
    factory = ZmqFactory(world.network.reactor())
    bound(Pull, factory)
    connected(ZmqPushConnection, factory)
    lingers = connected(ZmqPushConnection, factory, "tcp://127.0.0.1:1")
    lingers.push(b"to nobody")
    lingers.shutdown()
    done = Outcomes(factory.shutdown())
    world.advance(0.09)
    assert done.pending
    world.advance(0.02)
    assert done == [None]
    assert factory.connections is None
    world.network.assert_clean()
    assert Outcomes(factory.shutdown()) == [None]
    with pytest.raises(WrongState):
        Pull(factory)


def test_it_can_be_shut_down_with_the_reactor(world: World) -> None:
    triggers = Triggers(world.network.reactor())
    factory = ZmqFactory(triggers)
    bound(Pull, factory)
    factory.registerForShutdown()
    [(phase, event, shutdown)] = triggers.calls.values()
    assert (phase, event) == ("during", "shutdown")
    triggers.calls.clear()  # as a reactor does before it calls
    done = Outcomes(shutdown())
    world.advance(1)
    assert done == [None]  # the reactor waits for it


def test_a_factory_that_was_shut_down_is_not_called_again(world: World) -> None:
    triggers = Triggers(world.network.reactor())
    factory = ZmqFactory(triggers)
    factory.registerForShutdown()
    factory.shutdown()
    assert triggers.calls == {}
