"""Reactors of the in-memory network, and their name resolver."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

from twisted.internet.abstract import isIPAddress, isIPv6Address
from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.base import DelayedCall
from twisted.internet.interfaces import (
    IAddress,
    IConnector,
    IDelayedCall,
    IHostnameResolver,
    IHostResolution,
    IListeningPort,
    IReactorPluggableNameResolver,
    IReactorTCP,
    IReactorTime,
    IReactorUNIX,
    IResolutionReceiver,
)
from twisted.internet.protocol import ClientFactory, Factory
from twisted.internet.task import Clock
from zope.interface import implementer

from .connector import MemoryTCPConnector, MemoryUNIXConnector
from .port import MemoryTCPPort, MemoryUNIXPort, ip_address

if TYPE_CHECKING:
    from .network import MemoryNetwork


@implementer(IReactorTime, IReactorTCP, IReactorPluggableNameResolver)
class MemoryReactor(Clock):
    """A host on a `MemoryNetwork`: its time is the network's, its calls and ports are its own.

    Attributes:
        network: where it is.
        nameResolver: resolves by `MemoryNetwork.names`.
        connecting: connectors with an attempt in progress.
    """

    def __init__(self, network: MemoryNetwork) -> None:
        super().__init__()
        self.network = network
        self.nameResolver: IHostnameResolver = MemoryResolver(network)
        self.connecting: set[IConnector] = set()

    def installNameResolver(self, resolver: IHostnameResolver) -> IHostnameResolver:
        previous, self.nameResolver = self.nameResolver, resolver
        return previous

    # IReactorTime

    def seconds(self) -> float:
        return self.network.seconds()

    def advance(self, amount: float) -> NoReturn:
        """Not for one host alone: time passes for all, by `MemoryNetwork.advance()`."""
        raise TypeError("the time is the network's: use MemoryNetwork.advance()")

    def callLater(
        self, delay: float, callable: Callable[..., object], *args: object, **kw: object
    ) -> IDelayedCall:
        assert delay >= 0, f"{delay} is not greater than or equal to 0 seconds"
        return super().callLater(delay, callable, *args, **kw)

    def due_calls(self) -> list[DelayedCall]:
        """The calls whose time has come, in their order."""
        self._sortCalls()
        return [call for call in self.calls if call.getTime() <= self.seconds()]

    def make(self, call: DelayedCall) -> None:
        """Make a timed call."""
        self.calls.remove(call)
        call.called = 1
        call.func(*call.args, **call.kw)

    # IReactorTCP

    def listenTCP(
        self, port: int, factory: Factory, backlog: int = 50, interface: str = ""
    ) -> IListeningPort:
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


@implementer(IReactorUNIX)
class UNIXMemoryReactor(MemoryReactor):
    """A `MemoryReactor` on a host that has UNIX sockets."""

    def listenUNIX(
        self,
        address: str | bytes,
        factory: Factory,
        backlog: int = 50,
        mode: int = 0o666,
        wantPID: bool = False,
    ) -> IListeningPort:
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


@implementer(IHostResolution)
class MemoryResolution:
    """A resolution in progress; like that of Twisted's resolver it cannot be cancelled."""

    def __init__(self, name: str) -> None:
        self.name = name

    def cancel(self) -> NoReturn:
        raise NotImplementedError


@implementer(IHostnameResolver)
class MemoryResolver:
    """Resolves by `MemoryNetwork.names`, a round later; numeric hosts resolve to themselves."""

    def __init__(self, network: MemoryNetwork) -> None:
        self._network = network

    def resolveHostName(
        self,
        resolutionReceiver: IResolutionReceiver,
        hostName: str,
        portNumber: int = 0,
        addressTypes: Sequence[type[IAddress]] | None = None,
        transportSemantics: str = "TCP",
    ) -> IHostResolution:
        resolution = MemoryResolution(hostName)
        if isIPAddress(hostName) or isIPv6Address(hostName):
            hosts = [hostName]
        else:
            hosts = self._network.names.get(hostName, [])
        found = [ip_address(host, portNumber) for host in hosts]
        wanted = (IPv4Address, IPv6Address) if addressTypes is None else tuple(addressTypes)

        def finish() -> None:
            for address in found:
                if isinstance(address, wanted):
                    resolutionReceiver.addressResolved(address)
            resolutionReceiver.resolutionComplete()

        resolutionReceiver.resolutionBegan(resolution)
        self._network.soon(finish)
        return resolution
