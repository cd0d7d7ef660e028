"""Topic matching by itself: the time to find who has subscribed to a message, in one process.

The topics are of one length and differ in seven digits; the subscriptions are spread over a hundred
subscribers. Each message matches one topic: of a hundred, from all over the tree. What it takes when every
topic is as likely as any other is in a column of its own: with a million of them that is the time of memory
that no cache of the processor holds. What topics cost from end to end, beside pyzmq, is in
:mod:`bench.topics`.
"""

from __future__ import annotations

from bench.model import Measurement, Sample
from bench.round_trip import show_time


def nanoseconds(sample: Sample) -> float:
    """Return the mean time of one match."""
    return sample.seconds / sample.operations * 1e9


MEASUREMENT = Measurement(
    name="matching",
    title="Matching a topic, in one process",
    unit="ns",
    higher_is_better=False,
    binds="match",
    value=nanoseconds,
    show=show_time,
    varies="subscriptions",
    job={"size": 16},
    show_level=lambda number: f"{number:,} subscriptions" if number > 1 else "1 subscription",
    grows=True,
    columns={"any_ns": "any topic"},
    counts={
        "pyzmtp-batch": dict.fromkeys((1, 10, 10_000, 1_000_000), 500_000),
        "pyzmtp-batch-pure": dict.fromkeys((1, 10, 10_000, 1_000_000), 200_000),
    },
)
