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
        "pyzmtp-batch": {100: 300_000, 65536: 7_000},
        "pyzmtp-message": {100: 250_000, 65536: 7_000},
        "pyzmtp-batch-pure": {100: 250_000, 65536: 6_000},
        "pyzmtp-message-pure": {100: 230_000, 65536: 6_000},
        "pyzmq-blocking": {100: 350_000, 65536: 10_000},
        "pyzmq-asyncio": {100: 55_000, 65536: 8_000},
        "txzmq": {100: 130_000, 65536: 10_000},
        "pyomq": {100: 200_000, 65536: 6_000},
    },
)
