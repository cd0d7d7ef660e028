"""Heartbeats: PING at an interval, and patience with a silent peer (RFC 37, "Heartbeating")."""

from __future__ import annotations

from math import inf

from pyzmtp.errors import HeartbeatTimeout
from pyzmtp.wire.command import encode_ping

__all__ = ["Heartbeat"]


class Heartbeat:
    """When to send a PING, and when to give a connection up.

    Whatever arrives is a sign of life, if only a part of a frame: a large message on a slow line must
    not look like silence. (libzmq counts whole frames.) A PING that cannot leave is as good as an
    unanswered one, unless what lies before it moves on.

    :ivar ping: a PING that waits to be sent.
    """

    __slots__ = (
        "_asked_at",
        "_frame",
        "_heard_at",
        "_held_since",
        "_interval",
        "_ping_at",
        "_timeout",
        "_ttl",
        "ping",
    )

    def __init__(self, interval: float | None, timeout: float | None, ttl: float) -> None:
        self.ping = b""
        self._frame = encode_ping(ttl)
        self._interval = interval
        # ZMQ_HEARTBEAT_TIMEOUT: by default the interval, and 0 means for ever.
        self._timeout = (interval if timeout is None else timeout) or inf
        self._ping_at = inf
        self._heard_at = 0.0
        self._asked_at = inf  # when the PING went out that nothing has followed yet
        self._held_since = inf  # when anything moved last, while a PING waits to leave
        self._ttl = inf  # how long the peer wants us to wait for it

    def start(self, now: float) -> None:
        """The handshake is done."""
        self._heard_at = now
        if self._interval is not None:
            self._ping_at = now + self._interval

    def heard(self, now: float) -> None:
        """Something has arrived."""
        self._heard_at = now
        self._asked_at = inf
        if self.ping:  # as moved(), without a call for each chunk
            self._held_since = now

    def moved(self, now: float) -> None:
        """The transport has taken something: a PING that still waits is on its way."""
        if self.ping:
            self._held_since = now

    def peer_wants(self, ttl: float) -> None:
        """The peer's PING asks to be given up after ``ttl`` silent seconds; 0 asks for nothing."""
        self._ttl = ttl or inf

    def sent(self, now: float) -> None:
        """The PING has left; from now on there has to be an answer."""
        self.ping = b""
        self._held_since = inf
        self._asked_at = min(self._asked_at, now)

    def next_deadline(self) -> float:
        """When :meth:`handle_timer` has to be called at the latest; infinity for never."""
        return min(self._ping_at, self._give_up_at(), self._heard_at + self._ttl)

    def _give_up_at(self) -> float:
        return min(self._asked_at, self._held_since) + self._timeout

    def handle_timer(self, now: float) -> None:
        """Make a PING if it is time. Raises :exc:`HeartbeatTimeout` if the peer was silent too long."""
        if now >= self._give_up_at():
            raise HeartbeatTimeout(self._timeout)
        if now >= self._heard_at + self._ttl:
            raise HeartbeatTimeout(self._ttl)
        if self._interval is not None and now >= self._ping_at:
            self.ping = self._frame
            self._held_since = min(self._held_since, now)
            self._ping_at = now + self._interval
