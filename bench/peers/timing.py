"""What the peers share for keeping time, so that all of them are measured by the same rule."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from bench.model import Sample

#: Round trips before the clock starts: connecting, and the first pass through cold code.
WARM_UP = 100


def round_trip_sample(marks: Sequence[float]) -> Sample:
    """Return the sample for ``marks``: the start, then the end of each round trip."""
    spans = sorted(end - start for start, end in pairwise(marks))
    return Sample(
        operations=len(spans),
        seconds=marks[-1] - marks[0],
        details={
            "p50_us": spans[len(spans) // 2] * 1e6,
            "p99_us": spans[len(spans) * 99 // 100] * 1e6,
        },
    )


def check_payload(received: bytes, expected: bytes) -> None:
    """Refuse a figure for messages that did not arrive as they were sent."""
    if received != expected:
        raise AssertionError(f"received {received[:32]!r}..., expected {expected[:32]!r}...")
