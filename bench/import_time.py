"""How long an import takes beyond ``twisted.internet.reactor``, in fresh processes, from bytecode.

pyzmtp imports each of its names when it is first asked for; so what a program that uses sockets pays is
measured too, and what all names together cost.
"""

from __future__ import annotations

from bench.model import Measurement, Sample
from bench.round_trip import show_time


def milliseconds(sample: Sample) -> float:
    """Return the mean time of one import."""
    return sample.seconds / sample.operations * 1e3


MEASUREMENT = Measurement(
    name="import",
    title="Import",
    unit="ms",
    higher_is_better=False,
    binds="import",
    value=milliseconds,
    show=show_time,
    varies="names",
    show_level=("of the package alone", "of REQ and REP", "of every public name").__getitem__,
    job={"size": 0},
    counts={
        name: dict.fromkeys((0, 1, 2), 5)
        for name in ("pyzmtp-batch", "pyzmtp-batch-pure", "pyzmq-blocking", "txzmq", "pyomq")
    },
)
