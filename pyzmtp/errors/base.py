"""The root of the tree of errors."""

from __future__ import annotations

__all__ = [
    "ZMTPError",
]


class ZMTPError(Exception):
    """The root of all errors of pyzmtp."""
