"""REQ/REP: the time from a request to its reply, one in flight, seen by the requester."""

from __future__ import annotations

from bench.model import Measurement, Sample


def microseconds(sample: Sample) -> float:
    """Return the mean time of one round trip."""
    return sample.seconds / sample.operations * 1e6


def show_time(value: float) -> str:
    """Return a time with as many digits as mean something."""
    return f"{value:.3g}" if value < 999.5 else f"{value:.0f}"


MEASUREMENT = Measurement(
    name="round-trip",
    title="REQ/REP round trip",
    unit="us",
    higher_is_better=False,
    binds="reply",
    connects="request",
    value=microseconds,
    show=show_time,
    columns={"p99_us": "p99 us"},
    counts={
        "pyzmtp-batch": {16: 7_000},
        "pyzmtp-message": {16: 6_000},
        "pyzmtp-batch-pure": {16: 6_000},
        "pyzmtp-message-pure": {16: 5_000},
        "pyzmq-blocking": {16: 5_000},
        "pyzmq-asyncio": {16: 3_000},
        "txzmq": {16: 3_500},
        "pyomq": {16: 6_000},
        "libzmq-c": {16: 6_000},
        "twisted-bare": {16: 9_000},
    },
)
