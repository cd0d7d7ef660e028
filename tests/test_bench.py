"""The bench without a network: arithmetic, tables, JSON, names, and the order of the rounds."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Sequence
from io import StringIO
from pathlib import Path
from types import ModuleType
from typing import Any

import attrs
import pytest

from bench import __main__ as command_line
from bench import compare, plots, report, runner, worker
from bench.connection_memory import MEASUREMENT as CONNECTION_MEMORY
from bench.dealer_in_turn import MEASUREMENT as IN_TURN
from bench.implementations import BASELINES, IMPLEMENTATIONS
from bench.import_time import MEASUREMENT as IMPORT
from bench.matching import MEASUREMENT as MATCHING
from bench.measurements import MEASUREMENTS, all_cases
from bench.model import Case, Implementation, Job, Result, Sample, format_size
from bench.peers.timing import (
    InFlight,
    check_message,
    check_payload,
    round_trip_sample,
    total_requests,
)
from bench.progress import Progress
from bench.round_trip import MEASUREMENT as ROUND_TRIP
from bench.runner import Availability, ChildFailed, Row, Settings
from bench.throughput import MEASUREMENT as THROUGHPUT

THROUGHPUT_16 = Case(THROUGHPUT, 16)
ROUND_TRIP_16 = Case(ROUND_TRIP, 16)
IDLE_PEERS = Case(CONNECTION_MEMORY, 1000)
MATCHING_1 = Case(MATCHING, 1)
BY_NAME = {each.name: each for each in IMPLEMENTATIONS}
NUMBERS_OF_PEERS = (1, 10, 100, 1000, 5000)


def rates(name: str, *values: float) -> Result:
    """A throughput result with these rates."""
    samples = [Sample(operations=1, seconds=1 / value) for value in values]
    return Result(THROUGHPUT_16, BY_NAME[name], count=1, samples=samples)


def times(name: str, *microseconds: float) -> Result:
    """A round trip result with these times."""
    samples = [Sample(operations=1, seconds=value / 1e6) for value in microseconds]
    return Result(ROUND_TRIP_16, BY_NAME[name], count=1, samples=samples)


GROUP = [
    rates("pyzmtp-batch", 2_000_000, 3_000_000, 2_500_000),
    rates("pyzmq-blocking", 1_000_000, 1_250_000, 900_000),
    attrs.evolve(rates("pyzmq-asyncio"), errors=["it hung", "it hung"]),
    attrs.evolve(rates("txzmq"), missing="No module named 'txzmq'"),
]


class TestModel:
    def test_payload_has_the_size_and_is_not_one_repeated_byte(self) -> None:
        for size in (1, 16, 256, 1000):
            assert len(Job(size=size, count=1, timeout=1.0).payload()) == size
        assert Job(size=3, count=1, timeout=1.0).payload() == b"\0\1\2"

    def test_a_message_is_a_frame_or_a_list_of_them(self) -> None:
        assert Job(size=3, count=1, timeout=1.0).message() == b"\0\1\2"
        assert Job(size=1, count=1, timeout=1.0, parts=4).message() == [b"\0"] * 4

    @pytest.mark.parametrize(
        ("size", "text"),
        [(16, "16 B"), (1000, "1000 B"), (1024, "1 KiB"), (65536, "64 KiB"), (2**20, "1 MiB")],
    )
    def test_format_size(self, size: int, text: str) -> None:
        assert format_size(size) == text

    def test_median_of_the_rounds(self) -> None:
        assert GROUP[0].median == pytest.approx(2_500_000)
        assert GROUP[2].median is None

    def test_more_messages_a_second_are_faster(self) -> None:
        assert GROUP[0].speed_against(GROUP[1]) == pytest.approx(2.5)

    def test_a_shorter_round_trip_is_faster(self) -> None:
        assert times("pyzmtp-batch", 100).speed_against(times("txzmq", 250)) == pytest.approx(2.5)

    def test_no_ratio_without_both_figures(self) -> None:
        assert GROUP[0].speed_against(None) is None
        assert GROUP[0].speed_against(GROUP[3]) is None
        assert GROUP[3].speed_against(GROUP[0]) is None


class TestTiming:
    def test_round_trip_sample(self) -> None:
        marks = [0.0]
        for span in [0.001] * 98 + [0.003, 0.002]:
            marks.append(marks[-1] + span)
        sample = round_trip_sample(marks)
        assert sample.operations == 100
        assert sample.seconds == pytest.approx(0.103)
        assert sample.details["p50_us"] == pytest.approx(1000)
        assert sample.details["p99_us"] == pytest.approx(3000)

    def test_check_payload(self) -> None:
        check_payload(b"same", b"same")
        with pytest.raises(AssertionError, match="received b'other'"):
            check_payload(b"other", b"same")

    def test_check_message(self) -> None:
        job = Job(size=1, count=1, timeout=1.0, parts=2)
        check_message([b"\0", b"\0"], job)
        for wrong in ([b"\0"], [b"\0", b"\1"]):
            with pytest.raises(AssertionError, match="received"):
                check_message(wrong, job)

    @pytest.mark.parametrize("in_flight", [1, 10, 300])
    @pytest.mark.parametrize("at_once", [1, 7])
    def test_requests_in_flight(self, in_flight: int, at_once: int) -> None:
        job = Job(size=1, count=500, timeout=1.0, in_flight=in_flight)
        requests = InFlight(job)
        under_way = most = total = requests.sent(in_flight)
        while requests.sample is None:
            number = min(at_once, under_way)
            sent = requests.replied(number)
            total += sent
            under_way += sent - number
            most = max(most, under_way)
        assert (under_way, most, total) == (0, in_flight, total_requests(job))
        assert 500 - at_once < requests.sample.operations <= 500
        assert requests.sample.seconds >= 0


class TestLists:
    def test_names_are_unique(self) -> None:
        names = [each.name for each in IMPLEMENTATIONS]
        names += [each.name for each in MEASUREMENTS]
        names += [each.name for each in all_cases()]
        assert len(set(names)) == len(names)

    def test_every_implementation_has_its_file(self) -> None:
        peers = Path(worker.__file__).parent / "peers"
        assert [
            each.name for each in IMPLEMENTATIONS if not (peers / f"{each.peer}.py").exists()
        ] == []

    def test_who_takes_no_part_is_known(self) -> None:
        every, compiled = set(BY_NAME), {"pyzmtp-batch", "pyzmtp-batch-pure"}
        without_form = every - {"pyzmtp-message", "pyzmtp-message-pure", "pyzmq-asyncio"}
        libraries = every - {"libzmq-c", "twisted-bare"}
        without_txzmq = libraries - {"txzmq"}
        blocking = without_txzmq - {"pyzmq-asyncio"}
        expected = {
            "throughput": every,
            "multipart": libraries,
            "fan-in": libraries,
            "round-trip": every,
            "in-flight": libraries,
            "fan-out": without_txzmq - {"pyomq"},
            "topics": blocking - {"pyomq"},
            "matching": compiled,
            "ipc": every - {"libzmq-c"},
            "ipc-round-trip": every - {"libzmq-c"},
            "inproc": without_txzmq,
            "inproc-round-trip": without_txzmq,
            "curve": libraries,
            "connections": without_form - {"libzmq-c"},
            "curve-connections": without_form - {"libzmq-c", "twisted-bare"},
            "router-to-one": blocking,
            "publisher-to-one": blocking - {"pyomq"},
            "dealer-in-turn": blocking,
            "connection-memory": {*compiled, "pyzmq-blocking", "pyomq"},
            "queue-memory": {*compiled, "pyzmq-blocking", "pyomq"},
            "import": {*compiled, "pyzmq-blocking", "pyomq", "txzmq"},
        }
        assert {each.name: set(each.counts) for each in MEASUREMENTS} == expected

    def test_who_takes_part_does_so_at_every_level(self) -> None:
        missing = {
            (case.name, name)
            for case in all_cases()
            for name in case.measurement.counts
            if not case.has(BY_NAME[name])
        }
        assert missing == {
            ("topics-1000000", f"pyzmtp-{form}")
            for form in ("message", "batch-pure", "message-pure")
        }

    def test_every_baseline_is_an_implementation(self) -> None:
        assert set(BASELINES) <= set(BY_NAME)

    def test_the_accelerator_is_asked_for_or_refused_never_left_to_chance(self) -> None:
        for each in IMPLEMENTATIONS:
            expected = ("yes", "no") if each.name.startswith("pyzmtp") else (None,)
            assert each.environment.get("PYZMTP_SPEEDUPS") in expected

    def test_case_names(self) -> None:
        assert [case.name for case in all_cases()] == [
            "throughput-16",
            "throughput-100",
            "throughput-1024",
            "throughput-65536",
            "throughput-1048576",
            "multipart-16",
            "multipart-1024",
            "fan-in-1",
            "fan-in-10",
            "fan-in-100",
            "round-trip-16",
            "in-flight-1",
            "in-flight-10",
            "in-flight-100",
            "fan-out-1",
            "fan-out-10",
            "fan-out-100",
            "fan-out-1000",
            "topics-1",
            "topics-10",
            "topics-10000",
            "topics-1000000",
            "matching-1",
            "matching-10",
            "matching-10000",
            "matching-1000000",
            "ipc-16",
            "ipc-1024",
            "ipc-round-trip-16",
            "inproc-16",
            "inproc-1024",
            "inproc-round-trip-16",
            "curve-100",
            "curve-65536",
            "connections-1",
            "connections-100",
            "curve-connections-1",
            "curve-connections-100",
            *(f"router-to-one-{number}" for number in NUMBERS_OF_PEERS),
            *(f"publisher-to-one-{number}" for number in NUMBERS_OF_PEERS),
            *(f"dealer-in-turn-{number}" for number in NUMBERS_OF_PEERS),
            "connection-memory-1000",
            "connection-memory-5000",
            "queue-memory-16",
            "queue-memory-1024",
            "import-0",
            "import-1",
            "import-2",
        ]


class TestReport:
    def test_figures(self) -> None:
        assert [THROUGHPUT.show(value) for value in (2_412_345, 81_234, 512)] == [
            "2.41 M",
            "81.2 k",
            "512",
        ]
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
        assert command_line.with_first_levels(first, []) == first
        assert command_line.with_first_levels(last, []) == last
        [compared] = command_line.with_first_levels(last, [GROUP, first])
        assert report.rows_of([compared])[0][-1] == "0.80"
        later = command_line.with_first_levels([rates("pyzmtp-batch", 1)], [GROUP])
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
        text = report.preface(found, Settings(rounds=7, quick=True, kernel_buffer=4096))
        for part in ("txZMQ 1.0.0", "buffers 4096 bytes", "median of 7", "--quick"):
            assert part in text


class TestCompare:
    def written(self, path: Path, *groups: list[Result]) -> Path:
        """The file of a run with these results."""
        path.write_text(json.dumps(report.to_json(groups, {}, Settings())))
        return path

    def test_ratios_are_compared_and_not_figures(self, tmp_path: Path) -> None:
        then = [rates("pyzmtp-batch", 2e6), rates("pyzmq-blocking", 1e6), rates("txzmq", 1e5)]
        now = [rates("pyzmtp-batch", 1e6), rates("pyzmq-blocking", 5e5), rates("txzmq", 3e4)]
        old = compare.load(self.written(tmp_path / "old.json", then))
        batch, txzmq = compare.changes(old, [now])
        assert (batch.implementation, batch.baseline, batch.verdict) == (
            "pyzmtp-batch", "pyzmq-blocking", "",
        )  # fmt: skip
        assert (batch.old, batch.new, batch.factor) == pytest.approx((2.0, 2.0, 1.0))
        assert (txzmq.implementation, txzmq.verdict) == ("txzmq", "slower")
        assert txzmq.factor == pytest.approx(0.6)

    def test_who_has_nobody_to_be_compared_with_is_compared_with_itself(
        self, tmp_path: Path
    ) -> None:
        def run(first: float, last: float) -> list[list[Result]]:
            groups: list[list[Result]] = []
            for level, figure in ((1, first), (1_000_000, last)):
                result = attrs.evolve(times("pyzmtp-batch", figure), case=Case(MATCHING, level))
                groups.append(command_line.with_first_levels([result], groups))
            return groups

        old = compare.load(self.written(tmp_path / "old.json", *run(0.1, 0.2)))
        [change] = compare.changes(old, run(0.2, 0.8))
        assert (change.case, change.baseline, change.verdict) == (
            "matching-1000000", "first level", "slower",
        )  # fmt: skip
        assert change.factor == pytest.approx(0.5)

    def test_what_was_not_measured_then_is_not_compared(self, tmp_path: Path) -> None:
        old = compare.load(self.written(tmp_path / "old.json", [rates("pyzmtp-batch", 1e6)]))
        assert compare.changes(old, [GROUP]) == []

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

    @pytest.mark.parametrize(
        ("text", "reason"),
        [
            (None, "No such file"),
            ("{", "no run of the bench"),
            ("[]", "no run of the bench"),
            ("{}", "no run of the bench"),
            ('{"format": 1}', "format 1, not 2"),
        ],
    )
    def test_a_file_that_is_none_ends_it_before_anything_is_measured(
        self, text: str | None, reason: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        path = tmp_path / "old.json"
        if text is not None:
            path.write_text(text)
        assert command_line.main(["--compare", str(path)]) == 2
        assert reason in capsys.readouterr().err


class TestPlots:
    def test_a_picture_for_each_measurement(self, tmp_path: Path) -> None:
        groups = [GROUP, [times("pyzmtp-batch", 100, 120), times("txzmq", 300)]]
        files = plots.draw_all(groups, tmp_path / "new")
        assert [file.name for file in files] == ["throughput.png", "round-trip.png"]
        assert all(file.read_bytes().startswith(b"\x89PNG") for file in files)

    def test_many_levels_are_lines_and_few_are_bars(self, tmp_path: Path) -> None:
        levels = [
            [attrs.evolve(times(name, 100 + level, 120 + level), case=Case(IN_TURN, level))]
            for level in NUMBERS_OF_PEERS
            for name in ("pyzmtp-batch", "pyzmq-blocking")
        ]
        sizes = []
        for number in (2, len(levels)):
            [file] = plots.draw_all(levels[:number], tmp_path)
            sizes.append(file.stat().st_size)
        assert min(sizes) > 10_000
        assert sizes[0] != sizes[1]

    def test_each_implementation_has_a_style_of_its_own(self) -> None:
        assert len({plots.style_of(name) for name in BY_NAME}) == len(BY_NAME)

    def test_without_the_library_nothing_is_measured(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setitem(sys.modules, "matplotlib", None)
        assert command_line.main(["--plots", str(tmp_path)]) == 2
        assert "pip install pyzmtp[bench]" in capsys.readouterr().err


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
        seen: list[tuple[list[list[tuple[str, str]]], Settings]] = []

        async def measure(
            batches: Sequence[Sequence[Row]], settings: Settings
        ) -> tuple[list[list[Result]], dict[str, Availability]]:
            seen.append(
                ([[(case.name, each.name) for case, each in batch] for batch in batches], settings)
            )
            return [GROUP[:1]], {"pyzmtp-batch": Availability()}

        monkeypatch.setattr(command_line, "measure", measure)
        target = tmp_path / "result.json"
        more = ["--only", "pyzmtp-batch", "--only", "throughput-16", "--json", str(target)]
        assert command_line.main([*arguments, *more]) == 0
        [(batches, settings)] = seen
        assert batches == [[("throughput-16", "pyzmtp-batch")]]
        assert settings == Settings(rounds=rounds, quick="--quick" in arguments)
        assert json.loads(target.read_text())["results"][0]["case"] == "throughput-16"


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
        groups, _ = asyncio.run(command_line.measure(batches, Settings(rounds=2)))
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


class TestWorker:
    @pytest.fixture
    def peer(self, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
        """A peer module with one role, importable as ``fake``."""
        module: Any = ModuleType("bench.peers.fake")

        def pull(job: Job, announce: Any) -> Sample:
            announce("tcp://127.0.0.1:1")
            return Sample(operations=job.count, seconds=2.0, details={"extra": 1.0})

        module.ROLES = {"pull": pull, "push": lambda job, announce: None}
        module.versions = lambda: {"fake": "1"}
        monkeypatch.setitem(sys.modules, "bench.peers.fake", module)
        fake: ModuleType = module
        return fake

    @pytest.fixture
    def said(self) -> list[dict[str, Any]]:
        return []

    def test_without_a_role_it_only_says_what_there_is(
        self, peer: ModuleType, said: list[dict[str, Any]]
    ) -> None:
        assert worker.main(["fake"], said.append) == 0
        assert said == [{"ready": {"versions": {"fake": "1"}, "roles": ["pull", "push"]}}]

    def test_a_role_announces_its_address_and_its_sample(
        self, peer: ModuleType, said: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        job = Job(size=16, count=10, timeout=30.0)
        monkeypatch.setattr(sys, "stdin", iter_lines(json.dumps(attrs.asdict(job))))
        assert worker.main(["fake", "pull"], said.append) == 0
        _, bound, sample = said
        assert bound == {"bound": "tcp://127.0.0.1:1"}
        cpu = sample["sample"]["details"].pop("cpu_seconds")
        assert cpu >= 0
        assert sample == {"sample": {"operations": 10, "seconds": 2.0, "details": {"extra": 1.0}}}

    def test_the_side_that_does_not_measure_says_that_it_is_done(
        self, peer: ModuleType, said: list[dict[str, Any]]
    ) -> None:
        worker.play(lambda job, announce: None, Job(size=1, count=1, timeout=30.0), said.append)
        assert said == [{"sample": None}]

    def test_what_goes_wrong_is_said_before_it_is_raised(self, said: list[dict[str, Any]]) -> None:
        with pytest.raises(ModuleNotFoundError):
            worker.main(["nonesuch"], said.append)
        assert said == [{"error": "ModuleNotFoundError: No module named 'bench.peers.nonesuch'"}]


def iter_lines(*lines: str) -> StringIO:
    """Something to read lines from."""
    return StringIO("".join(f"{line}\n" for line in lines))
