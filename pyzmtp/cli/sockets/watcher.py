"""Tells the user what happens to the connections of a socket: :class:`Watcher`."""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.defer import Deferred, succeed
from twisted.internet.error import ConnectionDone

from pyzmtp.engine.events import (
    Accepted,
    AcceptFailed,
    Closed,
    CloseFailed,
    Connected,
    ConnectRetried,
    Disconnected,
    Event,
    HandshakeFailed,
    HandshakeSucceeded,
    Listening,
    MessagesDropped,
)
from pyzmtp.errors import ConnectAborted, ProtocolError
from pyzmtp.peer import Peer
from pyzmtp.sockets.base import Socket

__all__ = ["Watcher", "describe_peer"]


def describe_peer(peer: Peer) -> str:
    """Who a peer is, in a few words."""
    kind = "a peer" if peer.socket_type is None else peer.socket_type.value
    user = "" if peer.user_id is None else f", {peer.user_id!r}"
    major, minor = peer.version
    return f"{kind} (ZMTP {major}.{minor}, {peer.mechanism}{user})"


class Watcher:
    """Listens to the events of a socket.

    What goes wrong is told, but the same only once until there is a peer; when ``verbose``, all is.

    :ivar unsent: how many messages were dropped that should have been sent.
    :ivar reason: why the last of them was.
    :ivar on_abandoned: called when the last peer has left.
    """

    def __init__(self, socket: Socket, say: Callable[[str], None], verbose: bool) -> None:
        self.unsent = 0
        self.reason: Exception | None = None
        self.on_abandoned: Callable[[], None] = lambda: None
        self._socket = socket
        self._say = say
        self._verbose = verbose
        self._told: set[str] = set()
        self._last_errors: dict[str, Exception] = {}
        self._awaited: list[tuple[int, Deferred[None]]] = []
        socket.on_event(self._notice)

    def wait_for_peers(self, count: int) -> Deferred[None]:
        """Fires when as many peers are there."""
        if len(self._socket.peers) >= count:
            return succeed(None)
        done: Deferred[None] = Deferred(lambda _: self._awaited.remove(entry))
        entry = (count, done)
        self._awaited.append(entry)
        return done

    def _notice(self, event: Event) -> None:
        text = _trouble(event)
        if text and not self._verbose and text not in self._told:
            self._told.add(text)
            self._say(text)
        elif self._verbose:
            text = text or _news(event)
            if text:
                self._say(text)
        if isinstance(event, HandshakeSucceeded):
            self._told.clear()
            self._tell_waiting()
        elif isinstance(event, ConnectRetried):
            self._last_errors[event.address] = event.error
        elif isinstance(event, MessagesDropped) and event.unsent:
            self.unsent += event.count
            self.reason = event.reason
            if isinstance(event.reason, ConnectAborted):  # our own doing, after how many attempts?
                self.reason = self._last_errors.get(event.address, event.reason)
        elif isinstance(event, Disconnected) and event.peer is not None:
            self._look_for_others(event.peer)

    def _look_for_others(self, leaving: Peer) -> None:
        if all(peer is leaving for peer in self._socket.peers):  # among whom it still is
            self.on_abandoned()

    def _tell_waiting(self) -> None:
        for entry in list(self._awaited):
            count, done = entry
            if entry in self._awaited and len(self._socket.peers) >= count:
                self._awaited.remove(entry)
                done.callback(None)


def _trouble(event: Event) -> str:
    """What is told always."""
    if isinstance(event, HandshakeFailed):
        host = event.peer_address.rpartition(":")[0]  # without the port, which is always another
        who = f"{host}: " if host and host not in event.address else ""
        return f"{event.address}: {who}{event.error}"
    if isinstance(event, ConnectRetried) and not isinstance(event.error, ConnectionDone):
        return f"{_named(event.address, event.error)} (trying again)"
    if isinstance(event, Closed) and not isinstance(event.error, ProtocolError | None):
        return _named(event.address, event.error)  # of a peer's fault HandshakeFailed has told
    if isinstance(event, AcceptFailed | CloseFailed):
        return f"{event.address}: {event.error}"
    return ""


def _named(address: str, error: Exception | None) -> str:
    """An error with the address that it is about."""
    text = str(error)
    return text if address in text else f"{address}: {text}"


def _news(event: Event) -> str:
    """What is told to those who want to know."""
    if isinstance(event, Listening):
        return f"listening at {event.address}"
    if isinstance(event, Accepted):
        return f"{event.address}: a connection from {event.peer_address or 'this host'}"
    if isinstance(event, Connected):
        return f"{event.address}: connected to {event.peer_address}"
    if isinstance(event, HandshakeSucceeded):
        return f"{event.address}: {event.peer.peer_address} is {describe_peer(event.peer)}"
    if isinstance(event, Disconnected) and event.peer is not None:
        return f"{event.address}: {event.peer_address} has left: {event.reason}"
    if isinstance(event, MessagesDropped):
        way = "sent" if event.unsent else "received"
        return f"{event.address}: {event.count} messages were not {way}: {event.reason}"
    return ""
