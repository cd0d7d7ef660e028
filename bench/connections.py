"""How fast connections are made: connect, handshake, a REQ's request, its reply, and close.

As many as the level says are on their way at a time; when all of them are done, the next ones follow.
"""

from __future__ import annotations

from bench.model import Measurement
from bench.throughput import messages_a_second, show_rate

MEASUREMENT = Measurement(
    name="connections",
    title="Connections made, used once and closed",
    unit="connections/s",
    higher_is_better=True,
    binds="welcome",
    connects="visit",
    value=messages_a_second,
    show=show_rate,
    varies="connections",
    job={"size": 16},
    show_level=lambda number: f"{number} at a time",
    counts={
        "pyzmtp-batch": {1: 600, 100: 900},
        "pyzmtp-batch-pure": {1: 600, 100: 900},
        "pyzmq-blocking": {1: 1_500, 100: 4_000},
        "txzmq": {1: 1_000, 100: 3_000},
        "pyomq": {1: 400, 100: 600},
        "twisted-bare": {1: 2_000, 100: 2_500},
    },
)
