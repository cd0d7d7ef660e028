"""Reactors of the network in memory: :class:`MemoryReactor`."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import TYPE_CHECKING, Any, TypeVar

from twisted.internet.base import DelayedCall
from twisted.internet.interfaces import (
    IConnector,
    IDelayedCall,
    IHostnameResolver,
    IListeningPort,
    IReactorMulticast,
    IReactorPluggableNameResolver,
    IReactorUDP,
    IReactorUNIX,
)
from twisted.internet.protocol import ClientFactory, DatagramProtocol, Factory
from zope.interface import implementer

from pyzmtp.net.inproc import forget
from pyzmtp.net.reactor import IRandomSource, Reactor
from pyzmtp.testing.connector import MemoryConnector, MemoryTCPConnector, MemoryUNIXConnector
from pyzmtp.testing.datagram_port import MemoryDatagramPort
from pyzmtp.testing.host import MemoryHost
from pyzmtp.testing.port import MemoryTCPPort, MemoryUNIXPort
from pyzmtp.testing.resolver import MemoryResolver

if TYPE_CHECKING:
    from pyzmtp.testing.network import MemoryNetwork

__all__ = ["MemoryReactor", "TCPMemoryReactor"]

_Self = TypeVar("_Self", bound="TCPMemoryReactor")


@implementer(Reactor, IReactorPluggableNameResolver, IRandomSource)
class TCPMemoryReactor:
    """A process on a host of a :class:`MemoryNetwork`, with TCP alone.

    Its timed calls and connections are its own, the time is the network's as its own clock shows it.

    :ivar network: where it is.
    :ivar host: the machine that it runs on.
    :ivar clock: what its clock shows at the network's time 0.
    :ivar number: tells it from others; one that is restarted keeps it.
    :ivar random: what is left to chance, from the network's seed.
    :ivar nameResolver: resolves by ``MemoryNetwork.names``.
    :ivar alive: whether it runs: not after :meth:`kill` and :meth:`crash`.
    :ivar dark: whether its power was cut.
    :ivar connecting: connectors with an attempt in progress.
    """

    def __init__(self, network: MemoryNetwork, host: MemoryHost, clock: float, number: int) -> None:
        self.network = network
        self.host = host
        self.clock = clock
        self.number = number
        self.random: Random = network.random
        self.nameResolver: IHostnameResolver = MemoryResolver(self)
        self.alive, self.dark = True, False
        self.connecting: dict[MemoryConnector, None] = {}
        self._calls: dict[DelayedCall, None] = {}

    def __repr__(self) -> str:
        state = "" if self.alive else " dark" if self.dark else " dead"
        return f"<{type(self).__name__} on {self.host.name}{state}>"

    def installNameResolver(self, resolver: IHostnameResolver) -> IHostnameResolver:
        previous, self.nameResolver = self.nameResolver, resolver
        return previous

    # Death and a new life

    def kill(self) -> None:
        """End the process, as by SIGKILL: nothing more is called, and its protocols learn nothing.

        Its system closes the connections: what was written to them arrives, then the end or, if
        something was unread, a reset. The UNIX paths that it was bound to are free again.
        """
        self._die(power_cut=False)

    def crash(self) -> None:
        """Cut the power: as :meth:`kill`, but nobody is told.

        Peers believe in their connections until they write after :meth:`restart`, or lose patience.
        Until then whoever connects gets no answer.
        """
        self._die(power_cut=True)

    def restart(self: _Self) -> _Self:
        """A new reactor in the place of this one, on the same host. This one stays dead, or is now."""
        if self.alive or self.dark:
            self.kill()
        return self.network.replace(self)

    def _die(self, power_cut: bool) -> None:
        self.alive, self.dark = False, power_cut
        self.network.bury(self, power_cut)
        for connector in list(self.connecting):
            connector.vanish()
        forget(self)

    def _check_alive(self) -> None:
        """A test that listens on the dead would find them answering. Raises :exc:`RuntimeError`."""
        if not self.alive:
            raise RuntimeError(f"{self!r} cannot listen: go on with what restart() has returned")

    # IReactorTime

    def seconds(self) -> float:
        """The time on this reactor's clock."""
        return self.network.seconds() + self.clock

    def callLater(
        self, delay: float, callable: Callable[..., object], *args: object, **kw: object
    ) -> IDelayedCall:
        assert delay >= 0, f"{delay} is not greater than or equal to 0 seconds"
        call = DelayedCall(
            self.seconds() + delay, callable, args, kw, self._cancel, self._wait_for, self.seconds
        )
        self._calls[call] = None
        self._wait_for(call)
        return call

    def getDelayedCalls(self) -> list[IDelayedCall]:
        return list(self._calls)

    def _cancel(self, call: DelayedCall) -> None:
        del self._calls[call]

    def _wait_for(self, call: DelayedCall) -> None:
        self.network.wait_for(self, call)

    def time_of(self, call: DelayedCall) -> float:
        """When a call is due, by the network's time."""
        return call.getTime() - self.clock

    def make(self, call: DelayedCall) -> None:
        """Make a timed call."""
        del self._calls[call]
        call.called = 1
        call.func(*call.args, **call.kw)

    # IReactorTCP

    def listenTCP(
        self, port: int, factory: Factory, backlog: int = 50, interface: str = ""
    ) -> IListeningPort:
        self._check_alive()
        listening = MemoryTCPPort(self, port, factory, interface)
        listening.startListening()
        return listening

    def connectTCP(
        self,
        host: str,
        port: int,
        factory: ClientFactory[Any],
        timeout: float | None = 30.0,
        bindAddress: Any = None,
    ) -> IConnector:
        if bindAddress is not None and not isinstance(bindAddress, tuple):
            bindAddress = bindAddress._address, bindAddress._port  # a Binding, of Twisted since 26
        connector = MemoryTCPConnector(self, host, port, factory, timeout, bindAddress)
        connector.connect()
        return connector


@implementer(IReactorUNIX, IReactorUDP, IReactorMulticast)
class MemoryReactor(TCPMemoryReactor):
    """A process on a host of a :class:`MemoryNetwork`, with all that pyzmtp can use.

    Its timed calls and connections are its own, the time is the network's as its own clock shows it.
    For the attributes see :class:`TCPMemoryReactor`.
    """

    def listenUNIX(
        self,
        address: str | bytes,
        factory: Factory,
        backlog: int = 50,
        mode: int = 0o666,
        wantPID: bool = False,
    ) -> IListeningPort:
        self._check_alive()
        listening = MemoryUNIXPort(self, address, factory, wantPID)
        listening.startListening()
        return listening

    def connectUNIX(
        self,
        address: str | bytes,
        factory: ClientFactory[Any],
        timeout: float | None = 30,
        checkPID: bool = False,
    ) -> IConnector:
        connector = MemoryUNIXConnector(self, address, factory, timeout, checkPID)
        connector.connect()
        return connector

    def listenUDP(
        self,
        port: int,
        protocol: DatagramProtocol,
        interface: str = "",
        maxPacketSize: int = 8192,
    ) -> MemoryDatagramPort:
        return self.listenMulticast(port, protocol, interface, maxPacketSize)

    def listenMulticast(
        self,
        port: int,
        protocol: DatagramProtocol,
        interface: str = "",
        maxPacketSize: int = 8192,
        listenMultiple: bool = False,
    ) -> MemoryDatagramPort:
        self._check_alive()
        opened = MemoryDatagramPort(self, port, protocol, interface, maxPacketSize, listenMultiple)
        opened.startListening()
        return opened
