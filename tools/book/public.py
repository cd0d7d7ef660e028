"""What programs import from."""

from __future__ import annotations

from typing import Final

__all__ = ["PUBLIC_MODULES"]

#: Each has ``__all__``. Where a name is in several of them, it belongs to the first.
PUBLIC_MODULES: Final = (
    "pyzmtp",
    "pyzmtp.certificates",
    "pyzmtp.metrics",
    "pyzmtp.testing",
    "pyzmtp.txzmq",
)
