"""Chooses between the compiled and the pure form of the hot modules, once, at import.

``PYZMTP_SPEEDUPS=auto`` (the default) takes the compiled form where it was built, ``yes`` raises
:exc:`ImportError` where it was not, ``no`` takes the pure form in any case. Both forms stay
importable side by side, as :mod:`pyzmtp.wire.framing` and ``pyzmtp._speedups.framing``.
"""

from __future__ import annotations

import os
from importlib import import_module
from typing import TYPE_CHECKING, Final

__all__ = ["IMPLEMENTATION", "FrameDecoder", "encode_batch", "encode_frame", "encode_message"]


def _use_compiled() -> bool:
    wanted = os.environ.get("PYZMTP_SPEEDUPS", "auto")
    if wanted not in ("auto", "yes", "no"):
        raise ImportError(f"PYZMTP_SPEEDUPS={wanted!r}: it takes auto, yes or no")
    if wanted == "no":
        return False
    try:
        import_module("pyzmtp._speedups.framing")
    except ImportError as error:
        if wanted == "yes":
            raise ImportError(
                "PYZMTP_SPEEDUPS=yes, but pyzmtp was installed without its compiled modules"
            ) from error
        return False
    return True


if not TYPE_CHECKING and _use_compiled():
    from pyzmtp._speedups.framing import FrameDecoder, encode_batch, encode_frame, encode_message

    IMPLEMENTATION: Final = "cython"
else:
    from pyzmtp.wire.framing import FrameDecoder, encode_batch, encode_frame, encode_message

    IMPLEMENTATION: Final = "python"
