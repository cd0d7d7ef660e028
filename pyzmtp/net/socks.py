"""Through a SOCKS5 proxy to somebody else (RFC 1928, RFC 1929): :class:`SocksTunnel`.

The messages are socksio's, an optional library. What it leaves to its user is here: to find the end
of each reply in a stream of bytes, and to be done with it in time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from socksio import ProtocolError as MalformedReply
from socksio import (
    SOCKS5AType,
    SOCKS5AuthMethod,
    SOCKS5AuthMethodsRequest,
    SOCKS5AuthReply,
    SOCKS5Command,
    SOCKS5CommandRequest,
    SOCKS5Connection,
    SOCKS5ReplyCode,
    SOCKS5UsernamePasswordRequest,
)
from socksio.socks5 import SOCKS5State
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime, ITCPTransport
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure

from pyzmtp.errors import ProxyError
from pyzmtp.net.address import TcpAddress, host_and_port
from pyzmtp.options import SocketOptions

__all__ = ["SocksTunnel"]

#: The bytes of an address in a reply, by its type; a name begins with its length (RFC 1928, 5).
_ADDRESS_SIZES: Final = {SOCKS5AType.IPV4_ADDRESS: 4, SOCKS5AType.IPV6_ADDRESS: 16}
#: The bytes of a reply before its address, and of the port behind it.
_HEAD: Final = 4
_PORT: Final = 2


class SocksTunnel(Protocol):
    """Has a proxy connect us to a target, then gives its place on the transport to ``build(where)``.

    From then on it takes no part: each chunk goes from the transport to the new protocol directly.
    ``where`` is the target, as ``host:port``. If there is no tunnel by ``deadline``, there never is.
    """

    transport: ITCPTransport

    def __init__(
        self,
        reactor: IReactorTime,
        proxy: str,
        target: TcpAddress,
        options: SocketOptions,
        deadline: float,
        build: Callable[[str], Protocol],
    ) -> None:
        self._reactor = reactor
        self._proxy = proxy
        self._target = target
        self._username = options.socks_username
        self._password = options.socks_password or ""
        self._deadline = deadline
        self._build = build
        self._socks = SOCKS5Connection()
        self._received = b""
        self._timer: IDelayedCall | None = None
        self._error: ProxyError | None = None
        self._opened: Deferred[None] = Deferred()
        self._gone: Deferred[None] = Deferred()

    async def open(self) -> None:
        """Return when the tunnel is there and the new protocol is about to be connected.

        Raises :exc:`ProxyError`. However it fails, and when it is cancelled, nothing is left by then.
        """
        try:
            await self._opened
        except CancelledError:
            self._stop()
            await self._gone
            raise

    # The transport's side

    def connectionMade(self) -> None:
        delay = max(0.0, self._deadline - self._reactor.seconds())
        self._timer = self._reactor.callLater(delay, self._fail, "no tunnel was there in time")
        # libzmq offers the one method that is set up, too; who offers both may lose the name.
        self._send(SOCKS5AuthMethodsRequest([self._method]))

    def dataReceived(self, data: bytes) -> None:
        self._received += data
        while not self._opened.called and self._error is None:
            said = self._received[:10]
            try:
                reply = self._next_reply()
                if reply is None:
                    return
                self._take(reply)
            except MalformedReply:
                self._fail(f"it does not speak SOCKS5: {said!r}")

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._cancel_timer()
        if not self._opened.called:
            problem = f"it closed the connection: {reason.getErrorMessage()}"
            self._opened.errback(self._error or ProxyError(self._proxy, problem))
        self._gone.callback(None)

    # The conversation

    @property
    def _method(self) -> SOCKS5AuthMethod:
        if self._username is None:
            return SOCKS5AuthMethod.NO_AUTH_REQUIRED
        return SOCKS5AuthMethod.USERNAME_PASSWORD

    def _send(
        self,
        request: SOCKS5AuthMethodsRequest | SOCKS5UsernamePasswordRequest | SOCKS5CommandRequest,
    ) -> None:
        self._socks.send(request)
        self.transport.write(self._socks.data_to_send())

    def _next_reply(self) -> bytes | None:
        """The next reply, when all of it has arrived; what follows it stays."""
        received = self._received
        state = self._socks.state
        version = 1 if state is SOCKS5State.SERVER_VERIFY_USERNAME_PASSWORD else 5
        if received and received[0] != version:
            raise MalformedReply
        size = 2
        if state is SOCKS5State.CLIENT_AUTHENTICATED:
            if len(received) > 1 and received[1] != 0:
                # Not all send the rest of it.
                self._fail(f"it could not connect: {_meaning(received[1])}", received[1])
                return None
            size = _HEAD + 1
            if len(received) >= size:
                size = _HEAD + _address_size(received[3:5]) + _PORT
        if len(received) < size:
            return None
        self._received = received[size:]
        return received[:size]

    def _take(self, reply: bytes) -> None:
        state = self._socks.state
        if state is SOCKS5State.CLIENT_AUTHENTICATED:
            self._hand_over()  # socksio would decode the proxy's own address, which nobody needs
            return
        answer = self._socks.receive_data(reply)
        if state is SOCKS5State.SERVER_VERIFY_USERNAME_PASSWORD:
            if self._socks.state is SOCKS5State.CLIENT_AUTHENTICATED:
                self._ask_for_tunnel()
            else:
                self._fail("it refused the user name or the password")
        elif answer != SOCKS5AuthReply(self._method):
            self._fail(f"it does not accept the method {self._method.name}")
        elif self._username is not None:
            name, password = self._username.encode(), self._password.encode()
            self._send(SOCKS5UsernamePasswordRequest(name, password))
        else:
            self._ask_for_tunnel()

    def _ask_for_tunnel(self) -> None:
        target = (self._target.host, self._target.port)
        self._send(SOCKS5CommandRequest.from_address(SOCKS5Command.CONNECT, target))

    def _hand_over(self) -> None:
        """Let the new protocol have the transport, and what the peer has said already."""
        self._cancel_timer()
        transport: Any = self.transport
        protocol = self._build(host_and_port(self._target.host, self._target.port))
        # Before anything can go wrong with the new one: from now on it is not this tunnel's matter.
        self._opened.callback(None)
        transport.protocol = protocol  # as Twisted itself does where it changes protocols
        protocol.makeConnection(transport)
        if self._received:
            protocol.dataReceived(self._received)

    # The end

    def _fail(self, problem: str, reply: int | None = None) -> None:
        self._error = ProxyError(self._proxy, problem, reply)
        self._stop()

    def _stop(self) -> None:
        self._cancel_timer()
        self.transport.abortConnection()

    def _cancel_timer(self) -> None:
        if self._timer is not None and self._timer.active():
            self._timer.cancel()


def _address_size(start: bytes) -> int:
    """The bytes of an address, of whose type and first byte ``start`` consists."""
    kind = start[:1]
    if kind == SOCKS5AType.DOMAIN_NAME:
        return 1 + start[1]
    for known, size in _ADDRESS_SIZES.items():
        if kind == known:
            return size
    raise MalformedReply


def _meaning(reply: int) -> str:
    """What a number stands for that the tunnel was refused with."""
    try:
        return SOCKS5ReplyCode(bytes((reply,))).name.lower().replace("_", " ")
    except ValueError:  # of its own: Tor has some
        return "for a reason of its own"
