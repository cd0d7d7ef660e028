"""DEALER and many peers, which get a message and send it back one after another: the time of a round trip.

One message is on its way at a time, and each goes to the next peer. All of them are plain sockets of
one other process, as in :mod:`bench.router_to_one`.
"""

from __future__ import annotations

import attrs

from bench import round_trip, router_to_one

MEASUREMENT = attrs.evolve(
    router_to_one.MEASUREMENT,
    name="dealer-in-turn",
    title="DEALER to each of many in turn and back, 16 B",
    binds="take-turns",
    connects="echo",
    columns=round_trip.MEASUREMENT.columns,
    counts={
        name: dict.fromkeys((1, 10, 100, 1_000, 5_000), count)
        for name, count in {
            "pyzmtp-batch": 6_000,
            "pyzmtp-message": 6_000,
            "pyzmtp-batch-pure": 5_000,
            "pyzmtp-message-pure": 5_000,
            "pyzmq-blocking": 8_000,
            "pyomq": 8_000,
        }.items()
    },
)
