"""One bind or connect to ``udp://``: :class:`UdpKeeper`."""

from __future__ import annotations

import errno
from ipaddress import ip_address
from typing import Any, Final

from twisted.internet.defer import CancelledError, Deferred, maybeDeferred
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IReactorMulticast, IReactorUDP
from twisted.internet.protocol import DatagramProtocol
from twisted.python.failure import Failure

from pyzmtp.engine.events import BindFailed, Closed, Listening
from pyzmtp.errors import (
    AddressInUse,
    BindError,
    ConnectAborted,
    ConnectError,
    ProtocolError,
    SocketClosed,
    TransportUnavailable,
    ZMTPError,
)
from pyzmtp.net.address import UdpAddress, host_and_port, split_host_and_port
from pyzmtp.net.core import SocketCore
from pyzmtp.net.interfaces import interface_address
from pyzmtp.net.outcome import Outcome
from pyzmtp.net.resolver import resolve
from pyzmtp.patterns.pipe import Pipe
from pyzmtp.patterns.radio import RadioPattern
from pyzmtp.peer import Peer
from pyzmtp.wire.datagram import MAX_DATAGRAM, decode_datagram, encode_datagram
from pyzmtp.wire.message import Message

__all__ = ["UdpKeeper"]

_ANY: Final = {4: "0.0.0.0", 6: "::"}


class UdpKeeper(DatagramProtocol):
    """A port that sends and receives datagrams, and the one pipe between it and the pattern.

    There are no connections and no handshakes: whatever the pattern queues is sent at once, and what
    comes while the inbox is full is dropped.

    :ivar address, where: as those of :class:`pyzmtp.net.keeper.Keeper`.
    :ivar options: the socket's options at the time that it was made.
    :ivar outcome: fires with a peer that stands for whoever is there, or with why there is no port.
    """

    noisy = False
    transport: Any

    def __init__(self, core: SocketCore, reactor: object, place: UdpAddress, where: str) -> None:
        self.address = self.where = where
        self.options = core.options
        self.outcome: Outcome[Peer] = Outcome()
        self._core = core
        self._reactor = reactor
        self._place = place
        self._is_raw = core.pattern.socket_type.is_raw
        self._binds = not isinstance(core.pattern, RadioPattern)
        self._target: tuple[str, int] | None = None
        self._port: Any = None  # IListeningPort, and IMulticastTransport where it is one
        self._starting: Deferred[None] | None = None
        self._stopped: Outcome[bool] | None = None
        self._pipe = core.pattern.new_pipe(self.options)
        self._pipe.peer = self._new_peer("")

    def _new_peer(self, peer_address: str) -> Peer:
        return Peer(
            address=self.address,
            peer_address=peer_address,
            incoming=self._binds,
            version=(0, 0),
            mechanism="",
        )

    @property
    def pipes(self) -> list[Pipe]:
        """The pipe."""
        return [self._pipe]

    # The beginning

    def start(self) -> None:
        """Open the port. Raises :exc:`ProtocolError` if the socket takes no further one."""
        pattern = self._core.pattern
        pattern.attach(self._pipe)
        if isinstance(pattern, RadioPattern):
            pattern.send_all_to(self._pipe)
        self._starting = Deferred.fromCoroutine(self._start())
        self._starting.addBoth(self._started)

    async def _start(self) -> None:
        place, reactor = self._place, self._reactor
        if not IReactorUDP.providedBy(reactor):
            raise TransportUnavailable(self.address, "IReactorUDP")
        host = interface_address(place.host) if self._binds else place.host
        if place.host == "*":
            host = _ANY[6 if self.options.ipv6 else 4]
        elif host is None or not self._binds:
            [host, *_] = await resolve(reactor, place.host, self.options.ipv6)
        ip = ip_address(host)
        if ip.is_multicast:
            if ip.version == 6:
                raise ValueError("multicast is offered with IPv4 only")
            await self._open_multicast(host)
            return
        if place.interface is not None:
            raise ValueError(f"{host} is no multicast address, so it has no interface")
        if self._binds:
            port = reactor.listenUDP(place.port, self, host, MAX_DATAGRAM)
            real: Any = port.getHost()
            self.address = f"udp://{host_and_port(real.host, real.port)}"
        else:
            port = reactor.listenUDP(0, self, _ANY[ip.version], MAX_DATAGRAM)
            self._target = host, place.port
        self._port = port

    async def _open_multicast(self, group: str) -> None:
        """Join a group, or make ready to send to it."""
        place, reactor = self._place, self._reactor
        if not IReactorMulticast.providedBy(reactor):
            raise TransportUnavailable(self.address, "IReactorMulticast")
        interface = ""
        if place.interface not in (None, "*"):
            interface = interface_address(place.interface) or place.interface
        number = place.port if self._binds else 0
        self._port = reactor.listenMulticast(
            number, self, _ANY[4], MAX_DATAGRAM, listenMultiple=self._binds
        )
        if self._binds:
            await self.transport.joinGroup(group, interface)
            return
        self.transport.setTTL(self.options.multicast_hops)
        self.transport.setLoopbackMode(self.options.multicast_loop)
        if interface:
            await maybeDeferred(self.transport.setOutgoingInterface, interface)
        self._target = group, place.port

    def _started(self, result: Failure | None) -> None:
        self._starting = None
        if isinstance(result, Failure):
            self._fail(self._error_of(result))
        elif self._stopped is not None:
            self._stop_port()
        else:
            name = host_and_port(*self._target) if self._target is not None else ""
            self._pipe.peer = peer = self._new_peer(name)
            self._pipe.link = self
            if self._binds:
                self._core.emit(Listening(self.address))
            self.outcome.succeed(peer)
            self._send()

    def _error_of(self, failure: Failure) -> Exception:
        error: Any = failure.value
        if isinstance(error, CancelledError):
            return SocketClosed() if self._binds else ConnectAborted(self.address)
        if isinstance(error, CannotListenError):
            error = error.socketError
        if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
            return AddressInUse(self.address)
        if isinstance(error, ZMTPError):
            return error
        return (BindError if self._binds else ConnectError)(self.address, error)

    def _fail(self, error: Exception) -> None:
        """There is no port, and there will be none."""
        self._core.retire(self._pipe, self.address, error)
        self._core.forget(self)
        if self._binds:
            self._core.emit(BindFailed(self.address, error))
        self.outcome.fail(error)
        self._stop_port()

    # Datagrams: this is the pipe's link

    def wake(self) -> None:
        """The outbox has its first message."""
        self._send()

    def flush(self) -> None:
        """The outbox is full, which it cannot stay."""
        self._send()

    def resume(self) -> None:
        """The inbox has room again: what came meanwhile is lost."""

    def drop(self, error: ProtocolError) -> None:
        """Bear with it: one datagram that is wrong says nothing of the next, or of its sender."""

    def finish(self) -> None:
        """All that was queued has left already."""

    def reset(self) -> None:
        """There is no connection to lose."""

    def _send(self) -> None:
        pipe = self._pipe
        while pipe.outbox and pipe.link is self:
            message = pipe.outbox[0]
            assert isinstance(message, list)  # commands go only to peers that are ready
            pipe.take_out(1)
            try:
                self._write(message)
            except Exception as error:  # what the system said, or a Twisted error for it
                self._core.lose_sent(pipe, self.address, error)
        pipe.relieved()

    def _write(self, message: Message) -> None:
        if self._is_raw:
            self.transport.write(message[1], split_host_and_port(message[0]))
        else:
            self.transport.write(encode_datagram(message), self._target)

    def datagramReceived(self, datagram: bytes, addr: Any) -> None:
        message: Message | None = None
        if self._is_raw:
            message = [host_and_port(addr[0], addr[1]).encode(), datagram]
        elif self._binds:
            message = decode_datagram(datagram)
        if message is None or self._pipe.link is not self:
            return
        if self._pipe.room() > 0:
            self._pipe.received += 1
            self._core.pattern.deliver(self._pipe, [message])
        else:
            self._core.pattern.dropped_received += 1

    # The end

    def stop_accepting(self) -> None:
        """Nothing: there are no peers to be accepted."""

    def stop(self, linger: float | None) -> Deferred[bool]:
        """Close the port. Nothing is queued that could be waited for, unless a name is unknown yet."""
        if self._stopped is None:
            self._stopped = Outcome()
            opened = self._pipe.link is self
            self._pipe.link = None
            aborted = ConnectAborted(self.address)
            self._core.retire(self._pipe, self.address, aborted, forget_unread=not self._binds)
            if self._starting is not None:
                self._starting.cancel()
            else:
                self._stop_port(opened)
        return self._stopped.ask()

    def _stop_port(self, opened: bool = False) -> None:
        port, self._port = self._port, None

        def stopped(_: object) -> None:
            if opened:
                self._core.emit(Closed(self.address))
            if self._stopped is not None:
                self._stopped.succeed(True)

        if port is None:
            stopped(None)
        else:
            maybeDeferred(port.stopListening).addBoth(stopped)
