"""How fast connections are made under CURVE: the same as :mod:`bench.connections` otherwise."""

from __future__ import annotations

import attrs

from bench import connections

MEASUREMENT = attrs.evolve(
    connections.MEASUREMENT,
    name="curve-connections",
    title="Connections made under CURVE, used once and closed",
    job={"size": 16, "mechanism": "CURVE"},
    counts={
        "pyzmtp-batch": {1: 350, 100: 600},
        "pyzmtp-batch-pure": {1: 350, 100: 600},
        "pyzmq-blocking": {1: 400, 100: 1_200},
        "txzmq": {1: 350, 100: 900},
        "pyomq": {1: 200, 100: 300},
    },
)
