"""To listen at a place: :func:`listen`."""

from __future__ import annotations

import errno
import os
import stat
import tempfile
from contextlib import suppress
from typing import Final

from attrs import evolve, frozen
from twisted.internet import tcp
from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.internet.defer import CancelledError, maybeDeferred
from twisted.internet.error import CannotListenError, ConnectionDone, ConnectionRefusedError
from twisted.internet.error import ConnectError as TransportError
from twisted.internet.interfaces import IListeningPort, ITransport
from twisted.internet.protocol import Protocol, ServerFactory
from twisted.python.failure import Failure

from pyzmtp.errors import AddressInUse, BindError, ZMTPError
from pyzmtp.net.address import (
    InprocAddress,
    IpcAddress,
    TcpAddress,
    UdpAddress,
    WebsocketAddress,
    describe,
    host_and_port,
)
from pyzmtp.net.adopting import adopt, release
from pyzmtp.net.dialling import dial, unix_reactor
from pyzmtp.net.interfaces import interface_address
from pyzmtp.net.kernel import configure
from pyzmtp.net.places import ServerPlace
from pyzmtp.net.reactor import Reactor
from pyzmtp.net.resolver import resolve
from pyzmtp.net.secure_websocket import serving_tls
from pyzmtp.net.websocket import check_websockets
from pyzmtp.options import SocketOptions

__all__ = ["ListeningAt", "listen"]

_WILDCARD: Final = {False: "0.0.0.0", True: "::"}


@frozen
class ListeningAt:
    """A place where somebody listens.

    :ivar port: Twisted's.
    :ivar address: the real address.
    :ivar directory: what was made for the path, and is to be removed in the end.
    :ivar path: of an ipc address.
    :ivar file: the file that is the socket, so that nobody else's is ever removed.
    :ivar descriptor: the socket that was taken over (``use_fd``).
    """

    port: IListeningPort
    address: str
    directory: str | None = None
    path: str = ""
    file: tuple[int, int] | None = None
    descriptor: int | None = None

    async def stop(self) -> None:
        """Listen no more, and leave nothing behind."""
        try:
            await self._stop_port()
        finally:
            if self.descriptor is not None:
                release(self.descriptor)
        if self.directory is not None:
            with suppress(OSError):  # it is gone, or somebody has put something there
                os.rmdir(self.directory)

    async def _stop_port(self) -> None:
        port = self.port
        if self.file is None or self.file == _file_at(self.path):
            try:
                await maybeDeferred(port.stopListening)
            except OSError:
                _close_port(port)  # the path cannot be removed, and Twisted leaves the port open
                raise
        else:
            _close_port(port)  # the path is gone, or somebody else's, whom Twisted would remove


def _close_port(port: IListeningPort) -> None:
    """Close a port of Twisted's, whatever has become of its path."""
    if isinstance(port, tcp.Port):
        port.disconnecting = True
        port.stopReading()
        tcp.Port.connectionLost(port, Failure(ConnectionDone()))


def _file_at(path: str) -> tuple[int, int] | None:
    """What tells the file at ``path`` from another of that name; ``None`` if there is none."""
    try:
        status = os.stat(path)
    except (OSError, ValueError):  # ValueError: an abstract name
        return None
    return status.st_dev, status.st_ino


async def listen(
    reactor: Reactor, place: ServerPlace, name: str, options: SocketOptions, factory: ServerFactory
) -> ListeningAt:
    """Listen at ``place``, which the user called ``name``.

    Raises :exc:`AddressInUse` if somebody else does, :exc:`BindError` if it cannot be for another
    reason, :exc:`TransportUnavailable` if the reactor has no such transport.
    """
    if isinstance(place, WebsocketAddress):
        check_websockets()
        if place.secure:
            factory = serving_tls(reactor, options, factory)
        at = await listen(reactor, place.tcp, name, options, factory)
        return evolve(at, address=at.address.replace("tcp", place.scheme, 1) + place.path)
    descriptor = options.use_fd
    try:
        if descriptor is not None and isinstance(place, TcpAddress | IpcAddress):
            port = adopt(reactor, place, name, descriptor, factory)
            return ListeningAt(port, _address_of(port), descriptor=descriptor)
        if isinstance(place, TcpAddress):
            return await _listen_tcp(reactor, place, options, factory)
        if isinstance(place, IpcAddress):
            return await _listen_ipc(reactor, place, options, factory)
        assert not isinstance(place, InprocAddress | UdpAddress)  # they have keepers of their own
        port = await place.listen(factory)
        return ListeningAt(port, _address_of(port))
    except (ZMTPError, CancelledError):
        raise
    except Exception as error:  # an endpoint fails with what it likes
        reason = error.socketError if isinstance(error, CannotListenError) else error
        _forget_frames(error)
        if _in_use(reason):
            raise AddressInUse(name) from error
        raise BindError(name, reason) from error


def _forget_frames(error: BaseException) -> None:
    """Let go of what an error's traceback holds.

    Twisted leaves a socket that it could not bind to the garbage collector, and an error may be kept
    for long: in an event, or in the log.
    """
    cause: BaseException | None = error
    while cause is not None:
        cause.__traceback__ = None
        cause = cause.__cause__ or cause.__context__


async def _listen_tcp(
    reactor: Reactor, place: TcpAddress, options: SocketOptions, factory: ServerFactory
) -> ListeningAt:
    host = _WILDCARD[options.ipv6] if place.host == "*" else interface_address(place.host)
    hosts = [host] if host is not None else await resolve(reactor, place.host, options.ipv6)
    port = _first_free(reactor, place.ports, factory, options.backlog, hosts[0])
    # What is accepted inherits it: a receive buffer that is set later comes after its first window.
    configure(getattr(port, "socket", None), options)
    return ListeningAt(port, _address_of(port))


def _first_free(
    reactor: Reactor, ports: range, factory: ServerFactory, backlog: int, host: str
) -> IListeningPort:
    """Listen at the first of ``ports`` that nobody listens at; the last one's error is raised."""
    for number in ports[:-1]:
        try:
            return reactor.listenTCP(number, factory, backlog=backlog, interface=host)
        except CannotListenError as error:
            if not _in_use(error.socketError):
                raise
            _forget_frames(error)
    return reactor.listenTCP(ports[-1], factory, backlog=backlog, interface=host)


async def _listen_ipc(
    reactor: Reactor, place: IpcAddress, options: SocketOptions, factory: ServerFactory
) -> ListeningAt:
    unix = unix_reactor(reactor, place)
    if place.path is None:
        directory = tempfile.mkdtemp(prefix="pyzmtp-")
        try:
            path = os.path.join(directory, "socket")
            port = unix.listenUNIX(path, factory, backlog=options.backlog)
        except BaseException:
            os.rmdir(directory)
            raise
        return ListeningAt(port, _address_of(port), directory, path, _file_at(path))
    try:
        port = unix.listenUNIX(place.path, factory, backlog=options.backlog)
    except CannotListenError as error:
        if not _in_use(error.socketError) or not await _is_stale(reactor, place, options):
            raise
        # A path that is in use is never taken over (libzmq takes it from under the other).
        os.unlink(place.path)
        port = unix.listenUNIX(place.path, factory, backlog=options.backlog)
    return ListeningAt(port, _address_of(port), None, place.path, _file_at(place.path))


async def _is_stale(reactor: Reactor, place: IpcAddress, options: SocketOptions) -> bool:
    """Whether a path is a socket whose owner is gone without having removed it."""
    assert place.path is not None
    if place.path.startswith("\0"):
        return False  # an abstract name goes with its owner
    try:
        if not stat.S_ISSOCK(os.stat(place.path).st_mode):
            return False
        await dial(reactor, place, options, lambda _: _Probe())
    except ConnectionRefusedError:
        return True
    except (TransportError, OSError):
        pass  # whatever else is said, somebody may be there
    return False


class _Probe(Protocol):
    """Hangs up at once."""

    transport: ITransport

    def connectionMade(self) -> None:
        self.transport.loseConnection()


def _in_use(reason: object) -> bool:
    return isinstance(reason, OSError) and reason.errno == errno.EADDRINUSE


def _address_of(port: IListeningPort) -> str:
    """The ZeroMQ address of a port, or what Twisted says of it if there is none."""
    host = port.getHost()
    if isinstance(host, IPv4Address | IPv6Address):
        return f"tcp://{host_and_port(host.host, host.port)}"
    if isinstance(host, UNIXAddress):
        return f"ipc://{describe(host)}"
    return str(host)
