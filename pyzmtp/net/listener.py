"""One bind of a socket: :class:`Listener`."""

from __future__ import annotations

from collections import Counter
from typing import Final

from attrs import frozen
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import ServerFactory
from twisted.python.failure import Failure

from pyzmtp.engine.events import Accepted, AcceptFailed, BindFailed, CloseFailed, Listening
from pyzmtp.errors import BindError, NotAdmitted, SocketClosed, TooManyPeers
from pyzmtp.net.accepting import watch_accepts
from pyzmtp.net.address import IpcAddress, TcpAddress, WebsocketAddress
from pyzmtp.net.admission import admits
from pyzmtp.net.core import SocketCore
from pyzmtp.net.keeper import Keeper
from pyzmtp.net.kernel import file_number
from pyzmtp.net.listening import ListeningAt, listen
from pyzmtp.net.outcome import exception_of
from pyzmtp.net.places import ServerPlace, name_of
from pyzmtp.net.protocol import ZMTPProtocol
from pyzmtp.net.reactor import Reactor
from pyzmtp.options import SocketOptions
from pyzmtp.patterns.pipe import Pipe
from pyzmtp.peer import Peer

__all__ = ["Listener"]

#: Seconds that a handshake may take before it counts as held up.
_GRACE: Final = 0.5


@frozen
class _HalfOpen:
    """Where a connection came from, and when."""

    host: str
    since: float


class Listener(Keeper):
    """Listens at one place, and keeps the connections that it has accepted.

    A connection gets a pipe when its handshake is done, and the pipe ends with it. Until then it
    counts among the half-open ones, of which there are only so many.
    """

    incoming = True
    place: ServerPlace

    def __init__(
        self, core: SocketCore, place: ServerPlace, where: object, options: SocketOptions
    ) -> None:
        super().__init__(core, name_of(where), where, place, options)
        self._listening: ListeningAt | None = None
        self._starting: Deferred[str] | None = None
        self._accepting = True
        self._half_open: dict[ZMTPProtocol, _HalfOpen] = {}  # in the order of their coming
        self._half_open_by_host: Counter[str] = Counter()

    def start(self, reactor: Reactor) -> Deferred[str]:
        """Begin to listen; fires with the real address.

        Fails with what :func:`listen` raises, and with :exc:`SocketClosed` if it is stopped meanwhile.
        """
        self._starting = Deferred.fromCoroutine(self._start(reactor))
        bound: Deferred[str] = Deferred(self._cancel_start)
        self._starting.addBoth(self._started).chainDeferred(bound)
        return bound

    def _cancel_start(self, bound: Deferred[str]) -> None:
        if self._starting is not None:
            self._starting.cancel()

    def _started(self, result: str | Failure) -> str | Failure:
        self._starting = None
        if isinstance(result, Failure):
            if isinstance(result.value, CancelledError) and not self._accepting:
                result = Failure(SocketClosed())
            self._core.forget(self)
            self._core.emit(BindFailed(self.address, exception_of(result)))
        self._check_stopped()
        return result

    async def _start(self, reactor: Reactor) -> str:
        factory = _Acceptor(self)
        core = self._core
        takes_over = isinstance(self.place, TcpAddress | IpcAddress | WebsocketAddress)
        if takes_over and self.options.use_fd in core.adopted:
            # By now the number may be anybody's.
            raise BindError(self.address, ValueError("an earlier bind has taken use_fd over"))
        listening = await listen(reactor, self.place, self.address, self.options, factory)
        self._listening = listening
        if listening.descriptor is not None:
            core.adopted.add(listening.descriptor)
        self.address = listening.address
        self._fileno = file_number(listening.port)
        watch_accepts(listening.port, self._accept_failed)
        self._begun = True
        self._core.emit(Listening(self.address, self._fileno))
        return self.address

    def _accept_failed(self, error: OSError) -> None:
        # Not at once: this is in the midst of Twisted's loop of accept(), short of descriptors.
        def tell() -> None:
            if not self._closed:
                self._core.emit(AcceptFailed(self.address, error))

        self._core.turn.join(tell)

    # Half-open connections

    def connection_made(self, protocol: ZMTPProtocol) -> None:
        super().connection_made(protocol)
        host = protocol.peer_address.rpartition(":")[0]
        self._half_open[protocol] = _HalfOpen(host, self._core.reactor.seconds())
        self._half_open_by_host[host] += 1
        self._core.emit(Accepted(self.address, protocol.peer_address, *self._protocols[protocol]))
        options = self.options
        if not self._accepting:
            protocol.abort()
        elif not admits(options, protocol.transport):
            protocol.turn_away(NotAdmitted(protocol.peer_address))
        elif len(self._half_open) > options.max_half_open:
            self._drop_one(None, options.max_half_open)
        elif host and self._half_open_by_host[host] > options.max_half_open_per_address:
            self._drop_one(host, options.max_half_open_per_address)

    def _drop_one(self, host: str | None, limit: int) -> None:
        """Turn away one connection from ``host``, or from anywhere: there are more than ``limit``.

        A handshake takes milliseconds. Who has had half a second makes way, so that those who say
        nothing cannot keep others out; if nobody has, an honest crowd is coming, and the last one has
        to try again. It comes in within a second then.
        """
        matching = [one for one, came in self._half_open.items() if host in (None, came.host)]
        oldest, newest = matching[0], matching[-1]
        age = self._core.reactor.seconds() - self._half_open[oldest].since
        unlucky = oldest if age >= _GRACE else newest
        self._no_longer_half_open(unlucky)
        unlucky.drop(TooManyPeers(limit))

    def _no_longer_half_open(self, protocol: ZMTPProtocol) -> None:
        came = self._half_open.pop(protocol, None)
        if came is not None:
            self._half_open_by_host[came.host] -= 1
            if not self._half_open_by_host[came.host]:
                del self._half_open_by_host[came.host]

    # The keeper's part

    def handshake_done(self, protocol: ZMTPProtocol, peer: Peer) -> Pipe:
        self._no_longer_half_open(protocol)
        return super().handshake_done(protocol, peer)

    def connection_lost(self, protocol: ZMTPProtocol, reason: Exception) -> None:
        self._no_longer_half_open(protocol)
        super().connection_lost(protocol, reason)

    def _pipe_for(self, peer: Peer) -> Pipe:
        pipe = self._core.pattern.new_pipe(self.options)
        pipe.peer = peer
        self._core.pattern.attach(pipe)
        return pipe

    def _after_loss(self, pipe: Pipe | None, reason: Exception) -> None:
        if pipe is not None:
            if pipe.attached:
                self._core.pattern.peer_left(pipe)
            # libzmq: what was received stays readable, what was queued for the peer is gone.
            self._core.retire(pipe, self.address, reason)

    def _is_idle(self) -> bool:
        return self._listening is None and self._starting is None

    def stop_accepting(self) -> None:
        """Listen no more. The peers that there are stay; those that are not ready yet go."""
        if not self._accepting:
            return
        self._accepting = False
        for protocol in list(self._half_open):
            protocol.abort()
        if self._starting is not None:
            self._starting.cancel()
        if self._listening is not None:
            Deferred.fromCoroutine(self._listening.stop()).addBoth(self._port_stopped)

    def _begin_stop(self) -> None:
        super()._begin_stop()
        self.stop_accepting()

    def _port_stopped(self, result: object) -> None:
        if isinstance(result, Failure):
            self._core.emit(CloseFailed(self.address, exception_of(result)))
        self._listening = None
        self._check_stopped()


class _Acceptor(ServerFactory):
    """Hands Twisted a protocol for each connection."""

    noisy = False

    def __init__(self, listener: Listener) -> None:
        self._listener = listener

    def buildProtocol(self, addr: IAddress | None) -> ZMTPProtocol:
        return self._listener.new_protocol()
