"""Starts the children, hands them their jobs, bounds them in time, and ends those it started."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import IO, Any

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
        return max(count // QUICK_DIVISOR, _LEAST_COUNT) if self.quick else count


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
        for role in (case.measurement.binds, case.measurement.connects):
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
        )
        try:
            yield Child(" ".join((implementation.name, *role)), process, errors)
            await asyncio.wait_for(process.wait(), _END_TIMEOUT)
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()


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
    """Run one pair of processes; return what the measuring one saw.

    :raises ChildFailed: one of the two failed.
    :raises asyncio.TimeoutError: they took longer than ``settings.timeout``.
    """
    measurement = case.measurement
    count = settings.count(case, implementation)
    job = case.job(count, settings.timeout, settings.kernel_buffer)

    async def both() -> Sample:
        async with (
            start(implementation, measurement.binds) as binder,
            start(implementation, measurement.connects) as connecter,
        ):
            await asyncio.gather(binder.hear("ready"), connecter.hear("ready"))
            binder.give(job)
            connecter.give(attrs.evolve(job, address=await binder.hear("bound")))
            said = await asyncio.gather(binder.hear("sample"), connecter.hear("sample"))
        samples = [Sample(**sample) for sample in said if sample is not None]
        if len(samples) != 1:
            raise ChildFailed(f"{len(samples)} sides measured, not one")
        return samples[0]

    return await asyncio.wait_for(both(), settings.timeout)


@attrs.define
class _Rounds:
    """What has been collected so far for one implementation in one case."""

    samples: list[Sample] = attrs.field(factory=list)
    errors: list[str] = attrs.field(factory=list)


async def run_case(
    case: Case,
    implementations: Sequence[Implementation],
    found: Mapping[str, Availability],
    settings: Settings,
    progress: Progress,
) -> list[Result]:
    """Run all rounds of ``case``, the implementations taking turns; return one result for each."""
    reasons = {each.name: found[each.name].reason_against(case, each) for each in implementations}
    collected = {each.name: _Rounds() for each in implementations}
    for number in range(1, settings.rounds + 1):
        for implementation in implementations:
            name = implementation.name
            if reasons[name]:
                progress.advance()
                continue
            progress.show(f"{case.name}: round {number} of {settings.rounds}, {name}")
            try:
                sample = await take_sample(case, implementation, settings)
            except ChildFailed as error:
                collected[name].errors.append(str(error))
            except asyncio.TimeoutError:
                collected[name].errors.append(f"not done within {settings.timeout:g} s")
            else:
                collected[name].samples.append(sample)
            progress.advance()
    return [
        Result(
            case=case,
            implementation=each,
            count=0 if reasons[each.name] else settings.count(case, each),
            samples=collected[each.name].samples,
            errors=collected[each.name].errors,
            missing=reasons[each.name],
        )
        for each in implementations
    ]
