"""``python -m bench`` for real, with loads so small that nothing can be read from the figures."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import pytest

from bench import runner
from bench.implementations import IMPLEMENTATIONS
from bench.measurements import all_cases
from bench.model import Implementation, Job
from bench.runner import ChildFailed, Settings

ROOT = Path(__file__).parent.parent

#: Seconds; it takes about ten.
PATIENCE = 110.0

BY_NAME = {each.name: each for each in IMPLEMENTATIONS}
[THROUGHPUT_16, *_] = all_cases()


def test_quick(tmp_path: Path) -> None:
    target = tmp_path / "result.json"
    done = subprocess.run(
        [
            *(sys.executable, "-m", "bench", "--quick", "--json", str(target)),
            *("--only", "throughput-16", "--only", "round-trip-16"),
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
    for case in ("throughput-16", "round-trip-16"):
        assert [each["implementation"] for each in results if each["case"] == case] == names
    for each in results:
        assert each["errors"] == []
        # Nothing is left out: a figure with its ratio, or the reason why there is none.
        if each["missing"]:
            assert f"{each['implementation']} is missing: {each['missing']}" in " ".join(
                done.stdout.split()
            )
            assert each["implementation"] in ("pyzmtp-batch", "pyzmtp-message", "txzmq")
        else:
            assert each["median"] > 0
            assert each["speed_against"]["pyzmq-blocking"] > 0


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
