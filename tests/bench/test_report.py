"""The bench: figures, tables and JSON."""

from __future__ import annotations

import json
import sys

import attrs
import pytest

from bench import report
from bench.dealer_in_turn import MEASUREMENT as IN_TURN
from bench.model import Case
from bench.round_trip import MEASUREMENT as ROUND_TRIP
from bench.runner import Availability, Settings
from bench.throughput import MEASUREMENT as THROUGHPUT
from tests.bench.results import (
    GROUP,
    THROUGHPUT_16,
    rates,
    times,
)


class TestReport:
    def test_figures(self) -> None:
        assert [THROUGHPUT.show(value) for value in (2_412_345, 81_234, 512)] == [
            "2.41 M",
            "81.2 k",
            "512",
        ]
        assert [THROUGHPUT.show(value) for value in (999_400, 999_600, 999.6)] == [
            "999 k",
            "1 M",
            "1 k",
        ]
        assert [ROUND_TRIP.show(value) for value in (999.4, 999.6)] == ["999", "1000"]
        assert [ROUND_TRIP.show(value) for value in (54.23, 171.6, 12345.6)] == [
            "54.2",
            "172",
            "12346",
        ]

    def test_rows(self) -> None:
        assert report.header_of(THROUGHPUT_16) == [
            "implementation",
            "median msg/s",
            "min - max",
            "vs pyzmq",
            "vs txZMQ",
            "vs C",
            "vs bare",
        ]
        assert report.rows_of(GROUP) == [
            ["pyzmtp-batch", "2.5 M", "2 M - 3 M", "2.50", "-", "-", "-"],
            ["pyzmq-blocking", "1 M", "900 k - 1.25 M", "1.00", "-", "-", "-"],
            ["pyzmq-asyncio", "failed", "-", "-", "-", "-", "-"],
            ["txzmq", "missing", "-", "-", "-", "-", "-"],
        ]

    def test_a_column_for_a_detail_and_none_for_who_takes_no_part(self) -> None:
        [result] = [times("pyzmtp-batch", 100, 120, 110)]
        details = [{"p99_us": 900.0}, {"p99_us": 300.0}, {"p99_us": 500.0}]
        samples = [
            attrs.evolve(sample, details=more)
            for sample, more in zip(result.samples, details, strict=True)
        ]
        case = Case(IN_TURN, 1)
        group = [attrs.evolve(result, case=case, samples=samples), times("pyzmq-blocking", 220)]
        group[1] = attrs.evolve(group[1], case=case)
        assert report.header_of(case) == [
            "implementation", "median us", "min - max", "p99 us", "vs pyzmq", "vs 1 peer",
        ]  # fmt: skip
        assert report.rows_of(group) == [
            ["pyzmtp-batch", "110", "100 - 120", "500", "2.00", "-"],
            ["pyzmq-blocking", "220", "220 - 220", "-", "1.00", "-"],
        ]

    def test_a_cost_that_might_grow_is_compared_with_the_first_level(self) -> None:
        first, last = (
            [attrs.evolve(times("pyzmtp-batch", figure), case=Case(IN_TURN, level))]
            for figure, level in ((100, 1), (125, 5000))
        )
        assert report.with_first_levels(first, []) == first
        assert report.with_first_levels(last, []) == last
        [compared] = report.with_first_levels(last, [GROUP, first])
        assert report.rows_of([compared])[0][-1] == "0.80"
        later = report.with_first_levels([rates("pyzmtp-batch", 1)], [GROUP])
        assert [each.first for each in later] == [None]

    def test_what_did_not_run_is_told(self) -> None:
        assert report.notes_of(GROUP) == [
            "pyzmq-asyncio failed in one round: it hung",
            "pyzmq-asyncio failed in one round: it hung",
            "txzmq is missing: No module named 'txzmq'",
        ]

    def test_plain_table(self) -> None:
        assert report.plain_table("title", ["a", "bb"], [["long", "1"], ["x", "100"]]) == (
            "title\n"  #
            "a      bb\n"
            "----  ---\n"
            "long    1\n"
            "x     100"
        )

    def test_without_rich_it_prints_plain_text(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setitem(sys.modules, "rich.console", None)
        report.print_case(GROUP)
        printed = capsys.readouterr().out
        assert "PUSH to PULL, 16 B\nimplementation  median msg/s" in printed
        assert "  txzmq is missing: No module named 'txzmq'\n" in printed

    def test_with_rich_it_prints_the_same_cells(self, capsys: pytest.CaptureFixture[str]) -> None:
        report.print_case(GROUP)
        printed = capsys.readouterr().out
        for cell in ("PUSH to PULL, 16 B", "2 M - 3 M", "2.50", "txzmq is missing"):
            assert cell in printed

    def test_json(self) -> None:
        found = {
            "pyzmtp-batch": Availability(versions={"pyzmtp": "1"}, roles=["pull", "push"]),
            "txzmq": Availability(missing="No module named 'txzmq'"),
        }
        document = json.loads(json.dumps(report.to_json([GROUP], found, Settings(rounds=3))))
        assert document["format"] == report.JSON_FORMAT
        assert document["settings"]["rounds"] == 3
        assert document["implementations"]["txzmq"]["missing"] == "No module named 'txzmq'"
        first, _, failed, missing = document["results"]
        assert first["case"] == "throughput-16"
        assert first["values"] == pytest.approx([2_000_000, 3_000_000, 2_500_000])
        assert (first["min"], first["max"]) == pytest.approx((2_000_000, 3_000_000))
        assert first["speed_against"] == {
            "pyzmq-blocking": pytest.approx(2.5),
            "txzmq": None,
            "libzmq-c": None,
            "twisted-bare": None,
            "first level": None,
        }
        assert (first["varies"], first["level"]) == ("size", 16)
        assert failed["median"] is None
        assert failed["errors"] == ["it hung", "it hung"]
        assert missing["missing"] == "No module named 'txzmq'"

    def test_preface_says_what_the_figures_depend_on(self) -> None:
        found = {"txzmq": Availability(versions={"txZMQ": "1.0.0"})}
        where = {"python": "CPython 3.99", "cpus": 64, "load_average": [1.25, 0.0, 0.0]}
        text = report.preface(found, Settings(rounds=7, quick=True, kernel_buffer=4096), where)
        for part in (
            "CPython 3.99, 64 CPUs, load 1.2;",
            "txZMQ 1.0.0",
            "buffers 4096 bytes",
            "median of 7",
            "--quick",
        ):
            assert part in text
