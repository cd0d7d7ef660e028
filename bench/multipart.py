"""PUSH to PULL with messages of four frames: the same as :mod:`bench.throughput` otherwise."""

from __future__ import annotations

import attrs

from bench import throughput

MEASUREMENT = attrs.evolve(
    throughput.MEASUREMENT,
    name="multipart",
    title="PUSH to PULL, four frames a message",
    job={"parts": 4},
    counts={
        "pyzmtp-batch": {16: 2_000_000, 1024: 300_000},
        "pyzmtp-message": {16: 900_000, 1024: 200_000},
        "pyzmtp-batch-pure": {16: 400_000, 1024: 130_000},
        "pyzmtp-message-pure": {16: 300_000, 1024: 90_000},
        "pyzmq-blocking": {16: 150_000, 1024: 90_000},
        "pyzmq-asyncio": {16: 40_000, 1024: 35_000},
        "txzmq": {16: 75_000, 1024: 55_000},
        "pyomq": {16: 200_000, 1024: 100_000},
    },
)
