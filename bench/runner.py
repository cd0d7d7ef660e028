"""Starts the children, hands them their jobs, bounds them in time, and ends those it started."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import IO, Any, TypeAlias

import attrs

from bench.model import KERNEL_BUFFER, Case, Implementation, Job, Result, Sample
from bench.progress import Progress

#: Where ``bench`` (and an in-place build of pyzmtp) is importable from.
_ROOT = Path(__file__).resolve().parent.parent

#: Seconds an import may take before a peer counts as missing.
_PROBE_TIMEOUT = 60.0

#: Seconds a child may take to end once it has said everything.
_END_TIMEOUT = 30.0

#: ``--quick`` divides the counts by this: a check that everything runs, not a measurement.
QUICK_DIVISOR = 50

#: Below this many operations a sample says nothing, and the warm-up would be longer than it.
_LEAST_COUNT = 100


#: What is measured: a case, and by whom.
Row: TypeAlias = "tuple[Case, Implementation]"


class ChildFailed(Exception):
    """A child process ended, or said that it failed, before it gave what was waited for."""


@attrs.frozen
class Settings:
    """What applies to the whole run."""

    rounds: int = 5
    quick: bool = False
    timeout: float = 60.0
    kernel_buffer: int = KERNEL_BUFFER

    def count(self, case: Case, implementation: Implementation) -> int:
        """Return how many operations one sample takes."""
        count = case.measurement.counts[implementation.name][case.level]
        return min(count, max(count // QUICK_DIVISOR, _LEAST_COUNT)) if self.quick else count


@attrs.frozen
class Availability:
    """What the probe of one implementation found."""

    versions: Mapping[str, str] = attrs.field(factory=dict)
    roles: Sequence[str] = ()
    missing: str = ""

    def reason_against(self, case: Case, implementation: Implementation) -> str:
        """Return why this implementation cannot run ``case``; empty if it can."""
        if self.missing:
            return self.missing
        own = [case.measurement.binds]
        if case.measurement.connects and not case.measurement.connecting_peer:
            own.append(case.measurement.connects)
        for role in own:
            if role not in self.roles:
                return f"bench/peers/{implementation.peer}.py offers no role {role!r}"
        return ""


class Child:
    """One worker process and the lines that pass between it and us."""

    def __init__(self, label: str, process: asyncio.subprocess.Process, errors: IO[bytes]) -> None:
        self._label = label
        self._process = process
        self._errors = errors

    def give(self, job: Job) -> None:
        """Send the child its job."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(attrs.asdict(job)).encode() + b"\n")

    async def hear(self, key: str) -> Any:
        """Return what the child says about ``key``, the next thing that is expected of it.

        :raises ChildFailed: it reported an error, ended, or said something else.
        """
        assert self._process.stdout is not None
        line = await self._process.stdout.readline()
        if not line:
            await self._process.wait()
            raise ChildFailed(f"{self._label}: ended without a word, {self._last_words()}")
        said = json.loads(line)
        if key not in said:
            raise ChildFailed(f"{self._label}: {said.get('error', said)}")
        return said[key]

    def _last_words(self) -> str:
        """Return the last line the child wrote to standard error, or its exit code."""
        self._errors.seek(0)
        lines = self._errors.read().decode(errors="replace").strip().splitlines()
        return lines[-1].strip() if lines else f"exit code {self._process.returncode}"


@asynccontextmanager
async def start(implementation: Implementation, *role: str) -> AsyncIterator[Child]:
    """Start a child for the block that follows; after the block it is gone.

    It may end by itself unless the block failed: a sender still has to see its last message off.
    """
    with tempfile.TemporaryFile() as errors:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "bench.worker",
            implementation.peer,
            *role,
            cwd=_ROOT,
            env={**os.environ, **implementation.environment},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=errors,
            start_new_session=True,  # whom it has started itself ends with it
        )
        try:
            yield Child(" ".join((implementation.name, *role)), process, errors)
            await asyncio.wait_for(process.wait(), _END_TIMEOUT)
        finally:
            if process.returncode is None:
                _kill(process)
                await process.wait()


def _kill(process: asyncio.subprocess.Process) -> None:
    if sys.platform == "win32":
        process.kill()
    else:
        os.killpg(process.pid, signal.SIGKILL)


async def probe(implementation: Implementation) -> Availability:
    """Return whether ``implementation`` can be measured in this environment."""

    async def ask() -> Availability:
        async with start(implementation) as child:
            ready = await child.hear("ready")
            return Availability(versions=ready["versions"], roles=ready["roles"])

    try:
        return await asyncio.wait_for(ask(), _PROBE_TIMEOUT)
    except ChildFailed as error:
        return Availability(missing=str(error).removeprefix(f"{implementation.name}: "))
    except asyncio.TimeoutError:
        return Availability(missing=f"not imported within {_PROBE_TIMEOUT:g} s")


async def take_sample(case: Case, implementation: Implementation, settings: Settings) -> Sample:
    """Run the processes of one sample; return what the measuring one saw.

    :raises ChildFailed: one of them failed.
    :raises asyncio.TimeoutError: they took longer than ``settings.timeout``.
    """
    measurement = case.measurement
    count = settings.count(case, implementation)
    job = case.job(count, settings.timeout, settings.kernel_buffer)
    peer = measurement.connecting_peer or implementation.peer

    async def measure() -> Sample:
        async with AsyncExitStack() as stack:
            binder = await stack.enter_async_context(start(implementation, measurement.binds))
            children = [binder]
            if measurement.connects:
                other = start(attrs.evolve(implementation, peer=peer), measurement.connects)
                children.append(await stack.enter_async_context(other))
            await asyncio.gather(*(child.hear("ready") for child in children))
            binder.give(job)
            for connecter in children[1:]:
                connecter.give(attrs.evolve(job, address=await binder.hear("bound")))
            said = await asyncio.gather(*(child.hear("sample") for child in children))
        samples = [Sample(**sample) for sample in said if sample is not None]
        if len(samples) != 1:
            raise ChildFailed(f"{len(samples)} sides measured, not one")
        if not samples[0].operations:
            raise ChildFailed("all was done before the clock started: the count is too small")
        return samples[0]

    return await asyncio.wait_for(measure(), settings.timeout)


async def run_rows(
    rows: Sequence[Row],
    found: Mapping[str, Availability],
    settings: Settings,
    progress: Progress,
) -> list[Result]:
    """Run all rounds of ``rows``, which take turns; return one result for each."""
    results = [_nothing_yet(case, each, found[each.name], settings) for case, each in rows]
    for number in range(1, settings.rounds + 1):
        for i, result in enumerate(results):
            name = result.implementation.name
            if not result.missing:
                progress.show(f"{result.case.name}: round {number} of {settings.rounds}, {name}")
                results[i] = await _with_another_sample(result, settings)
            progress.advance()
    return results


def _nothing_yet(
    case: Case, implementation: Implementation, found: Availability, settings: Settings
) -> Result:
    missing = found.reason_against(case, implementation)
    count = 0 if missing else settings.count(case, implementation)
    return Result(case, implementation, count, missing=missing)


async def _with_another_sample(result: Result, settings: Settings) -> Result:
    try:
        sample = await take_sample(result.case, result.implementation, settings)
    except ChildFailed as error:
        return attrs.evolve(result, errors=[*result.errors, str(error)])
    except asyncio.TimeoutError:
        too_long = f"not done within {settings.timeout:g} s"
        return attrs.evolve(result, errors=[*result.errors, too_long])
    return attrs.evolve(result, samples=[*result.samples, sample])
