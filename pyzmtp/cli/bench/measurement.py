"""What is measured: :func:`measure_throughput`, :func:`measure_round_trip`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from attrs import frozen
from twisted.internet.defer import Deferred

from pyzmtp.cli.bench.other_side import OtherSide
from pyzmtp.sockets.pull import PullSocket
from pyzmtp.sockets.req import ReqSocket
from pyzmtp.wire.message import Message

__all__ = ["Clock", "RoundTrip", "Throughput", "measure_round_trip", "measure_throughput"]

#: Requests before those that count.
_WARM_UP: Final = 100

#: Tells the time in seconds; differences are all that counts.
Clock = Callable[[], float]


@frozen
class Throughput:
    """Messages of ``size`` bytes that came, and how many seconds that took."""

    size: int
    messages: int
    seconds: float

    @property
    def rate(self) -> float:
        """Messages a second."""
        return self.messages / self.seconds

    @property
    def bytes_rate(self) -> float:
        """Bytes a second."""
        return self.rate * self.size


@frozen
class RoundTrip:
    """Seconds that each of several requests of ``size`` bytes took, shortest first."""

    size: int
    seconds: Sequence[float]

    def percentile(self, percent: float) -> float:
        """The time within which so many of a hundred had their reply."""
        return self.seconds[min(len(self.seconds) - 1, int(len(self.seconds) * percent / 100))]


async def measure_throughput(
    reactor: Any, other: OtherSide, address: str, size: int, count: int, clock: Clock
) -> Throughput:
    """Have the other side send ``count`` messages, and time them from the first to the last."""
    done: Deferred[None] = Deferred()
    received = first = 0
    began = ended = 0.0

    def take(batch: list[Message]) -> None:
        nonlocal received, first, began, ended
        if not received:
            began, first = clock(), len(batch)
        received += len(batch)
        if received >= count and not done.called:
            ended = clock()
            done.callback(None)

    async with PullSocket(reactor, linger=0) as pull:
        pull.consume(take)
        await other.push(await pull.bind(address), size, count)
        await done
        await other.stop()
    # Those of the first batch were there when the clock began to run.
    return Throughput(size, max(1, received - first), max(ended - began, 1e-9))


async def measure_round_trip(
    reactor: Any, other: OtherSide, address: str, size: int, count: int, clock: Clock
) -> RoundTrip:
    """Ask the other side ``count`` times, one request after the other."""
    payload = bytes(size)
    seconds = []
    async with ReqSocket(reactor, linger=0) as req:
        await other.echo(await req.bind(address))
        for _ in range(_WARM_UP + count):
            began = clock()
            await req.request(payload)
            seconds.append(clock() - began)
        await other.stop()
    return RoundTrip(size, sorted(seconds[_WARM_UP:]))
