"""A live socket on a network in memory, and a stranger who says anything to it: :class:`Stage`."""

from __future__ import annotations

from collections.abc import Hashable
from contextlib import suppress
from functools import cache
from typing import Any, Final

from twisted.internet.defer import Deferred
from twisted.logger import ILogObserver, LogEvent, globalLogPublisher
from zope.interface import implementer

import pyzmtp
from fuzz.dictionary import greeting_of
from fuzz.reader import Reader
from pyzmtp import (
    CurveClient,
    CurveServer,
    PeerSocket,
    PlainClient,
    PlainServer,
    ReceivingSocket,
    SendingSocket,
    Socket,
    curve_keypair,
)
from pyzmtp.constants import SocketType, compatible
from pyzmtp.engine.events import Disconnected, HandshakeFailed
from pyzmtp.errors import NotPossibleNow, ProtocolError, UsageError
from pyzmtp.testing import Conditions, MemoryNetwork, RawDatagrams, RawPeer
from pyzmtp.wire.command import encode_command
from pyzmtp.wire.metadata import encode_properties

__all__ = ["TYPES", "Stage"]

#: Every class of sockets.
TYPES: Final[list[type[Any]]] = [
    getattr(pyzmtp, f"{name}Socket")
    for name in (
        *("Pair", "Pub", "Sub", "XPub", "XSub", "Req", "Rep", "Dealer", "Router", "Push", "Pull"),
        *("Stream", "Server", "Client", "Radio", "Dish", "Scatter", "Gather", "Peer", "Channel"),
        "Dgram",
    )
]

#: Types of which the first frame of a message is an id that the socket has drawn at random.
_DRAWS_IDS: Final = {SocketType.ROUTER, SocketType.STREAM, SocketType.SERVER, SocketType.PEER}
_LARGEST: Final = 2000
_PORT: Final = 5555

#: Options that go together; a type that does not have one goes without it.
_OPTIONS: Final[list[dict[str, Any]]] = [
    {},
    {"receive_hwm": 2, "send_hwm": 2},
    {"max_message_size": _LARGEST, "max_message_parts": 10, "receive_hwm_bytes": 100},
    {"heartbeat_interval": 1.0, "heartbeat_timeout": 2.0, "min_version": (1, 0)},
    {"xpub_verboser": True, "max_subscriptions": 3, "only_first_subscribe": True},
    {"router_handover": True, "router_mandatory": True},
    {"req_relaxed": True, "req_correlate": True},
    {"conflate": True},
    {"immediate": True, "invert_matching": True},
    {"disconnect_message": b"bye", "hiccup_message": b"hic", "hello_message": b"hello"},
    {"security": PlainServer({"admin": "secret"})},
    {"security": CurveServer(bytes(range(1, 33)), pyzmtp.ALLOW_ANY)},
    {"zap_domain": "nobody answers for it"},
    {"security": PlainClient("admin", "secret")},
    {"security": CurveClient(curve_keypair().public)},
]
_HANDSHAKE_TIMEOUT: Final = 3.0
#: Seconds after which the half-open connections of a crowd make way for a peer.
_GRACE: Final = 0.5


@cache
def _known_options(kind: int, number: int) -> dict[str, Any]:
    """Those of the options of that number that the type of that number has."""
    known: dict[str, Any] = {}
    reactor = MemoryNetwork().reactor()
    for name, value in {**_OPTIONS[number], "handshake_timeout": _HANDSHAKE_TIMEOUT}.items():
        with suppress(UsageError):
            TYPES[kind](reactor, **{name: value})
            known[name] = value
    if TYPES[kind] is PeerSocket:
        known.pop("immediate", None)  # its connect() takes none
    return known


@implementer(ILogObserver)
class _Failures:
    """What was logged as a failure: nothing should be."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def __call__(self, event: LogEvent) -> None:
        failure = event.get("log_failure")
        if failure is not None:
            self.texts.append(failure.getTraceback())

    def check(self) -> None:
        """See that there were none since the last time."""
        texts, self.texts = self.texts, []
        assert not texts, "logged as failures:\n" + "\n".join(texts)


_failures: Final = _Failures()
globalLogPublisher.addObserver(_failures)


class Stage:
    """One socket, the stranger on its other side, and what has come of both."""

    def __init__(self, source: Reader, listening: bool, segment_size: int | None) -> None:
        self.network = MemoryNetwork(conditions=Conditions(segment_size=segment_size))
        self._source = source
        self._listening = listening
        self._events: list[Hashable] = []
        self._messages: list[list[bytes]] = []
        self._streams: dict[bytes, list[bytes]] = {}
        self._id = b"nobody"
        self._peer: RawPeer | None = None
        self.socket = self._new_socket()
        self._udp: RawDatagrams | None = None
        self._socket_udp = self._uses_udp()
        self._open()

    def _new_socket(self) -> Any:
        kind = self._source.choice(range(len(TYPES)))
        options = _known_options(kind, self._source.choice(range(len(_OPTIONS))))
        socket = TYPES[kind](self.network.reactor(), **options)
        socket.on_event(self._note)
        return socket

    def _note(self, event: Any) -> None:
        name = type(event).__name__
        if isinstance(event, HandshakeFailed | Disconnected):
            reason = event.error if isinstance(event, HandshakeFailed) else event.reason
            if isinstance(reason, ProtocolError):
                assert str(reason)
            self._events.append((name, type(reason)))
        else:
            self._events.append(name)

    # The two ends

    def _uses_udp(self) -> bool:
        """Whether datagrams are all that can come, or shall be."""
        kind, options = self.socket.socket_type, self.socket.options
        can = kind is SocketType.DISH and self._listening and options.security is None
        return bool(self._source.byte() & 1 and can) or kind is SocketType.DGRAM

    def _open(self) -> None:
        if self._socket_udp:
            self._run(self.socket.bind(f"udp://127.0.0.1:{_PORT}"))
            self._udp = self.network.raw_datagrams()
        elif self._listening:
            address = self._run(self.socket.bind("tcp://127.0.0.1:*"))
            self._port = int(address.rpartition(":")[2])
        else:
            self._listener = self.network.raw_listen()
            self.socket.connect(f"tcp://127.0.0.1:{self._listener.port}")
        self.network.settle()
        self._meet()

    def _meet(self) -> None:
        """Let another stranger come; where the socket is the one that comes, wait for it."""
        if self._socket_udp:
            return
        if self._listening:
            self._peer = self.network.raw_connect(self._port)
            self.network.settle()
        else:
            self._peer = self._listener.peers[-1] if self._listener.peers else None

    def _run(self, deferred: Deferred[Any]) -> Any:
        return self.network.run(deferred)

    # What may happen

    def go(self) -> None:
        """Do all that the input asks for, then close the socket."""
        while self._source:
            self._happen(self._source.byte() % 8)
            self.network.settle()
            _failures.check()
        self._receive()
        if self._listening:
            self._serve_another()
        self._close()

    def _happen(self, what: int) -> None:
        if what < 3:
            self._say(self._source.chunk())
        elif what == 3:
            self._receive()
            self.network.advance(self._source.byte() / 100)
            if not self._listening:
                self._meet()
        elif what == 4:
            self._send([self._source.chunk() for _ in range(1 + self._source.byte() % 3)])
        elif what == 5:
            self._receive()
        elif what == 6:
            self._act(self._source.byte() % 5)
        else:
            self._use(self._source.byte() % 4, self._source.chunk())

    def _say(self, data: bytes) -> None:
        if self._udp is not None:
            self._udp.send(data, _PORT)
        elif self._peer is not None and self._peer.closed is None:
            self._peer.send(data)

    def _act(self, what: int) -> None:
        """Something that a peer does beside saying something."""
        peer = self._peer
        if what == 0:
            self._meet()
        elif peer is not None and peer.closed is None and peer.transport is not None:
            if what == 1:
                self._receive()  # a reset throws away what the socket has not read yet
                peer.abort()
            elif what == 2:
                peer.close()
            elif what == 3:
                peer.pause()
            else:
                peer.resume()

    # What the application does meanwhile

    def _send(self, frames: list[bytes]) -> None:
        if not isinstance(self.socket, SendingSocket):
            return
        if self.socket.socket_type in _DRAWS_IDS:
            frames = [self._id, *frames[:1]]
        if self.socket.socket_type is SocketType.DGRAM:
            frames = [b"127.0.0.1:9", frames[0]]
        with suppress(UsageError, NotPossibleNow):
            self.socket.try_send(frames)

    def _receive(self) -> None:
        if not isinstance(self.socket, ReceivingSocket):
            return
        with suppress(UsageError):
            while (message := self.socket.try_receive()) is not None:
                self._take(message)
                self.network.settle()

    def _take(self, message: list[bytes]) -> None:
        assert message
        assert all(type(frame) is bytes for frame in message)
        if self.socket.socket_type in _DRAWS_IDS:
            assert len(message) > 1
            routing_id, *message = message
            if routing_id not in self._streams:  # who is last heard depends on how chunks are cut
                self._id = routing_id
        if self.socket.options.max_message_size:
            assert sum(map(len, message)) <= _LARGEST
        if self.socket.socket_type is SocketType.STREAM:
            self._take_chunk(routing_id, message[0])
        else:
            self._messages.append(message)

    def _take_chunk(self, routing_id: bytes, chunk: bytes) -> None:
        """Of a STREAM. Where one ends means nothing, nor whose comes first."""
        if routing_id not in self._streams:
            self._streams[routing_id] = []
            self._messages.append(self._streams[routing_id])
        chunks = self._streams[routing_id]
        if chunk and chunks and chunks[-1]:
            chunks[-1] += chunk
        else:
            chunks.append(chunk)

    def _use(self, what: int, text: bytes) -> None:
        """What only some types can do."""
        socket: Any = self.socket
        names = ("subscribe", "unsubscribe", "join", "leave")
        call = getattr(socket, names[what], None)
        if call is not None:
            with suppress(UsageError):
                call(text)
        elif what == 0 and hasattr(socket, "skip_reply"):
            socket.skip_reply()
        elif what == 1 and hasattr(socket, "disconnect_peer"):
            with suppress(UsageError, NotPossibleNow):
                socket.disconnect_peer(self._id)
        elif what == 2:
            socket.configure(send_hwm=1 + len(text), receive_hwm=1 + len(text))
        elif what == 3:
            self._meet()

    # The end

    def _serve_another(self) -> None:
        """Whatever a stranger has done, a good peer that comes now is welcome."""
        self.network.advance(_GRACE)
        ours: SocketType = self.socket.socket_type
        before = len(self.socket.peers)
        alone = ours in (SocketType.PAIR, SocketType.CHANNEL) and before
        options = self.socket.options
        if self._socket_udp or ours.is_raw or alone or options.security or options.zap_domain:
            return
        theirs = next(each for each in SocketType if compatible(ours, each))
        ready = encode_command(
            b"READY", encode_properties([("Socket-Type", theirs.value.encode())])
        )
        good = self.network.raw_connect(self._port)
        good.send(greeting_of(b"NULL") + ready)
        self.network.settle()
        assert len(self.socket.peers) == before + 1, "a good peer was not let in"
        good.abort()
        self.network.settle()

    def _close(self) -> None:
        """See that nothing is left behind."""
        socket: Socket = self.socket
        closed: list[object] = []
        socket.close(linger=0).addBoth(closed.append)
        self.network.advance(2)
        assert closed == [None], "it did not close"
        if self._udp is not None:
            self._udp.close()
        if self._peer is not None and self._peer.transport is not None and not self._peer.closed:
            self._peer.abort()
        if not self._listening and not self._socket_udp:
            self._listener.close()
        self.network.advance(2)
        self.network.assert_clean()
        _failures.check()

    @property
    def outcome(self) -> tuple[list[list[bytes]], list[Hashable]]:
        """The messages that the application has received, and the events that it was told of."""
        return self._messages, self._events
