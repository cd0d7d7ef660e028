"""What happens on the network in memory, and in which order: :class:`Timeline`."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from heapq import heappop, heappush
from itertools import count
from math import inf
from typing import TYPE_CHECKING, TypeVar

from twisted.internet.base import DelayedCall

if TYPE_CHECKING:
    from pyzmtp.testing.network import MemoryNetwork
    from pyzmtp.testing.reactor import TCPMemoryReactor
    from pyzmtp.testing.transport import MemoryTransport

__all__ = ["Timeline"]

_T = TypeVar("_T")


class Timeline:
    """The time of a :class:`MemoryNetwork`, and its rounds.

    :ivar now: the time.
    :ivar transports: all that are open, oldest first.
    """

    def __init__(self, network: MemoryNetwork, shuffled: bool) -> None:
        self.now = 0.0
        self.transports: list[MemoryTransport] = []
        self._network = network
        self._shuffled = shuffled
        self._running = False
        # Two heaps. A call may have been cancelled or put off since it was put there.
        self._events: list[tuple[float, int, Callable[[], object]]] = []
        self._calls: list[tuple[float, int, TCPMemoryReactor, DelayedCall]] = []
        self._count = count()
        self._soon: deque[tuple[TCPMemoryReactor, Callable[[], object]]] = deque()

    def wait_for(self, reactor: TCPMemoryReactor, call: DelayedCall) -> None:
        """Make a timed call when its time has come."""
        heappush(self._calls, (reactor.time_of(call), next(self._count), reactor, call))

    def at(self, when: float, event: Callable[[], object]) -> None:
        """Let something happen at this time, before all else that is due then."""
        heappush(self._events, (when, next(self._count), event))

    def soon(
        self, reactor: TCPMemoryReactor, step: Callable[[], object], delay: float = 0.0
    ) -> None:
        """Do ``step`` after a while, in the next round at the earliest, if ``reactor`` lives then."""
        if delay:
            self.at(self.now + delay, lambda: self._soon.append((reactor, step)))
        else:
            self._soon.append((reactor, step))

    def go_to_next(self, end: float) -> bool:
        """Let time pass until something is due, if that is not after ``end``."""
        when = self._events[0][0] if self._events else inf
        while self._calls:
            due, _, reactor, call = self._calls[0]
            if self._is_due(reactor, call, due):
                when = min(when, due)
                break
            heappop(self._calls)
        if when > end:
            return False
        self.now = max(self.now, when)
        return True

    def _is_due(self, reactor: TCPMemoryReactor, call: DelayedCall, when: float) -> bool:
        """Whether a call is to be made at this time; one that was put off waits for its new time."""
        if not (reactor.alive and call.active()):
            return False
        if reactor.time_of(call) > when:
            self.wait_for(reactor, call)
            return False
        return True

    def round(self) -> bool:
        """Do once what can be done; return whether that was anything."""
        if self._running:
            raise RuntimeError("the network is running already: not from within a callback")
        self._running = True
        try:
            moved = self._let_happen()
            moved = self._make_calls() or moved
            moved = self._accept() or moved
            moved = self._take_steps() or moved
            moved = self._read_and_write() or moved
        finally:
            self._running = False
        return moved

    def busy(self) -> str:
        """Who has something to do at present."""
        calls = [call for when, _, _, call in self._calls if when <= self.now and call.active()]
        ends = [end for end in self.transports if end.readable or end.writable]
        return ", ".join(map(repr, [*calls, *ends]))

    def _let_happen(self) -> bool:
        moved = False
        while self._events and self._events[0][0] <= self.now:
            _, _, event = heappop(self._events)
            event()
            moved = True
        return moved

    def _make_calls(self) -> bool:
        # A call that is made during the round waits for the next one, as in ReactorBase.
        due: list[tuple[float, TCPMemoryReactor, DelayedCall]] = []
        while self._calls and self._calls[0][0] <= self.now:
            when, _, reactor, call = heappop(self._calls)
            due.append((when, reactor, call))
        if self._shuffled and len(due) > 1:
            turns = self._in_turn(list({reactor: None for _, reactor, _ in due}))
            due.sort(key=lambda one: (one[0], turns.index(one[1])))
        made = False
        for when, reactor, call in due:
            if self._is_due(reactor, call, when):
                made = True
                self._guard(reactor.make, call)
        return made

    def _accept(self) -> bool:
        ready = [port for port in self._network.ports if port.accepting and port.queue]
        for port in self._in_turn(ready):
            if port.accepting:
                self._guard(port.accept)
        return bool(ready)

    def _take_steps(self) -> bool:
        steps, self._soon = self._soon, deque()
        for reactor, step in steps:
            if reactor.alive:
                self._guard(step)
        return bool(steps)

    def _read_and_write(self) -> bool:
        moved = False
        for reading in (True, False):
            for transport in self._in_turn(self.transports):
                if transport.readable if reading else transport.writable:
                    moved = True
                    self._guard(transport.serve, reading)
        return moved

    def _in_turn(self, those: list[_T]) -> list[_T]:
        """A copy, in the order of their making or, where chance decides, from anywhere in a circle."""
        if not self._shuffled or len(those) < 2:
            return those.copy()
        chance = self._network.random.random() * 2
        start = int(chance % 1 * len(those))
        turned = those[start:] + those[:start]
        if chance < 1:
            turned.reverse()
        return turned

    def _guard(self, function: Callable[..., object], *args: object) -> None:
        try:
            function(*args)
        except Exception as problem:
            self._network.record(problem)
