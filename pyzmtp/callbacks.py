"""ZeroMQ for those who think in Twisted's protocols: :func:`connectZMQ` and :func:`listenZMQ`.

A factory makes one protocol for each peer; the protocol is given whole messages. They are functions
on top of the sockets, so every reactor has them::

    class Echo:
        def makeConnection(self, transport):
            self.transport = transport

        def messageReceived(self, message):
            self.transport.send(message)

        def connectionLost(self, reason):
            pass

    class EchoFactory:
        def buildProtocol(self, peer):
            return Echo()

    listening = await listenZMQ(reactor, "tcp://127.0.0.1:*", EchoFactory())
    connectZMQ(reactor, listening.address, ClientFactory())

The socket type decides only who may talk to whom; frames are given and taken as they travel. A DEALER
that asks a REP has to send the empty frame itself.
"""

from __future__ import annotations

from collections import deque
from typing import Any, Protocol

from twisted.internet.defer import Deferred, fail, succeed
from twisted.logger import Logger
from twisted.python.failure import Failure

from pyzmtp.constants import SocketType
from pyzmtp.engine.events import Disconnected, Event
from pyzmtp.errors import SocketClosed
from pyzmtp.net.reactor import Reactor
from pyzmtp.options import SocketOptions
from pyzmtp.patterns.individual import IndividualPattern
from pyzmtp.patterns.pipe import Pipe
from pyzmtp.peer import Peer
from pyzmtp.sockets.base import Socket
from pyzmtp.wire.hot import to_message
from pyzmtp.wire.message import Message
from pyzmtp.wire.sendable import Sendable

__all__ = [
    "MessageFactory",
    "MessageProtocol",
    "MessageTransport",
    "ProtocolSocket",
    "connectZMQ",
    "listenZMQ",
]

_log = Logger(namespace="pyzmtp")


class MessageProtocol(Protocol):
    """What a factory makes for each peer."""

    def makeConnection(self, transport: MessageTransport) -> None:
        """The peer is ready: this is how to talk to it."""

    def messageReceived(self, message: Message) -> None:
        """The peer has sent a message."""

    def connectionLost(self, reason: Failure) -> None:
        """The peer has gone."""


class MessageFactory(Protocol):
    """Makes the protocols."""

    def buildProtocol(self, peer: Peer) -> MessageProtocol | None:
        """A protocol for a peer that is ready; ``None`` closes the connection."""


class MessageTransport:
    """How a protocol talks to its peer.

    :ivar peer: who it is.
    """

    def __init__(self, pipe: Pipe) -> None:
        assert pipe.peer is not None  # its handshake is done
        self.peer = pipe.peer
        self._pipe: Pipe | None = pipe
        self._protocol: MessageProtocol | None = None
        self._paused = False
        self._delivering = False
        self._waiting: deque[tuple[Message, Deferred[None]]] = deque()

    def send(self, message: Sendable) -> Deferred[None]:
        """Send a message to this peer; fires when its queue has taken it. (``zmq_send``)

        Fails with :exc:`SocketClosed` if the peer is gone, or goes before that.
        """
        frames = to_message(message)
        pipe = self._pipe
        if pipe is None:
            return fail(SocketClosed())
        if pipe.writable and not self._waiting:
            pipe.push(frames)
            return succeed(None)
        done: Deferred[None] = Deferred(lambda _: self._waiting.remove(entry))
        entry = (frames, done)
        self._waiting.append(entry)
        return done

    def pauseProducing(self) -> None:
        """Give the protocol no messages for now. With its queue full, the peer is held back."""
        self._paused = True

    def resumeProducing(self) -> None:
        """Give the protocol messages again."""
        self._paused = False
        self.deliver()

    def loseConnection(self) -> None:
        """Part from the peer at once. A connect makes a new connection, with a new protocol."""
        if self._pipe is not None and self._pipe.link is not None:
            self._pipe.link.reset()

    # The socket's side

    def attach(self, protocol: MessageProtocol) -> None:
        """Begin, with what may have arrived already."""
        self._protocol = protocol
        self._call(protocol.makeConnection, self)
        self.deliver()

    def deliver(self) -> None:
        """Hand over what has arrived."""
        protocol = self._protocol
        if protocol is None or self._delivering:
            return
        self._delivering = True
        while self._pipe is not None and self._pipe.unread and not self._paused:
            self._call(protocol.messageReceived, self._pipe.take())
        self._delivering = False

    def flush(self) -> None:
        """There is room again."""
        while self._waiting and self._pipe is not None and self._pipe.writable:
            frames, done = self._waiting.popleft()
            self._pipe.push(frames)
            done.callback(None)

    def lost(self, reason: Failure) -> None:
        """End, once the protocol has all that had arrived."""
        self._paused = False
        self.deliver()
        self._pipe = None
        while self._waiting:  # one by one: whoever is told may cancel the others
            _, done = self._waiting.popleft()
            done.errback(SocketClosed())
        if self._protocol is not None:
            self._call(self._protocol.connectionLost, reason)
            self._protocol = None

    def _call(self, method: Any, argument: object) -> None:
        """Call the protocol. As with Twisted's own transports, one that fails loses its connection."""
        try:
            method(argument)
        except Exception:
            _log.failure("a protocol failed with {peer}", peer=self.peer)
            self.loseConnection()


class ProtocolSocket(Socket):
    """What :func:`connectZMQ` and :func:`listenZMQ` give: a socket whose peers have protocols.

    Use it to close, to watch events, or to bind and connect to more addresses.

    :ivar address: where it listens, of :func:`listenZMQ`.
    """

    address = ""

    def __init__(
        self,
        reactor: Reactor,
        factory: MessageFactory,
        socket_type: SocketType,
        options: SocketOptions | None = None,
        **overrides: Any,
    ) -> None:
        self.socket_type = socket_type
        self._factory = factory
        self._transports: dict[Peer, MessageTransport] = {}
        super().__init__(reactor, options, **overrides)
        self.on_event(self._heard)

    def _new_pattern(self, options: SocketOptions) -> IndividualPattern:
        return IndividualPattern(options, self.socket_type, self)

    # What the pattern and the monitor tell

    def peer_ready(self, pipe: Pipe) -> None:
        """A handshake is done: begin with the next turn, when the connection is wholly set up."""
        transport = MessageTransport(pipe)
        self._transports[transport.peer] = transport
        self._core.turn.join(lambda: self._begin(transport))

    def peer_readable(self, pipe: Pipe) -> None:
        """There are messages in the pipe's inbox."""
        self._transport_of(pipe).deliver()

    def peer_writable(self, pipe: Pipe) -> None:
        """The pipe, which was full, has room again."""
        if pipe.peer in self._transports:
            self._transport_of(pipe).flush()

    def _transport_of(self, pipe: Pipe) -> MessageTransport:
        assert pipe.peer is not None  # its handshake is done
        return self._transports[pipe.peer]

    def _begin(self, transport: MessageTransport) -> None:
        if transport.peer in self._transports:
            try:
                protocol = self._factory.buildProtocol(transport.peer)
            except Exception:
                _log.failure("a factory failed with {peer}", peer=transport.peer)
                protocol = None
            if protocol is None:
                transport.loseConnection()
            else:
                transport.attach(protocol)

    def _heard(self, event: Event) -> None:
        if isinstance(event, Disconnected) and event.peer is not None:
            transport = self._transports.pop(event.peer, None)
            if transport is not None:
                transport.lost(Failure(event.reason))


def connectZMQ(
    reactor: Reactor,
    address: object,
    factory: MessageFactory,
    *,
    socket_type: SocketType = SocketType.DEALER,
    options: SocketOptions | None = None,
    **overrides: Any,
) -> ProtocolSocket:
    """Connect to ``address``, again and again as any socket does, with a new protocol each time.

    ``address``: as for :meth:`Socket.connect`. The socket that is returned can be closed.
    """
    zmq = ProtocolSocket(reactor, factory, socket_type, options, **overrides)
    zmq.connect(address)
    return zmq


def listenZMQ(
    reactor: Reactor,
    address: object,
    factory: MessageFactory,
    *,
    socket_type: SocketType = SocketType.DEALER,
    options: SocketOptions | None = None,
    **overrides: Any,
) -> Deferred[ProtocolSocket]:
    """Listen at ``address``, with a protocol for each peer that comes.

    ``address``: as for :meth:`Socket.bind`. Fires with a socket that knows its real ``address`` and
    can be closed; fails as :meth:`Socket.bind` does.
    """
    zmq = ProtocolSocket(reactor, factory, socket_type, options, **overrides)

    def listening(real: str) -> ProtocolSocket:
        zmq.address = real
        return zmq

    return zmq.bind(address).addCallback(listening)
