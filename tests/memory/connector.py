"""Connectors of the in-memory network: what an attempt to connect goes through."""

from __future__ import annotations

from collections.abc import Callable
from errno import EADDRINUSE, ECONNREFUSED, ENOENT
from functools import partial
from os import strerror
from typing import TYPE_CHECKING, Any, Literal

from twisted.internet import error as twisted_error
from twisted.internet.abstract import isIPAddress, isIPv6Address
from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.internet.interfaces import IConnector, IDelayedCall
from twisted.internet.protocol import ClientFactory
from twisted.python.failure import Failure
from zope.interface import implementer

from .port import ip_address
from .transport import Address, MemoryConnection, MemorySocket, MemoryTransport, new_failure

if TYPE_CHECKING:
    from .reactor import MemoryReactor

#: Twisted has not typed what its errors are made from.
error: Any = twisted_error


def connect_error(number: int) -> Exception:
    """What Twisted makes of an errno from connect()."""
    made: Exception = error.getConnectError((number, strerror(number)))
    return made


@implementer(IConnector)
class MemoryConnector:
    """What `connectTCP` and `connectUNIX` return; the order of its calls is `BaseConnector`'s."""

    def __init__(
        self, reactor: MemoryReactor, factory: ClientFactory[Any], timeout: float | None
    ) -> None:
        self.reactor = reactor
        self.network = reactor.network
        self.factory: Any = factory  # Twisted has not typed all of it
        self.timeout = timeout
        self.state: Literal["disconnected", "connecting", "connected"] = "disconnected"
        self.transport: MemoryTransport | None = None
        self._socket: MemorySocket | None = None
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
        self.reactor.connecting.add(self)
        self.reactor.callLater(0, self._if_current, self._attempt, self.dial)
        if self.timeout is not None:
            self._timeout_call = self.reactor.callLater(
                self.timeout, self.failed, error.TimeoutError()
            )
        self.factory.startedConnecting(self)

    def stopConnecting(self) -> None:
        if self.state != "connecting":
            raise error.NotConnectingError("we're not trying to connect")
        self.failed(error.UserError())

    def disconnect(self) -> None:
        if self.state == "connecting":
            self.stopConnecting()
        elif self.transport is not None and self.state == "connected":
            self.transport.loseConnection()

    def getDestination(self) -> Any:
        raise NotImplementedError

    # What an attempt consists of.

    def dial(self) -> None:
        """Try to reach the destination: `established()` or `failed()`, now or in a later round."""
        raise NotImplementedError

    def later(self, step: Callable[[], None]) -> None:
        """Do `step` in the network's next round, unless this attempt has ended by then."""
        self.network.soon(partial(self._if_current, self._attempt, step))

    def established(self, socket: MemorySocket, peer: Address) -> None:
        """The connection is made; `peer` is the address that was dialled."""
        host = socket.connection.client_address
        self._socket = socket
        self.reactor.connecting.discard(self)
        self.state = "connected"
        self._cancel_timeout()
        try:
            protocol = self.factory.buildProtocol(peer)
        except Exception as problem:
            self.network.record(problem)
            self.failed(error.ConnectError(string=str(problem)))
            return
        self._socket = None
        self.transport = MemoryTransport(self.reactor, socket, host, peer, self)
        try:
            self.transport.attach(protocol)
        except Exception as problem:
            self.network.record(problem)
            self.transport.connectionLost(new_failure(problem))

    def failed(self, reason: Exception) -> None:
        """The attempt has ended without a connection."""
        self._attempt += 1
        self.reactor.connecting.discard(self)
        self._cancel_timeout()
        if self._socket is not None:
            self._socket.close(orderly=True)
        self.transport = self._socket = None
        self.state = "disconnected"
        self.factory.clientConnectionFailed(self, new_failure(reason))
        self._stop_factory()

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


def mapped(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """An address as an IPv6 socket shows it (RFC 4291, 2.5.5.2)."""
    if isinstance(address, IPv4Address):
        return ip_address(f"::ffff:{address.host}", address.port)
    return address


class MemoryTCPConnector(MemoryConnector):
    """What `connectTCP` returns."""

    def __init__(
        self,
        reactor: MemoryReactor,
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
                self.failed(error.DNSLookupError(f"no results for hostname lookup: {host}"))
                return
            host = found[0]
        source_host, source_port = self.bind_address or ("", 0)
        if source_port and self.network.tcp_conflict(source_host or "0.0.0.0", source_port):
            self.failed(error.ConnectBindError(EADDRINUSE, strerror(EADDRINUSE)))
        elif not self.network.is_blackhole(host):
            self._reach(host, source_host, source_port)

    def _reach(self, host: str, source_host: str, source_port: int) -> None:
        peer = ip_address(host, self.port)
        host = self.network.destination(host)
        port = self.network.tcp_listener(host, self.port)
        if port is None:
            self.later(partial(self.failed, connect_error(ECONNREFUSED)))
            return
        if not source_host:
            source_host = "127.0.0.1" if host.startswith("127.") else host
        client = ip_address(source_host, source_port or self.network.free_port())
        server = ip_address(host, self.port)
        connection = MemoryConnection(self.network, client, server)
        if isinstance(port.address, IPv6Address):  # an IPv4 peer shows as such on a dual-stack port
            server, client = mapped(server), mapped(client)
        port.enqueue(connection.server_end, server, client)
        self._socket = connection.client_end
        self.later(partial(self.established, self._socket, peer))


class MemoryUNIXConnector(MemoryConnector):
    """What `connectUNIX` returns."""

    def __init__(
        self,
        reactor: MemoryReactor,
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
        port = self.network.unix_listener(path)
        if self.check_pid and path not in self.network.locks:
            self.failed(error.BadFileError(path))
        elif port is not None:
            connection = MemoryConnection(self.network, UNIXAddress(None), peer)
            port.enqueue(connection.server_end, peer, UNIXAddress(None))
            self.established(connection.client_end, peer)
        else:
            number = ECONNREFUSED
            if not path.startswith(b"\0") and not self.network.path_exists(path):
                number = ENOENT
            self.failed(connect_error(number))
