"""What a bind and a connect have in common: :class:`Keeper`."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import inf
from typing import ClassVar, NamedTuple

from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IDelayedCall

from pyzmtp.authentication import ZAP, AuthenticationRequest, Refusal, Verdict
from pyzmtp.engine.events import (
    Closed,
    Disconnected,
    Event,
    HandshakeFailed,
    HandshakeSucceeded,
)
from pyzmtp.errors import ProtocolError
from pyzmtp.net.authentication import authenticate, zap_address
from pyzmtp.net.core import SocketCore, policy_of
from pyzmtp.net.kernel import file_number
from pyzmtp.net.limiter import Limiter
from pyzmtp.net.outcome import Outcome
from pyzmtp.net.protocol import ZMTPProtocol
from pyzmtp.net.tls import verified_certificate
from pyzmtp.options import SocketOptions
from pyzmtp.patterns.pipe import Pipe
from pyzmtp.peer import Peer

__all__ = ["Keeper", "Marks"]


class Marks(NamedTuple):
    """By what the events of one connection are told from those of others; see :class:`Event`."""

    connection: int
    fileno: int | None


class Keeper:
    """One bind or one connect of a socket, and the connections that came of it.

    :ivar address: what it is called in events: the real address, once it is known.
    :ivar where: what the user gave: the address or endpoint.
    :ivar place: what that means.
    :ivar options: the socket's options at the time that it was made, unless others are given. They
        stay, as in libzmq.
    """

    incoming: ClassVar[bool]
    _fileno: int | None = None  # of what listens

    def __init__(
        self,
        core: SocketCore,
        address: str,
        where: object,
        place: object,
        options: SocketOptions | None = None,
    ) -> None:
        self.address = address
        self.where = where
        self.place = place
        self.options = core.options if options is None else options
        self._core = core
        self._questions = Limiter(self.options.max_authentications)
        self._protocols: dict[ZMTPProtocol, Marks] = {}
        self._stopped: Outcome[bool] | None = None  # set from stop() on
        self._begun = False  # there was an event that has to be answered by Closed
        self._closed = False
        self._given_up_for: Exception | None = None
        self._linger: IDelayedCall | None = None
        self._give_up_at = inf

    @property
    def pipes(self) -> list[Pipe]:
        """The pipes in service."""
        return [protocol.pipe for protocol in self._protocols if protocol.pipe is not None]

    def new_protocol(self, peer_address: str = "") -> ZMTPProtocol:
        """The protocol of a connection that is being made; see there for ``peer_address``."""
        return ZMTPProtocol(self._core, self, self.incoming, peer_address)

    # What a protocol tells

    def connection_made(self, protocol: ZMTPProtocol) -> None:
        """The transport is there."""
        number = self._core.number_connection()
        self._protocols[protocol] = Marks(number, file_number(protocol.transport))

    def authenticate(
        self,
        protocol: ZMTPProtocol,
        credentials: tuple[bytes, ...],
        revoke: Callable[[str], None],
    ) -> tuple[AuthenticationRequest, Deferred[Verdict]]:
        """Ask whether a peer may come in; fails with :exc:`ProtocolError` for no answer.

        The request is to be kept for as long as the connection, which ``revoke`` is to end.
        """
        options = self.options
        policy, domain = policy_of(options)
        request = AuthenticationRequest(
            mechanism=policy.mechanism,
            domain=domain,
            address=zap_address(protocol.transport),
            routing_id=options.routing_id,
            credentials=credentials,
            certificate=verified_certificate(protocol.transport, of_client=self.incoming),
            revoke=revoke,
            ask_zap=partial(self._core.ask_zap, True),
        )
        check = policy.check

        def ask() -> Deferred[Verdict]:
            if check is None:
                return succeed(Refusal(reason="the policy lets nobody in"))
            chosen = check
            if chosen is ZAP:
                chosen = partial(self._core.ask_zap, options.zap_enforce_domain)
            timeout = options.authentication_timeout
            return Deferred.fromCoroutine(
                authenticate(self._core.reactor, chosen, request, timeout)
            )

        return request, self._questions.run(ask)

    def handshake_done(self, protocol: ZMTPProtocol, peer: Peer) -> Pipe:
        """The peer is ready: give it a pipe. Raises :exc:`ProtocolError` for one that is refused."""
        pipe = self._pipe_for(peer)
        pipe.reads_commands = peer.reads_commands
        if pipe.attached:
            self._core.pattern.ready(pipe)
        return pipe

    def joined(self, protocol: ZMTPProtocol, pipe: Pipe) -> None:
        """The pipe and its connection have found each other: all is set up."""
        assert pipe.peer is not None
        if not self._core.pattern.socket_type.is_raw:  # it has no handshake, and libzmq no event
            number = self._protocols[protocol].connection
            self._core.emit(HandshakeSucceeded(self.address, pipe.peer, number))

    def connection_lost(self, protocol: ZMTPProtocol, reason: Exception) -> None:
        """The connection is over, by the peer's fault or with its transport."""
        pipe = protocol.pipe
        peer = None if pipe is None else pipe.peer
        where, marks = protocol.peer_address, self._protocols[protocol]
        events: list[Event] = [Disconnected(self.address, peer, reason, where, *marks)]
        own_doing = self._stopped is not None and not isinstance(reason, ProtocolError)
        if peer is None and not own_doing:
            events.insert(0, HandshakeFailed(self.address, where, reason, marks.connection))
        self._core.emit(*events)
        self._after_loss(pipe, reason)

    def transport_gone(self, protocol: ZMTPProtocol) -> None:
        """Nothing is left of the connection."""
        del self._protocols[protocol]
        self._check_stopped()

    # What the two kinds do differently

    def _pipe_for(self, peer: Peer) -> Pipe:
        """An attached pipe for a peer that is ready."""
        raise NotImplementedError

    def _after_loss(self, pipe: Pipe | None, reason: Exception) -> None:
        """A connection is gone, and its pipe with it or not."""
        raise NotImplementedError

    def _is_idle(self) -> bool:
        """Whether nothing is going on any more but perhaps connections."""
        raise NotImplementedError

    # The end

    def stop(self, linger: float | None) -> Deferred[bool]:
        """Send what is queued, for ``linger`` seconds at the most, then end all connections.

        The Deferred fires when nothing of this keeper is left in the reactor. A second call can only
        shorten the time.
        """
        if self._stopped is None:
            self._stopped = Outcome()
            self._begin_stop()
        now = self._core.reactor.seconds()
        give_up_at = inf if linger is None else now + linger
        if give_up_at < self._give_up_at:
            self._give_up_at = give_up_at
            self._cancel_linger()
            if give_up_at > now:
                self._linger = self._core.reactor.callLater(give_up_at - now, self._give_up)
            else:
                self._give_up()
        self._check_stopped()
        return self._stopped.ask()

    def _cancel_linger(self) -> None:
        if self._linger is not None and self._linger.active():
            self._linger.cancel()

    def _begin_stop(self) -> None:
        """Route nothing more to the peers, and part from each that has nothing left to be sent."""
        for pipe in self.pipes:
            self._core.pattern.detach(pipe)
        for protocol in list(self._protocols):
            protocol.finish()

    def _give_up(self) -> None:
        for protocol in list(self._protocols):
            protocol.abort()
        self._check_stopped()

    def _check_stopped(self) -> None:
        if self._stopped is None or self._protocols or not self._is_idle():
            return
        self._cancel_linger()
        if not self._closed:
            self._closed = True
            if self._begun:
                self._core.emit(Closed(self.address, self._fileno, self._given_up_for))
            self._stopped.succeed(True)
