"""``inproc://``: sockets of one reactor, joined without a transport and by the same patterns."""

from __future__ import annotations

from typing import ClassVar
from weakref import WeakKeyDictionary

from attrs import Factory, define
from twisted.internet.defer import Deferred, succeed

from pyzmtp.constants import VERSION, compatible
from pyzmtp.engine.events import (
    Accepted,
    BindFailed,
    Closed,
    ConnectDelayed,
    Connected,
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
from pyzmtp.net.outcome import Outcome
from pyzmtp.patterns.pipe import Pipe
from pyzmtp.peer import Peer
from pyzmtp.wire.message import Message

__all__ = ["InprocConnecter", "InprocListener"]


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


class _End:
    """One end of a link between two pipes; see :class:`pyzmtp.patterns.pipe.Link`.

    What one side queues is handed to the other in the next turn of the reactor, so that no
    application is ever called from within another's call. Until then the queue may hold what fits
    into it and into the other's: the high-water marks of both sides add up, as in libzmq.
    """

    __slots__ = ("_collecting", "connection", "core", "keeper", "other", "pipe")

    other: _End | None

    def __init__(self, core: SocketCore, keeper: _InprocKeeper, pipe: Pipe) -> None:
        self.core = core
        self.keeper = keeper
        self.pipe = pipe
        self.other = None
        self.connection = 0  # its number, once it has been told of
        self._collecting = False

    def wake(self) -> None:
        if not self._collecting:
            self._collecting = True
            self.core.turn.join(self._end_turn)

    def flush(self) -> None:
        if self.other is not None:
            self.pipe.send_mark = self.pipe.send_hwm + max(0, self.other.pipe.room())

    def resume(self) -> None:
        if self.other is not None and self.other.pipe.outbox:
            self.other.wake()

    def drop(self, error: ProtocolError) -> None:
        self.close(error)
        self.keeper.link_lost(self, error)

    def finish(self) -> None:
        self.drop(ProtocolError("the link was ended"))

    def reset(self) -> None:
        for end in (self, self.other):
            if end is not None and isinstance(end.keeper, InprocConnecter):
                end.keeper.resetting = True
        self.drop(ProtocolError("the link was reset"))

    def _end_turn(self) -> None:
        self._collecting = False
        if self.other is not None:
            self.other.receive(self._take(self.other.pipe.fitting(self.pipe.outbox)))
        if self.other is not None:
            if self.other.pipe.room() <= 0:
                self.other.pipe.block()
            elif self.pipe.outbox:
                self.wake()

    def _take(self, count: int) -> list[Message]:
        """The first ``count`` messages of the outbox, as lists that belong to nobody else."""
        messages: list[Message] = []
        for message in self.pipe.outbox[:count]:
            assert isinstance(message, list)  # commands go only to peers that read them: none here
            messages.append(list(message))
        self.pipe.send_mark = self.pipe.send_hwm
        self.pipe.taken_out(len(messages))
        return messages

    def receive(self, messages: list[Message]) -> None:
        """Take what the other side has handed over."""
        if messages:
            self.pipe.received += len(messages)
            self.core.pattern.deliver(self.pipe, messages)

    def close(self, reason: Exception) -> None:
        """Hand over what is queued, and part. The other side learns of both in its next turn."""
        other = self.other
        self.pipe.link = None
        if other is not None:
            messages = self._take(len(self.pipe.outbox))
            other.other = self.other = None

            def part() -> None:
                if other in other.keeper.ends:
                    other.receive(messages)
                    other.keeper.link_lost(other, reason)

            other.core.turn.join(part)


class _InprocKeeper:
    """What an inproc bind and an inproc connect have in common.

    :ivar options: the socket's options at the time that it was made.
    """

    opened: ClassVar[type[Accepted | Connected]]

    def __init__(self, core: SocketCore, name: str) -> None:
        self.address = self.where = f"inproc://{name}"
        self.name = name
        self.core = core
        self.options = core.options
        self.ends: list[_End] = []
        self.stopped = False
        self._begun = False  # there was an event that has to be answered by Closed

    @property
    def pipes(self) -> list[Pipe]:
        """The pipes of the peers."""
        return [end.pipe for end in self.ends]

    def new_peer(self, other: _InprocKeeper, incoming: bool) -> Peer:
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

    def join(self, pipe: Pipe) -> _End:
        """Make an end of a link for ``pipe``, whose handshake, if one were needed, is done."""
        end = _End(self.core, self, pipe)
        self.ends.append(end)
        pipe.link = end
        return end

    def tell_of(self, end: _End) -> None:
        """Tell that a link is there, unless that is done: it may part while others hear of it."""
        if not end.connection:
            end.connection = self.core.number_connection()
            assert end.pipe.peer is not None
            self.core.emit(
                self.opened(self.address, self.address, end.connection),
                HandshakeSucceeded(self.address, end.pipe.peer, end.connection),
            )

    def refuse(self, error: ProtocolError) -> None:
        """Tell that a link is not made."""
        connection = self.core.number_connection()
        self.core.emit(
            self.opened(self.address, self.address, connection),
            HandshakeFailed(self.address, self.address, error, connection),
            Disconnected(self.address, None, error, self.address, connection),
        )

    def link_lost(self, end: _End, reason: Exception) -> None:
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


class InprocListener(_InprocKeeper):
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
        # Not a copy: whoever hears of the events may close any of us.
        while self.name in names.waiting and names.bound.get(self.name) is self:
            names.next_waiting(self.name).meet(self)
        return self.address

    def release(self) -> None:
        """Give the name back. Links that are there stay, as in libzmq."""
        names = _names_of(self.core)
        if names.bound.get(self.name) is self:
            del names.bound[self.name]
        self.parted()

    def parted(self) -> None:
        """End with the last link, once the name is given back."""
        if not self.ends and _names_of(self.core).bound.get(self.name) is not self:
            self.conclude()

    def stop(self, linger: float | None) -> Deferred[bool]:
        self.release()
        return super().stop(linger)


class InprocConnecter(_InprocKeeper):
    """One connect to an inproc name, which may not be bound yet.

    As in libzmq, a link that has parted is not made again.

    :ivar outcome: fires with the peer, or with why there will be none.
    :ivar resetting: whether the link is to be made anew when it has parted.
    """

    opened = Connected

    def __init__(self, core: SocketCore, name: str, routing_id: bytes) -> None:
        super().__init__(core, name)
        self.outcome: Outcome[Peer] = Outcome()
        self.resetting = False
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
        if listener is not None:
            self.meet(listener)
        else:
            names.waiting.setdefault(self.name, []).append(self)

    def parted(self) -> None:
        """End with the link, as in libzmq; but after a reset make it anew in the next turn."""
        if self.resetting:
            self.resetting = False
            self.core.turn.join(self._rejoin)
        elif not self.stopped:
            self.conclude()

    def _rejoin(self) -> None:
        """Begin anew, with queues that hold nothing old."""
        if not self.stopped:
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
        try:
            if not compatible(ours.socket_type, theirs.socket_type):
                raise IncompatibleSocketType(ours.socket_type, theirs.socket_type.value)
            theirs.attach(remote)
            ours.ready(pipe)
        except ProtocolError as error:
            theirs.detach(remote)
            listener.refuse(error)
            self.refuse(error)
            self.core.retire(pipe, self.address, error)
            self.outcome.fail(error)
            self.conclude()
            return
        near, far = self.join(pipe), listener.join(remote)
        near.other, far.other = far, near
        theirs.ready(remote)
        for end in (near, far):
            end.keeper.tell_of(end)
            if end.pipe.outbox:
                end.wake()
        assert pipe.peer is not None
        self.outcome.succeed(pipe.peer)

    def stop(self, linger: float | None) -> Deferred[bool]:
        if self.stopped:
            return succeed(True)
        _names_of(self.core).wait_no_more(self)
        self.outcome.fail(ConnectAborted(self.address))
        return super().stop(linger)

    def finish(self) -> None:
        # libzmq: after disconnect() nothing of the peer is received any more.
        aborted = ConnectAborted(self.address)
        self.core.retire(self._pipe, self.address, aborted, forget_unread=True)
        super().finish()
