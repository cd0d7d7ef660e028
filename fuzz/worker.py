"""The process that one driver runs in: ``python -m fuzz.worker JOB``."""

from __future__ import annotations

import mmap
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from time import monotonic

from fuzz import guided, plain
from fuzz.corpus import directories_of, inputs_in, inputs_of, keep_all
from fuzz.dictionary import WORDS
from fuzz.job import Crash, Job, Result
from fuzz.shrinking import shrink
from fuzz.target import Target, load

__all__ = ["LastInput", "crash_of", "main"]

#: The longest input that is remembered.
_ROOM = 64 * 1024


class LastInput:
    """Remembers the input that is being run in a file, which outlives the process."""

    def __init__(self, path: Path) -> None:
        path.write_bytes(bytes(_ROOM))
        with path.open("r+b") as file:
            self._map = mmap.mmap(file.fileno(), _ROOM)

    def note(self, data: bytes) -> None:
        """This is the one from now on."""
        self._map[: 4 + len(data)] = len(data).to_bytes(4, "big") + data

    @staticmethod
    def read(path: Path) -> bytes:
        """The one that was the last."""
        content = path.read_bytes()
        return content[4 : 4 + int.from_bytes(content[:4], "big")]


def crash_of(target: Target, data: bytes, error: BaseException) -> Crash:
    """What ``data`` has broken, in as few bytes as can be found."""
    text = "".join(traceback.format_exception(error))
    if isinstance(error, plain.Hang):
        return Crash(data, text)
    return Crash(shrink(lambda shorter: target(shorter, measure=True), data), text)


def _run_plain(job: Job) -> None:
    target, progress, last = load(job.target), plain.Progress(), LastInput(job.last)
    crash = None
    current = b""

    def note(data: bytes) -> None:
        nonlocal current
        current = data
        last.note(data)

    try:
        plain.fuzz(
            target,
            [*inputs_of(job.target), *inputs_in(job.work)],
            seed=job.seed,
            max_size=target.max_size,
            seconds=job.seconds,
            executions=job.executions,
            note=note,
            progress=progress,
        )
    except Exception as error:
        crash = crash_of(target, current, error)
    keep_all(progress.found, job.work)
    result = Result(
        job.target, job.driver, progress.executions, progress.seconds, len(progress.found), crash
    )
    job.result.write_text(result.dumps())


def _run_guided(job: Job) -> None:
    job.work.mkdir(parents=True, exist_ok=True)
    last = LastInput(job.last)
    words = job.scratch / "words"
    words.write_text(guided.dictionary(WORDS))
    begin = monotonic()
    executions = 0

    def options(target: Target) -> Sequence[str]:
        return guided.arguments(
            target,
            seed=job.seed,
            seconds=job.seconds,
            executions=job.executions,
            words=words,
            artifacts=job.scratch,
            directories=[job.work, *directories_of(job.target)],
        )

    def one(target: Target, data: bytes) -> None:
        nonlocal executions
        last.note(data)
        executions += 1
        try:
            target(data)
        except Exception as error:
            crash = crash_of(target, data, error)
            seconds = monotonic() - begin
            result = Result(job.target, job.driver, executions, seconds, crash=crash)
            job.result.write_text(result.dumps())
            raise

    guided.fuzz(job.target, options, one)


def main(arguments: Sequence[str]) -> None:
    """Do a job."""
    job = Job.loads(arguments[0])
    (_run_guided if job.driver == "atheris" else _run_plain)(job)


if __name__ == "__main__":
    main(sys.argv[1:])
