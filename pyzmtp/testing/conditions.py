"""How bytes travel between two hosts: :class:`Conditions`."""

from __future__ import annotations

from attrs import field, frozen, validators

__all__ = ["Conditions"]

_NOT_NEGATIVE = validators.ge(0.0)
_CHANCE = validators.and_(validators.ge(0.0), validators.le(1.0))
_AT_LEAST_ONE = validators.ge(1)


@frozen(kw_only=True)
class Conditions:
    """How bytes travel between two hosts, the same in both directions. By default at once.

    TCP and UNIX connections keep the order of their bytes and lose none, whatever the conditions;
    datagrams may overtake each other where there is ``jitter``. Raises :exc:`ValueError`.

    :ivar latency: seconds that everything is under way: bytes, the end of a connection, datagrams.
    :ivar jitter: as many seconds more at the most, anew for each segment.
    :ivar bandwidth: bytes per second, for each direction of each connection; ``None``: no limit.
    :ivar buffer: bytes that are under way, or have arrived and were not read, in each direction of a
        connection. Who writes more has to wait.
    :ivar segment_size: the most bytes that one ``dataReceived()`` is given; ``None``: as many as there
        are, up to the 64 KiB that Twisted's transports read at a time.
    :ivar split: the chance that what is read is cut at a random place.
    :ivar coalesce: seconds: what is sent meanwhile arrives together.
    :ivar loss: the chance that a datagram is lost.
    """

    latency: float = field(default=0.0, validator=_NOT_NEGATIVE)
    jitter: float = field(default=0.0, validator=_NOT_NEGATIVE)
    bandwidth: float | None = field(default=None, validator=validators.optional(validators.gt(0.0)))
    buffer: int = field(default=64 * 1024, validator=_AT_LEAST_ONE)
    segment_size: int | None = field(default=None, validator=validators.optional(_AT_LEAST_ONE))
    split: float = field(default=0.0, validator=_CHANCE)
    coalesce: float = field(default=0.0, validator=_NOT_NEGATIVE)
    loss: float = field(default=0.0, validator=_CHANCE)

    @property
    def instant(self) -> bool:
        """Whether bytes arrive when they are sent."""
        return not (self.latency or self.jitter or self.bandwidth or self.coalesce)
