"""Chooses between the compiled and the pure form of the hot modules, once, at import.

``PYZMTP_SPEEDUPS=auto`` (the default) takes the compiled form where it was built, ``yes`` raises
:exc:`ImportError` where it was not, ``no`` takes the pure form in any case. Both forms stay
importable side by side, as :mod:`pyzmtp.wire.framing` and ``pyzmtp._speedups.framing``. Whatever is
hot in a package is imported from its ``hot`` module, which does as it is said here.
"""

from __future__ import annotations

import os
from importlib.util import find_spec
from typing import Final, Literal

__all__ = ["IMPLEMENTATION"]


def _choose() -> Literal["cython", "python"]:
    wanted = os.environ.get("PYZMTP_SPEEDUPS", "auto")
    if wanted not in ("auto", "yes", "no"):
        raise ImportError(f"PYZMTP_SPEEDUPS={wanted!r}: it takes auto, yes or no")
    if wanted == "no":
        return "python"
    if find_spec("pyzmtp._speedups.framing") is not None:  # all of them are built, or none
        return "cython"
    if wanted == "yes":
        raise ImportError("PYZMTP_SPEEDUPS=yes, but pyzmtp was installed without compiled modules")
    return "python"


IMPLEMENTATION: Final = _choose()
