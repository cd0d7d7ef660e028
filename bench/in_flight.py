"""DEALER to ROUTER and back: round trips a second with several requests on their way at a time."""

from __future__ import annotations

from bench.model import Measurement
from bench.throughput import messages_a_second, show_rate

MEASUREMENT = Measurement(
    name="in-flight",
    title="DEALER to ROUTER and back",
    unit="trips/s",
    higher_is_better=True,
    binds="answer",
    connects="ask",
    value=messages_a_second,
    show=show_rate,
    varies="in_flight",
    job={"size": 16},
    show_level=lambda number: f"{number} in flight",
    counts={
        "pyzmtp-batch": {1: 4_000, 10: 25_000, 100: 120_000},
        "pyzmtp-message": {1: 4_000, 10: 20_000, 100: 60_000},
        "pyzmtp-batch-pure": {1: 4_000, 10: 20_000, 100: 80_000},
        "pyzmtp-message-pure": {1: 4_000, 10: 15_000, 100: 40_000},
        "pyzmq-blocking": {1: 6_000, 10: 25_000, 100: 80_000},
        "pyzmq-asyncio": {1: 3_000, 10: 8_000, 100: 15_000},
        "txzmq": {1: 4_000, 10: 10_000, 100: 20_000},
    },
)
