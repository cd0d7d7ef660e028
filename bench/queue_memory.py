"""What a queued message costs in memory: the growth of a PUSH's process while its peer is not there.

Each message has bytes of its own, as the messages of a program have, and the high-water mark lets all of
them in.
"""

from __future__ import annotations

from bench.connection_memory import own_bytes, show_bytes
from bench.model import Measurement

MEASUREMENT = Measurement(
    name="queue-memory",
    title="Memory of a queued message",
    unit="bytes",
    higher_is_better=False,
    binds="hoard",
    value=own_bytes,
    show=show_bytes,
    columns={"rss_bytes": "RSS"},
    counts={
        name: {16: 200_000, 1024: 50_000}
        for name in ("pyzmtp-batch", "pyzmtp-batch-pure", "pyzmq-blocking", "pyomq")
    },
)
