"""PUSH to PULL within a process: the same as :mod:`bench.throughput` otherwise.

Both sides are in one thread: in one reactor, one asyncio loop, or for blocking sockets in bursts of
messages that are sent and then received.
"""

from __future__ import annotations

import attrs

from bench import throughput

MEASUREMENT = attrs.evolve(
    throughput.MEASUREMENT,
    name="inproc",
    title="PUSH to PULL over inproc, one thread",
    binds="pull+push",
    connects="",
    job={"transport": "inproc"},
    counts={
        "pyzmtp-batch": {16: 1_500_000, 1024: 1_500_000},
        "pyzmtp-message": {16: 900_000, 1024: 900_000},
        "pyzmtp-batch-pure": {16: 1_000_000, 1024: 1_000_000},
        "pyzmtp-message-pure": {16: 400_000, 1024: 400_000},
        "pyzmq-blocking": {16: 1_000_000, 1024: 800_000},
        "pyzmq-asyncio": {16: 45_000, 1024: 45_000},
        "pyomq": {16: 800_000, 1024: 500_000},
    },
)
