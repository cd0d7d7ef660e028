"""What will come of something: Deferreds whose failure may be ignored, and what users return."""

from __future__ import annotations

from collections.abc import Callable
from inspect import isawaitable, iscoroutine
from typing import Any, Generic, TypeVar

from twisted.internet.defer import CancelledError, Deferred
from twisted.python.failure import Failure

from pyzmtp.net.tls import tls_failure

__all__ = ["Outcome", "as_deferred", "exception_of", "raise_at_once"]

_T = TypeVar("_T")


class Outcome(Generic[_T]):
    """What came of something that goes on in the background: one result for any number of askers.

    Twisted logs a failed Deferred that nobody looked at. Whoever calls ``connect()`` and goes on need
    not look, for the events tell as well.
    """

    __slots__ = ("_failure", "_result", "_waiting")

    def __init__(self) -> None:
        self._waiting: list[_QuietDeferred[_T]] = []
        self._result: _T | None = None
        self._failure: Exception | None = None

    def ask(self) -> Deferred[_T]:
        """A Deferred of the result. Cancelling it ends the asking only."""
        deferred: _QuietDeferred[_T] = _QuietDeferred(self._forget)
        self._waiting.append(deferred)
        self._tell()
        return deferred

    def succeed(self, result: _T) -> None:
        """Fire all Deferreds, unless that is done."""
        if self._result is None and self._failure is None:
            self._result = result
            self._tell()

    def fail(self, error: Exception) -> None:
        """Fail all Deferreds, unless they have fired."""
        if self._result is None and self._failure is None:
            self._failure = error
            self._tell()

    def _tell(self) -> None:
        # One by one: whoever is told may cancel the others.
        while self._waiting and self._result is not None:
            self._waiting.pop(0).callback(self._result)
        while self._waiting and self._failure is not None:
            self._waiting.pop(0).fail(self._failure)

    def _forget(self, deferred: Deferred[_T]) -> None:
        self._waiting = [waiting for waiting in self._waiting if waiting is not deferred]
        assert isinstance(deferred, _QuietDeferred)
        deferred.fail(CancelledError())


class _QuietDeferred(Deferred[_T]):
    """Does not complain of a failure that nobody was waiting for."""

    _listened = False

    def fail(self, error: Exception) -> None:
        """As :meth:`errback`."""
        self.errback(error)
        if not self._listened and self._debugInfo is not None:
            # What Twisted itself does when somebody takes a failure over. Whoever listens later still
            # gets it, and is complained of if he drops it then.
            self._debugInfo.failResult = None

    # The four ways to listen. To await a Deferred is one of them, to return it from a callback is
    # none, but there Twisted takes the failure over by itself.

    def addCallbacks(self, *args: Any, **kwargs: Any) -> Deferred[Any]:
        self._listened = True
        return super().addCallbacks(*args, **kwargs)

    def addCallback(self, *args: Any, **kwargs: Any) -> Deferred[Any]:
        self._listened = True
        return super().addCallback(*args, **kwargs)

    def addErrback(self, *args: Any, **kwargs: Any) -> Deferred[Any]:
        self._listened = True
        return super().addErrback(*args, **kwargs)

    def addBoth(self, *args: Any, **kwargs: Any) -> Deferred[Any]:
        self._listened = True
        return super().addBoth(*args, **kwargs)


def as_deferred(result: object) -> Deferred[Any] | None:
    """What a callback of the user's has returned, if it is something to wait for."""
    if result is None:
        return None
    if isinstance(result, Deferred):
        return result
    if iscoroutine(result):
        return Deferred.fromCoroutine(result)
    if isawaitable(result):
        kind = type(result).__name__
        raise TypeError(f"only a Deferred or a coroutine can be waited for here, not a {kind}")
    return None


def exception_of(reason: Failure) -> Exception:
    """What a Failure is about."""
    value = reason.value
    if not isinstance(value, Exception):
        return RuntimeError(repr(value))
    return tls_failure(value) or value


def raise_at_once(deferred: Deferred[Any], later: Callable[[Failure], object]) -> None:
    """Raise what ``deferred`` has failed with; if it fails after that, call ``later(failure)``."""
    failures: list[Failure] = []

    def failed(failure: Failure) -> None:
        if returned:
            later(failure)
        else:
            failures.append(failure)

    returned = False
    deferred.addErrback(failed)
    returned = True
    for failure in failures:
        failure.raiseException()
