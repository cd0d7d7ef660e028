"""The one thread in which sockets may be used: :class:`ReactorThread`."""

from __future__ import annotations

from threading import get_ident

from twisted.python import threadable

__all__ = ["ReactorThread"]


class ReactorThread:
    """The thread that the reactor runs in; before it has run, the one that this was made in."""

    def __init__(self) -> None:
        self._made_in = get_ident()

    @property
    def is_present(self) -> bool:
        """Whether it is the thread that asks."""
        return get_ident() == (threadable.ioThread or self._made_in)
