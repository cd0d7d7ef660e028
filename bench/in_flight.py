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
        "pyzmtp-batch": {1: 8_000, 10: 70_000, 100: 500_000},
        "pyzmtp-message": {1: 7_000, 10: 50_000, 100: 200_000},
        "pyzmtp-batch-pure": {1: 7_000, 10: 50_000, 100: 200_000},
        "pyzmtp-message-pure": {1: 6_000, 10: 35_000, 100: 120_000},
        "pyzmq-blocking": {1: 6_000, 10: 40_000, 100: 90_000},
        "pyzmq-asyncio": {1: 4_000, 10: 20_000, 100: 35_000},
        "txzmq": {1: 4_000, 10: 30_000, 100: 50_000},
        "pyomq": {1: 5_000, 10: 20_000, 100: 50_000},
    },
)
