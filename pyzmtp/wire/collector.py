"""What the garbage collector need not look at."""

from __future__ import annotations

__all__ = ["untrack"]


def untrack(message: list[bytes]) -> None:
    """Nothing; but compiled code has ``collector.pxd``, by which the collector passes ``message`` over.

    A list of ``bytes`` is in no cycle, so there is nothing to find in it; to look all the same costs as
    much as to decode it. (CPython does so by itself with tuples and dicts of such values.)
    """
