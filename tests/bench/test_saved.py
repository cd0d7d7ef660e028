"""The bench: a run is written, read and told of again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import attrs
import pytest

from bench import __main__ as command_line
from bench import report, saved
from bench.dealer_in_turn import MEASUREMENT as IN_TURN
from bench.model import Case, Result
from bench.runner import Availability, Settings
from tests.bench.results import GROUP, times

FOUND = {
    "pyzmtp-batch": Availability(versions={"pyzmtp": "1", "Twisted": "25.5"}),
    "txzmq": Availability(missing="No module named 'txzmq'"),
}


def document() -> dict[str, Any]:
    """What --json writes."""
    groups: list[list[Result]] = [GROUP]
    for level, figure in ((1, 100.0), (5000, 125.0)):
        result = attrs.evolve(times("pyzmtp-batch", figure), case=Case(IN_TURN, level))
        groups.append(report.with_first_levels([result], groups))
    return report.to_json(groups, FOUND, Settings(rounds=3, timeout=7.0))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The file of a run."""
    path = tmp_path / "run.json"
    path.write_text(json.dumps(document()))
    return path


class TestLoad:
    def test_what_was_written_is_read(self, path: Path) -> None:
        run = saved.load(path)
        first, few, many = run.groups
        for read, written in zip(first, GROUP, strict=True):
            assert (read.case, read.implementation) == (written.case, written.implementation)
            assert list(read.samples) == list(written.samples)
            assert list(read.errors) == list(written.errors)
            assert (read.count, read.missing) == (written.count, written.missing)
        assert few[0].median == pytest.approx(100.0)
        assert many[0].first == few[0]
        assert run.settings == Settings(rounds=3, timeout=7.0)
        assert run.found == FOUND
        assert run.machine == report.machine() | {"load_average": run.machine["load_average"]}

    def test_what_is_measured_no_more_is_left_out(self, path: Path) -> None:
        old = document()
        old["results"][0]["case"] = "throughput-17"
        old["results"][1]["implementation"] = "carrier-pigeon"
        path.write_text(json.dumps(old))
        names = [result.implementation.name for result in saved.load(path).groups[0]]
        assert names == ["pyzmq-asyncio", "txzmq"]

    @pytest.mark.parametrize(
        ("text", "reason"),
        [
            (None, "No such file"),
            ("{", "no run of the bench"),
            ("[]", "no run of the bench"),
            ("{}", "no run of the bench"),
            ('{"format": 3, "results": [{}]}', "no run of the bench"),
            ('{"format": 3, "results": 3}', "no run of the bench"),
            ('{"format": 1}', "format 1, not 3"),
            ("\xff", "no run of the bench"),
        ],
    )
    @pytest.mark.parametrize("option", ["--compare", "--load"])
    def test_a_file_that_is_none_ends_it_before_anything_is_measured(
        self,
        option: str,
        text: str | None,
        reason: str,
        tmp_path: Path,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        path = tmp_path / "old.json"
        if text is not None:
            path.write_text(text, encoding="latin-1")
        assert command_line.main([option, str(path)]) == 2
        assert f"{path}: {reason}" in capsys.readouterr().err


class TestTell:
    def test_the_same_tables_again(self, path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert command_line.main(["--load", str(path)]) == 1  # for a round of it had failed
        printed = capsys.readouterr().out
        for part in ("measured at 20", "Twisted 25.5", "median of 3", "2 M - 3 M", "it hung"):
            assert part in printed

    def test_some_cases(self, path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        arguments = ["--load", str(path), "--only", "dealer-in-turn-5000"]
        assert command_line.main(arguments) == 0
        printed = capsys.readouterr().out
        assert "5,000 peers" in printed
        assert "PUSH to PULL" not in printed

    def test_floors_pictures_and_a_comparison_need_no_measuring(
        self, path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        pictures = tmp_path / "new" / "pictures"
        arguments = ["--load", str(path), "--only", "pyzmtp-batch", "--only", "throughput-16"]
        arguments += ["--floors", "--plots", str(pictures), "--compare", str(path)]
        assert command_line.main(arguments) == 1  # as above
        printed = capsys.readouterr().out
        assert "0 of 2 are missed" in printed
        assert "0 of 1 are slower" in printed
        assert [file.name for file in pictures.iterdir()] == ["bench-throughput.png"]
