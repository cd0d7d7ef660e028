"""What a connected peer costs in memory: the growth of a ROUTER's process, divided among the peers.

Each of them is idle after it has said one thing and heard it back. They are plain sockets of one other
process (:mod:`bench.peers.crowd`). What counts is the memory that the process has for itself (USS); its
whole resident memory (RSS) is beside it. What the kernel holds is in neither.
"""

from __future__ import annotations

from bench.model import Measurement, Sample
from bench.router_to_one import MEASUREMENT as ROUTER_TO_ONE


def own_bytes(sample: Sample) -> float:
    """Return the memory that one takes of the process's own."""
    return sample.details["uss_bytes"]


def show_bytes(value: float) -> str:
    """Return a number of bytes."""
    return f"{value:,.0f}"


MEASUREMENT = Measurement(
    name="connection-memory",
    title="Memory of an idle connection",
    unit="bytes",
    higher_is_better=False,
    binds="bear",
    connects="get-acquainted",
    connecting_peer="crowd",
    value=own_bytes,
    show=show_bytes,
    varies="connections",
    job={"size": 16},
    show_level=ROUTER_TO_ONE.show_level,
    columns={"rss_bytes": "RSS"},
    counts={
        name: {1_000: 1_000, 5_000: 5_000}
        for name in ("pyzmtp-batch", "pyzmtp-batch-pure", "pyzmq-blocking", "pyomq")
    },
)
