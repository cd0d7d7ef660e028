"""Only so many things at a time: :class:`Limiter`."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any, TypeVar

from twisted.internet.defer import Deferred

__all__ = ["Limiter"]

_T = TypeVar("_T")


class Limiter:
    """Runs at most ``limit`` things at a time; others wait their turn.

    As Twisted's ``DeferredSemaphore``, but thousands may wait: they are called one after the other, not
    one from within the other, and one that no longer wants to wait costs no search.
    """

    def __init__(self, limit: int) -> None:
        self._free = limit
        self._waiting: OrderedDict[Deferred[None], None] = OrderedDict()
        self._calling = False

    def run(self, start: Callable[[], Deferred[_T]]) -> Deferred[_T]:
        """The result of ``start()``, which is called now or later. Cancelling it gives the turn up."""
        turn: Deferred[None] = Deferred(self._waiting.pop)
        self._waiting[turn] = None
        result: Deferred[Any] = turn.addCallback(lambda _: start().addBoth(self._release))
        self._call()
        return result

    def _release(self, result: _T) -> _T:
        self._free += 1
        self._call()
        return result

    def _call(self) -> None:
        if not self._calling:  # else whoever calls goes on anyhow
            self._calling = True
            while self._free and self._waiting:
                self._free -= 1
                turn, _ = self._waiting.popitem(last=False)
                turn.callback(None)
            self._calling = False
