"""The network in memory: :class:`MemoryNetwork`, its time, its hosts, and the faults it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from math import inf
from random import Random
from typing import Any, Literal, TypeVar, overload

from twisted.internet.base import DelayedCall
from twisted.internet.defer import Deferred, ensureDeferred
from twisted.python.failure import Failure

from pyzmtp.testing.conditions import Conditions
from pyzmtp.testing.connection import MemoryConnection
from pyzmtp.testing.host import normal
from pyzmtp.testing.hosts import LOCALHOST, MemoryHosts
from pyzmtp.testing.lines import Lines
from pyzmtp.testing.port import MemoryPort
from pyzmtp.testing.raw_peer import RawClient, RawDatagrams, RawListener, RawPeer
from pyzmtp.testing.reactor import MemoryReactor, TCPMemoryReactor
from pyzmtp.testing.timeline import Timeline
from pyzmtp.testing.transport import MemoryTransport

__all__ = ["MemoryNetwork"]

_T = TypeVar("_T")
_Reactor = TypeVar("_Reactor", bound=TCPMemoryReactor)


class MemoryNetwork:
    """Hosts, what connects them, and the time.

    Nothing runs by itself: :meth:`settle`, :meth:`advance`, :meth:`run` and :meth:`until` are the
    only places where a timed call is made or a byte moves. What runs in them may raise; the exception
    is kept in :attr:`errors` and raised out of the method that ran it.

    ``seed``: what is left to chance is drawn from it, so that the same seed gives the same run. With
    one, who has something to do at the same time does it in random order; without, in the order in
    which it was made.

    :ivar random: the source of all chance; for tests too.
    :ivar names: what host names resolve to, numeric addresses each; a missing name resolves to
        nothing. It may change between attempts.
    :ivar hosts: the machines.
    :ivar reactors: every reactor, the dead ones until they are restarted.
    :ivar ports: every port that listens for connections.
    :ivar connections: connections with at least one open end, oldest first.
    :ivar errors: what escaped from protocols, factories and timed calls.
    :ivar max_rounds: rounds that :meth:`settle` may take before it reports a livelock.
    """

    def __init__(
        self,
        *,
        seed: int | None = None,
        conditions: Conditions | None = None,
        max_rounds: int = 100_000,
    ) -> None:
        self.random = Random(0 if seed is None else seed)
        self.max_rounds = max_rounds
        self.hosts = MemoryHosts()
        self.names = self.hosts.names
        self.reactors: list[TCPMemoryReactor] = []
        self.ports: list[MemoryPort] = []
        self.connections: list[MemoryConnection] = []
        self.errors: list[Exception] = []
        self._timeline = Timeline(self, shuffled=seed is not None)
        self._lines = Lines(conditions or Conditions())
        self._blackholes: set[str] = set()
        self._made = 0
        self._raised = 0
        self._raw_reactor: MemoryReactor | None = None

    # Hosts

    @overload
    def reactor(
        self, host: str = ..., *, clock: float = ..., tcp_only: Literal[False] = ...
    ) -> MemoryReactor: ...
    @overload
    def reactor(
        self, host: str = ..., *, clock: float = ..., tcp_only: bool
    ) -> TCPMemoryReactor: ...

    def reactor(
        self, host: str = LOCALHOST, *, clock: float = 0.0, tcp_only: bool = False
    ) -> TCPMemoryReactor:
        """A new process on the host of that name, which is made if there is none.

        Each host has an address, to which its name resolves, port numbers and UNIX paths of its own.
        Those on the same host, as all are that are given none, reach each other by 127.0.0.1.
        ``clock`` is what its clock shows at the network's time 0. With ``tcp_only`` the reactor
        provides neither UNIX sockets nor UDP.
        """
        kind = TCPMemoryReactor if tcp_only else MemoryReactor
        self._made += 1
        reactor = kind(self, self.hosts.get(host), clock, self._made)
        self.reactors.append(reactor)
        return reactor

    # Time

    def seconds(self) -> float:
        """The time since the network was made."""
        return self._timeline.now

    def step(self) -> bool:
        """One round, as reactors have them between two calls of ``select()``.

        Timed calls that are due are made, then connections are accepted, and each transport that can
        reads and writes once. Returns whether there was anything to do.
        """
        moved = self._timeline.round()
        if len(self.errors) > self._raised:
            problem = self.errors[self._raised]
            self._raised = len(self.errors)
            raise problem
        return moved

    def settle(self) -> None:
        """Make every timed call that is due and move every byte that can, until nothing is left.

        Raises :exc:`AssertionError` if it does not end, because something keeps calling or answering
        itself, and the first exception that escaped from a protocol, a factory or a timed call.
        """
        for _ in range(self.max_rounds):
            if not self.step():
                return
        raise AssertionError(f"not quiet after {self.max_rounds} rounds: {self._timeline.busy()}")

    def advance(self, seconds: float) -> None:
        """Let time pass, stopping at everything on the way and settling there."""
        end = self._after(seconds)
        self.settle()
        while self._to_next(end):
            pass
        self._timeline.now = end

    def run(
        self, awaitable: Deferred[_T] | Coroutine[Deferred[Any], Any, _T], within: float = 0.0
    ) -> _T:
        """The result of a Deferred or coroutine, which must have one within so many seconds.

        Time passes only as far as it takes. Raises :exc:`AssertionError` if there is none; a Deferred
        is left as it is then, a coroutine waiting. Raises what it failed with.
        """
        results: list[_T] = []
        failures: list[Failure] = []
        ensureDeferred(awaitable).addCallbacks(results.append, failures.append)
        if not self._pass_until(lambda: bool(results or failures), within):
            raise AssertionError(f"no result after {within} s")
        if failures:
            failures[0].raiseException()
        return results[0]

    def until(self, condition: Callable[[], object], within: float = 10.0) -> None:
        """Let time pass until a condition holds, which it must within so many seconds.

        It is looked at whenever something has happened. Raises :exc:`AssertionError`.
        """
        if not self._pass_until(condition, within):
            raise AssertionError(f"it has not come to that within {within} s")

    def _pass_until(self, condition: Callable[[], object], within: float) -> bool:
        end = self._after(within)
        self.settle()
        while not condition():
            if not self._to_next(end):
                self._timeline.now = end
                return bool(condition())
        return True

    def _after(self, seconds: float) -> float:
        if not 0 <= seconds < inf:
            raise ValueError(f"time goes on for a number of seconds from 0 up, not for {seconds}")
        return self.seconds() + seconds

    def _to_next(self, end: float) -> bool:
        """Let time pass until something is due, and settle there, if that is before ``end``."""
        if not self._timeline.go_to_next(end):
            return False
        self.settle()
        return True

    # How bytes travel, and faults

    @property
    def conditions(self) -> Conditions:
        """How bytes travel where :meth:`set_conditions` says nothing else; can be set."""
        return self._lines.conditions

    @conditions.setter
    def conditions(self, conditions: Conditions) -> None:
        _check_conditions(conditions)
        self._lines.conditions = conditions
        self._tell_connections()

    def set_conditions(self, conditions: Conditions, *between: TCPMemoryReactor) -> None:
        """Let bytes travel otherwise between two reactors or, given one, to and from that.

        What is set for two comes before what is set for one of them.
        """
        _check_conditions(conditions)
        self._check_members(between)
        self._lines.set_conditions(conditions, *between)
        self._tell_connections()

    def partition(self, *between: TCPMemoryReactor) -> None:
        """Let nothing pass between two reactors or, given one, between that and all others.

        Connections stay, and what is sent waits until :meth:`heal`, as with TCP, whose own patience
        is longer than a test. New ones get no answer until then. Datagrams are lost.
        """
        self._check_members(between)
        self._lines.part(*between)
        self._tell_connections()

    def heal(self, *between: TCPMemoryReactor) -> None:
        """End :meth:`partition` for the same reactors, or for all if none are given."""
        self._check_members(between)
        self._lines.join(*between)
        self._tell_connections()

    def blackhole(self, address: str) -> None:
        """Let ``address`` (numeric) answer nothing: attempts to connect to it run into their timeout.

        Connections that exist are not touched: see :meth:`MemoryConnection.stall`.
        """
        self._blackholes.add(normal(address))

    def restore(self, address: str) -> None:
        """End :meth:`blackhole`."""
        self._blackholes.discard(normal(address))

    def connections_of(self, *reactors: TCPMemoryReactor) -> list[MemoryConnection]:
        """The connections of a reactor, or between two, oldest first."""
        return [
            connection
            for connection in self.connections
            if all(
                one in (connection.client_reactor, connection.server_reactor) for one in reactors
            )
        ]

    def _check_members(self, reactors: Sequence[TCPMemoryReactor]) -> None:
        """Raise :exc:`TypeError` for what is no reactor of this network."""
        for reactor in reactors:
            if not isinstance(reactor, TCPMemoryReactor) or reactor.network is not self:
                raise TypeError(f"{reactor!r} is no reactor of this network")

    def _tell_connections(self) -> None:
        for connection in self.connections:
            connection.take_conditions()

    # Peers that speak bytes

    def raw_connect(self, where: int | str | bytes, host: str = "127.0.0.1") -> RawPeer:
        """A peer that connects to a TCP port or a UNIX path when the network next runs."""
        peer = RawPeer()
        factory = RawClient(peer)
        if isinstance(where, int):
            self._raw().connectTCP(host, where, factory, timeout=None)
        else:
            self._raw().connectUNIX(where, factory, timeout=None)
        return peer

    def raw_listen(self, where: int | str | bytes = 0, host: str = "127.0.0.1") -> RawListener:
        """Listen on a TCP port (0 for any) or a UNIX path, with a :class:`RawPeer` for each client."""
        listener = RawListener()
        if isinstance(where, int):
            listener.listening = self._raw().listenTCP(where, listener, interface=host)
        else:
            listener.listening = self._raw().listenUNIX(where, listener)
        return listener

    def raw_datagrams(self, port: int = 0, host: str = "127.0.0.1") -> RawDatagrams:
        """A peer that sends and receives datagrams at a UDP port (0 for any)."""
        peer = RawDatagrams()
        self._raw().listenUDP(port, peer, host)
        return peer

    def _raw(self) -> MemoryReactor:
        if self._raw_reactor is None:
            self._raw_reactor = self.reactor()
        return self._raw_reactor

    # What is left

    def assert_clean(self) -> None:
        """Fail if a reactor has timed calls, ports, attempts or connections left.

        Two rounds are run first, as trial does before it calls a reactor dirty. Dead reactors do not
        count, nor do the ends of raw peers. Raises :exc:`AssertionError` with a list of what is left.
        """
        self.step()
        self.step()
        left: list[object] = []
        for reactor in self.reactors:
            if reactor is not self._raw_reactor and reactor.alive:
                left += reactor.getDelayedCalls()
                left += reactor.connecting
                left += [port for port in self.ports if port.reactor is reactor]
                left += [port for port in reactor.host.datagram_ports if port.reactor is reactor]
                left += [end for end in self._timeline.transports if end.owner is reactor]
        if left:
            raise AssertionError("left in the reactors:\n" + "\n".join(map(repr, left)))

    # What transports, ports, connectors and reactors ask of the network

    def record(self, problem: Exception) -> None:
        """Keep an exception, to be raised at the end of the round."""
        self.errors.append(problem)

    def wait_for(self, reactor: TCPMemoryReactor, call: DelayedCall) -> None:
        """Make a timed call when its time has come."""
        self._timeline.wait_for(reactor, call)

    def at(self, when: float, event: Callable[[], object]) -> None:
        """Let something happen at this time, before all else that is due then."""
        self._timeline.at(when, event)

    def soon(
        self, reactor: TCPMemoryReactor, step: Callable[[], object], delay: float = 0.0
    ) -> None:
        """Do ``step`` after a while, in the next round at the earliest, if ``reactor`` lives then."""
        self._timeline.soon(reactor, step, delay)

    def add_transport(self, transport: MemoryTransport) -> None:
        """Start to read and write for ``transport``."""
        self._timeline.transports.append(transport)

    def forget_transport(self, transport: MemoryTransport) -> None:
        """``transport`` is closed."""
        self._timeline.transports.remove(transport)

    def bury(self, reactor: TCPMemoryReactor, power_cut: bool) -> None:
        """A reactor has died, or its power is back: do what its system does, if that lives."""
        for transport in [one for one in self._timeline.transports if one.owner is reactor]:
            transport.vanish()
        for port in [one for one in self.ports if one.reactor is reactor]:
            port.accepting = False
            if not power_cut:
                port.vanish()
        for datagram_port in [one for one in reactor.host.datagram_ports if one.reactor is reactor]:
            datagram_port.vanish()
        for connection in self.connections_of(reactor):
            for end in connection.ends_of(reactor):
                if power_cut:
                    end.severed = True
                else:
                    end.close(orderly=True)

    def replace(self, reactor: _Reactor) -> _Reactor:
        """A new reactor in the place of a dead one."""
        if reactor not in self.reactors:
            raise ValueError("it was restarted before: go on with what restart() has returned")
        new = type(reactor)(self, reactor.host, reactor.clock, reactor.number)
        self.reactors[self.reactors.index(reactor)] = new
        return new

    def conditions_between(self, one: TCPMemoryReactor, other: TCPMemoryReactor) -> Conditions:
        """How bytes travel between two reactors."""
        return self._lines.between(one, other)

    def are_parted(self, one: TCPMemoryReactor, other: TCPMemoryReactor) -> bool:
        """Whether nothing passes between two reactors."""
        return self._lines.are_parted(one, other)

    def is_silent(self, address: str, asker: TCPMemoryReactor, port: MemoryPort | None) -> bool:
        """Whether an attempt to connect to ``address``, where ``port`` listens, gets no answer."""
        if normal(address) in self._blackholes:
            return True
        there = self.hosts.at(address, asker.host)
        on_it = [reactor for reactor in self.reactors if reactor.host is there]
        asked = on_it if port is None else [port.reactor]
        return bool(asked) and all(one.dark or self.are_parted(asker, one) for one in asked)


def _check_conditions(conditions: Conditions) -> None:
    if not isinstance(conditions, Conditions):
        raise TypeError(f"conditions are a Conditions, not {type(conditions).__name__}")
