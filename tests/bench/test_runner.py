"""The bench: jobs, the order of the rounds, and progress."""

from __future__ import annotations

import asyncio
import sys

import attrs
import pytest

from bench import __main__ as command_line
from bench import runner
from bench.import_time import MEASUREMENT as IMPORT
from bench.measurements import all_cases
from bench.model import Case, Implementation, Job, Sample
from bench.progress import Progress
from bench.runner import Availability, ChildFailed, Settings
from bench.throughput import MEASUREMENT as THROUGHPUT
from tests.bench.results import (
    BY_NAME,
    IDLE_PEERS,
    MATCHING_1,
    ROUND_TRIP_16,
    THROUGHPUT_16,
)


class Steps(Progress):
    """Notes what is shown, and how many steps are left."""

    def __init__(self, total: int) -> None:
        super().__init__(total)
        self.left = total
        self.shown: list[str] = []

    def show(self, text: str) -> None:
        super().show(text)
        self.shown.append(text)

    def advance(self) -> None:
        super().advance()
        self.left -= 1


class TestProgress:
    @pytest.mark.parametrize("rich", [True, False])
    def test_it_is_for_terminals_only(
        self, rich: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        if not rich:
            monkeypatch.setitem(sys.modules, "rich.progress", None)
        for terminal in (False, True):
            monkeypatch.setattr(sys.stderr, "isatty", lambda terminal=terminal: terminal)
            monkeypatch.setenv("TERM", "xterm")
            progress = Progress(2)
            progress.show("what is next")
            progress.advance()
            progress.hide()
            progress.hide()
            assert ("what is next" in capsys.readouterr().err) is (rich and terminal)


class TestRunner:
    def test_counts_come_from_the_table(self) -> None:
        implementation = BY_NAME["pyzmq-blocking"]
        whole = Settings().count(THROUGHPUT_16, implementation)
        assert whole == THROUGHPUT.counts["pyzmq-blocking"][16]
        quick = Settings(quick=True)
        assert quick.count(THROUGHPUT_16, implementation) == whole // runner.QUICK_DIVISOR
        assert quick.count(ROUND_TRIP_16, BY_NAME["pyzmq-asyncio"]) == 100
        [few] = {count for levels in IMPORT.counts.values() for count in levels.values()}
        assert quick.count(Case(IMPORT, 0), BY_NAME["pyzmtp-batch"]) == few < 100

    def test_reasons_against(self) -> None:
        implementation = BY_NAME["txzmq"]
        both = Availability(roles=["pull", "push"])
        assert both.reason_against(THROUGHPUT_16, implementation) == ""
        assert "no role 'push'" in Availability(roles=["pull"]).reason_against(
            THROUGHPUT_16, implementation
        )
        # Whoever is connected to by others need not be able to connect.
        assert Availability(roles=["bear"]).reason_against(IDLE_PEERS, implementation) == ""
        # One process that does it all connects to nobody.
        assert Availability(roles=["match"]).reason_against(MATCHING_1, implementation) == ""
        assert Availability(missing="gone").reason_against(THROUGHPUT_16, implementation) == "gone"

    def test_who_has_no_count_takes_no_part(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        async def probe(implementation: Implementation) -> Availability:
            return Availability(missing="gone")

        monkeypatch.setattr(command_line, "probe", probe)
        bare = BY_NAME["twisted-bare"]
        cases = [case for case in all_cases() if case.name in ("multipart-16", "throughput-16")]
        batches = command_line.all_rows([bare], cases)
        groups = asyncio.run(command_line.measure(batches, Settings(rounds=2), None))
        assert [[result.case.name for result in group] for group in groups] == [["throughput-16"]]
        assert "twisted-bare is missing: gone" in capsys.readouterr().out

    def test_the_job_of_a_case(self) -> None:
        jobs = {case.name: case.job(7, 1.0, 4096) for case in all_cases()}
        assert attrs.asdict(jobs["throughput-16"]) == attrs.asdict(
            Job(size=16, count=7, timeout=1.0, kernel_buffer=4096)
        )
        assert (jobs["multipart-1024"].size, jobs["multipart-1024"].parts) == (1024, 4)
        assert (jobs["in-flight-100"].size, jobs["in-flight-100"].in_flight) == (16, 100)
        assert jobs["curve-100"].mechanism == "CURVE"
        assert (jobs["ipc-16"].where, jobs["ipc-16"].kernel_buffer) == ("ipc://*", 0)
        assert jobs["inproc-16"].where == "inproc://bench"
        assert jobs["connections-100"].connections == 100
        assert jobs["topics-10000"].subscriptions == 10_000

    def test_rounds_are_interleaved_and_failures_kept(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        order: list[str] = []

        async def take_sample(case: Case, implementation: Implementation, _: Settings) -> Sample:
            order.append(implementation.name)
            if implementation.name == "pyzmq-blocking" and len(order) < 4:
                raise ChildFailed("it fell over")
            if implementation.name == "pyzmq-asyncio":
                raise asyncio.TimeoutError
            return Sample(operations=1, seconds=1.0)

        monkeypatch.setattr(runner, "take_sample", take_sample)
        names = ["pyzmtp-batch", "pyzmq-blocking", "pyzmq-asyncio", "txzmq"]
        found = {name: Availability(roles=["pull", "push"]) for name in names}
        found["txzmq"] = Availability(missing="not here")
        progress = Steps(2 * len(names))
        results = asyncio.run(
            runner.run_rows(
                [(THROUGHPUT_16, BY_NAME[name]) for name in names],
                found,
                Settings(rounds=2, timeout=7),
                progress,
            )
        )
        assert order == names[:3] * 2
        assert progress.shown[0] == "throughput-16: round 1 of 2, pyzmtp-batch"
        assert progress.left == 0
        assert [len(result.samples) for result in results] == [2, 1, 0, 0]
        assert [list(result.errors) for result in results] == [
            [],
            ["it fell over"],
            ["not done within 7 s"] * 2,
            [],
        ]
        assert results[3].missing == "not here"
