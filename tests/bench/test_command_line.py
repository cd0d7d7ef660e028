"""The bench: its options."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from bench import __main__ as command_line
from bench import saved
from bench.implementations import IMPLEMENTATIONS
from bench.measurements import all_cases
from bench.model import Implementation, Result, Sample
from bench.runner import Availability, Row, Settings
from bench.throughput import MEASUREMENT as THROUGHPUT
from tests.bench.results import (
    GROUP,
    ROUND_TRIP_16,
    THROUGHPUT_16,
)


class TestCommandLine:
    def test_defaults(self) -> None:
        options = command_line.parser().parse_args([])
        assert (options.only, options.rounds, options.quick, options.json) == (
            [],
            None,
            False,
            None,
        )

    @pytest.mark.parametrize("rounds", ["0", "-1", "many"])
    def test_rounds_must_be_positive(self, rounds: str, capsys: pytest.CaptureFixture[str]) -> None:
        with pytest.raises(SystemExit) as ended:
            command_line.parser().parse_args(["--rounds", rounds])
        assert ended.value.code == 2
        assert "--rounds" in capsys.readouterr().err

    def test_only_nothing_means_everything(self) -> None:
        assert command_line.select([]) == (list(IMPLEMENTATIONS), all_cases())

    def test_only_an_implementation_keeps_all_cases(self) -> None:
        implementations, cases = command_line.select(["txzmq"])
        assert [each.name for each in implementations] == ["txzmq"]
        assert cases == all_cases()

    def test_only_a_measurement_or_a_case_keeps_all_implementations(self) -> None:
        assert command_line.select(["throughput"]) == (
            list(IMPLEMENTATIONS),
            [case for case in all_cases() if case.measurement is THROUGHPUT],
        )
        assert command_line.select(["round-trip-16"]) == (list(IMPLEMENTATIONS), [ROUND_TRIP_16])

    def test_only_combined_keeps_the_order_of_the_lists(self) -> None:
        implementations, cases = command_line.select(
            ["pyzmq-*", "throughput-16", "round-tr*", "pyzmtp-batch"]
        )
        assert [each.name for each in implementations] == [
            "pyzmtp-batch",
            "pyzmq-blocking",
            "pyzmq-asyncio",
        ]
        assert cases == [THROUGHPUT_16, ROUND_TRIP_16]

    def test_only_an_unknown_name_is_an_error(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert command_line.main(["--only", "txzmq", "--only", "nonesuch"]) == 2
        assert "nonesuch" in capsys.readouterr().err

    def test_list(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert command_line.main(["--list"]) == 0
        printed = capsys.readouterr().out
        names = [each.name for each in IMPLEMENTATIONS] + [case.name for case in all_cases()]
        assert all(f"  {name} " in printed for name in names)

    def test_exit_code(self) -> None:
        good, _, failed, missing = GROUP
        assert command_line.exit_code([[good, missing]]) == 0
        assert command_line.exit_code([[good, failed]]) == 1
        assert command_line.exit_code([[missing]]) == 1

    @pytest.mark.parametrize(
        ("arguments", "rounds"), [([], 5), (["--quick"], 1), (["--quick", "--rounds", "2"], 2)]
    )
    def test_main_measures_what_was_asked_for_and_writes_json(
        self,
        arguments: list[str],
        rounds: int,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        seen: list[tuple[list[list[tuple[str, str]]], Settings, Path | None]] = []

        async def measure(
            batches: Sequence[Sequence[Row]], settings: Settings, target: Path | None
        ) -> list[list[Result]]:
            names = [[(case.name, each.name) for case, each in batch] for batch in batches]
            seen.append((names, settings, target))
            return [GROUP[:1]]

        monkeypatch.setattr(command_line, "measure", measure)
        target = tmp_path / "result.json"
        more = ["--only", "pyzmtp-batch", "--only", "throughput-16", "--json", str(target)]
        assert command_line.main([*arguments, *more]) == 0
        settings = Settings(rounds=rounds, quick="--quick" in arguments)
        assert seen == [([[("throughput-16", "pyzmtp-batch")]], settings, target)]

    def test_stopped(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        async def measure(*_: object) -> list[list[Result]]:
            raise KeyboardInterrupt

        monkeypatch.setattr(command_line, "measure", measure)
        assert command_line.main([]) == 130
        assert capsys.readouterr().err == "stopped\n"

    def test_the_file_has_what_there_is_after_each_table(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        target = tmp_path / "run.json"
        written: list[int] = []

        async def probe(implementation: Implementation) -> Availability:
            return Availability(roles=["pull", "push", "request", "reply"])

        async def take_sample(*_: object) -> Sample:
            text = target.read_text()
            written.append(len(json.loads(text)["results"]) if text else 0)
            return Sample(operations=1, seconds=1.0)

        monkeypatch.setattr(command_line, "probe", probe)
        monkeypatch.setattr("bench.runner.take_sample", take_sample)
        only = ["throughput-16", "throughput-100", "round-trip", "txzmq"]
        arguments = [word for name in only for word in ("--only", name)]
        assert command_line.main([*arguments, "--rounds", "1", "--json", str(target)]) == 0
        assert written == [0, 1, 2]
        assert len(saved.load(target).groups) == 3

    @pytest.mark.parametrize("option", ["--json", "--plots"])
    def test_what_cannot_be_written_is_told_before_anything_is_measured(
        self, option: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (tmp_path / "file").touch()
        where = tmp_path / "file" / "within"
        assert command_line.main([option, str(where)]) == 2
        assert capsys.readouterr().err == f"{option} {where}: Not a directory\n"

    def test_what_is_wrong_leaves_no_file(self, tmp_path: Path) -> None:
        target = tmp_path / "run.json"
        for more in (["--only", "nonesuch"], ["--compare", str(target)]):
            assert command_line.main(["--json", str(target), *more]) == 2
        assert not target.exists()

    @pytest.mark.parametrize("more", [["--json", "new"], ["--rounds", "2"], ["--quick"]])
    def test_nothing_can_be_measured_of_a_run_that_is_over(
        self, more: list[str], capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert command_line.main(["--load", "old", *more]) == 2
        assert f"there is no {more[0]}" in capsys.readouterr().err

    @pytest.mark.parametrize("timeout", ["0", "-1", "inf", "nan", "long"])
    def test_timeouts_must_be_lengths_of_time(
        self, timeout: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        with pytest.raises(SystemExit) as ended:
            command_line.parser().parse_args(["--timeout", timeout])
        assert ended.value.code == 2
        assert "--timeout" in capsys.readouterr().err
