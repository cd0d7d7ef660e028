"""REQ/REP over UNIX sockets: the same as :mod:`bench.round_trip` otherwise, with the system's buffers."""

from __future__ import annotations

import attrs

from bench import ipc, round_trip

MEASUREMENT = attrs.evolve(
    round_trip.MEASUREMENT,
    name="ipc-round-trip",
    title="REQ/REP round trip over ipc, the system's kernel buffers",
    job=ipc.MEASUREMENT.job,
    counts={
        name: levels for name, levels in round_trip.MEASUREMENT.counts.items() if name != "libzmq-c"
    },
)
