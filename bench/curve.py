"""PUSH to PULL under CURVE: the same as :mod:`bench.throughput`, and every message encrypted."""

from __future__ import annotations

import attrs

from bench import throughput

MEASUREMENT = attrs.evolve(
    throughput.MEASUREMENT,
    name="curve",
    title="PUSH to PULL under CURVE",
    job={"mechanism": "CURVE"},
    counts={
        "pyzmtp-batch": {100: 100_000, 65536: 6_000},
        "pyzmtp-message": {100: 100_000, 65536: 6_000},
        "pyzmtp-batch-pure": {100: 80_000, 65536: 6_000},
        "pyzmtp-message-pure": {100: 80_000, 65536: 6_000},
        "pyzmq-blocking": {100: 400_000, 65536: 6_000},
        "pyzmq-asyncio": {100: 40_000, 65536: 6_000},
        "txzmq": {100: 80_000, 65536: 6_000},
    },
)
