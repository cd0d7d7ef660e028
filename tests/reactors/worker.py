"""Tries all cases on one reactor: ``python -m tests.reactors.worker NAME RESULTS TIME_LIMIT``.

Each line of the file RESULTS is an outcome, a JSON object. The process ends by itself, and by no other
means than that the reactor was stopped; whatever keeps it from ending is a failure for whoever started it.
"""

from __future__ import annotations

import faulthandler
import gc
import json
import os
import signal
import sys
import tempfile
import time
import traceback
import warnings
from pathlib import Path
from typing import IO, Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorFDSet
from twisted.logger import ILogObserver, LogEvent, LogLevel, eventAsText, globalLogPublisher
from twisted.python.failure import Failure
from zope.interface import implementer

from pyzmtp import DealerSocket, RouterSocket

from . import behaviour, conversations, libzmq, security
from .case import Absent, Case, Stage
from .completion_only import CompletionOnlyReactor
from .conversations import join
from .loops import LOOPS, Loop, Running

__all__ = ["CASES", "main"]

CASES = [*conversations.CASES, *behaviour.CASES, *security.CASES, *libzmq.CASES]

#: Seconds for one case, whatever it waits for.
_CASE_TIMEOUT = 20.0


@implementer(ILogObserver)
class _ErrorLog:
    """Keeps what was logged as an error that nobody handled."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def __call__(self, event: LogEvent) -> None:
        if event.get("log_level") in (LogLevel.error, LogLevel.critical):
            self.seen.append(eventAsText(event))

    def take(self) -> list[str]:
        """What was logged since."""
        gc.collect()  # a Deferred reports its unhandled failure when it is collected
        gc.freeze()  # what is left now needs no look after the next case
        seen, self.seen = self.seen, []
        return seen


class Worker:
    """Runs the cases one after the other, and writes down what becomes of each."""

    def __init__(self, running: Running, results: IO[str]) -> None:
        self._running = running
        self._real = running.reactor if running.real is None else running.real
        self._results = results
        self._errors = _ErrorLog()
        globalLogPublisher.addObserver(self._errors)

    def run(self, directory: Path) -> None:
        """Run the reactor, and in it all cases."""
        reactor = self._running.reactor
        reactor.callWhenRunning(self._start, directory)
        (self._running.run or reactor.run)()
        # Here the sockets of the last case are still open.
        self._note("stop", ("stop",), self._complaints(), 0.0)

    def _start(self, directory: Path) -> None:
        Deferred.fromCoroutine(self._run_all(directory)).addErrback(self._broken)

    async def _run_all(self, directory: Path) -> None:
        await Stage(self._running.reactor, directory, None).pause(0.05)  # some begin in two steps
        # What is there now is the loop's own; a LoopingCall makes a new call each time.
        self._calls = {call.func for call in self._running.reactor.getDelayedCalls()}
        self._descriptors = self._watched()
        for case in CASES:
            await self._try(case, Stage(self._running.reactor, directory, self._running.ticks))
        if self._running.finish is not None:
            self._running.finish()
        stage = Stage(self._running.reactor, directory, None)
        await join(stage, "tcp", stage.open(RouterSocket), stage.open(DealerSocket))
        self._stop()

    def _stop(self) -> None:
        """Stop the reactor as somebody does at the terminal, with sockets open."""
        if sys.platform == "win32":
            self._running.reactor.stop()
        else:
            os.kill(os.getpid(), signal.SIGINT)

    def _broken(self, failure: Failure) -> None:
        self._note("the worker", ("stop",), [failure.getTraceback()], 0.0)
        self._running.reactor.stop()

    async def _try(self, case: Case, stage: Stage) -> None:
        begun, problems, absent = time.monotonic(), [], None
        try:
            running = Deferred.fromCoroutine(case.run(stage))
            await stage.within(running, "the whole case", _CASE_TIMEOUT)
        except Absent as absence:
            absent = str(absence)
        except Exception:
            problems.append(traceback.format_exc())
        try:
            await stage.close_all()
        except Exception:
            problems.append(traceback.format_exc())
        problems += self._complaints() + self._left()
        self._note(case.name, case.columns, problems, time.monotonic() - begun, absent)

    def _complaints(self) -> list[str]:
        problems = [f"logged: {text}" for text in self._errors.take()]
        reactor = self._running.reactor
        if isinstance(reactor, CompletionOnlyReactor):
            problems += [f"called: {name}" for name in reactor.refused]
            reactor.refused.clear()
        return problems

    def _left(self) -> list[str]:
        """What is left in the reactor, which has made no turn since close() said that nothing was."""
        calls = [
            call for call in self._running.reactor.getDelayedCalls() if call.func not in self._calls
        ]
        left = [f"a timed call is left: {call}" for call in calls]
        for call in calls:
            call.cancel()  # lest the next case is blamed
        watched = self._watched() - self._descriptors
        self._descriptors |= watched
        return left + [f"a descriptor is left: {one}" for one in watched]

    def _watched(self) -> set[object]:
        if IReactorFDSet.providedBy(self._real):
            return {*self._real.getReaders(), *self._real.getWriters()}
        return set(getattr(self._real, "handles", ()))  # IOCP

    def _note(
        self,
        name: str,
        columns: tuple[str, ...],
        problems: list[str],
        seconds: float,
        absent: str | None = None,
    ) -> None:
        outcome: dict[str, Any] = {"case": name, "columns": columns, "seconds": seconds}
        if problems:
            outcome["problems"] = problems
        elif absent is not None:
            outcome["absent"] = absent
        print(json.dumps(outcome), file=self._results, flush=True)


def _start(loop: Loop, results: IO[str]) -> Running | None:
    """The reactor; or nothing, and the reason is written down, if its toolkit cannot be imported."""
    try:
        running = loop.start()
    except ImportError as error:
        print(json.dumps({"skipped": str(error)}), file=results)
        return None
    about = {"python": sys.version.partition(" ")[0], "version": running.version}
    print(json.dumps(about), file=results, flush=True)
    warnings.simplefilter("error")  # from here on: what a toolkit's import warns of is its own
    warnings.filterwarnings("ignore", "Passing pyOpenSSL", DeprecationWarning)  # Twisted does
    return running


def main(name: str, path: str, time_limit: str) -> None:
    """Try all cases on the reactor called ``name``."""
    faulthandler.enable()
    faulthandler.dump_traceback_later(float(time_limit) - 5)  # then tell where it hangs
    [loop] = [loop for loop in LOOPS if loop.name == name]
    with open(path, "w", encoding="utf-8") as results:
        running = _start(loop, results)
        if running is not None:
            with tempfile.TemporaryDirectory(prefix="pyzmtp-") as directory:
                Worker(running, results).run(Path(directory))


if __name__ == "__main__":
    main(*sys.argv[1:])
