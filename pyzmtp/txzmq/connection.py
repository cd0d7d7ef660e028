"""What all of txZMQ's connections can do: :class:`ZmqConnection`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple, TypeVar

from twisted.internet.defer import CancelledError, Deferred, succeed
from twisted.internet.interfaces import IDelayedCall, ILoggingContext
from twisted.logger import Logger
from twisted.python import log
from twisted.python.failure import Failure
from zope.interface import implementer

from pyzmtp.constants import SocketType
from pyzmtp.errors import SocketClosed, UsageError, WouldBlock, WrongState, ZMTPError
from pyzmtp.net.outcome import raise_at_once
from pyzmtp.sockets.base import Socket
from pyzmtp.sockets.classes import SOCKET_CLASSES
from pyzmtp.sockets.receiver import ReceivingSocket
from pyzmtp.sockets.sender import SendingSocket
from pyzmtp.txzmq.errors import as_pyzmq_error
from pyzmtp.txzmq.factory import ZmqFactory
from pyzmtp.wire.message import Message
from pyzmtp.wire.sendable import Sendable

__all__ = ["ZmqConnection", "ZmqEndpoint", "ZmqEndpointType"]

_log = Logger(namespace="pyzmtp")
_S = TypeVar("_S", bound=Socket)


class ZmqEndpointType:
    """What is done with an address."""

    bind = "bind"
    connect = "connect"


class ZmqEndpoint(NamedTuple):
    """Where to bind or connect.

    ``type`` is one of :class:`ZmqEndpointType`, ``address`` all that :meth:`Socket.bind` or
    :meth:`Socket.connect` takes, or that as bytes.
    """

    type: str
    address: object


@implementer(ILoggingContext)
class ZmqConnection:
    """A socket whose messages come to :meth:`messageReceived`. Subclasses name the ``socketType``.

    Nothing is delivered before the constructor has returned.

    :ivar socketType: a :class:`SocketType`, or pyzmq's number for it.
    :ivar highWaterMark: messages queued for, and from, each peer; 0: any number.
    :ivar tcpKeepalive: 1 has TCP probe silent connections, 0 leaves that to the system; so do 0 and -1
        of the three others, which refine it.
    :ivar reconnectInterval: milliseconds before a connection is tried again; -1: it is not.
    :ivar reconnectIntervalMax: milliseconds to which that doubles; 0: it does not.
    :ivar multicastRate: without effect, as ``allowLoopbackMulticast`` is: there is no pgm.
    :ivar socket: pyzmtp's socket; ``None`` after :meth:`shutdown`.
    :ivar fd: -1, there is no file descriptor.
    """

    socketType: SocketType | int | None = None
    allowLoopbackMulticast = False
    multicastRate = 100
    highWaterMark = 0
    tcpKeepalive = 0
    tcpKeepaliveCount = 0
    tcpKeepaliveIdle = 0
    tcpKeepaliveInterval = 0
    reconnectInterval = 100
    reconnectIntervalMax = 0

    def __init__(
        self,
        factory: ZmqFactory,
        endpoint: ZmqEndpoint | None = None,
        identity: bytes | None = None,
    ) -> None:
        """Make a socket; bind or connect it to ``endpoint``, if there is one.

        ``identity``: what a ROUTER shall call this connection. Raises what :meth:`addEndpoints` does.
        """
        self.identity = identity
        self.endpoints: list[ZmqEndpoint] = []
        self.fd = -1
        self.factory: ZmqFactory | None = factory
        try:
            socket = self._makeSocket(SOCKET_CLASSES[_typeOf(self.socketType)])
        except ZMTPError as error:
            raise as_pyzmq_error(error) from None
        self.socket: Socket | None = socket
        factory.opened(self, socket)
        self._consuming: Deferred[Any] | None = None
        self._starting: IDelayedCall = factory.reactor.callLater(0, self.doRead)
        if endpoint:
            try:
                self.addEndpoints([endpoint])
            except BaseException:
                self.shutdown()
                raise

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.factory!r}, {self.endpoints!r})"

    def _makeSocket(self, kind: type[Socket]) -> Socket:
        factory = self.factory
        assert factory is not None
        options: dict[str, Any] = {
            "linger": None if factory.lingerPeriod < 0 else factory.lingerPeriod / 1000,
            "send_hwm": self.highWaterMark,
            "receive_hwm": self.highWaterMark,
        }
        if self.tcpKeepalive:
            options["tcp_keepalive"] = self.tcpKeepalive > 0
            options["tcp_keepalive_count"] = _given(self.tcpKeepaliveCount)
            options["tcp_keepalive_idle"] = _given(self.tcpKeepaliveIdle)
            options["tcp_keepalive_interval"] = _given(self.tcpKeepaliveInterval)
        if self.reconnectInterval:
            interval = self.reconnectInterval / 1000
            options["reconnect_interval"] = interval if interval > 0 else None
        if self.reconnectIntervalMax:
            options["reconnect_interval_max"] = self.reconnectIntervalMax / 1000
        if self.identity is not None and kind.socket_type.sends_identity:
            options["routing_id"] = self.identity
        return kind(factory.reactor, **options)

    def _socketAs(self, kind: type[_S]) -> _S:
        """The socket, if it can do what one of that ``kind`` can."""
        if self.socket is None:
            raise as_pyzmq_error(SocketClosed())
        if not isinstance(self.socket, kind):
            raise as_pyzmq_error(UsageError(f"a {type(self.socket).__name__} cannot do this"))
        return self.socket

    def addEndpoints(self, endpoints: Iterable[ZmqEndpoint]) -> None:
        """Bind or connect to more addresses.

        Raises what :meth:`Socket.bind` and :meth:`Socket.connect` raise, or fail with at once, as they
        do unless a name has to be resolved. A bind that fails later is logged.
        """
        added = list(endpoints)
        self.endpoints.extend(added)
        for endpoint in added:
            self._addEndpoint(endpoint)

    def _addEndpoint(self, endpoint: ZmqEndpoint) -> None:
        socket = self._socketAs(Socket)
        address = endpoint.address
        if isinstance(address, bytes):  # as pyzmq takes it too
            address = address.decode()
        try:
            if endpoint.type == ZmqEndpointType.connect:
                socket.connect(address)
            elif endpoint.type == ZmqEndpointType.bind:
                raise_at_once(socket.bind(address), _logFailedBind)
            else:
                raise UsageError(f"{endpoint!r}: the type is neither bind nor connect")
        except ZMTPError as error:
            raise as_pyzmq_error(error) from None

    def shutdown(self) -> Deferred[None]:
        """Close the connection, which may go on sending for the factory's ``lingerPeriod``.

        Fires when nothing of it is left in the reactor. (txZMQ returns nothing.)
        """
        factory, socket = self.factory, self.socket
        if factory is None or socket is None:
            return succeed(None)
        self.connectionLost(None)
        self.factory = self.socket = None
        return factory.closed(self, socket)

    # Sending and receiving

    def send(self, message: Sendable) -> None:
        """Send a message: bytes, or a list of bytes for several frames.

        Raises :exc:`WouldBlock`, which ``except zmq.error.Again`` catches too, if no peer has room.
        """
        socket = self._socketAs(SendingSocket)
        try:
            if not socket.try_send(message):
                raise WouldBlock("no peer can take the message now")
        except ZMTPError as error:
            raise as_pyzmq_error(error) from None
        if socket.socket_type is SocketType.REQ and not self._starting.active():
            self.doRead()  # it can be read from now that it has asked

    def messageReceived(self, message: Message) -> None:
        """A message has come; to be overridden. What it raises is logged."""
        raise NotImplementedError(self)

    def _deliver(self, batch: list[Message]) -> None:
        for message in batch:
            if self.factory is None:  # shut down by the one before
                return
            log.callWithLogger(self, self.messageReceived, message)

    # What txZMQ has for the reactor, and programs hardly ever call

    def fileno(self) -> int:
        """-1: there is no file descriptor."""
        return self.fd

    def doRead(self) -> None:
        """Deliver messages from now on, and not only from the reactor's next turn."""
        if self._consuming is None and isinstance(self.socket, ReceivingSocket):
            self._consuming = self.socket.consume(self._deliver)
            self._consuming.addErrback(self._notConsuming)

    def _notConsuming(self, failure: Failure) -> None:
        # Nothing is wrong with that: a REQ has not asked yet, or this is the end.
        self._consuming = None
        failure.trap(WrongState, CancelledError)

    def connectionLost(self, reason: object) -> None:
        """Deliver no more messages."""
        if self._starting.active():
            self._starting.cancel()
        if self._consuming is not None:
            self._consuming.cancel()

    def logPrefix(self) -> str:
        """What stands before the log entries of :meth:`messageReceived`."""
        return "ZMQ"


def _given(value: int) -> int | None:
    """A value, unless it is left to the system."""
    return None if value in (0, -1) else value


def _typeOf(kind: SocketType | int | None) -> SocketType:
    for each in SocketType:
        if kind in (each, each.number):
            return each
    raise as_pyzmq_error(UsageError(f"socketType={kind!r} is no type of a socket"))


def _logFailedBind(failure: Failure) -> None:
    if not failure.check(SocketClosed):
        _log.failure("an endpoint cannot be bound", failure)
