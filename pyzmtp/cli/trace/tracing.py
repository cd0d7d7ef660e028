"""Turns what a relay sees into records: :class:`Trace`."""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.interfaces import IAddress

from pyzmtp.cli.trace.decoder import Decoder
from pyzmtp.cli.trace.records import (
    Closed,
    Content,
    Ended,
    Listening,
    Message,
    Opened,
    Record,
    Said,
    Sealed,
    Side,
    Unreachable,
)
from pyzmtp.constants import SocketType
from pyzmtp.net.address import describe

__all__ = ["Trace"]


class Trace:
    """What passes on all connections of a relay, as records, in their order."""

    def __init__(
        self, clock: Callable[[], float], tell: Callable[[Record], None], limit: int
    ) -> None:
        """:param clock: tells the seconds of Unix time.
        :param tell: takes the records.
        :param limit: how many bytes are kept of what is shown.
        """
        self._clock = clock
        self._start = clock()
        self._tell = tell
        self._limit = limit

    def begin(self, address: str, target: str) -> None:
        """The relay listens at ``address``."""
        self.tell(Listening(address, target, self._start), 0)

    def watch(self, number: int, client: IAddress, ours: IAddress) -> _Watch:
        """A watch of a connection, for the relay."""
        return _Watch(self, number, client, self._limit)

    def now(self) -> float:
        """Seconds since the beginning."""
        return self._clock() - self._start

    def tell(self, content: Content, number: int, side: Side | None = None) -> None:
        """Tell of what has become of a connection now."""
        self._tell(Record(self.now(), content, number, side))

    def tell_said(
        self, at: float, said: Said, number: int, side: Side, socket_type: SocketType | None
    ) -> None:
        """Tell of what a side has said."""
        self._tell(Record(at, said, number, side, socket_type))


class _Watch:
    """Tells of one connection."""

    def __init__(self, trace: Trace, number: int, client: IAddress, limit: int) -> None:
        self._trace = trace
        self._number = number
        self._begin = trace.now()
        self._decoders = dict(zip(Side, Decoder.pair(limit), strict=True))
        self._ended: set[Side] = set()
        self._messages = dict.fromkeys(Side, 0)
        self._sealed = dict.fromkeys(Side, 0)
        self._bytes = dict.fromkeys(Side, 0)
        trace.tell(Opened(describe(client)), number)

    def heard(self, side: Side, data: bytes) -> None:
        """See :class:`pyzmtp.cli.trace.relay.Watch`."""
        self._bytes[side] += len(data)
        now = self._trace.now()
        for each, more in ((side, data), (side.other, b"")):
            decoder = self._decoders[each]
            for said in decoder.feed(more, now):
                self._messages[each] += isinstance(said, Message)
                self._sealed[each] += isinstance(said, Sealed) and said.name == "MESSAGE"
                self._trace.tell_said(now, said, self._number, each, decoder.socket_type)

    def ended(self, side: Side, problem: str) -> None:
        """See :class:`pyzmtp.cli.trace.relay.Watch`."""
        decoder = self._decoders[side]
        faults = () if side in self._ended else decoder.end()
        self._ended.add(side)
        content = Ended(problem, decoder.undecoded, faults=faults)
        self._trace.tell(content, self._number, side)

    def unreachable(self, problem: str) -> None:
        """See :class:`pyzmtp.cli.trace.relay.Watch`."""
        self._trace.tell(Unreachable(problem), self._number)

    def closed(self) -> None:
        """See :class:`pyzmtp.cli.trace.relay.Watch`."""
        seconds = self._trace.now() - self._begin
        passed = (dict(self._messages), dict(self._sealed), dict(self._bytes))
        self._trace.tell(Closed(seconds, *passed), self._number)
