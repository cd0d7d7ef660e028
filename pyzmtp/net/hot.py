"""What is hot in this package, in the form that was chosen: see :mod:`pyzmtp._speedups`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyzmtp._speedups import IMPLEMENTATION

__all__ = ["Done", "Fired"]

if not TYPE_CHECKING and IMPLEMENTATION == "cython":
    from pyzmtp._speedups.fired import Done, Fired
else:
    from pyzmtp.net.fired import Done, Fired
