"""``inproc://``: sockets of one reactor, joined without a transport and by the same patterns."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar
from weakref import WeakKeyDictionary

from attrs import Factory, define
from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IDelayedCall

from pyzmtp.constants import VERSION, compatible
from pyzmtp.engine.events import (
    Accepted,
    BindFailed,
    Closed,
    ConnectDelayed,
    Connected,
    ConnectRetried,
    Disconnected,
    HandshakeFailed,
    HandshakeSucceeded,
    Listening,
)
from pyzmtp.errors import (
    AddressInUse,
    ConnectAborted,
    IncompatibleSocketType,
    PeerLost,
    ProtocolError,
)
from pyzmtp.net.core import SocketCore
from pyzmtp.net.inproc_link import InprocEnd
from pyzmtp.net.outcome import Outcome
from pyzmtp.patterns.pipe import Pipe
from pyzmtp.peer import Peer

__all__ = ["InprocConnecter", "InprocKeeper", "InprocListener", "forget", "is_bound"]


@define(eq=False)
class _Names:
    """The inproc names of one reactor: who is bound to them, and who waits for that."""

    bound: dict[str, InprocListener] = Factory(dict)
    waiting: dict[str, list[InprocConnecter]] = Factory(dict)

    def next_waiting(self, name: str) -> InprocConnecter:
        """Who waits longest for ``name``, and now no more."""
        connecter = self.waiting[name][0]
        self.wait_no_more(connecter)
        return connecter

    def wait_no_more(self, connecter: InprocConnecter) -> None:
        """Let ``connecter`` not wait, if it does."""
        waiting = self.waiting.get(connecter.name, [])
        if connecter in waiting:
            waiting.remove(connecter)
            if not waiting:
                del self.waiting[connecter.name]


_names: WeakKeyDictionary[object, _Names] = WeakKeyDictionary()


def _names_of(core: SocketCore) -> _Names:
    return _names.setdefault(core.reactor, _Names())


def forget(reactor: object) -> None:
    """Forget the names of a reactor that has ended with its sockets open: they would keep it for ever."""
    _names.pop(reactor, None)


def is_bound(reactor: object, address: str) -> bool:
    """Whether a socket of ``reactor`` is bound to ``address``, an ``inproc://`` one."""
    names = _names.get(reactor)
    return names is not None and address.removeprefix("inproc://") in names.bound


class InprocKeeper:
    """What an inproc bind and an inproc connect have in common.

    :ivar options: the socket's options at the time that it was made.
    :ivar resetting: whether a connect is to make its link anew when it has parted.
    """

    opened: ClassVar[type[Accepted | Connected]]

    def __init__(self, core: SocketCore, name: str) -> None:
        self.address = self.where = f"inproc://{name}"
        self.name = name
        self.core = core
        self.options = core.options
        self.ends: list[InprocEnd] = []
        self.resetting = False
        self.stopped = False
        self._begun = False  # there was an event that has to be answered by Closed

    @property
    def pipes(self) -> list[Pipe]:
        """The pipes of the peers."""
        return [end.pipe for end in self.ends]

    def new_peer(self, other: InprocKeeper, incoming: bool) -> Peer:
        """How the socket at the other end is seen from here."""
        return Peer(
            address=self.address,
            peer_address=self.address,
            incoming=incoming,
            version=VERSION,
            mechanism="NULL",
            socket_type=other.core.pattern.socket_type,
            routing_id=other.options.routing_id,
            metadata=other.options.metadata,
        )

    def join(self, pipe: Pipe) -> InprocEnd:
        """Make an end of a link for ``pipe``, whose handshake, if one were needed, is done."""
        end = InprocEnd(self.core, self, pipe)
        self.ends.append(end)
        pipe.link = end
        return end

    def tell_of(self, end: InprocEnd) -> None:
        """Tell that a link is there, unless that is done: it may part while others hear of it."""
        if not end.connection:
            end.connection = self.core.number_connection()
            assert end.pipe.peer is not None
            self.core.emit(
                self.opened(self.address, self.address, end.connection),
                HandshakeSucceeded(self.address, end.pipe.peer, end.connection),
            )

    def refuse(self, end: InprocEnd, error: ProtocolError) -> None:
        """Undo :meth:`join`, and tell that a link is not made."""
        if end in self.ends:
            self.ends.remove(end)
        end.pipe.link = None
        connection = self.core.number_connection()
        self.core.emit(
            self.opened(self.address, self.address, connection),
            HandshakeFailed(self.address, self.address, error, connection),
            Disconnected(self.address, None, error, self.address, connection),
        )

    def link_lost(self, end: InprocEnd, reason: Exception) -> None:
        """A link has parted: what came through it can still be received."""
        if end not in self.ends:
            return
        self.ends.remove(end)
        end.pipe.link = None
        self.tell_of(end)
        self.core.emit(
            Disconnected(self.address, end.pipe.peer, reason, self.address, end.connection)
        )
        if end.pipe.attached and not self.stopped:
            self.core.pattern.peer_left(end.pipe)
        self.core.retire(end.pipe, self.address, reason)
        self.parted()

    def parted(self) -> None:
        """What to do when a link has parted: nothing."""

    def make_room(self) -> None:
        """All have parted from this socket who have left: there may be room for others."""
        for listener in list(_names_of(self.core).bound.values()):
            if listener.core is self.core:
                listener.meet_waiting()

    def conclude(self) -> None:
        """Come to the end: nothing is left."""
        self.core.forget(self)
        if self._begun:
            self._begun = False
            self.core.emit(Closed(self.address))

    def stop(self, linger: float | None) -> Deferred[bool]:
        """End everything. What is queued is handed over at once, so there is nothing to wait for."""
        if not self.stopped:
            self.stopped = True
            while self.ends:  # not a copy: whoever hears of the events may do what he likes
                end = self.ends[0]
                if linger == 0:
                    self.core.retire(end.pipe, self.address, ConnectAborted(self.address))
                end.close(PeerLost(self.address))
                self.link_lost(end, ConnectAborted(self.address))
            self.finish()
        return succeed(True)

    def finish(self) -> None:
        """The last step of :meth:`stop`."""
        self.conclude()


class InprocListener(InprocKeeper):
    """One bind to an inproc name."""

    opened = Accepted

    def start(self) -> str:
        """Take the name, and join those who wait for it. Raises :exc:`AddressInUse`."""
        names = _names_of(self.core)
        if self.name in names.bound:
            error = AddressInUse(self.address)
            self.core.emit(BindFailed(self.address, error))
            raise error
        names.bound[self.name] = self
        self._begun = True
        self.core.emit(Listening(self.address))
        self.meet_waiting()
        return self.address

    def meet_waiting(self) -> None:
        """Join those who wait for the name, now that there may be room for them."""
        names = _names_of(self.core)
        # Not a copy: whoever hears of the events may close any of us.
        while (
            self.name in names.waiting
            and names.bound.get(self.name) is self
            and not self.core.parting
        ):
            names.next_waiting(self.name).meet(self)

    def release(self) -> None:
        """Give the name back. Links that are there stay, as in libzmq."""
        names = _names_of(self.core)
        if names.bound.get(self.name) is self:
            del names.bound[self.name]
        self.parted()

    def stop_accepting(self) -> None:
        """The same; see :class:`pyzmtp.net.listener.Listener`."""
        self.release()

    def parted(self) -> None:
        """End with the last link, once the name is given back."""
        if not self.ends and _names_of(self.core).bound.get(self.name) is not self:
            self.conclude()

    def stop(self, linger: float | None) -> Deferred[bool]:
        self.release()
        return super().stop(linger)


class InprocConnecter(InprocKeeper):
    """One connect to an inproc name, which may not be bound yet.

    As in libzmq, a link that has parted is not made again.

    :ivar outcome: fires with the peer, or with why there will be none.
    """

    opened = Connected

    def __init__(self, core: SocketCore, name: str, routing_id: bytes) -> None:
        super().__init__(core, name)
        self.outcome: Outcome[Peer] = Outcome()
        self._ended: Outcome[bool] = Outcome()
        self._lingering = False  # it only waits to get rid of its messages
        self._later: IDelayedCall | None = None  # makes the link anew, or ends the lingering
        self._pipe = core.pattern.new_pipe(self.options)
        self._pipe.routing_id = routing_id

    @property
    def pipes(self) -> list[Pipe]:
        """The pipe, which is there before the peer is."""
        return [self._pipe]

    def start(self) -> None:
        """Join who is bound to the name, or wait. Raises :exc:`ProtocolError` if no peer is taken."""
        self.core.pattern.attach(self._pipe)
        self._begun = True
        self.core.emit(ConnectDelayed(self.address))
        if self.stopped:  # whoever heard of it has closed the socket
            return
        names = _names_of(self.core)
        listener = names.bound.get(self.name)
        if listener is not None and not listener.core.parting:
            self.meet(listener)
        else:
            names.waiting.setdefault(self.name, []).append(self)

    def parted(self) -> None:
        """End with the link, as in libzmq; but after a reset make it anew, as if it were dialled."""
        interval = self.options.reconnect_interval
        if self.stopped:
            return
        if not self.resetting or interval is None:
            self.conclude()
            return
        self.resetting = False
        self.core.emit(ConnectRetried(self.address, interval, ConnectAborted(self.address)))
        if not self.stopped:  # whoever heard of it has closed the socket
            self._call_later(interval, self._rejoin)

    def _rejoin(self) -> None:
        """Begin anew, with queues that hold nothing old."""
        routing_id = self._pipe.routing_id
        self._pipe = self.core.pattern.new_pipe(self.options)
        self._pipe.routing_id = routing_id
        self.start()

    def meet(self, listener: InprocListener) -> None:
        """Make the link, unless one of the two refuses the other."""
        ours, theirs = self.core.pattern, listener.core.pattern
        pipe, remote = self._pipe, theirs.new_pipe(listener.options)
        pipe.peer = self.new_peer(listener, False)
        remote.peer = listener.new_peer(self, True)
        # All is joined before anybody hears of it, for whoever does may part at once.
        near, far = self.join(pipe), listener.join(remote)
        near.other, far.other = far, near
        try:
            if not compatible(ours.socket_type, theirs.socket_type):
                raise IncompatibleSocketType(ours.socket_type, theirs.socket_type.value)
            theirs.attach(remote)
            if pipe.attached:
                ours.ready(pipe)
        except ProtocolError as error:
            near.other = far.other = None
            theirs.detach(remote)
            listener.refuse(far, error)
            self.refuse(near, error)
            self.core.retire(pipe, self.address, error)
            self.outcome.fail(error)
            self.conclude()
            if self._lingering:
                self._end(0)
            return
        if remote.attached:
            theirs.ready(remote)
        for end in (near, far):
            end.keeper.tell_of(end)
            if end.pipe.outbox:
                end.wake()
        assert pipe.peer is not None
        self.outcome.succeed(pipe.peer)
        if self._lingering:
            self._end(None)

    def stop(self, linger: float | None) -> Deferred[bool]:
        """End the link. Where there is none yet, something to be sent waits for it, as in libzmq."""
        self.outcome.fail(ConnectAborted(self.address))
        waits = self in _names_of(self.core).waiting.get(self.name, [])
        if linger == 0 or not waits or not self._pipe.outbox:
            self._end(linger)
        else:
            self._lingering = True
            self.core.pattern.detach(self._pipe)
            if linger is not None:
                self._limit(linger)
        return self._ended.ask()

    def _limit(self, linger: float) -> None:
        """Wait no longer than this from now."""
        end = self.core.reactor.seconds() + linger
        if self._later is None or end < self._later.getTime():
            self._call_later(linger, self._end, 0)

    def _call_later(self, delay: float, what: Callable[..., None], *arguments: Any) -> None:
        self._call_no_more()
        self._later = self.core.reactor.callLater(delay, what, *arguments)

    def _call_no_more(self) -> None:
        if self._later is not None and self._later.active():
            self._later.cancel()
        self._later = None

    def _end(self, linger: float | None) -> None:
        """The link, or the waiting for it, is over."""
        self._call_no_more()
        _names_of(self.core).wait_no_more(self)
        super().stop(linger)

    def finish(self) -> None:
        # libzmq: after disconnect() nothing of the peer is received any more.
        aborted = ConnectAborted(self.address)
        self.core.retire(self._pipe, self.address, aborted, forget_unread=True)
        super().finish()
        # Only now, though whoever heard of what was dropped may have stopped it a second time.
        self._ended.succeed(True)
