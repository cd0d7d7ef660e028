"""Measures each transport with each size, and tells: :func:`run_bench`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

from attrs import frozen
from rich import box
from rich.table import Table

from pyzmtp.cli.bench.measurement import (
    Clock,
    RoundTrip,
    Throughput,
    measure_round_trip,
    measure_throughput,
)
from pyzmtp.cli.bench.other_side import LocalSide, OtherSide, RemoteSide
from pyzmtp.cli.exit_status import ExitStatus
from pyzmtp.cli.screen import Screen
from pyzmtp.cli.streams import Streams
from pyzmtp.errors import SocketClosed, ZMTPError

__all__ = ["TRANSPORTS", "Load", "Result", "run_bench"]

#: Where to meet, by transport.
TRANSPORTS: Final = {
    "tcp": "tcp://127.0.0.1:*",
    "ipc": "ipc://*",
    "inproc": "inproc://pyzmtp-bench",
}

#: Bytes that a measurement moves at the most, so that large messages do not take for ever.
_MOST_BYTES: Final = 1_000_000_000


@frozen
class Load:
    """What to measure.

    :ivar apart: whether the other side has a process of its own, where the transport lets it.
    """

    transports: Sequence[str]
    sizes: Sequence[int]
    messages: int
    requests: int
    apart: bool


@frozen
class Result:
    """What was measured with messages of one size over one transport."""

    transport: str
    processes: int
    throughput: Throughput
    round_trip: RoundTrip

    def as_json(self) -> dict[str, Any]:
        """All of it, in plain units."""
        return {
            "transport": self.transport,
            "processes": self.processes,
            "size": self.throughput.size,
            "messages_per_second": self.throughput.rate,
            "bytes_per_second": self.throughput.bytes_rate,
            "round_trip_seconds": {
                "median": self.round_trip.percentile(50),
                "99 %": self.round_trip.percentile(99),
            },
        }


async def run_bench(
    reactor: Any, load: Load, clock: Clock, as_json: bool, streams: Streams
) -> ExitStatus:
    """Measure, and write a table or JSON at the end."""
    results = []
    for transport in load.transports:
        apart = load.apart and transport != "inproc"
        other: OtherSide = RemoteSide(reactor) if apart else LocalSide(reactor)
        try:
            await other.start(TRANSPORTS[transport])
            for size in load.sizes:
                if streams.stdout.interactive:
                    streams.say(f"measuring {transport} with {size} bytes")
                results.append(await _measure(reactor, load, transport, other, size, clock))
        except SocketClosed:
            streams.say("the other process has ended")
            return ExitStatus.FAILED
        except ZMTPError as error:
            streams.say(f"{transport}: {error}")
            return ExitStatus.FAILED
        finally:
            await other.close()
    await _write(results, as_json, streams)
    return ExitStatus.DONE


async def _measure(
    reactor: Any, load: Load, transport: str, other: OtherSide, size: int, clock: Clock
) -> Result:
    address = TRANSPORTS[transport]
    count = max(1, min(load.messages, _MOST_BYTES // max(1, size)))
    return Result(
        transport,
        other.processes,
        await measure_throughput(reactor, other, address, size, count, clock),
        await measure_round_trip(reactor, other, address, size, load.requests, clock),
    )


async def _write(results: Sequence[Result], as_json: bool, streams: Streams) -> None:
    screen = Screen(streams.stdout)
    if as_json:
        screen.line(json.dumps([result.as_json() for result in results]))
    else:
        screen.console().print(_table(results))
    await screen.drain()


def _table(results: Sequence[Result]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("transport")
    for head in ("bytes", "messages/s", "MB/s", "round trip", "99 %"):
        table.add_column(head, justify="right")
    for result in results:
        throughput, round_trip = result.throughput, result.round_trip
        table.add_row(
            f"{result.transport}, {result.processes} process{'es' if result.processes > 1 else ''}",
            f"{throughput.size:,}",
            f"{throughput.rate:,.0f}",
            f"{throughput.bytes_rate / 1e6:,.1f}",
            _microseconds(round_trip.percentile(50)),
            _microseconds(round_trip.percentile(99)),
        )
    return table


def _microseconds(seconds: float) -> str:
    return f"{seconds * 1e6:,.0f} us"
