"""A Deferred whose failure may be ignored: :class:`Outcome`."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

__all__ = ["Outcome"]

_T = TypeVar("_T")


class Outcome(Generic[_T]):
    """What came of something that goes on in the background: one result for any number of askers.

    Twisted logs a failed Deferred that nobody looked at. Whoever calls ``connect()`` and goes on need
    not look, for the events tell as well; so an asker's Deferred is failed only once somebody has
    added a callback to it.
    """

    __slots__ = ("_failure", "_result", "_waiting")

    def __init__(self) -> None:
        self._waiting: list[Deferred[_T]] = []
        self._result: _T | None = None
        self._failure: Exception | None = None

    def ask(self) -> Deferred[_T]:
        """A Deferred of the result. Cancelling it ends the asking only."""
        deferred: Deferred[_T] = _QuietDeferred(self._forget)
        if self._result is not None:
            deferred.callback(self._result)
        elif self._failure is not None:
            deferred.errback(self._failure)
        else:
            self._waiting.append(deferred)
        return deferred

    def succeed(self, result: _T) -> None:
        """Fire all Deferreds, unless that is done."""
        if self._result is None and self._failure is None:
            self._result = result
            waiting, self._waiting = self._waiting, []
            for deferred in waiting:
                deferred.callback(result)

    def fail(self, error: Exception) -> None:
        """Fail all Deferreds, unless they have fired."""
        if self._result is None and self._failure is None:
            self._failure = error
            waiting, self._waiting = self._waiting, []
            for deferred in waiting:
                deferred.errback(error)

    def _forget(self, deferred: Deferred[_T]) -> None:
        if deferred in self._waiting:
            self._waiting.remove(deferred)


class _QuietDeferred(Deferred[_T]):
    """Keeps a failure to itself until somebody listens."""

    _listened = False
    _held: BaseException | Failure | None = None

    def errback(self, fail: BaseException | Failure | None = None) -> None:
        if self._listened:
            super().errback(fail)
        else:
            self._held = fail

    def _listen(self) -> None:
        self._listened = True
        held, self._held = self._held, None
        if held is not None:
            super().errback(held)

    # The four ways to listen; awaiting a Deferred takes one of them.

    def addCallbacks(self, *args: Any, **kwargs: Any) -> Deferred[Any]:
        deferred = super().addCallbacks(*args, **kwargs)
        self._listen()
        return deferred

    def addCallback(self, *args: Any, **kwargs: Any) -> Deferred[Any]:
        deferred = super().addCallback(*args, **kwargs)
        self._listen()
        return deferred

    def addErrback(self, *args: Any, **kwargs: Any) -> Deferred[Any]:
        deferred = super().addErrback(*args, **kwargs)
        self._listen()
        return deferred

    def addBoth(self, *args: Any, **kwargs: Any) -> Deferred[Any]:
        deferred = super().addBoth(*args, **kwargs)
        self._listen()
        return deferred
