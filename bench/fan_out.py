"""PUB to many SUBs, all in one other process: deliveries a second, seen by the subscribers together.

Nothing is dropped (ZMQ_XPUB_NODROP): else whoever drops most would be the fastest. The publisher begins
when everybody has subscribed, and ``count`` is what it publishes. txZMQ takes no part: its publisher cannot
know who has; nor does pyomq, whose publisher drops.
"""

from __future__ import annotations

from bench.model import Measurement
from bench.throughput import messages_a_second, show_rate

MEASUREMENT = Measurement(
    name="fan-out",
    title="PUB to SUBs, 100 B",
    unit="deliveries/s",
    higher_is_better=True,
    binds="publish",
    connects="subscribe",
    value=messages_a_second,
    show=show_rate,
    varies="subscribers",
    job={"size": 100},
    show_level=lambda number: f"{number} subscribers" if number > 1 else "1 subscriber",
    counts={
        "pyzmtp-batch": {1: 900_000, 10: 200_000, 100: 40_000, 1000: 2_500},
        "pyzmtp-message": {1: 600_000, 10: 100_000, 100: 10_000, 1000: 500},
        "pyzmtp-batch-pure": {1: 450_000, 10: 100_000, 100: 10_000, 1000: 800},
        "pyzmtp-message-pure": {1: 350_000, 10: 50_000, 100: 5_000, 1000: 300},
        "pyzmq-blocking": {1: 500_000, 10: 50_000, 100: 5_000, 1000: 400},
        "pyzmq-asyncio": {1: 50_000, 10: 5_000, 100: 500, 1000: 100},
    },
)
