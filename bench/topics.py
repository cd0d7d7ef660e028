"""PUB to a SUB with many subscriptions: messages a second, seen by the subscriber.

Each message is for one of the topics; publisher and subscriber both match it, and nothing is dropped. The
publisher begins when it knows of all subscriptions.
"""

from __future__ import annotations

import attrs

from bench import fan_out, matching

MEASUREMENT = attrs.evolve(
    fan_out.MEASUREMENT,
    name="topics",
    title="PUB to SUB, 16 B, by topic",
    unit="msg/s",
    binds="publish-topics",
    connects="subscribe-topics",
    varies="subscriptions",
    job={"size": 16},
    show_level=matching.MEASUREMENT.show_level,
    grows=True,
    counts={
        "pyzmtp-batch": {1: 800_000, 10: 800_000, 10_000: 600_000, 1_000_000: 100_000},
        "pyzmtp-message": {1: 500_000, 10: 500_000, 10_000: 300_000},
        "pyzmtp-batch-pure": {1: 350_000, 10: 350_000, 10_000: 250_000},
        "pyzmtp-message-pure": {1: 300_000, 10: 300_000, 10_000: 200_000},
        "pyzmq-blocking": {1: 800_000, 10: 800_000, 10_000: 600_000, 1_000_000: 200_000},
    },
)
