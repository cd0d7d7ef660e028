"""An address where nobody ever listens, and nobody else can begin to."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def nowhere() -> Iterator[str]:
    """Keep a port for the block that follows, without listening at it."""
    with socket.socket() as keeper:
        keeper.bind(("127.0.0.1", 0))
        yield f"tcp://127.0.0.1:{keeper.getsockname()[1]}"
