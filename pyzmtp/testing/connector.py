"""Connectors of the network in memory: what an attempt to connect goes through."""

from __future__ import annotations

from collections.abc import Callable
from errno import EADDRINUSE, ECONNREFUSED, ENOENT
from functools import partial
from os import strerror
from typing import TYPE_CHECKING, Any, Final, Literal

from twisted.internet import error as twisted_error
from twisted.internet.abstract import isIPAddress, isIPv6Address
from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.internet.interfaces import IConnector, IDelayedCall
from twisted.internet.protocol import ClientFactory
from twisted.python.failure import Failure
from zope.interface import implementer

from pyzmtp.testing.connection import MemoryConnection, MemoryEnd, TransportAddress
from pyzmtp.testing.host import destination, ip_address, normal
from pyzmtp.testing.port import MemoryTCPPort
from pyzmtp.testing.transport import MemoryTransport

if TYPE_CHECKING:
    from pyzmtp.testing.reactor import TCPMemoryReactor

__all__ = ["MemoryConnector", "MemoryTCPConnector", "MemoryUNIXConnector"]

#: Seconds until TCP asks again where nobody has answered (RFC 6298, section 2).
_ASK_AGAIN: Final = 1.0

#: Twisted has not typed what its errors are made from.
_error: Any = twisted_error


def _connect_error(number: int) -> Exception:
    """What Twisted makes of an errno from connect()."""
    made: Exception = _error.getConnectError((number, strerror(number)))
    return made


@implementer(IConnector)
class MemoryConnector:
    """What ``connectTCP()`` and ``connectUNIX()`` return; the order of its calls is Twisted's."""

    def __init__(
        self, reactor: TCPMemoryReactor, factory: ClientFactory[Any], timeout: float | None
    ) -> None:
        self.reactor = reactor
        self.network = reactor.network
        self.factory: Any = factory  # Twisted has not typed all of it
        self.timeout = timeout
        self.state: Literal["disconnected", "connecting", "connected"] = "disconnected"
        self.transport: MemoryTransport | None = None
        self._end: MemoryEnd | None = None
        self._factory_started = False
        self._timeout_call: IDelayedCall | None = None
        self._attempt = 0

    def __repr__(self) -> str:
        return f"<MemoryConnector {self.state} to {self.getDestination()}>"

    # IConnector

    def connect(self) -> None:
        if self.state != "disconnected":
            raise RuntimeError("can't connect in this state")
        self.state = "connecting"
        if not self._factory_started:
            self.factory.doStart()
            self._factory_started = True
        self._attempt += 1
        self.reactor.connecting[self] = None
        self.reactor.callLater(0, self._if_current, self._attempt, self.dial)
        if self.timeout is not None:
            self._timeout_call = self.reactor.callLater(
                self.timeout, self.failed, _error.TimeoutError()
            )
        self.factory.startedConnecting(self)

    def stopConnecting(self) -> None:
        if self.state != "connecting":
            raise _error.NotConnectingError("we're not trying to connect")
        self.failed(_error.UserError())

    def disconnect(self) -> None:
        if self.state == "connecting":
            self.stopConnecting()
        elif self.transport is not None and self.state == "connected":
            self.transport.loseConnection()

    def getDestination(self) -> Any:
        raise NotImplementedError

    # What an attempt consists of.

    def dial(self) -> None:
        """Try to reach the destination: :meth:`established` or :meth:`failed`, now or later."""
        raise NotImplementedError

    def later(self, step: Callable[[], None], delay: float = 0.0) -> None:
        """Do ``step`` after a while, in the next round at the earliest, unless the attempt is over."""
        self.network.soon(self.reactor, partial(self._if_current, self._attempt, step), delay)

    def established(self, end: MemoryEnd, peer: TransportAddress) -> None:
        """The connection is made; ``peer`` is the address that was dialled."""
        host = end.connection.client_address
        self._end = end
        self.reactor.connecting.pop(self, None)
        self.state = "connected"
        self._cancel_timeout()
        try:
            protocol = self.factory.buildProtocol(peer)
        except Exception as problem:
            self.network.record(problem)
            self.failed(_error.ConnectError(string=str(problem)))
            return
        self._end = None
        self.transport = MemoryTransport(self.reactor, end, host, peer, self)
        try:
            self.transport.attach(protocol)
        except Exception as problem:
            self.network.record(problem)
            self.transport.connectionLost(Failure(problem))

    def failed(self, reason: Exception) -> None:
        """The attempt has ended without a connection."""
        self.vanish()
        self._cancel_timeout()
        self.factory.clientConnectionFailed(self, Failure(reason))
        self._stop_factory()

    def vanish(self) -> None:
        """Give the attempt up, and tell nobody: so it is when the process has died."""
        self._attempt += 1
        self.reactor.connecting.pop(self, None)
        if self._end is not None:
            self._end.close(orderly=True)
        self.transport = self._end = None
        self.state = "disconnected"

    def connection_lost(self, reason: Failure) -> None:
        """The connection has ended; its protocol has been told."""
        self.state = "disconnected"
        self.factory.clientConnectionLost(self, reason)
        self._stop_factory()

    def _stop_factory(self) -> None:
        if self.state == "disconnected":  # the factory has not called our connect()
            self.factory.doStop()
            self._factory_started = False

    def _if_current(self, attempt: int, step: Callable[[], None]) -> None:
        if attempt == self._attempt and self.state == "connecting":
            step()

    def _cancel_timeout(self) -> None:
        if self._timeout_call is not None and self._timeout_call.active():
            self._timeout_call.cancel()
        self._timeout_call = None


def _mapped(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """An address as an IPv6 socket shows it (RFC 4291, 2.5.5.2)."""
    if isinstance(address, IPv4Address):
        return ip_address(f"::ffff:{address.host}", address.port)
    return address


class MemoryTCPConnector(MemoryConnector):
    """What ``connectTCP()`` returns."""

    def __init__(
        self,
        reactor: TCPMemoryReactor,
        host: str,
        port: int,
        factory: ClientFactory[Any],
        timeout: float | None,
        bind_address: tuple[str, int] | None,
    ) -> None:
        super().__init__(reactor, factory, timeout)
        self.host, self.port = host, port
        self.bind_address = bind_address

    def getDestination(self) -> IPv4Address | IPv6Address:
        return ip_address(self.host, self.port)

    def dial(self) -> None:
        host = self.host
        if not (isIPAddress(host) or isIPv6Address(host)):
            found = self.network.names.get(host)
            if not found:
                self.failed(_error.DNSLookupError(f"no results for hostname lookup: {host}"))
                return
            host = found[0]
        source_host, source_port = self.bind_address or ("", 0)
        if source_port and self.reactor.host.tcp_conflict(source_host or "0.0.0.0", source_port):
            self.failed(_error.ConnectBindError(EADDRINUSE, strerror(EADDRINUSE)))
        else:
            self._knock(host, source_host, source_port)

    def _knock(self, host: str, source_host: str, source_port: int) -> None:
        """Ask for a connection (SYN), again and again until there is an answer."""
        address = destination(normal(host))
        port = self._listener(address)
        if self.network.is_silent(address, self.reactor, port):
            self.later(partial(self._knock, host, source_host, source_port), _ASK_AGAIN)
            return
        latency = self.network.conditions.latency
        if port is not None:
            latency = self.network.conditions_between(self.reactor, port.reactor).latency
        peer = ip_address(host, self.port)
        heard = partial(self._heard, latency, peer, address, source_host, source_port)
        if latency:
            self.later(heard, latency)
        else:
            heard()

    def _heard(
        self,
        latency: float,
        peer: IPv4Address | IPv6Address,
        address: str,
        source_host: str,
        source_port: int,
    ) -> None:
        """The other host has been asked, and answers."""
        port = self._listener(address)
        if port is None:
            self.later(partial(self.failed, _connect_error(ECONNREFUSED)), latency)
            return
        here = self.reactor.host
        source_host = source_host or self.network.hosts.source_address(address, here)
        client = ip_address(source_host, source_port or here.free_port())
        server = ip_address(address, self.port)
        connection = MemoryConnection(self.reactor, port.reactor, client, server)
        if isinstance(port.address, IPv6Address):  # an IPv4 peer shows as such on a dual-stack port
            server, client = _mapped(server), _mapped(client)
        port.enqueue(connection.server_end, server, client)
        self._end = connection.client_end
        self.later(partial(self.established, self._end, peer), latency)

    def _listener(self, address: str) -> MemoryTCPPort | None:
        there = self.network.hosts.at(address, self.reactor.host)
        return there.tcp_listener(address, self.port)


class MemoryUNIXConnector(MemoryConnector):
    """What ``connectUNIX()`` returns."""

    def __init__(
        self,
        reactor: TCPMemoryReactor,
        path: str | bytes,
        factory: ClientFactory[Any],
        timeout: float | None,
        check_pid: bool,
    ) -> None:
        super().__init__(reactor, factory, timeout)
        self.path = path
        self.check_pid = check_pid

    def getDestination(self) -> UNIXAddress:
        return UNIXAddress(self.path)

    def dial(self) -> None:
        peer = UNIXAddress(self.path)
        path = peer.name or b""
        host = self.reactor.host
        port = host.unix_listener(path)
        if self.check_pid and path not in host.locks:
            self.failed(_error.BadFileError(path))
        elif port is not None:
            connection = MemoryConnection(self.reactor, port.reactor, UNIXAddress(None), peer)
            port.enqueue(connection.server_end, peer, UNIXAddress(None))
            self.established(connection.client_end, peer)
        else:
            number = ECONNREFUSED
            if not path.startswith(b"\0") and not host.path_exists(path):
                number = ENOENT
            self.failed(_connect_error(number))
