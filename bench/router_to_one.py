"""ROUTER to one of many connected DEALERs: the time a message takes, seen by the one that gets them.

The others are idle. All of them are plain sockets of one other process (:mod:`bench.peers.crowd`), the
same for everybody, so that only the sender's cost can grow with their number.
"""

from __future__ import annotations

from bench.model import Measurement
from bench.round_trip import microseconds, show_time

MEASUREMENT = Measurement(
    name="router-to-one",
    title="ROUTER to one DEALER of many, 16 B",
    unit="us",
    higher_is_better=False,
    binds="send-to-one",
    connects="receive-at-one",
    connecting_peer="crowd",
    value=microseconds,
    show=show_time,
    varies="connections",
    job={"size": 16},
    show_level=lambda number: f"{number:,} peers" if number > 1 else "1 peer",
    grows=True,
    counts={
        name: dict.fromkeys((1, 10, 100, 1_000, 5_000), count)
        for name, count in {
            "pyzmtp-batch": 3_000_000,
            "pyzmtp-message": 1_000_000,
            "pyzmtp-batch-pure": 600_000,
            "pyzmtp-message-pure": 300_000,
            "pyzmq-blocking": 300_000,
            "pyomq": 200_000,
        }.items()
    },
)
