"""Starts workers, so many at a time, bounds them in time, and reads what they leave: :func:`run_all`."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from attrs import frozen

from fuzz.job import Crash, Job, Result
from fuzz.record import Record

__all__ = ["ROOT", "Settings", "run_all"]

ROOT: Final = Path(__file__).resolve().parent.parent

#: Seconds that a worker may take beyond its time: to begin, to read a corpus, to shrink a crash.
_GRACE: Final = 300.0


@frozen
class Settings:
    """What applies to a whole run.

    :ivar work: where each target has a folder for inputs that lead somewhere new.
    :ivar program: what is started with a job as its argument.
    """

    driver: str
    seed: int
    seconds: float
    executions: int | None
    jobs: int
    work: Path
    program: Sequence[str] = (sys.executable, "-X", "faulthandler", "-m", "fuzz.worker")


async def run_all(
    targets: Sequence[str], settings: Settings, done: Callable[[Result], None]
) -> list[Result]:
    """Run each of ``targets``, ``settings.jobs`` at a time; ``done`` is told of each at its end."""
    free = asyncio.Semaphore(settings.jobs)

    async def one(target: str) -> Result:
        async with free:
            with tempfile.TemporaryDirectory(prefix="fuzz-") as scratch:
                job = Job(
                    target,
                    settings.driver,
                    settings.seed,
                    settings.seconds,
                    settings.executions,
                    settings.work / target,
                    Path(scratch),
                )
                result = await _work(job, settings.program)
        done(result)
        return result

    return await asyncio.gather(*map(one, targets))


async def _work(job: Job, program: Sequence[str]) -> Result:
    """Have a process do ``job``."""
    before = _count(job.work)
    environment = dict(os.environ)
    if job.driver == "atheris":  # it cannot look into what is compiled
        environment["PYZMTP_SPEEDUPS"] = "no"
    process = await asyncio.create_subprocess_exec(
        *program,
        job.dumps(),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env=environment,
        cwd=ROOT,
    )
    try:
        output, _ = await asyncio.wait_for(process.communicate(), job.seconds + _GRACE)
    except asyncio.TimeoutError:  # builtin only since Python 3.11
        output = f"the worker has not ended {_GRACE} s after its time".encode()
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    last = Record.read(job.record)
    crash = job.crash()
    if crash is None and process.returncode:  # it cannot say itself what it died of
        log = output.decode("utf-8", "replace")
        crash = Crash(last.data, f"the worker ended with {process.returncode}\n{log[-4000:]}")
    found = _count(job.work) - before
    return Result(job.target, last.executions, last.seconds, found, crash)


def _count(directory: Path) -> int:
    return len(list(directory.iterdir())) if directory.is_dir() else 0
