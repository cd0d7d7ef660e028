"""PUB to the one of many SUBs that wants the messages: the same as :mod:`bench.router_to_one` otherwise.

The others have subscribed to something else. pyomq takes no part: its publisher drops.
"""

from __future__ import annotations

import attrs

from bench import router_to_one

MEASUREMENT = attrs.evolve(
    router_to_one.MEASUREMENT,
    name="publisher-to-one",
    title="PUB to one matching SUB of many, 16 B",
    binds="publish-to-one",
    connects="subscribe-at-one",
    counts={
        name: dict.fromkeys((1, 10, 100, 1_000, 5_000), count)
        for name, count in {
            "pyzmtp-batch": 1_000_000,
            "pyzmtp-message": 500_000,
            "pyzmtp-batch-pure": 300_000,
            "pyzmtp-message-pure": 200_000,
            "pyzmq-blocking": 1_000_000,
        }.items()
    },
)
