"""The network: its time, its rounds, its addresses, and the faults that a test asks for."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Coroutine
from errno import ENOENT
from ipaddress import ip_address as parse_ip
from socket import EAI_NONAME, gaierror
from typing import Any, Literal, TypeVar, overload

from twisted.internet.abstract import isIPAddress, isIPv6Address
from twisted.internet.address import UNIXAddress
from twisted.internet.defer import Deferred, ensureDeferred
from twisted.python.failure import Failure

from .port import MemoryPort
from .raw_peer import RawClient, RawListener, RawPeer
from .reactor import MemoryReactor, UNIXMemoryReactor
from .transport import MemoryConnection, MemoryTransport

T = TypeVar("T")
Running = Deferred[T] | Coroutine[Deferred[Any], Any, T]

#: Where Linux starts its ephemeral ports (/proc/sys/net/ipv4/ip_local_port_range).
FIRST_EPHEMERAL_PORT = 32768


class MemoryNetwork:
    """Hosts, the wires between them, a file system's socket paths, and the time.

    Args:
        kernel_buffer: bytes that a connection holds for each direction between the writer's
            transport and the reader's.
        segment_size: the most bytes one `dataReceived` is given; None for what is there, up to
            the transport's own 64 KiB.
        max_rounds: rounds that `settle()` may take before it reports a livelock.

    Attributes:
        names: what host names resolve to, numeric addresses each; a missing name resolves to
            nothing. It may change between attempts.
        paths: the socket files that exist, as `bytes`.
        connections: connections with at least one open end, oldest first.
        errors: what escaped from protocols, factories and timed calls.
        reactors, ports: every reactor, every listening port.
        locks: UNIX paths that a port with `wantPID` holds.
    """

    def __init__(
        self,
        *,
        kernel_buffer: int = 64 * 1024,
        segment_size: int | None = None,
        max_rounds: int = 100_000,
    ) -> None:
        self.kernel_buffer = kernel_buffer
        self.segment_size = segment_size
        self.max_rounds = max_rounds
        self.names: dict[str, list[str]] = {"localhost": ["127.0.0.1"]}
        self.paths: set[bytes] = set()
        self.locks: set[bytes] = set()
        self.connections: list[MemoryConnection] = []
        self.errors: list[Exception] = []
        self.reactors: list[MemoryReactor] = []
        self.ports: list[MemoryPort] = []
        self._now = 0.0
        self._running = False
        self._raised = 0
        self._blackholes: set[str] = set()
        self._bound_paths: dict[bytes, MemoryPort] = {}
        self._next_port = FIRST_EPHEMERAL_PORT
        self._soon: deque[Callable[[], object]] = deque()
        self._transports: list[MemoryTransport] = []
        self._raw_reactor: UNIXMemoryReactor | None = None

    # Hosts and time

    @overload
    def reactor(self, unix: Literal[True] = True) -> UNIXMemoryReactor: ...
    @overload
    def reactor(self, unix: bool) -> MemoryReactor: ...

    def reactor(self, unix: bool = True) -> MemoryReactor:
        """A new host; without `unix` its reactor does not provide `IReactorUNIX`."""
        reactor = UNIXMemoryReactor(self) if unix else MemoryReactor(self)
        self.reactors.append(reactor)
        return reactor

    def seconds(self) -> float:
        """The time on every host."""
        return self._now

    def settle(self) -> None:
        """Make every timed call that is due and move every byte that can, until nothing is left.

        Raises:
            AssertionError: it did not end; something keeps calling or answering itself.
            Exception: the first that escaped from a protocol, a factory or a timed call.
        """
        for _ in range(self.max_rounds):
            if not self._round():
                return
        raise AssertionError(f"not quiet after {self.max_rounds} rounds: {self._describe()}")

    def advance(self, seconds: float) -> None:
        """Let time pass, stopping at each timed call on the way and settling there."""
        if seconds < 0:
            raise ValueError("time does not run backwards")
        end = self._now + seconds
        self.settle()
        while self._to_next_call(end):
            pass
        self._now = end

    def run(self, awaitable: Running[T], within: float = 0.0) -> T:
        """The result of a Deferred or coroutine, which must have one within so many seconds.

        Time passes only as far as it takes.

        Raises:
            AssertionError: it has none; a Deferred is left as it is, a coroutine waiting.
            Exception: what it failed with.
        """
        results: list[T] = []
        failures: list[Failure] = []
        ensureDeferred(awaitable).addCallbacks(results.append, failures.append)
        end = self._now + within
        self.settle()
        while not (results or failures) and self._to_next_call(end):
            pass
        if failures:
            failures[0].raiseException()
        if not results:
            self._now = end
            raise AssertionError(f"no result after {within} s")
        return results[0]

    def assert_clean(self) -> None:
        """Fail if a reactor has timed calls, ports, attempts or connections left.

        Two rounds are run first, as trial does before it calls a reactor dirty. The hosts of
        `raw_connect()` and `raw_listen()` do not count.

        Raises:
            AssertionError: with a list of what is left.
        """
        self._round()
        self._round()
        left = self._leftovers()
        if left:
            raise AssertionError("left in the reactors:\n" + "\n".join(left))

    # Names, paths and faults

    def blackhole(self, host: str) -> None:
        """Let `host` (numeric) answer nothing: attempts to connect to it run into their timeout.

        Connections that exist are not touched: see `MemoryConnection.stall()`.
        """
        self._blackholes.add(self._normal(host))

    def restore(self, host: str) -> None:
        """End `blackhole()`."""
        self._blackholes.discard(self._normal(host))

    def stale_unix_path(self, path: str | bytes) -> None:
        """Make a socket file that nobody listens on, as a crashed process leaves it."""
        self.paths.add(os.fsencode(path))

    def unlink(self, path: str | bytes) -> None:
        """Remove a socket file, in place of `os.unlink`; a port bound to it is cut off."""
        name = os.fsencode(path)
        if name not in self.paths:
            raise FileNotFoundError(ENOENT, os.strerror(ENOENT), path)
        self.paths.discard(name)
        self._bound_paths.pop(name, None)

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
        """Listen on a TCP port (0 for any) or a UNIX path, with a `RawPeer` for each client."""
        listener = RawListener()
        if isinstance(where, int):
            listener.listening = self._raw().listenTCP(where, listener, interface=host)
        else:
            listener.listening = self._raw().listenUNIX(where, listener)
        return listener

    def _raw(self) -> UNIXMemoryReactor:
        if self._raw_reactor is None:
            self._raw_reactor = self.reactor()
        return self._raw_reactor

    # One round: what a reactor does between two calls of select()

    def _round(self) -> bool:
        """Make the calls that are due, then read and write once wherever possible."""
        if self._running:
            raise RuntimeError("the network is running already: not from within a callback")
        self._running = True
        try:
            moved = self._make_calls()
            moved = self._accept() or moved
            moved = self._take_steps() or moved
            moved = self._read_and_write() or moved
        finally:
            self._running = False
        if len(self.errors) > self._raised:
            problem = self.errors[self._raised]
            self._raised = len(self.errors)
            raise problem
        return moved

    def _make_calls(self) -> bool:
        # A call that is made during the round waits for the next one, as in ReactorBase.
        due = [(reactor, call) for reactor in self.reactors for call in reactor.due_calls()]
        due.sort(key=lambda pair: pair[1].getTime())
        for reactor, call in due:
            if call.active() and call.getTime() <= self._now:
                self._guard(reactor.make, call)
        return bool(due)

    def _take_steps(self) -> bool:
        steps, self._soon = self._soon, deque()
        for step in steps:
            self._guard(step)
        return bool(steps)

    def _accept(self) -> bool:
        ready = [port for port in self.ports if port.accepting and port.queue]
        for port in ready:
            if port.accepting:
                self._guard(port.accept)
        return bool(ready)

    def _read_and_write(self) -> bool:
        moved = False
        for reading in (True, False):
            for transport in list(self._transports):
                if transport.readable if reading else transport.writable:
                    moved = True
                    self._guard(transport.serve, reading)
        return moved

    def _guard(self, function: Callable[..., object], *args: object) -> None:
        try:
            function(*args)
        except Exception as problem:
            self.record(problem)

    def _to_next_call(self, end: float) -> bool:
        """Let time pass until the next timed call and settle there, if that is before `end`."""
        times = [call.getTime() for reactor in self.reactors for call in reactor.calls]
        when = min(times, default=end + 1.0)
        if when > end:
            return False
        self._now = max(self._now, when)
        self.settle()
        return True

    def _leftovers(self) -> list[str]:
        left: list[str] = []
        for reactor in self.reactors:
            if reactor is self._raw_reactor:
                continue
            left += map(repr, reactor.getDelayedCalls())
            left += map(repr, reactor.connecting)
            left += [repr(port) for port in self.ports if port.reactor is reactor]
            left += [repr(end) for end in self._transports if end.owner is reactor]
        return left

    def _describe(self) -> str:
        busy = [call for reactor in self.reactors for call in reactor.due_calls()]
        ends = [end for end in self._transports if end.readable or end.writable]
        return ", ".join(map(repr, [*busy, *ends]))

    # What transports, ports and connectors ask of the network

    def record(self, problem: Exception) -> None:
        """Keep an exception, to be raised at the end of the round."""
        self.errors.append(problem)

    def soon(self, step: Callable[[], object]) -> None:
        """Do `step` in the next round."""
        self._soon.append(step)

    def add_transport(self, transport: MemoryTransport) -> None:
        """Start to read and write for `transport`."""
        self._transports.append(transport)

    def forget_transport(self, transport: MemoryTransport) -> None:
        """`transport` is closed."""
        self._transports.remove(transport)

    def forget_connection(self, connection: MemoryConnection) -> None:
        """Both ends of `connection` are closed."""
        self.connections.remove(connection)

    def free_port(self) -> int:
        """An ephemeral port that was not given out before."""
        self._next_port += 1
        return self._next_port - 1

    def local_host(self, interface: str) -> str:
        """The numeric address to bind to for `interface`."""
        if isIPAddress(interface) or isIPv6Address(interface):
            return self._normal(interface)
        if not self.names.get(interface):
            raise gaierror(EAI_NONAME, "Name or service not known")
        return self._normal(self.names[interface][0])

    def destination(self, host: str) -> str:
        """Where a connection to `host` goes: to the wildcard means to this host."""
        return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self._normal(host), self._normal(host))

    def is_blackhole(self, host: str) -> bool:
        """Whether `host` answers nothing."""
        return self._normal(host) in self._blackholes

    def tcp_listener(self, host: str, port: int) -> MemoryPort | None:
        """The port that takes connections to `host` and `port`."""
        for listening in self.ports:
            address = listening.address
            if isinstance(address, UNIXAddress) or address.port != port:
                continue
            if _covers(address.host, host):
                return listening
        return None

    def tcp_conflict(self, host: str, port: int) -> bool:
        """Whether binding to `host` and `port` would be EADDRINUSE."""
        taken = [port.address for port in self.ports]
        return any(
            not isinstance(address, UNIXAddress)
            and address.port == port
            and (_covers(address.host, host) or _covers(host, address.host))
            for address in taken
        )

    def unix_listener(self, path: bytes) -> MemoryPort | None:
        """The port bound to `path`, if the path still leads there."""
        return self._bound_paths.get(path)

    def path_exists(self, path: bytes) -> bool:
        """Whether binding to `path` would be EADDRINUSE."""
        return path in self.paths or path in self._bound_paths

    def bind_path(self, path: bytes, port: MemoryPort) -> None:
        """Let `path` lead to `port`; an abstract name (leading NUL) is no file."""
        self._bound_paths[path] = port
        if not path.startswith(b"\0"):
            self.paths.add(path)

    def unbind_path(self, path: bytes, port: MemoryPort) -> None:
        """`port` is closing: Twisted unlinks the path, whoever is bound to it by now."""
        if path.startswith(b"\0"):
            self._bound_paths.pop(path, None)
        else:
            self.unlink(path)

    @staticmethod
    def _normal(host: str) -> str:
        return str(parse_ip(host))


def _covers(bound: str, host: str) -> bool:
    """Whether a port bound to `bound` takes what is sent to `host`; "::" is dual-stack."""
    if bound == "0.0.0.0":
        return isIPAddress(host)
    return bound in ("::", host)
