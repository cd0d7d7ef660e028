"""PUSH to PULL: messages a second, seen by the receiver from the first message to the last.

The clock starts when the first message (or the first batch) is in the application's hands, and
what came with it is not counted: only messages that arrived while the clock ran are.
"""

from __future__ import annotations

from bench.model import Measurement, Sample


def messages_a_second(sample: Sample) -> float:
    """Return the rate of one sample."""
    return sample.operations / sample.seconds


def show_rate(rate: float) -> str:
    """Return a rate with three significant digits: ``2.41 M``, ``812 k``."""
    for factor, letter in ((1e6, " M"), (1e3, " k")):
        if rate >= factor:
            return f"{rate / factor:.3g}{letter}"
    return f"{rate:.3g}"


MEASUREMENT = Measurement(
    name="throughput",
    title="PUSH to PULL",
    unit="msg/s",
    higher_is_better=True,
    binds="pull",
    connects="push",
    value=messages_a_second,
    show=show_rate,
    counts={
        "pyzmtp-batch": {
            16: 1_500_000,
            100: 1_300_000,
            1024: 600_000,
            65536: 15_000,
            1048576: 1_200,
        },
        "pyzmtp-message": {
            16: 400_000,
            100: 400_000,
            1024: 250_000,
            65536: 15_000,
            1048576: 1_200,
        },
        "pyzmtp-batch-pure": {
            16: 800_000,
            100: 700_000,
            1024: 350_000,
            65536: 15_000,
            1048576: 1_200,
        },
        "pyzmtp-message-pure": {
            16: 250_000,
            100: 250_000,
            1024: 200_000,
            65536: 15_000,
            1048576: 1_200,
        },
        "pyzmq-blocking": {
            16: 1_000_000,
            100: 800_000,
            1024: 350_000,
            65536: 13_000,
            1048576: 1_000,
        },
        "pyzmq-asyncio": {16: 45_000, 100: 45_000, 1024: 45_000, 65536: 10_000, 1048576: 1_000},
        "txzmq": {16: 100_000, 100: 100_000, 1024: 90_000, 65536: 12_000, 1048576: 1_000},
        "twisted-bare": {
            16: 1_500_000,
            100: 1_500_000,
            1024: 1_000_000,
            65536: 20_000,
            1048576: 1_500,
        },
    },
)
