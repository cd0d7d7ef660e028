"""A Deferred of what is there already: :class:`Fired`."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import Any, TypeVar

from twisted.internet.defer import Deferred

__all__ = ["Done", "Fired"]

_T = TypeVar("_T")

#: What ``await`` asks where there is nothing to give. It is at its end for good, so one serves all.
_NOTHING: Iterator[Any] = iter(())


def _give(result: _T) -> Generator[Any, None, _T]:
    """What ``await`` asks: here it has its answer at once."""
    return result
    yield


class Fired(Deferred[_T]):
    """``succeed(result)`` for a third of the price, if it is only awaited, as nearly all are.

    What a Deferred has beside its result is made when it is first asked for.
    """

    called = True
    _untouched = True

    def __init__(self, result: _T) -> None:
        self.result = result

    def __getattr__(self, name: str) -> Any:
        # Python asks here for what is not there: callbacks, canceller, by the names that this Twisted
        # has for them.
        if self._untouched:
            self._untouched = False
            super().__init__()
            return getattr(self, name)
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def __await__(self) -> Generator[Any, None, _T]:
        if not self._untouched:
            return super().__await__()
        result: Any = self.result
        return _NOTHING if result is None else _give(result)  # type: ignore[return-value]


class Done(Fired[None]):
    """``Fired(None)``, with nothing to initialize."""

    result = None
    __init__ = object.__init__
