"""Forwards messages between two sockets: :class:`Proxy`."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Final

from attrs import frozen
from twisted.internet.defer import CancelledError, Deferred, fail
from twisted.logger import Logger
from twisted.python.failure import Failure

from pyzmtp.constants import SocketType
from pyzmtp.errors import HostUnreachable, SendTimeout, SocketClosed, UsageError, WrongState
from pyzmtp.monitor import EventStream
from pyzmtp.net.outcome import Outcome
from pyzmtp.sockets.base import Socket
from pyzmtp.sockets.receiver import ReceivingSocket
from pyzmtp.sockets.sender import SendingSocket
from pyzmtp.wire.message import Message

__all__ = ["Proxy", "ProxyState", "ProxyStatistics"]

_log = Logger(namespace="pyzmtp")

#: These take turns with one peer, which to forward for several cannot do.
_IN_STEP: Final = {SocketType.REQ: SocketType.DEALER, SocketType.REP: SocketType.ROUTER}


class ProxyState(Enum):
    """What a :class:`Proxy` is doing (``proxy_state_t`` in libzmq's proxy.cpp).

    Which call or event leads from one to another::

                    start()   pause()   resume()  stop(), a socket closed   all is delivered
        STOPPED     RUNNING   error     error     STOPPED                   -
        RUNNING     error     PAUSED    RUNNING   STOPPING                  -
        PAUSED      error     PAUSED    RUNNING   STOPPING                  -
        STOPPING    error     error     error     STOPPING                  STOPPED
    """

    STOPPED = "stopped"
    RUNNING = "running"
    PAUSED = "paused"
    STOPPING = "stopping"


_STARTED: Final = (ProxyState.RUNNING, ProxyState.PAUSED)


@frozen
class ProxyStatistics:
    """What a proxy has counted; the first eight are what libzmq's STATISTICS gives, in its order.

    As there, it is the parts (frames) of messages that are counted: a message of three frames counts
    three. The routing id, which a ROUTER puts first and takes off, counts as one of them. Bytes are
    those of the frames' contents.

    What was received and not sent is under way to a socket without room, or was dropped.

    :ivar frontend_received_parts: what was received from the frontend.
    :ivar frontend_received_bytes: the bytes in it.
    :ivar frontend_sent_parts: what the frontend has taken to be sent.
    :ivar frontend_sent_bytes: the bytes in it.
    :ivar backend_received_parts: what was received from the backend.
    :ivar backend_received_bytes: the bytes in it.
    :ivar backend_sent_parts: what the backend has taken to be sent.
    :ivar backend_sent_bytes: the bytes in it.
    :ivar dropped_messages: whole messages that were received and could not be sent: a ROUTER with
        ``router_mandatory`` or a STREAM did not know their destination, they had not the number of
        frames that a STREAM or SCATTER sends, or the socket was closed. What a socket
        drops by itself, as PUB and ROUTER do, counts as sent here: see its own ``stats``.
    :ivar capture_dropped_messages: whole messages that the capture socket did not take.
    """

    frontend_received_parts: int
    frontend_received_bytes: int
    frontend_sent_parts: int
    frontend_sent_bytes: int
    backend_received_parts: int
    backend_received_bytes: int
    backend_sent_parts: int
    backend_sent_bytes: int
    dropped_messages: int
    capture_dropped_messages: int


class Proxy:
    """Forwards messages between ``frontend`` and ``backend``, in both directions. (``zmq_proxy``)

    Where a socket can only send or only receive, messages go in the one direction that is left: from
    a PULL to a PUSH, from a SUB to a PUB. Envelopes are kept, so that a ROUTER and a DEALER bring
    each reply to who asked; between an XPUB and an XSUB subscriptions travel upstream, being messages
    there. ``frontend`` and ``backend`` may be the same socket, which then gets its messages back.
    (What a STREAM tells of its peers comes back too, and closes their connections: set
    ``stream_notify=False`` there.)

    A message is received only when those before it were sent. While one side has no room, the other
    is not read, so that its high-water mark and then its peers feel it. ``send_timeout`` does not
    count meanwhile. A message that a ROUTER cannot route is dropped and counted.

    ``capture``: any socket that can send; it is sent each message just before that is forwarded. It
    never holds up the proxy: what it cannot take at once is dropped and counted.

    Raises :exc:`UsageError` for sockets between which nothing can be forwarded, for REQ, for REP
    (unless it is both ends: then it echoes) and for a ``send_timeout`` of zero.

    The sockets belong to the caller: the proxy neither binds, connects nor closes them. Nobody else
    may receive from them while it runs.
    """

    def __init__(
        self, frontend: Socket, backend: Socket, capture: SendingSocket | None = None
    ) -> None:
        for name, socket in (("frontend", frontend), ("backend", backend)):
            _check_end(name, socket, frontend is backend)
        if capture is not None and not isinstance(capture, SendingSocket):
            raise TypeError(
                f"capture: a socket that can send is needed, not {type(capture).__name__}"
            )
        self._frontend = frontend
        self._backend = backend
        self._state = ProxyState.STOPPED
        self._started: Deferred[None] | None = None
        self._stopped: Outcome[bool] = Outcome()
        self._failure: Failure | None = None
        self._watches: list[Deferred[None]] = []
        # libzmq: if both are one, it is the frontend that is received from.
        source = None if frontend is backend else backend
        self._forth = _Direction(frontend, backend, capture, self._end, self._idle)
        self._back = _Direction(source, frontend, capture, self._end, self._idle)
        if not (self._forth.possible or self._back.possible):
            raise UsageError(f"nothing can be forwarded between {frontend!r} and {backend!r}")

    # What it is told to do

    def start(self) -> Deferred[None]:
        """Begin to forward.

        Fires when the proxy has come to its end, be it by :meth:`stop` or because one of the two
        sockets was closed; fails with what forwarding failed with. Fails with :exc:`WrongState` if
        the proxy is at work already, or somebody else is receiving from a socket, and with
        :exc:`SocketClosed`. To cancel it is to :meth:`stop`. After its end it can be started again.
        (A socket that is not received from tells of its closing when it has lingered, or by dropping
        what comes next: stop the proxy before you close it.)
        """
        if self._state is not ProxyState.STOPPED:
            return fail(WrongState(f"the proxy is {self._state.value}"))
        if self._frontend.closed or self._backend.closed:
            return fail(SocketClosed())
        started: Deferred[None] = Deferred(self._cancelled)
        self._started = started
        self._stopped = Outcome()
        self._failure = None
        # Only a socket that is received from tells at once that it is closed.
        self._watches = [
            Deferred.fromCoroutine(_read_all(socket.events())).addCallbacks(
                lambda _: self._end(None), lambda failure: failure.trap(CancelledError)
            )
            for socket in {self._frontend, self._backend}
        ]
        self._state = ProxyState.RUNNING
        self._read()
        return started

    def pause(self) -> None:
        """Receive no more until :meth:`resume`. What has been received is still forwarded.

        Raises :exc:`WrongState` if the proxy is not at work. (``zmq_proxy_steerable``, PAUSE)
        """
        self._check_started()
        self._state = ProxyState.PAUSED
        self._forth.read_no_more()
        self._back.read_no_more()

    def resume(self) -> None:
        """Undo :meth:`pause`.

        Raises :exc:`WrongState` if the proxy is not at work. (``zmq_proxy_steerable``, RESUME)
        """
        self._check_started()
        self._state = ProxyState.RUNNING
        self._read()

    def stop(self) -> Deferred[None]:
        """Receive no more, forward what has been received, and leave the sockets to the caller.

        Fires when that is done: if a side has no room, when it has room again or is closed. What has
        not been received yet stays in the sockets. (``zmq_proxy_steerable``, TERMINATE)
        """
        if self._state is ProxyState.STOPPED:
            self._stopped.succeed(True)
        stopped = self._stopped.ask()
        self._end(None)
        return stopped.addCallback(lambda _: None)

    @property
    def state(self) -> ProxyState:
        """What it is doing."""
        return self._state

    @property
    def statistics(self) -> ProxyStatistics:
        """What it has counted since it was made. (``zmq_proxy_steerable``, STATISTICS)"""
        forth, back = self._forth, self._back
        return ProxyStatistics(
            frontend_received_parts=forth.received_parts,
            frontend_received_bytes=forth.received_bytes,
            frontend_sent_parts=back.sent_parts,
            frontend_sent_bytes=back.sent_bytes,
            backend_received_parts=back.received_parts,
            backend_received_bytes=back.received_bytes,
            backend_sent_parts=forth.sent_parts,
            backend_sent_bytes=forth.sent_bytes,
            dropped_messages=forth.dropped + back.dropped,
            capture_dropped_messages=forth.capture_dropped + back.capture_dropped,
        )

    def __repr__(self) -> str:
        return f"<Proxy {self._state.value}: {self._frontend!r}, {self._backend!r}>"

    # How it comes to its end

    def _check_started(self) -> None:
        if self._state not in _STARTED:
            raise WrongState(f"the proxy is {self._state.value}")

    def _read(self) -> None:
        for direction in (self._forth, self._back):
            if self._state is ProxyState.RUNNING:  # what is read can lead to anything
                direction.read()

    def _cancelled(self, started: Deferred[None]) -> None:
        self._started = None
        self._end(None)

    def _end(self, failure: Failure | None) -> None:
        """Forward what has been received, and that is all."""
        if self._failure is None:
            self._failure = failure
        elif failure is not None:
            _log.failure("a proxy that had failed has failed once more", failure)
        if self._state in _STARTED:
            self._state = ProxyState.STOPPING
            self._forth.read_no_more()
            self._back.read_no_more()
        self._idle()

    def _idle(self) -> None:
        """Nothing is under way in one of the directions."""
        if self._state is not ProxyState.STOPPING or self._forth.busy or self._back.busy:
            return
        self._state = ProxyState.STOPPED
        watches, self._watches = self._watches, []
        for watch in watches:
            watch.cancel()
        started, self._started = self._started, None
        failure, self._failure = self._failure, None
        stopped = self._stopped
        if started is None:
            if failure is not None:
                _log.failure("a proxy that nobody waits for has failed", failure)
        elif failure is None:
            started.callback(None)
        else:
            started.errback(failure)
        stopped.succeed(True)


class _Direction:
    """One way through a proxy: from ``source``, if messages can be had from it, to ``target``.

    :ivar possible: whether messages can go this way.
    :ivar busy: whether messages have been received that are not sent yet.
    :ivar dropped, capture_dropped: messages that ``target``, and ``capture``, could not be sent.
    """

    def __init__(
        self,
        source: Socket | None,
        target: Socket,
        capture: SendingSocket | None,
        on_end: Callable[[Failure | None], None],
        on_idle: Callable[[], None],
    ) -> None:
        self.possible = isinstance(source, ReceivingSocket) and isinstance(target, SendingSocket)
        self.busy = False
        self.received_parts = self.received_bytes = 0
        self.sent_parts = self.sent_bytes = 0
        self.dropped = self.capture_dropped = 0
        self._source = source
        self._target = target
        self._capture = capture
        self._on_end = on_end
        self._on_idle = on_idle
        self._wanted = False
        self._consuming = False
        self._consumer: Deferred[None] | None = None  # not known within its own first batch

    def read(self) -> None:
        """Receive from now on: at once, or when what has been received is sent."""
        self._wanted = True
        if not self.busy:
            self._consume()

    def read_no_more(self) -> None:
        """Leave in the source what has not been received."""
        self._wanted = False
        if self._consumer is not None:
            self._consumer.cancel()

    def _consume(self) -> None:
        source = self._source
        if self._consuming or not self.possible or not isinstance(source, ReceivingSocket):
            return
        self._consuming = True
        self._consumer = consumer = source.consume(self._forward)
        consumer.addBoth(self._consumed)
        if not self._wanted:
            consumer.cancel()

    def _consumed(self, result: Failure | None) -> None:
        """The source is closed, somebody else receives from it, or it is to be read no more."""
        self._consuming = False
        self._consumer = None
        if not isinstance(result, Failure):
            self._on_end(None)
        elif not result.check(CancelledError):
            self._on_end(result)

    def _forward(self, batch: list[Message]) -> Deferred[None]:
        """Send what was received; fires when the next batch may come."""
        self.busy = True
        # The bytes of each, before anybody can take a message to pieces.
        sizes = [sum(map(len, message)) for message in batch]
        self.received_parts += sum(map(len, batch))
        self.received_bytes += sum(sizes)
        return Deferred.fromCoroutine(self._send(batch, sizes))

    async def _send(self, batch: list[Message], sizes: list[int]) -> None:
        failure: Failure | None = None
        done = 0
        try:
            for message, size in zip(batch, sizes, strict=True):
                self._copy(message)
                if await self._send_one(message):
                    self.sent_parts += len(message)
                    self.sent_bytes += size
                else:
                    self.dropped += 1
                done += 1
        except Exception as error:
            self.dropped += len(batch) - done
            failure = None if isinstance(error, SocketClosed) else Failure()
        self.busy = False
        if done < len(batch):
            self._on_end(failure)
        elif self._wanted:
            self._consume()  # it may have been paused and resumed meanwhile
        else:
            self._on_idle()
        if self._consuming and not self._wanted:
            # consume() is still at its first batches, and cannot be cancelled yet: no other may come.
            await Deferred()

    def _copy(self, message: Message) -> None:
        """Send a message to the capture socket too, if that needs no waiting."""
        try:
            if self._capture is not None and not self._capture.try_send(message):
                self.capture_dropped += 1
        except Exception:  # it is closed, or a REQ without its reply: the messages must go on
            self.capture_dropped += 1

    async def _send_one(self, message: Message) -> bool:
        """Send a message, and wait for room if need be; return whether there is a way for it."""
        target = self._target
        assert isinstance(target, SendingSocket)
        if target.socket_type.frames not in (None, len(message)):
            return False
        try:
            if target.try_send(message):
                return True
            while True:
                try:
                    await target.send(message)
                    return True
                except SendTimeout:
                    pass  # zmq_proxy waits for room before it sends, for as long as that takes
        except HostUnreachable:
            return False


async def _read_all(events: EventStream) -> None:
    """Read events until the socket is closed."""
    async for _ in events:
        pass


def _check_end(name: str, socket: object, is_both: bool) -> None:
    """Raise what is wrong with a socket as one end of a proxy."""
    if not isinstance(socket, Socket):
        raise TypeError(f"{name}: a socket is needed, not {type(socket).__name__}")
    kind = socket.socket_type
    if kind in _IN_STEP and not (kind is SocketType.REP and is_both):
        instead = _IN_STEP[kind].value
        raise UsageError(f"{name}: a {kind.value} takes turns with its peers; use a {instead}")
    if isinstance(socket, SendingSocket) and socket.options.send_timeout == 0:
        raise UsageError(f"{name}: with send_timeout=0 nobody can wait until there is room")
