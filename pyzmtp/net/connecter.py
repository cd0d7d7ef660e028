"""One connect of a socket: :class:`Connecter`."""

from __future__ import annotations

import random
from typing import Final

from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.error import ConnectionRefusedError
from twisted.internet.interfaces import IDelayedCall
from twisted.python.failure import Failure

from pyzmtp.authentication import TEMPORARY
from pyzmtp.constants import SOCKS_REFUSED, ReconnectStop
from pyzmtp.engine.events import ConnectDelayed, Connected, ConnectRetried
from pyzmtp.errors import (
    AuthenticationFailed,
    AuthenticationRevoked,
    AuthenticationUnavailable,
    ConnectAborted,
    ConnectError,
    HandshakeTimeout,
    HeartbeatTimeout,
    PeerRefused,
    ProtocolError,
    ProxyError,
    RoutingIdInUse,
    TLSFailed,
    TooManyPeers,
    UsageError,
    WebsocketClosed,
)
from pyzmtp.net.core import SocketCore
from pyzmtp.net.dialling import dial
from pyzmtp.net.keeper import Keeper
from pyzmtp.net.outcome import Outcome, exception_of
from pyzmtp.net.places import ClientPlace, name_of
from pyzmtp.net.protocol import ZMTPProtocol
from pyzmtp.net.reactor import IRandomSource, Reactor
from pyzmtp.options import SocketOptions
from pyzmtp.patterns.pipe import Pipe
from pyzmtp.peer import Peer

__all__ = ["Connecter"]

# What a peer may do without being given up: it may be another's turn, or a better moment, next time.
# After all other faults libzmq does not try again either, for the peer would only repeat them.
_FORGIVEN: Final = (
    AuthenticationUnavailable,
    AuthenticationRevoked,
    HandshakeTimeout,
    HeartbeatTimeout,
    RoutingIdInUse,
    TLSFailed,
    TooManyPeers,
    WebsocketClosed,
)


class Connecter(Keeper):
    """Dials one place until it is told to stop, with one pipe that outlives the connections.

    The pipe is attached at once, and its outbox waits for the peer; under ``immediate`` there is a
    pipe only while there is a peer.

    :ivar outcome: fires with the peer of the first handshake, or with why there never will be one.
    :ivar disconnected: whether it is stopped by ``disconnect()``, to be set before :meth:`stop`.
    """

    incoming = False
    place: ClientPlace

    def __init__(
        self,
        core: SocketCore,
        reactor: Reactor,
        place: ClientPlace,
        where: object,
        routing_id: bytes,
        options: SocketOptions,
    ) -> None:
        super().__init__(core, name_of(where), where, place, options)
        self.outcome: Outcome[Peer] = Outcome()
        self.disconnected = False
        self._reactor = reactor
        self._routing_id = routing_id
        self._random = reactor.random if IRandomSource.providedBy(reactor) else random
        self._pipe: Pipe | None = None
        self._attempt: Deferred[None] | None = None
        self._retry: IDelayedCall | None = None
        self._failures = 0  # attempts in a row that led to no handshake
        self._over = False  # no attempt will follow
        self._was_ready = False  # whether the last connection became ready

    def start(self) -> None:
        """Make the first attempt. Raises :exc:`ProtocolError` if the socket takes no further peer."""
        if not self.options.immediate:
            self._pipe = self._new_pipe()
            self._core.pattern.attach(self._pipe)
        self._dial()

    def _new_pipe(self) -> Pipe:
        pipe = self._core.pattern.new_pipe(self.options)
        pipe.routing_id = self._routing_id
        return pipe

    @property
    def pipes(self) -> list[Pipe]:
        return [] if self._pipe is None else [self._pipe]

    # Attempts

    def _dial(self) -> None:
        self._retry = None
        if self._over:
            return
        self._begun = True
        self._core.emit(ConnectDelayed(self.address))
        if self._over:  # whoever heard of it has closed the socket
            return
        self._attempt = Deferred.fromCoroutine(
            dial(self._reactor, self.place, self.options, self.new_protocol)
        )
        self._attempt.addBoth(self._dialled)

    def _dialled(self, result: Failure | None) -> None:
        self._attempt = None
        if isinstance(result, Failure):
            error = exception_of(result)
            if isinstance(error, UsageError):
                self._end(error)  # this reactor will not learn it
            elif not isinstance(error, CancelledError):
                self._try_again(ConnectError(self.address, error))
        self._check_stopped()

    def _try_again(self, error: Exception) -> None:
        """Make another attempt after a while, unless there shall be none."""
        options = self.options
        interval = options.reconnect_interval
        if self._over:
            return
        if self._stops_after_disconnect():
            error = ConnectAborted(self.address)
        if interval is None or isinstance(error, ConnectAborted) or self._stops_at(error):
            self._end(error)
            return
        delay = interval
        if options.reconnect_interval_max > 0:
            delay = min(interval * 2.0 ** min(self._failures, 32), options.reconnect_interval_max)
        # The random part keeps a thousand clients of a server that restarts from coming all at once.
        delay += self._random.uniform(0, min(interval, delay))
        self._failures += 1
        self._core.emit(ConnectRetried(self.address, delay, error))
        if not self._over:  # as above
            self._retry = self._core.reactor.callLater(delay, self._dial)

    def _stops_at(self, error: Exception) -> bool:
        """Whether ``reconnect_stop`` rules another attempt out."""
        stop = self.options.reconnect_stop
        reason = error.reason if isinstance(error, ConnectError) else None
        refused = isinstance(reason, ConnectionRefusedError)
        if isinstance(reason, ProxyError):
            refused = reason.reply == SOCKS_REFUSED
        if ReconnectStop.REFUSED in stop and refused:
            return True
        connected = not isinstance(error, ConnectError)
        return ReconnectStop.HANDSHAKE_FAILED in stop and connected and not self._was_ready

    def _stops_after_disconnect(self) -> bool:
        """Whether ``disconnect()`` was called, and rules another attempt out."""
        stop = self.options.reconnect_stop
        return self.disconnected and ReconnectStop.AFTER_DISCONNECT in stop

    def _end(self, error: Exception) -> None:
        """Give up for good: nothing will be sent any more."""
        if self._over:
            return
        self._over = True
        self._given_up_for = None if isinstance(error, ConnectAborted) else error
        pipe, self._pipe = self._pipe, None
        if pipe is not None:
            # libzmq: after disconnect() nothing of the peer is received any more.
            aborted = isinstance(error, ConnectAborted)
            self._core.retire(pipe, self.address, error, forget_unread=aborted)
        if self._retry is not None:
            self._retry.cancel()
            self._retry = None
        if self._attempt is not None:
            self._attempt.cancel()
        self.outcome.fail(error)
        if self._stopped is None:
            self._core.forget(self)

    # The keeper's part

    def connection_made(self, protocol: ZMTPProtocol) -> None:
        super().connection_made(protocol)
        self._was_ready = False
        self._core.emit(Connected(self.address, protocol.peer_address, *self._protocols[protocol]))
        if self._stopped is not None:
            protocol.finish()
        host = protocol.transport.getHost()
        if isinstance(host, IPv4Address | IPv6Address) and host == protocol.transport.getPeer():
            # TCP's simultaneous open: retrying a free local port can connect a socket to itself.
            protocol.abort()

    def _pipe_for(self, peer: Peer) -> Pipe:
        pipe = self._pipe
        if pipe is None:
            # Known before it is attached: whoever is waiting to send may disconnect or close at once.
            pipe = self._pipe = self._new_pipe()
            pipe.peer = peer
            try:
                self._core.pattern.attach(pipe)
            except ProtocolError:
                self._pipe = None
                raise
        pipe.change_peer(peer)
        return pipe

    def joined(self, protocol: ZMTPProtocol, pipe: Pipe) -> None:
        super().joined(protocol, pipe)
        self._failures = 0
        self._was_ready = True
        assert pipe.peer is not None
        self.outcome.succeed(pipe.peer)

    def _after_loss(self, pipe: Pipe | None, reason: Exception) -> None:
        if pipe is not None and not self._over:
            if self.options.immediate:
                # libzmq: the pipe goes with the connection, and both of its queues with the pipe.
                self._pipe = None
                self._core.retire(pipe, self.address, reason, forget_unread=True)
            elif not pipe.attached and self._stopped is None:
                # The pattern has parted from it: another peer took over its routing id.
                self._pipe = None
                self._core.retire(pipe, self.address, reason)
            else:
                self._core.pattern.hiccup(pipe)
        if isinstance(reason, ProtocolError) and not self._is_forgiven(reason):
            self._end(reason)
        elif self._stopped is None or self._has_to_send():
            self._try_again(reason)
        else:
            self._end(ConnectAborted(self.address))

    def _is_forgiven(self, fault: ProtocolError) -> bool:
        if isinstance(fault, AuthenticationFailed) and fault.status == TEMPORARY:
            return True
        if isinstance(fault, AuthenticationFailed | PeerRefused):
            return self.options.reconnect_after_refusal
        return isinstance(fault, _FORGIVEN)

    def _has_to_send(self) -> bool:
        return self._pipe is not None and bool(self._pipe.outbox)

    def _is_idle(self) -> bool:
        return self._over and self._attempt is None

    def _begin_stop(self) -> None:
        connected = self._pipe is not None and self._pipe.ready
        super()._begin_stop()
        waiting = self._retry is not None and self._stops_after_disconnect()
        if not self._over and not connected and (waiting or not self._has_to_send()):
            self._give_up()

    def _give_up(self) -> None:
        self._end(ConnectAborted(self.address))
        super()._give_up()
