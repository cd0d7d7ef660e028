"""The museum's table, its exit status, and its trials with the libzmq that is installed here."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import attrs
import pytest
import zmq
from click.testing import CliRunner
from rich.console import Console

from interop.museum import old_peer, report, tour
from interop.museum.build import BuildFailed
from interop.museum.exhibits import EXHIBITS, Exhibit
from interop.museum.interpreters import Interpreter
from interop.museum.tour import Cell, Outcome, expected_cells, try_cell
from interop.museum.trials import TRIALS
from interop.museum.visit import BINDERS
from interop.payloads import Frame, Made, describe, frame_bytes, to_json
from interop.sockets import CLASSES

command_line = importlib.import_module("interop.museum.__main__")

HERE = Interpreter(Path(sys.executable), "cpython-here")
LIVING = Exhibit(zmq.zmq_version(), "pyzmq", "here", zmtp=(3, 1), heartbeats=True)
OTHER = attrs.evolve(LIVING, libzmq="4.0.0", heartbeats=False, mechanisms=("CURVE",))


def green(*exhibits: Exhibit) -> Outcome:
    """Make the outcome of a run without any failure."""
    return Outcome(cells={cell: "" for exhibit in exhibits for cell in expected_cells(exhibit)})


def shown(outcome: Outcome, *exhibits: Exhibit) -> tuple[bool, list[str]]:
    """Show an outcome; return the answer and the lines."""
    console = Console(width=report.WIDTH, record=True, quiet=False, file=None, no_color=True)
    with console.capture() as captured:
        fine = report.show(list(exhibits), outcome, console)
    return fine, captured.get().splitlines()


# -- the table ----------------------------------------------------------------------------------


def test_every_row_has_all_types_both_ways_and_restarts() -> None:
    for exhibit in EXHIBITS:
        cells = {(cell.trial, cell.binder) for cell in expected_cells(exhibit)}
        assert cells >= {(kind, binder) for kind in CLASSES for binder in BINDERS}
        assert cells >= {("restart", binder) for binder in BINDERS}
        assert (("heartbeat", "pyzmtp") in cells) is (exhibit.libzmq >= "4.2")


def test_table_of_a_green_run() -> None:
    fine, lines = shown(green(LIVING, OTHER), LIVING, OTHER)
    assert fine
    header, *rows, last = [line.split() for line in lines]
    assert header == ["libzmq", "ZMTP", "binds", *TRIALS]
    all_ok = ["ok"] * (len(TRIALS) - 3)
    assert rows == [
        *([LIVING.libzmq, "3.1", binder, *all_ok, "ok", "ok", "ok"] for binder in BINDERS),
        *(["4.0.0", "3.1", binder, *all_ok, "-", "-", "ok"] for binder in BINDERS),
    ]
    assert " ".join(last) == "56 passed, 0 failed"


def test_a_failed_cell_is_red_and_its_reason_stands_below() -> None:
    outcome = green(OTHER)
    outcome.cells[Cell(OTHER, "SUB", "libzmq")] = "with PUB: [wrong]"
    fine, lines = shown(outcome, OTHER)
    assert not fine
    assert [line.count("FAIL") for line in lines] == [0, 0, 1, 1, 0]
    assert lines[2].split()[3:6] == ["ok", "ok", "FAIL"]
    assert lines[3] == "FAIL libzmq 4.0.0, SUB, libzmq binds: with PUB: [wrong]"
    assert lines[4] == "25 passed, 1 failed"


def test_a_cell_that_did_not_run_is_a_failure() -> None:
    outcome = green(OTHER)
    del outcome.cells[Cell(OTHER, "PAIR", "pyzmtp")]
    fine, lines = shown(outcome, OTHER)
    assert not fine
    assert "FAIL libzmq 4.0.0, PAIR, pyzmtp binds: did not run" in lines


def test_a_row_that_was_not_set_up_is_a_failure() -> None:
    fine, lines = shown(Outcome(broken={OTHER: "exit status 1\nthe log"}), OTHER)
    assert not fine
    assert [line.count("FAIL") for line in lines[1:3]] == [13, 13]
    assert lines[3:] == [
        "FAIL libzmq 4.0.0, not set up: exit status 1",
        "the log",
        "0 passed, 1 failed",
    ]


def test_a_skipped_row_is_told_and_is_no_failure() -> None:
    outcome = green(LIVING)
    outcome.skipped[OTHER] = "there is no Python 1.5 here"
    fine, lines = shown(outcome, LIVING, OTHER)
    assert fine
    assert lines[3].split()[3:] == ["skip"] * 12 + ["-", "-", "skip"]
    assert lines[5:] == [
        "libzmq 4.0.0 is skipped: there is no Python 1.5 here",
        "30 passed, 0 failed, 26 skipped",
    ]


# -- the tour -----------------------------------------------------------------------------------


def test_tour_skips_what_has_no_interpreter_and_tells_what_was_not_built() -> None:
    messages: list[str] = []
    broken = attrs.evolve(OTHER, python="broken")
    outcome = tour.tour(
        [OTHER, broken],
        lambda version: HERE if version == "broken" else None,
        lambda wanted: {exhibit: BuildFailed("why") for exhibit, _ in wanted},
        messages.append,
    )
    assert outcome.skipped == {OTHER: "there is no Python here here"}
    assert outcome.broken == {broken: "why"}
    assert not outcome.cells


def test_tour_fills_every_cell_that_is_expected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tour, "try_cell", lambda cell, interpreter, site: f"{site} {cell.trial}")
    messages: list[str] = []
    outcome = tour.tour(
        [LIVING], lambda version: HERE, lambda wanted: {LIVING: tmp_path}, messages.append
    )
    cells = expected_cells(LIVING)
    assert outcome.cells == {cell: f"{tmp_path} {cell.trial}" for cell in cells}
    assert len(cells) == len(list(outcome.failures([LIVING])))
    assert messages == [f"libzmq {LIVING.libzmq} on cpython-here"]


def test_tour_ends_when_its_time_is_up(tmp_path: Path) -> None:
    outcome = tour.tour(
        [LIVING],
        lambda version: HERE,
        lambda wanted: {LIVING: tmp_path},
        lambda message: None,
        time_limit=-1,
    )
    assert not outcome.cells
    assert all(failure.endswith("did not run") for failure in outcome.failures([LIVING]))


# -- the command line ---------------------------------------------------------------------------


def invoke(monkeypatch: pytest.MonkeyPatch, failing: str, *arguments: str) -> tuple[int, str]:
    """Run the command with a tour in which the cells of one trial fail."""

    def made_up(exhibits: list[Exhibit], *others: object) -> Outcome:
        outcome = green(*exhibits)
        outcome.cells |= {cell: "made up" for cell in outcome.cells if cell.trial == failing}
        return outcome

    monkeypatch.setattr(command_line, "tour", made_up)
    result = CliRunner().invoke(command_line.main, arguments)
    return result.exit_code, result.output


def test_exit_status_tells_whether_anything_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    status, output = invoke(monkeypatch, "none")
    assert status == 0
    assert "194 passed, 0 failed" in output
    status, output = invoke(monkeypatch, "PAIR", "4.3.*")
    assert status == 1
    assert "82 passed, 6 failed" in output
    assert "FAIL libzmq 4.3.1, PAIR, libzmq binds: made up" in output


def test_rows_are_selected(monkeypatch: pytest.MonkeyPatch) -> None:
    status, output = invoke(monkeypatch, "none", "2.*", "4.1.6")
    assert status == 0
    assert [line.split()[0] for line in output.splitlines()[1:5]] == ["4.1.6"] * 2 + ["2.1.11"] * 2
    status, output = invoke(monkeypatch, "none", "2.1.11", "5.*")
    assert status == 2
    assert "no exhibit is libzmq 5.*" in output


def test_list_tells_what_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYZMTP_MUSEUM_CACHE", str(tmp_path))
    found = {"3.8": HERE, "2.7": HERE}
    monkeypatch.setattr(command_line, "find", found.get)
    (tmp_path / command_line.key(EXHIBITS[0], HERE)).mkdir()
    result = CliRunner().invoke(command_line.main, ["--list", "4.3.[24]", "4.1.6"])
    assert result.exit_code == 0
    first, second, third = result.output.splitlines()
    assert first.split()[0] == "4.3.4"
    assert first.endswith("Python 3.8  set up")
    assert second.endswith("to be set up")
    assert third.endswith("the interpreter is missing")


# -- the old libzmq's side ----------------------------------------------------------------------


def test_both_sides_make_the_same_frames_and_say_the_same_of_them() -> None:
    recipes: list[Frame] = [
        Made(size, seed) for size in (0, 1, 2, 31, 33, 65536) for seed in (0, 1, 7, 300)
    ]
    frames = [*recipes, b"", b"\x00", b"spelt out", bytes(32), bytes(33)]
    theirs = old_peer.message_bytes(list(*to_json([frames])))
    assert theirs == [frame_bytes(frame) for frame in frames]
    assert old_peer.describe(theirs) == describe(theirs)


@pytest.mark.parametrize(
    "trial", ["XPUB", "XSUB", "REP", "ROUTER", "restart", "heartbeat", "PLAIN", "CURVE"]
)
def test_trials_with_the_libzmq_of_today(trial: str, binder: str, tmp_path: Path) -> None:
    assert try_cell(Cell(LIVING, trial, binder), HERE, tmp_path) == ""


@pytest.mark.parametrize(
    ("trial", "exhibit", "reason"),
    [
        ("PAIR", attrs.evolve(LIVING, libzmq="4.0.0"), f"libzmq {LIVING.libzmq} answers"),
        ("PAIR", attrs.evolve(LIVING, zmtp=(3, 0)), "ZMTP (3, 1) is spoken"),
        ("PAIR", attrs.evolve(LIVING, high_water_marks=("HWM_OF_OLD",)), "HWM_OF_OLD"),
    ],
)
def test_another_libzmq_than_expected_is_told(
    trial: str, exhibit: Exhibit, reason: str, tmp_path: Path
) -> None:
    assert reason in try_cell(Cell(exhibit, trial, "pyzmtp"), HERE, tmp_path)


@pytest.mark.parametrize(
    ("trial", "right", "wrong", "reason"),
    [
        ("PULL", "send_multipart(frames", "send_multipart(frames[:1]", "with PUSH: multipart"),
        ("REQ", "recv_multipart(zmq.NOBLOCK)", "recv_multipart(zmq.NOBLOCK)[::-1]", "with REP"),
        ("restart", "(len(body), bin", "(1, bin", "SUB of libzmq in our b'first' life"),
    ],
)
def test_a_wrong_answer_is_told(
    trial: str,
    right: str,
    wrong: str,
    reason: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    text = tour.OLD_PEER.read_text()
    assert text.count(right) == 1
    liar = tmp_path / "liar.py"
    liar.write_text(text.replace(right, wrong))
    monkeypatch.setattr(tour, "OLD_PEER", liar)
    assert reason in try_cell(Cell(LIVING, trial, "pyzmtp"), HERE, tmp_path)
