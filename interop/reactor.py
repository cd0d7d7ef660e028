"""Run coroutines on the process's reactor, one at a time, and see that each leaves it clean.

The tests are `async def` functions (`conftest.py` hands them to `run`). Each runs in the reactor
of the pytest process, started for it and crashed after it, which is what trial does as well: the
two can share a process, and no thread is needed.
"""

from __future__ import annotations

import gc
import signal
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import Any, TypeVar, cast

from twisted.internet import reactor as installed_reactor
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import (
    IReactorCore,
    IReactorFDSet,
    IReactorFromThreads,
    IReactorProcess,
    IReactorUNIX,
)
from twisted.internet.task import deferLater
from twisted.logger import ILogObserver, LogEvent, LogLevel, eventAsText, globalLogPublisher
from twisted.python.failure import Failure
from zope.interface import implementer

from pyzmtp.net.reactor import Reactor

T = TypeVar("T")


class PosixReactor(
    Reactor, IReactorCore, IReactorFDSet, IReactorFromThreads, IReactorProcess, IReactorUNIX
):
    """All that these tests ask of a reactor; pyzmtp asks for less."""


reactor = cast(PosixReactor, installed_reactor)

#: No test may take longer, whatever it waits for.
TEST_TIMEOUT = 60.0

#: How long a test waits for one thing that ought to happen at once.
PATIENCE = 15.0


def run(coroutine: Coroutine[Any, Any, T], timeout: float = TEST_TIMEOUT) -> T:
    """Run `coroutine` to its end and give back what it returned or raised."""
    outcome: list[T | Failure] = []

    def interrupt(number: int, frame: FrameType | None) -> None:
        reactor.callFromThread(reactor.crash)

    def start() -> None:
        # The reactor's own handlers would end it for good, and it never puts back those which it
        # replaces (Twisted #11761).
        for number in handlers:
            signal.signal(number, interrupt)
        work = Deferred.fromCoroutine(coroutine).addTimeout(timeout, reactor)
        work.addBoth(outcome.append)
        work.addBoth(lambda _: reactor.crash())

    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    reactor.callWhenRunning(start)
    try:
        reactor.run()
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
    if not outcome:
        raise KeyboardInterrupt
    if isinstance(outcome[0], Failure):
        outcome[0].raiseException()
    return outcome[0]


def stop_threads() -> None:
    """Let the process end: a reactor that was crashed, not stopped, keeps its resolver's threads."""
    pool = getattr(reactor, "threadpool", None)
    if pool is not None:
        pool.stop()


def within(deferred: Deferred[T], what: str, seconds: float = PATIENCE) -> Deferred[T]:
    """Give `deferred` a time limit, and the failure a name."""

    def too_late(_: object, limit: float) -> T:
        raise TimeoutError(f"{what}: not within {limit:g} s")

    return deferred.addTimeout(seconds, reactor, onTimeoutCancel=too_late)


async def until(condition: Callable[[], bool], what: str, seconds: float = PATIENCE) -> None:
    """Wait until `condition` holds, for what no event and no Deferred tells."""
    deadline = reactor.seconds() + seconds
    while not condition():
        if reactor.seconds() > deadline:
            raise TimeoutError(f"{what}: not within {seconds:g} s")
        await deferLater(reactor, 0.001)


@implementer(ILogObserver)
class ErrorLog:
    """Keeps what was logged as an error that nobody handled, but for what is expected."""

    def __init__(self, expected: Sequence[str]) -> None:
        self.seen: list[str] = []
        self._expected = expected

    def __call__(self, event: LogEvent) -> None:
        if event.get("log_level") is LogLevel.critical:
            text = eventAsText(event)
            if not any(part in text for part in self._expected):
                self.seen.append(text)


@contextmanager
def left_clean(ours: Callable[[], set[object]], expected: Sequence[str] = ()) -> Iterator[None]:
    """Fail if the body leaves anything in the reactor or an error in the log.

    `ours` gives the descriptors that may stay: the pipes to the libzmq processes. The check comes
    without another turn of the reactor, since a closed socket promises to leave nothing behind.
    What may be logged as an error holds one of the texts that are `expected`.
    """
    errors = ErrorLog(expected)
    before = _descriptors()
    globalLogPublisher.addObserver(errors)
    try:
        yield
        calls = [str(call) for call in reactor.getDelayedCalls()]
        descriptors = [repr(item) for item in _descriptors() - before - ours()]
        gc.collect()  # a Deferred reports its unhandled failure when it is collected
        assert not calls, f"timed calls are left: {calls}"
        assert not descriptors, f"descriptors are left: {descriptors}"
        assert not errors.seen, f"errors were logged: {errors.seen}"
    finally:
        globalLogPublisher.removeObserver(errors)
        _sweep(_descriptors() - before - ours())


def _descriptors() -> set[object]:
    return {*reactor.getReaders(), *reactor.getWriters()}


def _sweep(descriptors: set[object]) -> None:
    """After a failure, keep what is left from disturbing the next test."""
    for call in reactor.getDelayedCalls():
        call.cancel()
    for descriptor in descriptors:
        reactor.removeReader(descriptor)  # type: ignore[arg-type]
        reactor.removeWriter(descriptor)  # type: ignore[arg-type]
