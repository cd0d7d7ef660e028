"""What ``ws://`` needs beyond TCP: :func:`check_websockets`."""

from __future__ import annotations

from pyzmtp.errors import LibraryMissing

__all__ = ["check_websockets"]


def check_websockets() -> None:
    """Raise :exc:`LibraryMissing` if the library for websockets is not installed."""
    try:
        import pyzmtp.engine.websocket  # noqa: F401
    except ImportError as error:
        raise LibraryMissing("ws://", "wsproto", "ws") from error
