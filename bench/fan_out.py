"""PUB to many SUBs, all in one other process: deliveries a second, seen by the subscribers together.

Nothing is dropped (ZMQ_XPUB_NODROP): else whoever drops most would be the fastest. The publisher begins
when everybody has subscribed, and ``count`` is what it publishes. txZMQ takes no part: its publisher cannot
know who has.
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
        "pyzmtp-batch": {1: 500_000, 10: 60_000, 100: 6_000, 1000: 500},
        "pyzmtp-message": {1: 200_000, 10: 30_000, 100: 3_000, 1000: 300},
        "pyzmtp-batch-pure": {1: 300_000, 10: 40_000, 100: 4_000, 1000: 300},
        "pyzmtp-message-pure": {1: 150_000, 10: 20_000, 100: 2_000, 1000: 200},
        "pyzmq-blocking": {1: 400_000, 10: 50_000, 100: 5_000, 1000: 400},
        "pyzmq-asyncio": {1: 30_000, 10: 4_000, 100: 400, 1000: 100},
    },
)
