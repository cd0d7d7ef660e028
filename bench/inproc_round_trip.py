"""REQ/REP within a process and a thread: the same as :mod:`bench.round_trip` otherwise."""

from __future__ import annotations

import attrs

from bench import inproc, round_trip

MEASUREMENT = attrs.evolve(
    round_trip.MEASUREMENT,
    name="inproc-round-trip",
    title="REQ/REP round trip over inproc, one thread",
    binds="reply+request",
    connects="",
    job=inproc.MEASUREMENT.job,
    counts={
        "pyzmtp-batch": {16: 50_000},
        "pyzmtp-message": {16: 30_000},
        "pyzmtp-batch-pure": {16: 45_000},
        "pyzmtp-message-pure": {16: 20_000},
        "pyzmq-blocking": {16: 150_000},
        "pyzmq-asyncio": {16: 10_000},
        "pyomq": {16: 150_000},
    },
)
