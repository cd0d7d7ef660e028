"""The floors of the bench: which there are, what is measured for them, and what is told of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import attrs
import pytest

from bench import __main__ as command_line
from bench import floors
from bench.floors import FLOORS, Floor, Outcome
from bench.implementations import IMPLEMENTATIONS
from bench.measurements import all_cases
from bench.model import Case, Implementation, Result, Sample
from bench.runner import Availability, Row, Settings

BY_NAME = {each.name: each for each in IMPLEMENTATIONS}
CASES = {case.name: case for case in all_cases()}

RATE = Floor("throughput-16", "pyzmtp-batch", ">=", 2.0, "pyzmq-blocking")
TIME = Floor("round-trip-16", "pyzmtp-batch", "<=", 1.25, "twisted-bare")
GROWTH = Floor("matching-1000000", "pyzmtp-batch", "<=", 3.0, other_case="matching-10")
ALONE = Floor("import-1", "pyzmtp-batch", "<=", 50.0)
IF_THERE = Floor("throughput-16", "pyzmtp-batch", ">=", 0.5, "libzmq-c", if_there=True)


def result(case: str, implementation: str, *seconds: float) -> Result:
    """What was measured, with one operation a sample."""
    samples = [Sample(operations=1, seconds=each) for each in seconds]
    return Result(CASES[case], BY_NAME[implementation], count=1, samples=samples)


def outcome(floor: Floor, *results: Result) -> Outcome:
    """What becomes of a floor when there is nothing but these results."""
    [found] = floors.outcomes([floor], [[each] for each in results])
    return found


class TestFloors:
    def test_each_is_about_something_that_is_measured(self) -> None:
        for floor in FLOORS:
            for row in filter(None, (floor.subject, floor.reference)):
                assert row[0].has(row[1])
            assert floor.bound == (
                "<=" if not floor.subject[0].measurement.higher_is_better else ">="
            )

    def test_only_what_has_to_be_built_may_be_missing(self) -> None:
        assert [each.other_implementation for each in FLOORS if each.if_there] == ["libzmq-c"]

    def test_the_docs_tell_of_each(self) -> None:
        docs = Path(__file__).parents[2] / "docs" / "bench.md"
        table = docs.read_text(encoding="utf-8").partition("## Floors")[2]
        for floor in FLOORS:
            assert f"`{floor.case}`" in table
            for name in filter(None, (floor.implementation, floor.other_implementation)):
                assert f"`{name}`" in table
            unit = "times" if floor.reference else "ms"
            assert floor.limit == 1.0 or f"{floor.limit:g} {unit}" in table

    def test_a_ratio_of_medians_of_two_implementations(self) -> None:
        pyzmq = result("throughput-16", "pyzmq-blocking", 1.0, 9.0, 1.0)
        for seconds, seen, met in ((0.5, 2.0, True), (0.51, 1.96, False)):
            ours = result("throughput-16", "pyzmtp-batch", seconds, 0.001, seconds)
            found = outcome(RATE, ours, pyzmq)
            assert found.seen == pytest.approx(seen, abs=0.01)
            assert found.met is met

    def test_a_time_must_not_be_longer(self) -> None:
        bare = result("round-trip-16", "twisted-bare", 100e-6)
        for seconds, met in ((125e-6, True), (126e-6, False)):
            assert outcome(TIME, result("round-trip-16", "pyzmtp-batch", seconds), bare).met is met

    def test_a_ratio_of_two_levels(self) -> None:
        few, many = (result(f"matching-{n}", "pyzmtp-batch", 1e-9 * n) for n in (10, 1_000_000))
        assert outcome(GROWTH, few, many).seen == pytest.approx(100_000)

    def test_a_figure_by_itself(self) -> None:
        assert outcome(ALONE, result("import-1", "pyzmtp-batch", 0.049)).met is True
        assert outcome(ALONE, result("import-1", "pyzmtp-batch", 0.051)).met is False

    def test_what_was_not_measured_is_missed(self) -> None:
        ours = result("throughput-16", "pyzmtp-batch", 1.0)
        assert (outcome(RATE, ours).seen, outcome(RATE, ours).met) == (None, False)
        assert outcome(RATE, result("throughput-16", "pyzmq-blocking", 1.0)).met is False
        assert outcome(ALONE).met is False

    def test_what_is_not_built_is_not_missed(self) -> None:
        assert outcome(IF_THERE, result("throughput-16", "pyzmtp-batch", 1.0)).met is None
        assert outcome(IF_THERE, result("throughput-16", "libzmq-c", 1.0)).met is False


class TestBatches:
    def test_what_floors_need_and_no_more(self) -> None:
        chosen, batches = floors.batches(IMPLEMENTATIONS, all_cases())
        assert chosen == list(FLOORS)
        rows = [(case.name, each.name) for batch in batches for case, each in batch]
        assert len(set(rows)) == len(rows)
        needed = [row for floor in FLOORS for row in (floor.subject, floor.reference) if row]
        assert set(rows) == {(case.name, each.name) for case, each in needed}

    def test_rows_that_are_compared_take_turns(self) -> None:
        for floor in FLOORS:
            _, batches = floors.batches(IMPLEMENTATIONS, all_cases())
            for row in filter(None, (floor.subject, floor.reference)):
                [where] = [batch for batch in batches if row in batch]
                assert floor.subject in where

    def test_some_of_them(self) -> None:
        chosen, [batch] = floors.batches(IMPLEMENTATIONS, [CASES["matching-1000000"]])
        assert {floor.limit for floor in chosen} == {3.0, 10.0}
        assert [case.name for case, _ in batch] == ["matching-1", "matching-10", "matching-1000000"]
        assert floors.batches([BY_NAME["txzmq"]], all_cases()) == ([], [])


class TestCommandLine:
    @pytest.fixture(autouse=True)
    def measured(self, monkeypatch: pytest.MonkeyPatch) -> list[Row]:
        """Rows that were measured; each sample takes as many seconds as its case has a level."""
        rows: list[Row] = []

        async def probe(implementation: Implementation) -> Availability:
            return Availability(roles=["match"])

        async def take_sample(case: Case, implementation: Implementation, _: Settings) -> Sample:
            rows.append((case, implementation))
            details = {"any_ns": 1.0}
            return Sample(operations=1, seconds=float(case.level), details=details)

        monkeypatch.setattr(command_line, "probe", probe)
        monkeypatch.setattr("bench.runner.take_sample", take_sample)
        return rows

    def test_missed_floors_make_it_fail(
        self, measured: list[Row], capsys: pytest.CaptureFixture[str]
    ) -> None:
        arguments = ["--floors", "--only", "matching-1000000", "--rounds", "2"]
        assert command_line.main(arguments) == 1
        levels = [case.level for case, _ in measured]
        assert levels == [1, 10, 1_000_000] * 2
        printed = capsys.readouterr().out
        assert "2 of 2 are missed" in printed
        assert "100000.00" in printed

    def test_floors_that_are_met_do_not(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        easy = [
            attrs.evolve(floor, limit=2e6) for floor in FLOORS if floor.other_case == "matching-1"
        ]
        monkeypatch.setattr(floors, "FLOORS", easy)
        assert command_line.main(["--floors", "--only", "matching-1000000"]) == 0
        assert "0 of 1 are missed" in capsys.readouterr().out

    def test_where_there_is_no_floor_nothing_is_measured(
        self, measured: list[Row], capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert command_line.main(["--floors", "--only", "txzmq"]) == 2
        assert "no floor" in capsys.readouterr().err
        assert measured == []


def test_the_table_says_what_is_compared(capsys: pytest.CaptureFixture[str]) -> None:
    found: Sequence[Outcome] = [Outcome(RATE, 3e6, 1e6), Outcome(GROWTH, 500.0, 100.0)]
    floors.print_outcomes([*found, Outcome(IF_THERE, 3e6, None), Outcome(ALONE, 51.0, None)])
    lines = [line.split() for line in capsys.readouterr().out.splitlines() if line.strip()]
    assert [
        "throughput-16",
        "pyzmtp-batch",
        "3",
        "M",
        "pyzmq-blocking",
        "1",
        "M",
        "3.00",
        ">=",
        "2",
        "yes",
    ] in lines
    assert [
        "matching-1000000",
        "pyzmtp-batch",
        "500",
        "matching-10",
        "100",
        "5.00",
        "<=",
        "3",
        "NO",
    ] in lines
    assert [
        "throughput-16",
        "pyzmtp-batch",
        "3",
        "M",
        "libzmq-c",
        "-",
        "-",
        ">=",
        "0.5",
        "-",
    ] in lines
    assert ["import-1", "pyzmtp-batch", "51", "-", "-", "51.00", "<=", "50", "NO"] in lines
