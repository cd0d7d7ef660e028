"""The bench: a run is compared with an earlier one."""

from __future__ import annotations

import attrs
import pytest

from bench import compare, report
from bench.matching import MEASUREMENT as MATCHING
from bench.model import Case, Result
from tests.bench.results import (
    GROUP,
    rates,
    times,
)


class TestCompare:
    def test_ratios_are_compared_and_not_figures(self) -> None:
        then = [rates("pyzmtp-batch", 2e6), rates("pyzmq-blocking", 1e6), rates("txzmq", 1e5)]
        now = [rates("pyzmtp-batch", 1e6), rates("pyzmq-blocking", 5e5), rates("txzmq", 3e4)]
        batch, txzmq = compare.changes([then], [now])
        assert (batch.implementation, batch.baseline, batch.verdict) == (
            "pyzmtp-batch", "pyzmq-blocking", "",
        )  # fmt: skip
        assert (batch.old, batch.new, batch.factor) == pytest.approx((2.0, 2.0, 1.0))
        assert (txzmq.implementation, txzmq.verdict) == ("txzmq", "slower")
        assert txzmq.factor == pytest.approx(0.6)

    def test_who_has_nobody_to_be_compared_with_is_compared_with_itself(self) -> None:
        def run(first: float, last: float) -> list[list[Result]]:
            groups: list[list[Result]] = []
            for level, figure in ((1, first), (1_000_000, last)):
                result = attrs.evolve(times("pyzmtp-batch", figure), case=Case(MATCHING, level))
                groups.append(report.with_first_levels([result], groups))
            return groups

        [change] = compare.changes(run(0.1, 0.2), run(0.2, 0.8))
        assert (change.case, change.baseline, change.verdict) == (
            "matching-1000000", "first level", "slower",
        )  # fmt: skip
        assert change.factor == pytest.approx(0.5)

    def test_what_was_not_measured_then_is_not_compared(self) -> None:
        assert compare.changes([], [GROUP]) == []
        assert compare.changes([[rates("pyzmtp-batch", 1e6)]], [GROUP]) == []
        assert compare.changes([[attrs.evolve(each, samples=()) for each in GROUP]], [GROUP]) == []

    def test_the_table_begins_with_the_worst(self, capsys: pytest.CaptureFixture[str]) -> None:
        compare.print_changes(
            [
                compare.Change("round-trip-16", "pyzmtp-batch", "pyzmq-blocking", 1.0, 1.5),
                compare.Change("throughput-16", "pyzmtp-batch", "pyzmq-blocking", 2.0, 1.0),
            ]
        )
        printed = capsys.readouterr().out
        assert printed.index("slower") < printed.index("faster")
        assert "1 of 2 are slower, by more than 10%" in printed
