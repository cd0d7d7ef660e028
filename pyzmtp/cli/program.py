"""Runs a command on the platform's reactor, and ends the process as programs do: :func:`run`.

:func:`run_until_interrupted` is for those that go on until somebody has had enough.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Coroutine
from contextlib import suppress
from types import FrameType
from typing import Any, Final

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import react
from twisted.logger import ILogObserver, LogEvent, LogLevel, eventAsText, globalLogBeginner
from twisted.python.failure import Failure
from zope.interface import provider

from pyzmtp.cli.exit_status import ExitStatus

__all__ = ["Main", "Program", "run", "run_until_interrupted", "say", "tell_log"]

#: What a command does; it is given the reactor, and returns the exit status.
Main = Callable[[Any], Coroutine[Any, Any, int]]

#: What asks a program to end. Windows has not all of them.
_SIGNALS: Final = [
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
]


def say(text: str) -> None:
    """Tell the user something that is no output. Where nobody can be told, nothing happens."""
    if sys.stderr is not None:
        with suppress(OSError):  # a full disk, or a pipe that nobody reads any more
            print(f"pyzmtp: {text}", file=sys.stderr, flush=True)


class Program:
    """One coroutine that runs until its end, or until a signal cancels it.

    A second signal cancels it once more: then it does not linger either.

    :ivar status: what it returned.
    :ivar signal: the first signal that came, or ``None``.
    """

    def __init__(self, main: Main) -> None:
        self.status: int = ExitStatus.FAILED
        self.signal: int | None = None
        self._main = main

    def start(self, reactor: Any) -> Deferred[None]:
        """Begin; fires at the end."""

        def interrupt(number: int) -> None:
            self.signal = self.signal or number
            work.cancel()

        def handle(number: int, frame: FrameType | None) -> None:
            reactor.callFromThread(interrupt, number)  # it wakes the reactor

        # Those that are ignored stay so, as of a job in the background.
        numbers = [number for number in _SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]

        def listen() -> None:
            for number in numbers:
                signal.signal(number, handle)

        listen()
        reactor.callWhenRunning(listen)  # the reactor sets handlers of its own before
        work = Deferred.fromCoroutine(self._main(reactor))
        return work.addCallbacks(self._finished, self._failed)

    def _finished(self, status: int) -> None:
        self.status = status

    def _failed(self, failure: Any) -> Any:
        if self.signal is None or not failure.check(CancelledError):
            return failure  # react() logs it
        return None


def run(main: Main) -> None:
    """Run ``main(reactor)``, and end the process with the status that it returns.

    After a signal the process ends as if it had been ended by it, so that a shell knows. What ``main``
    raises is a bug, told with its traceback. The global reactor is the program's to choose, not the
    library's, so that this is where it is asked for.
    """
    globalLogBeginner.beginLoggingTo([tell_log], redirectStandardIO=False, discardBuffer=True)
    program = Program(main)
    try:
        react(program.start)
    except SystemExit as end:
        status = program.status if not end.code else ExitStatus.FAILED
    sys.stdout and sys.stdout.flush()
    if program.signal is not None:
        _end_by(program.signal)
    sys.exit(status)


def run_until_interrupted(main: Callable[[Any], Coroutine[Any, Any, None]]) -> None:
    """Run ``main(reactor)``, which a signal cancels and then waits for: no other end is foreseen.

    So a signal is no failure, and this returns as when ``main`` has.
    """

    def begin(reactor: Any) -> Deferred[None]:
        ended: Deferred[None] = Deferred()
        work = Deferred.fromCoroutine(main(reactor))

        def end() -> Deferred[None]:
            work.cancel()
            return ended

        def finish(result: Failure | None) -> Failure | None:
            ended.callback(None)
            interrupted = isinstance(result, Failure) and result.check(CancelledError)
            return None if interrupted else result

        reactor.addSystemEventTrigger("before", "shutdown", end)
        return work.addBoth(finish)

    try:
        react(begin)
    except SystemExit as exit:
        if exit.code:
            raise


def _end_by(number: int) -> None:
    """End this process by a signal, as who started it expects. Windows ends it with a status."""
    if os.name == "posix":
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
    sys.exit(128 + number)


@provider(ILogObserver)
def tell_log(event: LogEvent) -> None:
    """Show what is logged as a warning at least; events of sockets are told otherwise."""
    level = event.get("log_level")
    if level is LogLevel.critical:
        say(eventAsText(event))
    elif level in (LogLevel.warn, LogLevel.error) and "event" not in event:
        say(eventAsText(event, includeTimestamp=False, includeSystem=False))
