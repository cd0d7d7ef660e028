"""One attempt to connect: :func:`dial`. Who tries again, and when, is the connecter's business."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Final, NoReturn

from attrs import evolve
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.error import ConnectError as TransportError
from twisted.internet.error import DNSLookupError
from twisted.internet.interfaces import IAddress, IConnector, IReactorUNIX
from twisted.internet.protocol import ClientFactory, Factory, Protocol
from twisted.internet.task import deferLater
from twisted.python.failure import Failure

from pyzmtp.errors import LibraryMissing, ProxyError, TransportUnavailable
from pyzmtp.net.address import (
    InprocAddress,
    IpcAddress,
    TcpAddress,
    UdpAddress,
    WebsocketAddress,
    parse,
)
from pyzmtp.net.interfaces import interface_address
from pyzmtp.net.kernel import configure
from pyzmtp.net.places import ClientPlace
from pyzmtp.net.reactor import Reactor
from pyzmtp.net.resolver import resolve
from pyzmtp.net.secure_websocket import over_tls
from pyzmtp.net.websocket import check_websockets
from pyzmtp.options import SocketOptions

try:
    from twisted.internet.tcp import makeBinding
except ImportError:  # Twisted before 26
    makeBinding = None  # type: ignore[assignment]

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
    reactor: Reactor, place: ClientPlace, options: SocketOptions, build: Callable[[str], Protocol]
) -> None:
    """Make one attempt to connect; ``build(where)`` makes the protocol when somebody answers.

    ``where`` is the peer's address if the transport does not know it, as behind a proxy, else empty.

    Raises what the transport says if nobody answers, and :exc:`ProxyError`. To be run by
    ``Deferred.fromCoroutine``; cancelling that ends the attempt.
    """
    if isinstance(place, WebsocketAddress):
        check_websockets()
        if place.secure:
            build = over_tls(reactor, place, options, build)
        place = place.tcp
    if isinstance(place, TcpAddress):
        if options.socks_proxy is None:
            await _dial_tcp(reactor, place, options, lambda _: build(""))
        else:
            await _dial_through(options.socks_proxy, reactor, place, options, build)
    elif isinstance(place, IpcAddress):
        assert place.path is not None  # client_place() has seen to it
        factory = _DialFactory(partial(build, ""))
        unix = unix_reactor(reactor, place)
        factory.connector = unix.connectUNIX(place.path, factory, timeout=_timeout(options))
        await _outcome(reactor, factory)
    else:
        assert not isinstance(place, InprocAddress | UdpAddress)  # they have keepers of their own
        await place.connect(Factory.forProtocol(partial(build, "")))


async def _dial_tcp(
    reactor: Reactor,
    place: TcpAddress,
    options: SocketOptions,
    build: Callable[[float], Protocol],
) -> None:
    """Try each address of a host; ``build`` is told until when the attempt at one may last."""
    source = None if place.source is None else _bind_address(*place.source)
    timeout = _timeout(options)
    resolution = resolve(reactor, place.host, options.ipv6)
    addresses = await resolution.addTimeout(timeout, reactor, _no_answer)
    for count, host in enumerate(addresses, 1):
        factory = _DialFactory(partial(build, reactor.seconds() + timeout))
        factory.connector = reactor.connectTCP(
            host,
            place.port,
            factory,
            timeout=timeout,
            bindAddress=source,
        )
        # Before it connects: a receive buffer that is set later comes after its first window.
        transport = getattr(factory.connector, "transport", None)
        configure(getattr(transport, "socket", None), options)
        try:
            return await _outcome(reactor, factory)
        except TransportError:
            if count == len(addresses):
                raise


def _no_answer(result: object, seconds: float) -> NoReturn:
    raise DNSLookupError(f"no answer within {seconds} s")


async def _outcome(reactor: Reactor, factory: _DialFactory) -> None:
    """Wait until the attempt has come to an end of which nothing is left in the reactor."""
    try:
        await factory.done
    except CancelledError:
        # Twisted begins an attempt with a timed call that it does not take back: let it pass.
        await deferLater(reactor, 0)
        raise


async def _dial_through(
    name: str,
    reactor: Reactor,
    target: TcpAddress,
    options: SocketOptions,
    build: Callable[[str], Protocol],
) -> None:
    """Connect to ``target`` through the proxy called ``name``, which resolves the target's name."""
    try:
        from pyzmtp.net.socks import SocksTunnel
    except ImportError as error:
        raise LibraryMissing("socks_proxy", "socksio", "socks") from error
    proxy = parse(f"tcp://{name}")
    assert isinstance(proxy, TcpAddress)  # the option has seen to it
    tunnels: list[SocksTunnel] = []

    def begin(deadline: float) -> Protocol:
        tunnels.append(SocksTunnel(reactor, name, target, options, deadline, build))
        return tunnels[0]

    try:
        await _dial_tcp(reactor, evolve(proxy, source=target.source), options, begin)
    except (TransportError, DNSLookupError) as error:
        raise ProxyError(name, str(error)) from error
    await tunnels[0].open()


def _bind_address(host: str, port: int) -> Any:
    """Where to connect from. libzmq: several connections may use one port, and use it again at once."""
    address = interface_address(host) or host
    if makeBinding is None:
        return address, port
    return makeBinding(address, port, reuseAddress=True)


def _timeout(options: SocketOptions) -> float:
    """Seconds that an attempt may take."""
    return _TIMEOUT if options.connect_timeout is None else options.connect_timeout


def unix_reactor(reactor: Reactor, place: IpcAddress) -> IReactorUNIX:
    """The reactor, if it has UNIX sockets. Raises :exc:`TransportUnavailable` if it has none."""
    if not IReactorUNIX.providedBy(reactor):
        raise TransportUnavailable(f"ipc://{place.path or '*'}", "IReactorUNIX")
    unix: IReactorUNIX = reactor
    return unix
