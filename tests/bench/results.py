"""What the tests of the bench have in common: results that nobody has measured."""

from __future__ import annotations

import attrs

from bench.connection_memory import MEASUREMENT as CONNECTION_MEMORY
from bench.implementations import IMPLEMENTATIONS
from bench.matching import MEASUREMENT as MATCHING
from bench.model import Case, Result, Sample
from bench.round_trip import MEASUREMENT as ROUND_TRIP
from bench.throughput import MEASUREMENT as THROUGHPUT

THROUGHPUT_16 = Case(THROUGHPUT, 16)
ROUND_TRIP_16 = Case(ROUND_TRIP, 16)
IDLE_PEERS = Case(CONNECTION_MEMORY, 1000)
MATCHING_1 = Case(MATCHING, 1)
BY_NAME = {each.name: each for each in IMPLEMENTATIONS}
NUMBERS_OF_PEERS = (1, 10, 100, 1000, 5000)


def rates(name: str, *values: float) -> Result:
    """A throughput result with these rates."""
    samples = [Sample(operations=1, seconds=1 / value) for value in values]
    return Result(THROUGHPUT_16, BY_NAME[name], count=1, samples=samples)


def times(name: str, *microseconds: float) -> Result:
    """A round trip result with these times."""
    samples = [Sample(operations=1, seconds=value / 1e6) for value in microseconds]
    return Result(ROUND_TRIP_16, BY_NAME[name], count=1, samples=samples)


GROUP = [
    rates("pyzmtp-batch", 2_000_000, 3_000_000, 2_500_000),
    rates("pyzmq-blocking", 1_000_000, 1_250_000, 900_000),
    attrs.evolve(rates("pyzmq-asyncio"), errors=["it hung", "it hung"]),
    attrs.evolve(rates("txzmq"), missing="No module named 'txzmq'"),
]
