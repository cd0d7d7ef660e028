"""PUSH to PULL over UNIX sockets: the same as :mod:`bench.throughput` otherwise.

Nobody sets kernel buffers, as libzmq does not set those of UNIX sockets.
"""

from __future__ import annotations

import attrs

from bench import throughput

MEASUREMENT = attrs.evolve(
    throughput.MEASUREMENT,
    name="ipc",
    title="PUSH to PULL over ipc, the system's kernel buffers",
    job={"transport": "ipc", "kernel_buffer": 0},
    counts={
        name: {level: levels[level] for level in (16, 1024)}
        for name, levels in throughput.MEASUREMENT.counts.items()
        if name != "libzmq-c"
    },
)
