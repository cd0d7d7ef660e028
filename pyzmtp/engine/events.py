"""What happens to a socket's connections, as values: the counterpart of libzmq's monitor events.

``address`` is always the address that was bound or connected, as :meth:`Socket.bind` returned it or
:meth:`Socket.connect` was given it. ``libzmq_event`` is the number of the ``ZMQ_EVENT_`` that an event
stands for, 0 where libzmq has none:

========================================  =======  ==================================================
``ZMQ_EVENT_``                            number   here
========================================  =======  ==================================================
``CONNECTED``                             0x0001   :class:`Connected`
``CONNECT_DELAYED``                       0x0002   :class:`ConnectDelayed`
``CONNECT_RETRIED``                       0x0004   :class:`ConnectRetried`
``LISTENING``                             0x0008   :class:`Listening`
``BIND_FAILED``                           0x0010   :class:`BindFailed`
``ACCEPTED``                              0x0020   :class:`Accepted`
``ACCEPT_FAILED``                         0x0040   :class:`AcceptFailed`
``CLOSED``                                0x0080   :class:`Closed`
``CLOSE_FAILED``                          0x0100   :class:`CloseFailed`
``DISCONNECTED``                          0x0200   :class:`Disconnected`
``MONITOR_STOPPED``                       0x0400   :class:`MonitorStopped`
``HANDSHAKE_FAILED_NO_DETAIL``            0x0800   :class:`HandshakeFailed`: the transport's reason
``HANDSHAKE_SUCCEEDED``                   0x1000   :class:`HandshakeSucceeded`
``HANDSHAKE_FAILED_PROTOCOL``             0x2000   :class:`HandshakeFailed`: the peer broke a rule
``HANDSHAKE_FAILED_AUTH``                 0x4000   :class:`HandshakeFailed`: :exc:`AuthenticationFailed`
``PIPES_STATS``                           0x10000  no event: the property ``queues`` of a socket
========================================  =======  ==================================================

What a program may rely on, on every transport, whatever is called from within a callback:

- Each ``Listening`` is answered by exactly one ``Closed``, the last that its bind has to tell. A bind
  that fails is one ``BindFailed`` and nothing else.
- Each connect begins with ``ConnectDelayed`` and ends with exactly one ``Closed``. In between, an attempt
  is ``ConnectDelayed``, then ``Connected`` or nothing; another one is announced by ``ConnectRetried``.
- Each ``Accepted`` or ``Connected`` is answered by exactly one ``Disconnected`` of the same
  ``connection``, and between the two there is one ``HandshakeSucceeded`` or one ``HandshakeFailed`` at
  most. Without either, the socket itself gave the connection up before it was ready.
- ``MonitorStopped`` is the very last event.
- Two binds or connects of a socket to the same address cannot be told apart.
- Everybody who listens is told the same events in the same order.
"""

from __future__ import annotations

from typing import Final

from attrs import frozen

from pyzmtp.errors import AuthenticationFailed, ProtocolError
from pyzmtp.peer import Peer

__all__ = [
    "AcceptFailed",
    "Accepted",
    "BindFailed",
    "CloseFailed",
    "Closed",
    "ConnectDelayed",
    "ConnectRetried",
    "Connected",
    "Disconnected",
    "Event",
    "HandshakeFailed",
    "HandshakeSucceeded",
    "Listening",
    "MessagesDropped",
    "MonitorStopped",
]


@frozen
class Event:
    """The base of all events.

    Where they occur, ``connection`` is the number that the socket gave to one connection, the first
    being 1, by which all events of that connection are found; ``fileno`` is the file descriptor, on
    transports that have one, else ``None`` (libzmq's event value; it may be somebody else's by now).
    """

    address: str

    @property
    def libzmq_event(self) -> int:
        """The number of the ``ZMQ_EVENT_`` that this stands for, 0 if there is none."""
        return _NUMBERS.get(type(self), 0)


@frozen
class Listening(Event):
    """The socket listens at ``address`` (ZMQ_EVENT_LISTENING)."""

    fileno: int | None = None


@frozen
class BindFailed(Event):
    """Listening at ``address`` failed with ``error`` (ZMQ_EVENT_BIND_FAILED)."""

    error: Exception


@frozen
class AcceptFailed(Event):
    """The system did not hand out a connection that had come (ZMQ_EVENT_ACCEPT_FAILED).

    Most likely there are no file descriptors left, and Twisted turns away all who wait: one event may
    stand for many of them.

    :ivar error: what ``accept()`` said.
    """

    error: OSError


@frozen
class Accepted(Event):
    """Somebody at ``peer_address`` connected to us; nothing is known yet (ZMQ_EVENT_ACCEPTED)."""

    peer_address: str
    connection: int = 0
    fileno: int | None = None


@frozen
class ConnectDelayed(Event):
    """An attempt to connect has begun (ZMQ_EVENT_CONNECT_DELAYED)."""


@frozen
class Connected(Event):
    """The transport is there, the handshake begins (ZMQ_EVENT_CONNECTED)."""

    peer_address: str
    connection: int = 0
    fileno: int | None = None


@frozen
class ConnectRetried(Event):
    """The next attempt follows after ``delay`` seconds (ZMQ_EVENT_CONNECT_RETRIED).

    :ivar error: why the last one failed, or why the connection was lost.
    """

    delay: float
    error: Exception


@frozen
class HandshakeSucceeded(Event):
    """``peer`` is ready for messages (ZMQ_EVENT_HANDSHAKE_SUCCEEDED).

    As in libzmq, a STREAM has none of these: its peer is ready when it is accepted or connected.
    """

    peer: Peer
    connection: int = 0


@frozen
class HandshakeFailed(Event):
    """A connection ended before it was ready (ZMQ_EVENT_HANDSHAKE_FAILED_*).

    :ivar peer_address: where the other end was.
    :ivar error: the reason: :exc:`AuthenticationFailed` if one side did not let the other in,
        :exc:`PeerRefused` for another word of the peer's, another :exc:`ProtocolError` for what the
        peer did, else what the transport said.
    """

    peer_address: str
    error: Exception
    connection: int = 0

    @property
    def libzmq_code(self) -> int:
        """The value that libzmq gives with it: a ``ZMQ_PROTOCOL_ERROR_``, or the status of a refusal.

        0 where libzmq gives neither.
        """
        return self.error.libzmq_code if isinstance(self.error, ProtocolError) else 0

    @property
    def libzmq_event(self) -> int:
        """ZMQ_EVENT_HANDSHAKE_FAILED_AUTH, _PROTOCOL, or _NO_DETAIL if there is no ``libzmq_code``."""
        if self.libzmq_code == 0:
            return 0x0800
        return 0x4000 if isinstance(self.error, AuthenticationFailed) else 0x2000


@frozen
class Disconnected(Event):
    """A connection has ended, whether it ever became ready or not (ZMQ_EVENT_DISCONNECTED).

    :ivar peer: who was there; ``None`` if there was no handshake.
    :ivar reason: a :exc:`ProtocolError` for what the peer did, :exc:`ConnectAborted` for our own doing
        over ``inproc://``, else what the transport said.
    :ivar peer_address: where the other end was.
    """

    peer: Peer | None
    reason: Exception
    peer_address: str = ""
    connection: int = 0
    fileno: int | None = None


@frozen
class CloseFailed(Event):
    """The port at ``address`` could not be closed properly (ZMQ_EVENT_CLOSE_FAILED)."""

    error: Exception


@frozen
class Closed(Event):
    """All is over that came of one bind or connect of ``address`` (ZMQ_EVENT_CLOSED).

    :ivar error: why a connect was given up by itself; ``None`` after ``disconnect()``, ``unbind()`` and
        ``close()``.
    """

    fileno: int | None = None
    error: Exception | None = None


@frozen
class MonitorStopped(Event):
    """The socket is closed, no event will follow (ZMQ_EVENT_MONITOR_STOPPED). ``address`` is empty."""


@frozen
class MessagesDropped(Event):
    """``count`` messages, queued or received, are lost. libzmq has no event for this.

    :ivar reason: why the connection, or the socket, ended.
    :ivar unsent: whether they were to be sent; else they had been received, and were not read.
    :ivar peer: whom they were for or from, if that is known.
    """

    count: int
    reason: Exception
    unsent: bool
    peer: Peer | None = None


_NUMBERS: Final[dict[type[Event], int]] = {
    Connected: 0x0001,
    ConnectDelayed: 0x0002,
    ConnectRetried: 0x0004,
    Listening: 0x0008,
    BindFailed: 0x0010,
    Accepted: 0x0020,
    AcceptFailed: 0x0040,
    Closed: 0x0080,
    CloseFailed: 0x0100,
    Disconnected: 0x0200,
    MonitorStopped: 0x0400,
    HandshakeSucceeded: 0x1000,
}
