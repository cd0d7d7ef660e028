"""How the body of a frame that comes in many chunks is put together."""

from __future__ import annotations

__all__ = ["begun", "put"]


def begun(pieces: list[bytes | bytearray], size: int) -> bytes | None:
    """``None``; but compiled code has ``assembly.pxd``: ``size`` bytes, of which the first are ``pieces``.

    The others are for :func:`put` to fill. So each chunk is copied while it is in the processor's cache,
    and its memory is free for the next. Python cannot change ``bytes``, and joins all pieces in the end.
    """
    return None


def put(body: bytes, position: int, data: bytes, start: int) -> None:
    """Put ``data``, from ``start`` on and as far as it fits, into what :func:`begun` has made."""
    raise NotImplementedError
