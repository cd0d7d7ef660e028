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
        if rate >= 0.9995 * factor:  # which is shown as 1
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
            16: 4_000_000,
            100: 4_000_000,
            1024: 1_000_000,
            65536: 20_000,
            1048576: 1_200,
        },
        "pyzmtp-message": {
            16: 1_200_000,
            100: 1_200_000,
            1024: 600_000,
            65536: 15_000,
            1048576: 1_200,
        },
        "pyzmtp-batch-pure": {
            16: 1_000_000,
            100: 1_000_000,
            1024: 500_000,
            65536: 15_000,
            1048576: 1_200,
        },
        "pyzmtp-message-pure": {
            16: 500_000,
            100: 600_000,
            1024: 350_000,
            65536: 15_000,
            1048576: 1_200,
        },
        "pyzmq-blocking": {
            16: 1_000_000,
            100: 600_000,
            1024: 350_000,
            65536: 20_000,
            1048576: 1_800,
        },
        "pyzmq-asyncio": {16: 50_000, 100: 50_000, 1024: 50_000, 65536: 20_000, 1048576: 1_800},
        "txzmq": {16: 120_000, 100: 120_000, 1024: 110_000, 65536: 20_000, 1048576: 1_500},
        "pyomq": {16: 800_000, 100: 700_000, 1024: 400_000, 65536: 15_000, 1048576: 1_000},
        "libzmq-c": {16: 2_000_000, 100: 1_500_000, 1024: 500_000, 65536: 20_000, 1048576: 1_200},
        "twisted-bare": {
            16: 40_000_000,
            100: 8_000_000,
            1024: 1_000_000,
            65536: 20_000,
            1048576: 1_500,
        },
    },
)
