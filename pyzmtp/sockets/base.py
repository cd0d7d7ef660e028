"""What every socket can do: bind, connect, be watched, close."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from types import EllipsisType
from typing import Any, ClassVar, TypeVar

from attrs import evolve
from twisted.internet.defer import Deferred, fail, gatherResults, succeed

from pyzmtp.constants import SocketType
from pyzmtp.engine.events import Event
from pyzmtp.errors import (
    AddressError,
    SocketClosed,
    UnknownEndpoint,
    UsageError,
    ZMTPError,
)
from pyzmtp.monitor import EventStream, Monitor
from pyzmtp.net.address import InprocAddress, UdpAddress, WebsocketAddress
from pyzmtp.net.connecter import Connecter
from pyzmtp.net.core import SocketCore, policy_of
from pyzmtp.net.inproc import InprocConnecter, InprocListener
from pyzmtp.net.listener import Listener
from pyzmtp.net.outcome import Outcome
from pyzmtp.net.places import client_place, server_place
from pyzmtp.net.reactor import Reactor
from pyzmtp.net.udp import UdpKeeper
from pyzmtp.options import SocketOptions, options_for
from pyzmtp.patterns.base import Pattern
from pyzmtp.patterns.pipe import Pipe
from pyzmtp.peer import Peer
from pyzmtp.security.policy import Policy
from pyzmtp.sockets.stats import PeerQueues, Stats
from pyzmtp.zap import ask_zap

__all__ = ["Socket"]

_Self = TypeVar("_Self", bound="Socket")
_Bind = Listener | InprocListener | UdpKeeper
_Connect = Connecter | InprocConnecter | UdpKeeper

# libzmq: to connect these twice to the same address is to connect them once.
_CONNECT_ONCE = frozenset({SocketType.DEALER, SocketType.SUB, SocketType.PUB, SocketType.REQ})

_NO_BYTES = "inproc:// and ws:// carry messages, and this type exchanges bytes"

# These know their peers by routing ids.
_NAMES_PEERS = frozenset({SocketType.ROUTER, SocketType.STREAM})


class Socket:
    """The base of all sockets.

    ``reactor`` is the reactor to run on, ``options`` the settings, each of which can be overridden by
    keyword. Nothing happens before the first :meth:`bind` or :meth:`connect`. After :meth:`close` has
    fired, nothing of the socket is left in the reactor. ``async with`` closes at its end.
    """

    socket_type: SocketType
    _pattern_class: ClassVar[type[Pattern]]
    _udp_way: ClassVar[str] = ""  # "bind" or "connect": what it can do with udp://
    _only_udp: ClassVar[bool] = False
    _pattern: Pattern

    def __init__(
        self, reactor: Reactor, options: SocketOptions | None = None, **overrides: Any
    ) -> None:
        if not hasattr(reactor, "callLater"):
            raise TypeError(f"the first argument is the reactor, not {type(reactor).__name__}")
        self._options = options_for(self.socket_type, options, overrides)
        self._reactor = reactor
        self._pattern = self._new_pattern(self._options)
        self._monitor = Monitor(reactor)
        self._core = SocketCore(
            reactor,
            self._options,
            self._pattern,
            self._monitor.emit,
            self._let_go,
            partial(ask_zap, reactor),
        )
        self._binds: list[_Bind] = []
        self._connects: list[_Connect] = []
        # Names that were given back, whose links live on, as in libzmq.
        self._released: list[InprocListener] = []
        self._parting: list[_Bind | _Connect] = []  # these linger
        self._last_endpoint = ""
        self._closed: Outcome[bool] | None = None

    def _new_pattern(self, options: SocketOptions) -> Pattern:
        return self._pattern_class(options)

    def configure(self, **changes: Any) -> None:
        """Change options of the open socket: ``socket.configure(linger=0, send_hwm=10)``.

        docs/options.md tells of each when it takes effect: at once, for the peers that are there too,
        or at the next :meth:`bind` or :meth:`connect`; those before go on with the options that they
        were made with. Raises what the constructor raises, and then nothing is changed;
        :exc:`SocketClosed`. (``zmq_setsockopt``)
        """
        self._check_open()
        self._options = self._core.options = options_for(self.socket_type, self._options, changes)
        if "use_fd" in changes:
            self._core.adopted.clear()  # the number means another descriptor now
        self._pattern.configure(self._options)

    # Addresses

    def bind(self, where: object, *, security: Policy | None = None) -> Deferred[str]:
        """Listen at ``where``; fires with the real address, the port or path filled in.

        ``where``: a ZeroMQ address (``tcp://``, ``ipc://``, ``inproc://``, ``ws://``, ``wss://``), an
        endpoint string or an ``IStreamServerEndpoint``. ``tcp://*:*`` takes any free port,
        ``tcp://*:5000-5100`` the first free one of these. With the option ``use_fd``, an address of a kind
        that has descriptors only says of what kind the given socket is. ``security`` is the policy of this
        bind, in place of the option of that name.

        Raises :exc:`AddressError`; fails with :exc:`AddressInUse`, :exc:`BindError` or
        :exc:`TransportUnavailable`. (``zmq_bind``)
        """
        self._check_open()
        place = server_place(self._reactor, where)
        self._check_place(where, place, "bind")
        options = self._options_at(where, place, security)
        if isinstance(place, InprocAddress):
            inproc = InprocListener(self._core, place.name)
            self._binds.append(inproc)
            try:
                return succeed(self._bound(inproc.start()))
            except ZMTPError as error:
                self._forget(inproc)
                return fail(error)
        if isinstance(place, UdpAddress):
            return self._bind_udp(UdpKeeper(self._core, self._reactor, place, str(where)))
        listener = Listener(self._core, place, where, options)
        self._binds.append(listener)
        return listener.start(self._reactor).addCallback(self._bound)

    def _bind_udp(self, keeper: UdpKeeper) -> Deferred[str]:
        self._binds.append(keeper)
        try:
            keeper.start()
        except ZMTPError as error:
            self._forget(keeper)
            keeper.outcome.fail(error)
        return keeper.outcome.ask().addCallback(lambda _: self._bound(keeper.address))

    def _bound(self, address: str) -> str:
        self._last_endpoint = address
        return address

    def connect(
        self, where: object, *, routing_id: bytes = b"", security: Policy | None = None
    ) -> Deferred[Peer]:
        """Connect to ``where``, and go on trying in the background.

        Fires with the peer when the first handshake is done; fails with the reason when there never
        will be one. It may be dropped: messages are queued meanwhile, and nothing unhandled is logged.

        ``where``: as for :meth:`bind`, with an ``IStreamClientEndpoint``. With ``socks_proxy``,
        ``tcp://`` and ``ws://`` go through that; :exc:`LibraryMissing` without socksio, and for
        ``ws://`` without wsproto. ``routing_id`` is what a ROUTER or STREAM shall call the peer
        (ZMQ_CONNECT_ROUTING_ID). ``security``: as for :meth:`bind`. (``zmq_connect``)
        """
        self._check_open()
        place = client_place(self._reactor, where)
        self._check_place(where, place, "connect")
        options = self._options_at(where, place, security)
        if routing_id:
            if self.socket_type not in _NAMES_PEERS:
                raise UsageError(f"a {self.socket_type.value} socket gives its peers no routing_id")
            SocketOptions(routing_id=routing_id)  # raises what is wrong with it
        if self.socket_type in _CONNECT_ONCE:
            for connect in self._connects:
                if where in (connect.where, connect.address):
                    return connect.outcome.ask()
        connecter: _Connect
        if isinstance(place, InprocAddress):
            connecter = InprocConnecter(self._core, place.name, routing_id)
        elif isinstance(place, UdpAddress):
            connecter = UdpKeeper(self._core, self._reactor, place, str(where))
        else:
            connecter = Connecter(self._core, self._reactor, place, where, routing_id, options)
        self._connects.append(connecter)
        try:
            connecter.start()
            self._last_endpoint = connecter.address
        except ZMTPError as error:
            self._forget(connecter)
            connecter.outcome.fail(error)
        return connecter.outcome.ask()

    def _check_place(self, where: object, place: object, way: str) -> None:
        name = self.socket_type.value
        if isinstance(place, UdpAddress):
            if way != self._udp_way:
                raise AddressError(where, f"a {name} socket cannot {way} to udp://")
        elif self._only_udp:
            raise AddressError(where, f"a {name} socket has no transport but udp://")
        if isinstance(place, InprocAddress | WebsocketAddress) and self.socket_type.is_raw:
            raise AddressError(where, _NO_BYTES)

    def _options_at(self, where: object, place: object, security: Policy | None) -> SocketOptions:
        """The options of a bind or connect to ``place``, whose own policy ``security`` is, if any.

        Raises :exc:`UsageError` for a policy that can decide nothing, or does nothing there.
        """
        options = self._options
        if security is not None:
            options = options_for(self.socket_type, options, {"security": security})
        policy, _ = policy_of(options)
        unprotected = isinstance(place, InprocAddress) and security is not None
        if unprotected or (isinstance(place, UdpAddress) and options.security is not None):
            raise UsageError(f"{where} knows no security")
        if policy.needs_check and policy.check is None:
            raise UsageError(f"{policy!r} lets nobody in: give it a collection, a callable or ZAP")
        return options

    def unbind(self, address: object) -> Deferred[None]:
        """Listen no more at ``address`` (as :meth:`bind` returned it), and part from who came there.

        What is queued for them is sent first, for as long as ``linger`` allows; what they sent can
        still be received. Fails with :exc:`UnknownEndpoint`. (``zmq_unbind``)
        """
        found = [bind for bind in self._binds if _is_at(bind, address)]
        if not found:
            return fail(UnknownEndpoint(address))
        for bind in found:
            self._binds.remove(bind)
            if isinstance(bind, InprocListener):
                self._released.append(bind)
                bind.release()
        lasting = [bind for bind in found if not isinstance(bind, InprocListener)]
        return self._part(lasting, self._options.linger)

    def disconnect(self, where: object) -> Deferred[None]:
        """Undo :meth:`connect`: send what is queued, for as long as ``linger`` allows, and part.

        What the peer sent and was not received yet is dropped. Fails with :exc:`UnknownEndpoint`.
        (``zmq_disconnect``)
        """
        found = [connect for connect in self._connects if _is_at(connect, where)]
        if not found:
            return fail(UnknownEndpoint(where))
        for connect in found:
            self._connects.remove(connect)
            if isinstance(connect, Connecter):
                connect.disconnected = True
        return self._part(found, self._options.linger)

    def _part(self, keepers: Sequence[_Bind | _Connect], linger: float | None) -> Deferred[None]:
        """Let binds or connects come to their end, which close() can hasten."""
        self._parting += keepers
        ended: Outcome[bool] = Outcome()  # whoever waits for it may lose patience

        def parted(_: object) -> None:
            for keeper in keepers:
                if keeper in self._parting:
                    self._parting.remove(keeper)
            ended.succeed(True)

        gatherResults([keeper.stop(linger) for keeper in keepers]).addCallback(parted)
        asked: Deferred[Any] = ended.ask()
        return asked.addCallback(lambda _: None)

    def _let_go(self, keeper: object) -> None:
        """A bind or connect has come to its end by itself; what is left of it ends with close()."""
        self._forget(keeper)
        if isinstance(keeper, Connecter):
            self._part([keeper], None)

    def _forget(self, keeper: object) -> None:
        self._binds = [bind for bind in self._binds if bind is not keeper]
        self._connects = [connect for connect in self._connects if connect is not keeper]
        self._released = [bind for bind in self._released if bind is not keeper]

    # Watching

    @property
    def options(self) -> SocketOptions:
        """The present settings: those it was made with, and what :meth:`configure` changed."""
        return self._options

    @property
    def last_endpoint(self) -> str:
        """The address of the last :meth:`bind`, port and all, or :meth:`connect`; empty before.

        (ZMQ_LAST_ENDPOINT)
        """
        return self._last_endpoint

    @property
    def closed(self) -> bool:
        """Whether :meth:`close` has been called."""
        return self._closed is not None

    @property
    def peers(self) -> tuple[Peer, ...]:
        """The peers that are ready, in no particular order."""
        return tuple(pipe.peer for pipe in self._pipes() if pipe.peer is not None and pipe.ready)

    @property
    def stats(self) -> Stats:
        """The socket's counters at this moment."""
        pipes = self._pipes()
        core, pattern = self._core, self._pattern
        return Stats(
            messages_sent=core.sent + sum(pipe.sent for pipe in pipes),
            messages_received=core.received + sum(pipe.received for pipe in pipes),
            send_queue=sum(len(pipe.outbox) for pipe in pipes) + self._waiting_to_send(),
            receive_queue=pattern.queued,
            dropped_sent=core.dropped_sent + pattern.dropped_sent,
            dropped_received=core.dropped_received + pattern.dropped_received,
            peers=len(self.peers),
            events_dropped=self._monitor.dropped,
        )

    @property
    def queues(self) -> tuple[PeerQueues, ...]:
        """The queues of each peer at this moment, and of each connect that has none
        (``zmq_socket_monitor_pipes_stats``).
        """
        return tuple(
            PeerQueues(
                keeper.address, pipe.peer if pipe.link else None, len(pipe.outbox), pipe.unread
            )
            for keeper in self._keepers()
            for pipe in keeper.pipes
        )

    def events(self) -> EventStream:
        """The events from now on, for ``async for``; see :mod:`pyzmtp.engine.events`.

        Of those that nobody reads 1000 wait; then the oldest are dropped, and counted in ``stats``.
        (``zmq_socket_monitor``)
        """
        return self._monitor.events()

    def on_event(self, callback: Callable[[Event], object]) -> Callable[[], None]:
        """Call ``callback(event)`` for each event; return a function that ends this.

        It is called at once, and may be a coroutine function. What it raises is logged; it may do what
        it likes with the socket, and whatever that causes is told afterwards.
        """
        return self._monitor.on_event(callback)

    def _keepers(self) -> list[_Bind | _Connect]:
        """All binds and connects that are not at their end."""
        return [*self._binds, *self._connects, *self._released, *self._parting]

    def _pipes(self) -> list[Pipe]:
        return [pipe for keeper in self._keepers() for pipe in keeper.pipes]

    def _waiting_to_send(self) -> int:
        """Messages that wait for a queue to take them."""
        return 0

    # The end

    def close(self, linger: float | EllipsisType | None = ...) -> Deferred[None]:
        """Take and hand out no more messages, send what is queued, and close all connections.

        ``linger``: how many seconds that may take; ``None``: as many as it needs; by default what the
        option ``linger`` says. What could not be sent by then is dropped, and a
        :class:`MessagesDropped` tells how much it was. Fires when nothing is left in the reactor. A
        second call can shorten the time. (``zmq_close``)
        """
        limit = self._options.linger
        if not isinstance(linger, EllipsisType):
            limit = evolve(self._options, linger=linger).linger  # raises what is wrong with it
        keepers = self._keepers()
        if self._closed is None:
            self._closed = Outcome()
            self._pattern.on_readable = self._pattern.on_writable = lambda: None
            self._stop_waiting()
            gatherResults([keeper.stop(limit) for keeper in keepers]).addCallback(self._all_stopped)
        elif not isinstance(linger, EllipsisType):
            for keeper in keepers:
                keeper.stop(limit)
        closed: Deferred[Any] = self._closed.ask()
        return closed.addCallback(lambda _: None)

    def _stop_waiting(self) -> None:
        """Tell whoever waits to send or to receive that the socket is closed."""

    def _all_stopped(self, _: object) -> None:
        self._core.turn.cancel()
        self._core.discard_unread()
        assert self._closed is not None
        closed = self._closed
        self._monitor.close(lambda: closed.succeed(True))

    async def __aenter__(self: _Self) -> _Self:
        return self

    async def __aexit__(self, kind: object, error: object, traceback: object) -> None:
        if kind is GeneratorExit:  # a coroutine that is thrown away can wait for nothing any more
            self._reactor.callLater(0, self.close)
        else:
            await self.close()

    def _check_open(self) -> None:
        if self._closed is not None:
            raise SocketClosed

    def __repr__(self) -> str:
        state = "closed" if self.closed else f"{len(self.peers)} peers"
        return f"<{type(self).__name__} {state}>"


def _is_at(keeper: _Bind | _Connect, where: object) -> bool:
    """Whether ``where`` means this bind or connect: its address, or the very endpoint it was given."""
    if not isinstance(where, str):
        return where is keeper.where
    # libzmq: what was given with a wildcard goes by its real address only.
    return where == keeper.address or (where == keeper.where and "*" not in where)
