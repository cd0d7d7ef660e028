"""One attempt to connect: :func:`dial`. Who tries again, and when, is the connecter's business."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.error import ConnectError as TransportError
from twisted.internet.interfaces import IAddress, IConnector, IReactorUNIX
from twisted.internet.protocol import ClientFactory, Factory, Protocol
from twisted.python.failure import Failure

from pyzmtp.errors import TransportUnavailable
from pyzmtp.net.address import InprocAddress, IpcAddress, TcpAddress
from pyzmtp.net.interfaces import interface_address
from pyzmtp.net.places import ClientPlace
from pyzmtp.net.reactor import Reactor
from pyzmtp.net.resolver import resolve
from pyzmtp.options import SocketOptions

__all__ = ["dial", "unix_reactor"]


#: Twisted's own limit for one attempt, in seconds.
_TIMEOUT: Final = 30.0


class _DialFactory(ClientFactory):
    """Makes the protocol of one connection, or passes on why there is none.

    Twisted's own client endpoints would do, but they wrap each protocol in another, which costs a
    call with every chunk that arrives.
    """

    noisy = False
    connector: IConnector

    def __init__(self, build: Callable[[], Protocol]) -> None:
        self.done: Deferred[None] = Deferred(self._cancel)
        self._build = build

    def buildProtocol(self, addr: IAddress | None) -> Protocol:
        protocol = self._build()
        self.done.callback(None)
        return protocol

    def clientConnectionFailed(self, connector: IConnector, reason: Failure) -> None:
        if not self.done.called:
            self.done.errback(reason)

    def _cancel(self, done: Deferred[None]) -> None:
        done.errback(CancelledError())  # before the connector says that it failed
        self.connector.stopConnecting()


async def dial(
    reactor: Reactor, place: ClientPlace, options: SocketOptions, build: Callable[[], Protocol]
) -> None:
    """Make one attempt to connect; ``build()`` makes the protocol when somebody answers.

    Raises what the transport says if nobody does. To be run by ``Deferred.fromCoroutine``; cancelling
    that ends the attempt.
    """
    timeout = _TIMEOUT if options.connect_timeout is None else options.connect_timeout
    if isinstance(place, TcpAddress):
        source = place.source
        if source is not None:
            source = interface_address(source[0]) or source[0], source[1]
        addresses = await resolve(reactor, place.host, options.ipv6)
        for count, host in enumerate(addresses, 1):
            factory = _DialFactory(build)
            factory.connector = reactor.connectTCP(
                host,
                place.port,
                factory,
                timeout=timeout,
                bindAddress=source,
            )
            try:
                return await factory.done
            except TransportError:
                if count == len(addresses):
                    raise
    elif isinstance(place, IpcAddress):
        assert place.path is not None  # client_place() has seen to it
        factory = _DialFactory(build)
        unix = unix_reactor(reactor, place)
        factory.connector = unix.connectUNIX(place.path, factory, timeout=timeout)
        return await factory.done
    else:
        assert not isinstance(place, InprocAddress)  # that is no transport: see pyzmtp.net.inproc
        await place.connect(Factory.forProtocol(build))


def unix_reactor(reactor: Reactor, place: IpcAddress) -> IReactorUNIX:
    """The reactor, if it has UNIX sockets. Raises :exc:`TransportUnavailable` if it has none."""
    if not IReactorUNIX.providedBy(reactor):
        raise TransportUnavailable(f"ipc://{place.path or '*'}", "IReactorUNIX")
    unix: IReactorUNIX = reactor
    return unix
