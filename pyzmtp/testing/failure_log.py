"""What goes wrong where nobody looks: :class:`FailureLog`."""

from __future__ import annotations

import gc
from types import TracebackType
from typing import Final

from twisted.logger import ILogObserver, LogEvent, globalLogPublisher
from twisted.python.failure import Failure
from zope.interface import implementer

__all__ = ["FailureLog"]

#: Who logs a headline first, and then the failure that nobody handled.
_DEFERREDS: Final = "twisted.internet.defer"


@implementer(ILogObserver)
class FailureLog:
    """What was logged as a failure, errors of Deferreds that nobody handled among it.

    ``with FailureLog() as log:`` listens to Twisted's log, and raises :exc:`AssertionError` in the
    end if there is anything left that was not expected by :meth:`take`.

    :ivar failures: oldest first.
    """

    def __init__(self) -> None:
        self.failures: list[Failure] = []

    def __call__(self, event: LogEvent) -> None:
        failure = event.get("log_failure") or event.get("failure")
        if failure is not None:
            self.failures.append(failure)
        elif event.get("isError") and event.get("log_namespace") != _DEFERREDS:
            self.failures.append(Failure(AssertionError(str(event))))

    def take(self, kind: type[BaseException]) -> int:
        """Accept the failures of one kind; return how many there were."""
        taken = [failure for failure in self.failures if failure.check(kind)]
        self.failures = [failure for failure in self.failures if not failure.check(kind)]
        return len(taken)

    def assert_empty(self) -> None:
        """Fail if anything was logged but what was taken. Raises :exc:`AssertionError`."""
        texts = [failure.getTraceback() for failure in self.failures]
        assert not texts, "logged as failures:\n" + "\n".join(texts)

    def __enter__(self) -> FailureLog:
        globalLogPublisher.addObserver(self)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            if error is None:
                # A failed Deferred that nobody looked at is logged when it is collected. Those that
                # died young are found quickly, and few grow old in a test.
                gc.collect(1)
                self.assert_empty()
        finally:
            globalLogPublisher.removeObserver(self)
