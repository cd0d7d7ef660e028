"""The bench: pictures."""

from __future__ import annotations

import sys
from pathlib import Path

import attrs
import pytest

from bench import __main__ as command_line
from bench import plots
from bench.dealer_in_turn import MEASUREMENT as IN_TURN
from bench.implementations import IMPLEMENTATIONS
from bench.measurements import MEASUREMENTS, all_cases
from bench.model import Case, Result, Sample
from tests.bench.results import (
    BY_NAME,
    GROUP,
    NUMBERS_OF_PEERS,
    rates,
    times,
)


def sample(case: Case, number: int, seconds: float) -> Sample:
    """Something that whoever has this number could have measured."""
    details = {"uss_bytes": 1e3 * number, "rss_bytes": 2e3 * number}
    return Sample(operations=10 ** (number % 3 + 2), seconds=seconds, details=details)


class TestPlots:
    def test_each_measurement_is_in_one_picture(self) -> None:
        shown = [each.MEASUREMENT.name for some in plots.PICTURES.values() for each in some]
        assert sorted(shown) == sorted(each.name for each in MEASUREMENTS)

    def test_pictures_of_what_was_measured(self, tmp_path: Path) -> None:
        nothing = [attrs.evolve(times("txzmq"), case=Case(IN_TURN, 1), missing="gone")]
        groups = [GROUP, [times("pyzmtp-batch", 100, 120), times("txzmq", 300)], nothing]
        files = plots.draw_all(groups, tmp_path)
        assert [file.name for file in files] == ["bench-throughput.png", "bench-round-trips.png"]
        assert sorted(tmp_path.iterdir()) == sorted(files)
        assert all(file.read_bytes().startswith(b"\x89PNG") for file in files)

    def test_files_are_small(self, tmp_path: Path) -> None:
        largest = ("throughput", "topics", "many-peers")
        shown = [each.MEASUREMENT for name in largest for each in plots.PICTURES[name]]
        everything = [
            [
                Result(
                    case, each, 1, samples=[sample(case, number, 1.0), sample(case, number, 1.1)]
                )
                for number, each in enumerate(IMPLEMENTATIONS, 1)
                if case.has(each)
            ]
            for case in all_cases()
            if case.measurement in shown
        ]
        files = plots.draw_all(everything, tmp_path)
        assert [file.stem for file in files] == [f"bench-{name}" for name in largest]
        assert all(5_000 < file.stat().st_size < 60_000 for file in files)

    def test_many_levels_are_lines_and_few_are_bars(self, tmp_path: Path) -> None:
        levels = [
            [attrs.evolve(times(name, 100 + level, 120 + level), case=Case(IN_TURN, level))]
            for level in NUMBERS_OF_PEERS
            for name in ("pyzmtp-batch", "pyzmq-blocking")
        ]
        heights = []
        for number in (2, len(levels)):
            [file] = plots.draw_all(levels[:number], tmp_path)
            heights.append(int.from_bytes(file.read_bytes()[20:24], "big"))
        assert heights[0] < heights[1]

    @pytest.mark.parametrize("rate", [2e6, 1e9])
    def test_who_has_nothing_to_do_may_leave_the_picture(self, rate: float, tmp_path: Path) -> None:
        for group in ([rates("twisted-bare", rate)], [GROUP[0], rates("twisted-bare", rate)]):
            [file] = plots.draw_all([group], tmp_path)
            assert file.read_bytes().startswith(b"\x89PNG")

    def test_each_implementation_has_a_style_of_its_own(self) -> None:
        assert len({plots.style_of(name) for name in BY_NAME}) == len(BY_NAME)

    def test_without_the_library_nothing_is_measured(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setitem(sys.modules, "matplotlib", None)
        assert command_line.main(["--plots", str(tmp_path)]) == 2
        assert "pip install pyzmtp[bench]" in capsys.readouterr().err
