"""Host names to addresses, through the reactor's own resolver, anew at each attempt."""

from __future__ import annotations

from twisted.internet.abstract import isIPAddress, isIPv6Address
from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.defer import Deferred, succeed
from twisted.internet.error import DNSLookupError
from twisted.internet.interfaces import (
    IAddress,
    IHostResolution,
    IReactorPluggableNameResolver,
    IResolutionReceiver,
)
from zope.interface import implementer

from pyzmtp.errors import TransportUnavailable

__all__ = ["resolve"]


def resolve(reactor: object, host: str, ipv6: bool) -> Deferred[list[str]]:
    """The addresses of ``host``: IPv4, and IPv6 too where it is asked for.

    ``host`` may be an address, which is its own answer, or a name.

    Fails with :exc:`DNSLookupError` when there are none, and with :exc:`TransportUnavailable` on a
    reactor that knows no names.
    """
    if isIPAddress(host) or isIPv6Address(host):
        return succeed([host])
    if not IReactorPluggableNameResolver.providedBy(reactor):
        raise TransportUnavailable(host, "IReactorPluggableNameResolver")
    receiver = _Receiver(host)
    types = [IPv4Address, IPv6Address] if ipv6 else [IPv4Address]
    reactor.nameResolver.resolveHostName(receiver, host, addressTypes=types)
    return receiver.result


@implementer(IResolutionReceiver)
class _Receiver:
    """Gathers what the resolver says."""

    def __init__(self, host: str) -> None:
        self.result: Deferred[list[str]] = Deferred()
        self._host = host
        self._found: list[str] = []

    def resolutionBegan(self, resolutionInProgress: IHostResolution) -> None:
        pass

    def addressResolved(self, address: IAddress) -> None:
        if isinstance(address, IPv4Address | IPv6Address):
            self._found.append(address.host)

    def resolutionComplete(self) -> None:
        if self.result.called:  # the attempt was cancelled meanwhile
            return
        if self._found:
            self.result.callback(self._found)
        else:
            self.result.errback(DNSLookupError(f"no address of {self._host!r} was found"))
