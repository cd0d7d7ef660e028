"""The process that one driver runs in: ``python -m fuzz.worker JOB``."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Sequence

from fuzz import guided, plain
from fuzz.corpus import directories_of, inputs_in, inputs_of, keep_all
from fuzz.dictionary import WORDS
from fuzz.job import Crash, Job
from fuzz.record import Record
from fuzz.shrinking import shrink
from fuzz.target import Target, load

__all__ = ["crash_of", "main"]


def crash_of(target: Target, data: bytes, error: BaseException) -> Crash:
    """What ``data`` has broken, in as few bytes as can be found."""
    text = "".join(traceback.format_exception(error))
    if isinstance(error, plain.Hang):
        return Crash(data, text)
    return Crash(shrink(lambda shorter: target(shorter, measure=True), data), text)


def _run_plain(job: Job) -> None:
    target, found, record = load(job.target), list[bytes](), Record(job.record)
    try:
        plain.fuzz(
            target,
            [*inputs_of(job.target), *inputs_in(job.work)],
            seed=job.seed,
            max_size=target.max_size,
            seconds=job.seconds,
            executions=job.executions,
            note=record.note,
            found=found,
        )
    except Exception as error:
        job.leave(crash_of(target, Record.read(job.record).data, error))
    keep_all(found, job.work)


def _run_guided(job: Job) -> None:
    job.work.mkdir(parents=True, exist_ok=True)
    words = job.scratch / "words"
    words.write_text(guided.dictionary(WORDS))
    record = Record(job.record)

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
        record.note(data)
        try:
            target(data)
        except Exception as error:
            job.leave(crash_of(target, data, error))
            raise

    guided.fuzz(job.target, options, one)


def main(arguments: Sequence[str]) -> None:
    """Do a job."""
    job = Job.loads(arguments[0])
    (_run_guided if job.driver == "atheris" else _run_plain)(job)


if __name__ == "__main__":
    main(sys.argv[1:])
