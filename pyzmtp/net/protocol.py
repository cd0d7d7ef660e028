"""The only place where a transport meets a connection: :class:`ZMTPProtocol`."""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING, Final
from weakref import ref

from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionAborted
from twisted.internet.interfaces import (
    IPushProducer,
    ISystemHandle,
    ITCPTransport,
)
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer

from pyzmtp.authentication import AuthenticationRequest, Verdict
from pyzmtp.engine.interfaces import Engine
from pyzmtp.errors import AuthenticationRevoked, ProtocolError
from pyzmtp.net.address import describe
from pyzmtp.net.core import SocketCore
from pyzmtp.net.kernel import configure, send_more_at_once
from pyzmtp.net.outcome import exception_of
from pyzmtp.net.reactor import Transport
from pyzmtp.net.timer import Timer
from pyzmtp.patterns.pipe import Pipe
from pyzmtp.peer import Peer
from pyzmtp.wire.message import Message

if TYPE_CHECKING:
    from pyzmtp.net.keeper import Keeper

__all__ = ["ZMTPProtocol"]

#: Bytes that one write takes at least, if there are as many: enough to make its cost small, little
#: enough that what waits behind a slow peer waits in the outbox, where it is counted.
_WRITE_SIZE: Final = 64 * 1024
#: Bytes of a larger message that are written before the transport is asked whether it has room: as many
#: as Twisted's transports send at once where a heartbeat has to know that the peer still reads, else more,
#: for each time costs a turn of the reactor.
_SLICE: Final = {True: 128 * 1024, False: 1024 * 1024}
#: Seconds that the last words (ERROR) to a peer that broke the rules may take to leave.
_LAST_WORDS: Final = 1.0


@implementer(IPushProducer)
class ZMTPProtocol(Protocol):
    """Carries bytes between a transport and a connection, and messages between that and a pipe.

    Towards the transport it is a push producer: while the transport's buffer is full, messages stay
    in the pipe's outbox. Towards the pipe it is a :class:`pyzmtp.patterns.pipe.Link`: while the inbox
    is full, the transport is not read, and TCP itself holds the peer back.

    :ivar peer_address: where the peer is, if that is not what the transport says: behind a proxy.
    """

    transport: Transport
    connection: Engine
    pipe: Pipe | None = None

    def __init__(
        self, core: SocketCore, keeper: Keeper, incoming: bool, peer_address: str = ""
    ) -> None:
        self.peer_address = peer_address
        self._core = core
        self._keeper = keeper
        self._incoming = incoming
        self._deliver = core.pattern.deliver
        self._seconds = core.reactor.seconds
        self._timer = Timer(core.reactor)
        self._collecting = False  # messages of this turn wait for its end
        self._slice = _SLICE[keeper.options.heartbeat_interval is not None]
        self._rest: list[bytes | memoryview] = []  # of a large message, in reverse order
        self._write_paused = False  # the transport's buffer is full
        self._read_paused = False  # the pipe's inbox is full
        self._receiving = False
        self._flushing = False
        self._request: AuthenticationRequest | None = None  # kept for whoever may revoke it
        self._deciding = False  # somebody is asked whether the peer may come in
        self._asking: Deferred[None] | None = None  # that question, until it is answered
        self._finishing = False  # the connection ends when all is out
        self._over = False  # nothing more is written
        self._parted = False  # the keeper knows that it is over
        self._aborted = False  # the transport was told to end at once
        self._gone = False  # the transport is lost

    # The transport's side

    def connectionMade(self) -> None:
        transport = self.transport
        self.peer_address = self.peer_address or describe(transport.getPeer())
        transport.registerProducer(self, True)
        keeper = self._keeper
        self.connection = self._core.new_connection(
            keeper.options, keeper.address, self.peer_address, self._incoming, keeper.place
        )
        keeper.connection_made(self)
        if not self._over:
            self._configure()
        if not self._over:
            self._attend()

    def _configure(self) -> None:
        """Set the options of the system's socket. One that is reset already may not take them."""
        transport = self.transport
        send_more_at_once(transport)
        try:
            if ITCPTransport.providedBy(transport):
                transport.setTcpNoDelay(True)
            if ISystemHandle.providedBy(transport):
                configure(transport.getHandle(), self._keeper.options)
        except OSError as error:
            self.turn_away(error)

    def dataReceived(self, data: bytes) -> None:
        if not self._over:  # some transports go on reading until the peer has closed too
            self._receive(data)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        connection = self.connection
        if connection.more and self.pipe is not None and self.pipe.link is self:
            # Whole messages that the inbox had no room for: they were received, and are kept.
            messages = connection.receive_data(b"", self._seconds(), sys.maxsize)
            if messages:
                self._hand_in(messages)
        self._over = self._gone = True
        self._timer.cancel()
        connection.transport_lost()
        self._part(exception_of(reason))
        if self._aborted and not reason.check(ConnectionAborted):
            # IOCP reads on, and the peer was faster: the timed call that aborts is yet to come.
            self._core.reactor.callLater(0, self._keeper.transport_gone, self)
        else:
            self._keeper.transport_gone(self)

    def _part(self, reason: Exception) -> None:
        """The connection is over, though its transport may not be: tell the keeper, once."""
        if not self._parted:
            self._parted = True
            if self._asking is not None:
                self._asking.cancel()
            if self.pipe is not None:
                self.pipe.link = None
                if self._rest:
                    self._core.lose_sent(self.pipe, self._keeper.address, reason)
            self._keeper.connection_lost(self, reason)

    def pauseProducing(self) -> None:
        self._write_paused = True

    def resumeProducing(self) -> None:
        self._write_paused = False
        if not self._over:
            self.connection.moved(self._seconds())
            if self.connection.attention:
                self._attend()
            self.flush()

    def stopProducing(self) -> None:
        self._over = True

    # The way in

    def _receive(self, data: bytes) -> None:
        """Take a chunk apart, as far as the pipe has room; what remains waits in the connection."""
        connection = self.connection
        turn = self._core.turn
        self._receiving = True
        turn.receiving += 1
        try:
            while True:
                pipe = self.pipe
                room = pipe.room() if pipe is not None else 0
                messages = connection.receive_data(data, self._seconds(), room)
                if messages:
                    self._hand_in(messages)
                if connection.attention:
                    self._attend()
                full = self.pipe is not None and self.pipe.room() <= 0
                if not connection.more or full or self._over:
                    break
                data = b""
        finally:
            self._receiving = False
            if self._collecting:
                self._collecting = False
                self.flush()
            turn.received()
        if full or self._read_paused:
            self._regulate_reading()

    def _hand_in(self, messages: list[Message]) -> None:
        pipe = self.pipe
        assert pipe is not None  # the connection gives messages only after the handshake
        pipe.received += len(messages)
        self._deliver(pipe, messages)

    def _regulate_reading(self) -> None:
        """Read on while the pipe has room, else let the transport wait."""
        pipe = self.pipe
        if pipe is None or self._over:
            return
        full = pipe.room() <= 0
        if full:
            pipe.block()
        if full is not self._read_paused:
            self._read_paused = full
            if full:
                self.transport.pauseProducing()
            else:
                self.transport.resumeProducing()

    def _attend(self) -> None:
        """Do what the connection asks for: send its own bytes, open or close the door."""
        connection = self.connection
        if not self._rest and (not self._write_paused or connection.error is not None):
            # Until the transport has room, they wait: they are few, and bounded.
            output = connection.data_to_send(self._seconds())
            if output and not self._over:
                self.transport.write(output)
        if connection.error is not None:
            self._lose(connection.error)
        elif connection.question is not None and not self._deciding and not self._over:
            self._ask(connection.question)
        elif connection.peer is not None and self.pipe is None and not self._over:
            self._open(connection.peer)
        if not self._over:
            self._timer.set(connection.next_deadline(), self._judge)

    def _ask(self, credentials: tuple[bytes, ...]) -> None:
        """Find out whether the peer may come in."""
        self._deciding = True
        self._request, asked = self._keeper.authenticate(
            self, credentials, partial(_revoke, ref(self))
        )
        asking = asked.addCallbacks(self._answered, self._not_answered)
        if self._deciding:
            self._asking = asking
            if self._parted:  # who was asked has ended the connection, and did not answer
                asking.cancel()

    def _answered(self, verdict: Verdict) -> None:
        self._deciding = False
        self._asking = None
        if not self._over:
            self.connection.answer(verdict, self._seconds())
            self._attend()
            if not self._receiving and not self._over:
                self._receive(b"")  # what came meanwhile

    def _not_answered(self, failure: Failure) -> None:
        self._deciding = False
        self._asking = None
        if not self._parted:
            error = exception_of(failure)
            assert isinstance(error, ProtocolError)  # authenticate() fails with nothing else
            self.drop(error)

    def _open(self, peer: Peer) -> None:
        """The handshake is done: join the pipe."""
        try:
            pipe = self._keeper.handshake_done(self, peer)
        except ProtocolError as error:
            self.drop(error)
            return
        self.pipe = pipe
        pipe.link = self
        self._keeper.joined(self, pipe)
        if pipe.outbox:
            self.flush()
        elif self._finishing:
            self.finish()

    # The way out: the pipe's side

    def wake(self) -> None:
        """Write the first message of a turn at once; those that follow it leave together."""
        if self._collecting or self._write_paused:
            return
        turn = self._core.turn
        if not turn.receiving:
            self.flush()
        if not self._over:
            self._collecting = True
            if not self._receiving:  # which ends with it anyhow
                turn.collect(self._end_turn)

    def resume(self) -> None:
        """Go on where the inbox was full."""
        if not self._receiving and not self._over:
            self._receive(b"")

    def drop(self, error: ProtocolError) -> None:
        """End the connection for a reason that the connection itself cannot know.

        If the reason is one of the messages, it goes before what is wrong behind them in the same chunk.
        """
        self._part(error)
        self.connection.reject(error)
        self._attend()

    def turn_away(self, error: Exception) -> None:
        """End the connection, of which nothing is known yet, without a word."""
        self._part(error)
        self.abort()

    def reset(self) -> None:
        """Lose the connection, with all that is under way; a connecter dials again."""
        self.abort()

    def _end_turn(self) -> None:
        self._collecting = False
        self.flush()

    def flush(self) -> None:
        """Write what is queued, as far as the transport takes it."""
        pipe = self.pipe
        if pipe is None or self._flushing:
            return  # flushing: a transport resumes us from within write(), and the loop goes on anyhow
        self._flushing = True
        outbox = pipe.outbox
        try:
            while not self._write_paused and not self._over:
                if self._rest:
                    self._write_on()
                    continue
                if not outbox:
                    break
                pieces, count = self.connection.encode(outbox, _WRITE_SIZE)
                if not count:  # the connection is over
                    break
                # In this order, for the connection may be lost, or a reply come, from within write().
                pipe.take_out(count)
                if len(pieces) > 1 or len(pieces[0]) > self._slice:
                    self._rest += reversed(pieces)
                else:
                    self.transport.write(pieces[0])
                pipe.relieved()
        finally:
            self._flushing = False
        if self.connection.error is not None and not self._receiving:
            self._attend()
        elif self._finishing and not outbox and not self._rest:
            self._lose()

    def _write_on(self) -> None:
        """Write the next slice of a large message, and behind the last what had to wait for it."""
        piece = self._rest.pop()
        if len(piece) > self._slice:
            view = memoryview(piece)
            self._rest.append(view[self._slice :])
            piece = view[: self._slice]
        self.transport.write(bytes(piece))
        if not self._rest and self.connection.attention:
            self._attend()

    # The end

    def finish(self) -> None:
        """Close when all that is queued has left. Before the handshake is done, nothing can."""
        self._finishing = True
        if self.pipe is not None and not self.pipe.outbox and not self._rest:
            self._lose()

    def abort(self) -> None:
        """Close now, whatever is still queued; if the transport cannot do that, as soon as it can."""
        abort = getattr(self.transport, "abortConnection", None)
        if abort is not None:
            self._aborted = True
            abort()
        elif not self._over:
            self.transport.unregisterProducer()  # Twisted does not close under one that is paused
            self.transport.loseConnection()
        self._over = True

    def _lose(self, error: Exception | None = None) -> None:
        """Close as soon as the transport has sent what it holds; with an error, not much later."""
        if self._over:
            return
        self._over = True
        self._timer.cancel()
        if error is not None:
            self._part(error)
        self.transport.unregisterProducer()
        self.transport.loseConnection()
        if error is not None and not self._gone:
            self._timer.start(_LAST_WORDS, self.abort)

    def _judge(self) -> None:
        """The connection's deadline has come."""
        now = self._seconds()
        if self._read_paused:
            self.connection.excuse(now)
        self.connection.handle_timer(now)
        self._attend()


def _revoke(protocol: ref[ZMTPProtocol], reason: str) -> None:
    """End a connection, if it is still there, whose peer is let in no more."""
    connected = protocol()
    if connected is not None:
        connected.drop(AuthenticationRevoked(reason))
