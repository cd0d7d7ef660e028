"""``python -m bench`` for real, with loads so small that nothing can be read from the figures."""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import sys
import time
from functools import cache
from pathlib import Path

import attrs
import pytest

from bench import runner
from bench.implementations import IMPLEMENTATIONS
from bench.measurements import MEASUREMENTS, all_cases
from bench.model import Case, Implementation, Job, Measurement, Sample
from bench.runner import Availability, ChildFailed, Settings

ROOT = Path(__file__).parent.parent

#: Seconds; it takes about ten.
PATIENCE = 110.0

BY_NAME = {each.name: each for each in IMPLEMENTATIONS}
CASES = {case.name: case for case in all_cases()}
THROUGHPUT_16, ROUND_TRIP_16 = CASES["throughput-16"], CASES["round-trip-16"]


def test_quick(tmp_path: Path) -> None:
    target = tmp_path / "result.json"
    done = subprocess.run(
        [
            *(sys.executable, "-m", "bench", "--quick", "--json", str(target)),
            *("--only", "throughput-16"),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    results = json.loads(target.read_text())["results"]
    names = [each.name for each in IMPLEMENTATIONS]
    assert [each["implementation"] for each in results] == names
    for each in results:
        assert each["errors"] == []
        # Nothing is left out: a figure with its ratio, or the reason why there is none.
        if each["missing"]:
            assert f"{each['implementation']} is missing: {each['missing']}" in " ".join(
                done.stdout.split()
            )
            assert each["implementation"] not in ("pyzmtp-batch-pure", "pyzmq-blocking")
        else:
            assert each["median"] > 0
            assert each["speed_against"]["pyzmq-blocking"] > 0


#: Compiled or not, the peers are the same; and these can be measured everywhere.
COMPILED = {"pyzmtp-batch", "pyzmtp-message"}

#: Operations: enough for a clock that starts behind the first batch of messages. Whose batches are larger,
#: because it is so fast, does a part of its usual number.
FEW, PART = 1_500, 200

#: What nothing can be beyond, on any machine, in the unit of the table: whoever is, is measured wrongly.
SANE = {
    "msg/s": (100, 1e9),
    "trips/s": (50, 1e7),
    "deliveries/s": (50, 1e8),
    "connections/s": (1, 1e5),
    "us": (0.01, 1e5),
    "ns": (10, 1e6),
    "ms": (0.01, 1e4),
    "bytes": (10, 1e6),
}


@pytest.mark.parametrize("measurement", MEASUREMENTS, ids=lambda measurement: measurement.name)
def test_who_takes_part_can_be_measured(measurement: Measurement) -> None:
    case = smallest(measurement)
    settings = Settings(timeout=60.0)
    there = []
    for name in sorted(set(measurement.counts) - COMPILED):
        found = available(name)
        if found.missing:  # not installed or built here: then it says so
            assert name in ("txzmq", "pyomq", "libzmq-c")
            assert re.match("(ModuleNotFound|FileNotFound)Error: ", found.missing)
        else:
            assert found.reason_against(case, BY_NAME[name]) == ""
            there.append(BY_NAME[name])

    async def measure() -> list[Sample]:
        samples = (runner.take_sample(case, each, settings) for each in there)
        return await asyncio.gather(*samples)

    samples = asyncio.run(measure())
    assert {"pyzmtp-batch-pure"} <= {each.name for each in there}
    for each, sample in zip(there, samples, strict=True):
        least, most = SANE[measurement.unit]
        assert sample.operations > 0
        assert least < measurement.value(sample) < most
        if each.name != "libzmq-c":  # its tools tell a mean only
            assert set(measurement.columns) <= set(sample.details)


def smallest(measurement: Measurement) -> Case:
    """The case with the least to do, and little of it; of what counts peers, one with twenty of them."""
    level = 20 if measurement.connecting_peer else measurement.levels[0]
    counts = {
        name: {level: few(next(iter(levels.values())))}
        for name, levels in measurement.counts.items()
    }
    return Case(attrs.evolve(measurement, counts=counts), level)


def few(usual: int) -> int:
    """How many operations are tried, of something that usually is done so many times."""
    return max(min(usual // 50, FEW), usual // PART, 100) if usual > 100 else 1


@cache
def available(name: str) -> Availability:
    """What the probe of an implementation finds."""
    return asyncio.run(runner.probe(BY_NAME[name]))


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory for what stands for libzmq's tools."""
    for name in ("local_thr", "remote_thr", "local_lat", "remote_lat"):
        write_tool(tmp_path, name, "")
    monkeypatch.setenv("PYZMTP_LIBZMQ_PERF", str(tmp_path))
    return tmp_path


def write_tool(directory: Path, name: str, program: str) -> None:
    """Write a program of Python's as an executable file."""
    (directory / name).write_text(f"#!{sys.executable}\nimport socket, sys, time\n{program}\n")
    (directory / name).chmod(0o755)


LISTEN = """
host, port = sys.argv[1].removeprefix("tcp://").split(":")
listener = socket.create_server((host, int(port)))
listener.accept()
"""


class TestLibzmqTools:
    def test_without_them_they_are_missing(self, tools: Path) -> None:
        (tools / "remote_lat").unlink()
        found = asyncio.run(runner.probe(BY_NAME["libzmq-c"]))
        assert found.missing == "FileNotFoundError: no remote_lat in PYZMTP_LIBZMQ_PERF"

    def test_what_they_print_is_read(self, tools: Path) -> None:
        """As libzmq's perf/local_thr.cpp and remote_lat.cpp print it; a latency is one way."""
        throughput = "print('mean throughput: 250000 [msg/s]\\nmean throughput: 32.000 [Mb/s]')"
        write_tool(tools, "local_thr", LISTEN + throughput)
        write_tool(tools, "local_lat", LISTEN)
        write_tool(tools, "remote_lat", "print('average latency: 12.500 [us]')")
        for case, value in ((THROUGHPUT_16, 250_000.0), (ROUND_TRIP_16, 25.0)):
            sample = asyncio.run(
                runner.take_sample(case, BY_NAME["libzmq-c"], Settings(timeout=20.0))
            )
            assert case.measurement.value(sample) == pytest.approx(value)

    def test_they_end_with_whoever_started_them(self, tools: Path) -> None:
        note = tools / "process"
        tell = f"import os; open({str(note)!r}, 'w').write(str(os.getpid()))"
        write_tool(tools, "local_thr", f"{tell}{LISTEN}time.sleep(60)")
        with pytest.raises(asyncio.TimeoutError):
            asyncio.run(
                runner.take_sample(THROUGHPUT_16, BY_NAME["libzmq-c"], Settings(timeout=3.0))
            )
        deadline = time.monotonic() + 10.0
        while time.monotonic() < deadline:
            try:
                os.kill(int(note.read_text()), 0)
            except ProcessLookupError:
                return
            time.sleep(0.05)
        raise AssertionError("it is still there")


def test_a_peer_that_cannot_be_imported_is_missing() -> None:
    nonesuch = Implementation(name="nonesuch", peer="nonesuch", summary="")
    found = asyncio.run(runner.probe(nonesuch))
    assert found.missing == "ModuleNotFoundError: No module named 'bench.peers.nonesuch'"


def test_a_sample_that_takes_too_long_is_ended() -> None:
    with pytest.raises(asyncio.TimeoutError):
        asyncio.run(
            runner.take_sample(THROUGHPUT_16, BY_NAME["pyzmq-blocking"], Settings(timeout=0.05))
        )


def test_a_child_that_fails_says_why() -> None:
    async def listen_to_it() -> None:
        async with runner.start(BY_NAME["pyzmq-blocking"], "no such role") as child:
            await child.hear("ready")
            child.give(Job(size=1, count=1, timeout=1.0))
            await child.hear("bound")

    with pytest.raises(ChildFailed, match="pyzmq-blocking no such role: KeyError"):
        asyncio.run(listen_to_it())
