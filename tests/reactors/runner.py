"""Runs each reactor in a process of its own: :func:`run_all`."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from attrs import define, field

from .loops import Loop
from .programs import try_program

__all__ = ["TIME_LIMIT", "Outcome", "run_all"]

#: Seconds for all cases of one reactor.
TIME_LIMIT: Final = 120.0

_ROOT: Final = Path(__file__).resolve().parents[2]

#: The last of what a process that went wrong has written.
_LAST_WORDS: Final = 4000


@define
class Outcome:
    """What became of one reactor.

    :ivar about: its versions; empty if it did not get as far as that.
    :ivar cases: each case, as the worker has written it down.
    :ivar skipped: why it could not be imported.
    :ivar trouble: what went wrong with the process itself.
    """

    loop: Loop
    about: dict[str, Any] = field(factory=dict)
    cases: list[dict[str, Any]] = field(factory=list)
    skipped: str | None = None
    trouble: str | None = None
    seconds: float = 0.0

    @property
    def failed(self) -> list[dict[str, Any]]:
        """The cases that went wrong."""
        return [case for case in self.cases if "problems" in case]

    @property
    def passed(self) -> list[dict[str, Any]]:
        """The cases that went right."""
        return [case for case in self.cases if not {"problems", "absent"} & case.keys()]

    @property
    def good(self) -> bool:
        """Whether it ran, and nothing went wrong."""
        return self.skipped is None and self.trouble is None and not self.failed


def run_all(
    loops: Sequence[Loop], pythons: Sequence[str], jobs: int, tell: Callable[[Outcome], None]
) -> list[Outcome]:
    """Run ``loops``, ``jobs`` at a time, each with the first of ``pythons`` that can import it.

    ``tell`` is told of each as it ends.
    """
    wanted = any(loop.display for loop in loops)
    with _display(wanted) as environment, ThreadPoolExecutor(jobs) as pool:

        def run(loop: Loop) -> Outcome:
            outcome = _run_anywhere(loop, pythons, environment)
            tell(outcome)
            return outcome

        return list(pool.map(run, loops))


def _run_anywhere(loop: Loop, pythons: Sequence[str], environment: dict[str, str]) -> Outcome:
    if loop.display and "DISPLAY" not in environment:
        return Outcome(loop, skipped="there is no display, and no Xvfb to make one")
    skips = []
    for python in pythons:
        outcome = _run(loop, python, environment)
        if outcome.skipped is None:
            program = try_program(loop.name, python, environment)
            outcome.cases += [] if program is None else [program]
            return outcome
        skips.append(outcome.skipped)
    return Outcome(loop, skipped="; ".join(dict.fromkeys(skips)))


def _run(loop: Loop, python: str, environment: dict[str, str]) -> Outcome:
    with tempfile.TemporaryDirectory() as directory:
        results = Path(directory) / "results"
        with subprocess.Popen(
            [python, "-m", "tests.reactors.worker", loop.name, str(results), str(TIME_LIMIT)],
            cwd=_ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
        ) as process:
            trouble = None
            try:
                output, _ = process.communicate(timeout=TIME_LIMIT)
            except subprocess.TimeoutExpired:
                process.kill()
                output, _ = process.communicate()
                trouble = f"it did not end within {TIME_LIMIT:g} s"
        outcome = Outcome(loop)
        if results.exists():
            _read(outcome, results.read_text("utf-8"))
    if trouble is None and process.returncode != 0:
        trouble = f"its process ended with {process.returncode}"
    elif trouble is None and outcome.skipped is None and not _complete(outcome):
        trouble = "its process ended early"
    if trouble is not None:
        outcome.trouble = f"{trouble}\n{output[-_LAST_WORDS:]}"
    return outcome


def _read(outcome: Outcome, text: str) -> None:
    for line in text.splitlines():
        entry = json.loads(line)
        if "case" in entry:
            outcome.cases.append(entry)
            outcome.seconds += entry["seconds"]
        elif "skipped" in entry:
            outcome.skipped = entry["skipped"]
        else:
            outcome.about = entry


def _complete(outcome: Outcome) -> bool:
    """Whether the worker got as far as the end of the reactor."""
    return bool(outcome.cases) and outcome.cases[-1]["columns"] == ["stop"]


@contextmanager
def _display(wanted: bool) -> Iterator[dict[str, str]]:
    """The environment for the workers, with an X server of our own where there is none."""
    environment = dict(os.environ)
    xvfb = shutil.which("Xvfb")
    if not wanted or sys.platform != "linux" or "DISPLAY" in environment or xvfb is None:
        yield environment
        return
    reader, writer = os.pipe()
    # It would begin anew whenever its last client has gone, and fail those that come meanwhile.
    command = [xvfb, "-displayfd", str(writer), "-noreset", "-nolisten", "tcp"]
    with subprocess.Popen(
        command, pass_fds=[writer], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as server:
        os.close(writer)
        try:
            with open(reader, encoding="ascii") as number:
                environment["DISPLAY"] = f":{number.readline().strip()}"
            yield environment
        finally:
            server.terminate()
