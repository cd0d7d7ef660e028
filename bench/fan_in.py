"""Many PUSHes, all in one other process, to one PULL: messages a second of all of them together.

They begin when all are connected: each has said so with a first message, and the clock starts when as
many have come.
"""

from __future__ import annotations

from bench.model import Measurement
from bench.throughput import messages_a_second, show_rate

MEASUREMENT = Measurement(
    name="fan-in",
    title="PUSHes to PULL, 16 B",
    unit="msg/s",
    higher_is_better=True,
    binds="pull",
    connects="push-each",
    value=messages_a_second,
    show=show_rate,
    varies="pushers",
    job={"size": 16},
    show_level=lambda number: f"{number} senders" if number > 1 else "1 sender",
    counts={
        "pyzmtp-batch": {1: 5_000_000, 10: 5_000_000, 100: 5_000_000},
        "pyzmtp-message": {1: 1_200_000, 10: 1_500_000, 100: 1_500_000},
        "pyzmtp-batch-pure": {1: 1_000_000, 10: 1_000_000, 100: 1_000_000},
        "pyzmtp-message-pure": {1: 500_000, 10: 500_000, 100: 500_000},
        "pyzmq-blocking": {1: 1_000_000, 10: 1_000_000, 100: 1_000_000},
        "pyzmq-asyncio": {1: 50_000, 10: 50_000, 100: 50_000},
        "txzmq": {1: 120_000, 10: 100_000, 100: 100_000},
        "pyomq": {1: 800_000, 10: 500_000, 100: 500_000},
    },
)
