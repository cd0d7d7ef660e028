"""The implementations of pyzmtp.wire.framing: the pure one, and the compiled one where it was built."""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable
from typing import Final

from attrs import frozen

from pyzmtp.wire import framing
from pyzmtp.wire.framing import FrameDecoder
from pyzmtp.wire.message import Message, Outgoing

__all__ = ["COMPILED", "IMPLEMENTATIONS", "PURE", "Implementation"]


@frozen
class Implementation:
    """What both implementations have."""

    name: str
    FrameDecoder: type[FrameDecoder]
    encode_batch: Callable[[list[Outgoing], int], tuple[list[bytes], int]]
    encode_frame: Callable[[int, bytes], bytes]
    encode_message: Callable[[Message], bytes]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def of(cls, name: str, module: str) -> Implementation:
        """The implementation in ``module``. Raises :exc:`ImportError` where there is none."""
        found = importlib.import_module(module)
        return cls(
            name, found.FrameDecoder, found.encode_batch, found.encode_frame, found.encode_message
        )


def _compiled() -> Implementation | None:
    try:
        return Implementation.of("compiled", "pyzmtp._speedups.framing")
    except ImportError:
        if os.environ.get("PYZMTP_SPEEDUPS") == "yes":
            raise
        return None


PURE: Final = Implementation.of("pure", framing.__name__)
#: ``None`` where it was not built; with ``PYZMTP_SPEEDUPS=yes`` that is an error.
COMPILED: Final = _compiled()
IMPLEMENTATIONS: Final = [PURE] if COMPILED is None else [PURE, COMPILED]
