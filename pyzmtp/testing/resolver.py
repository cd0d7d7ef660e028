"""The name resolver of the network in memory: :class:`MemoryResolver`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NoReturn

from twisted.internet.abstract import isIPAddress, isIPv6Address
from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.interfaces import (
    IAddress,
    IHostnameResolver,
    IHostResolution,
    IResolutionReceiver,
)
from zope.interface import implementer

from pyzmtp.testing.host import ip_address

if TYPE_CHECKING:
    from pyzmtp.testing.reactor import TCPMemoryReactor

__all__ = ["MemoryResolution", "MemoryResolver"]


@implementer(IHostResolution)
class MemoryResolution:
    """A resolution in progress; like that of Twisted's resolver it cannot be cancelled."""

    def __init__(self, name: str) -> None:
        self.name = name

    def cancel(self) -> NoReturn:
        raise NotImplementedError


@implementer(IHostnameResolver)
class MemoryResolver:
    """Resolves by ``MemoryNetwork.names``, a round later; numeric hosts resolve to themselves."""

    def __init__(self, reactor: TCPMemoryReactor) -> None:
        self._reactor = reactor

    def resolveHostName(
        self,
        resolutionReceiver: IResolutionReceiver,
        hostName: str,
        portNumber: int = 0,
        addressTypes: Sequence[type[IAddress]] | None = None,
        transportSemantics: str = "TCP",
    ) -> IHostResolution:
        resolution = MemoryResolution(hostName)
        network = self._reactor.network
        if isIPAddress(hostName) or isIPv6Address(hostName):
            hosts = [hostName]
        else:
            hosts = network.names.get(hostName, [])
        found = [ip_address(host, portNumber) for host in hosts]
        wanted = (IPv4Address, IPv6Address) if addressTypes is None else tuple(addressTypes)

        def finish() -> None:
            for address in found:
                if isinstance(address, wanted):
                    resolutionReceiver.addressResolved(address)
            resolutionReceiver.resolutionComplete()

        resolutionReceiver.resolutionBegan(resolution)
        network.soon(self._reactor, finish)
        return resolution
