"""A crash in fewer bytes: :func:`shrink`."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

__all__ = ["shrink"]


def _fault(run: Callable[[bytes], object], data: bytes) -> type[BaseException] | None:
    try:
        run(data)
    except Exception as error:
        return type(error)
    return None


def shrink(run: Callable[[bytes], object], data: bytes, seconds: float = 10.0) -> bytes:
    """The shortest input found in ``seconds`` that fails as ``data`` does, or at least in kind.

    Takes out larger pieces first, then smaller ones, and makes of what is left zeros.
    """
    end = monotonic() + seconds
    kind = _fault(run, data)
    size = len(data)
    while kind is not None and size and monotonic() < end:
        position = 0
        while position < len(data) and monotonic() < end:
            for piece in (b"", bytes(min(size, len(data) - position))):
                shorter = data[:position] + piece + data[position + size :]
                if shorter != data and _fault(run, shorter) is kind:
                    data = shorter
                    break
            else:
                position += size
        size //= 2
    return data
