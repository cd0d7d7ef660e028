"""``python -m tests.reactors`` tells what went wrong: in the table, below it and by its exit status."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import pytest

from .reactors.__main__ import main
from .reactors.loops import LOOPS, Loop, Running
from .reactors.programs import programs
from .reactors.runner import Outcome, run_all
from .reactors.table import closing_line, failures, tables

LOOP = LOOPS[0]


def case(name: str, *columns: str, **more: Any) -> dict[str, Any]:
    """A line that a worker has written."""
    return {"case": name, "columns": columns, "seconds": 0.5, **more}


GOOD = Outcome(LOOP, {"python": "3.11"}, [case("a", "PAIR", "tcp"), case("stop", "stop")])
BAD = Outcome(
    LOOPS[1],
    {},
    [
        case("a", "PAIR", "tcp", problems=["one", "two", "three", "four"]),
        case("b", "PAIR", "ipc", absent="no IReactorUNIX"),
        case("c", "PAIR", "inproc"),
    ],
)
SKIPPED = Outcome(LOOPS[2], skipped="No module named 'x'")
ENDED = Outcome(LOOPS[3], trouble="it did not end")


def test_only_what_ran_and_went_well_is_good() -> None:
    assert [one.good for one in (GOOD, BAD, SKIPPED, ENDED)] == [True, False, False, False]


def test_a_cell_is_for_all_the_cases_of_its_column() -> None:
    _, types, _, behaviours, _, notes = tables([GOOD, BAD, SKIPPED]).split("\n\n")
    assert types.count("ok") == types.count("1 BAD") == 1
    columns, _, good, bad = [words(line) for line in behaviours.splitlines()]
    first = dict(zip(columns, good, strict=True))
    assert (first["reactor"], first["tcp"], first["ipc"], first["stop"]) == (
        "select",
        "ok",
        "-",
        "ok",
    )
    second = dict(zip(columns, bad, strict=True))
    assert (second["tcp"], second["ipc"], second["inproc"]) == ("1_BAD", "-", "ok")
    assert notes.splitlines() == [
        "poll: no IReactorUNIX (1 case)",
        "epoll: skipped, No module named 'x'",
    ]


def words(row: str) -> list[str]:
    """Those of a row, ``1 BAD`` being one."""
    return row.replace("1 BAD", "1_BAD").split()


def test_failures_are_told_one_by_one() -> None:
    told = list(failures(BAD))
    assert [line.rpartition(": ")[2] for line in told] == ["one", "two", "three", "and 1 more"]
    assert list(failures(ENDED)) == [f"{ENDED.loop.name}: it did not end"]
    assert not list(failures(GOOD))


def test_the_closing_line_counts_cases() -> None:
    assert closing_line([GOOD, BAD, SKIPPED, ENDED]) == "3 passed, 2 failed, 1 skipped"


class Script:
    """A program in the place of the interpreter, which writes what a worker would have written."""

    def __init__(self, directory: Path) -> None:
        self.path = directory / "python"

    def __call__(self, body: str) -> list[str]:
        self.path.write_text(
            f"#!{sys.executable}\nimport sys\nresults = sys.argv[4]\n{body}", "utf-8"
        )
        self.path.chmod(0o700)
        return [str(self.path)]


@pytest.fixture
def script(tmp_path: Path) -> Script:
    return Script(tmp_path)


def start() -> Running:
    raise AssertionError("this is the worker's business")


FAKE = Loop("fake", "", start)
STOPPED = '{"case": "stop", "columns": ["stop"], "seconds": 0}'


@pytest.mark.parametrize(
    ("body", "trouble"),
    [
        (f"open(results, 'w').write('''{STOPPED}''')", None),
        (f"open(results, 'w').write('''{STOPPED}'''); sys.exit('oh no')", "ended with 1\noh no"),
        ("open(results, 'w').write('{}')", "ended early"),
        ("", "ended early"),
    ],
)
@pytest.mark.skipif(os.name != "posix", reason="a script is no program there")
def test_a_process_has_to_get_to_its_end(script: Script, body: str, trouble: str | None) -> None:
    told: list[Outcome] = []
    [outcome] = run_all([FAKE], script(body), 1, told.append)
    assert told == [outcome]
    assert outcome.good is (trouble is None)
    assert (trouble or "") in (outcome.trouble or "")


@pytest.mark.skipif(os.name != "posix", reason="a script is no program there")
def test_the_first_interpreter_that_can_import_it_runs_it(script: Script) -> None:
    skips = "open(results, 'w').write('{\"skipped\": \"no toolkit\"}')"
    [outcome] = run_all([FAKE], script(skips), 1, lambda _: None)
    assert outcome.skipped == "no toolkit"
    other = Script(script.path.parent / "other")
    other.path.parent.mkdir()
    pythons = [*script(skips), *other(f"open(results, 'w').write('''{STOPPED}''')")]
    [outcome] = run_all([FAKE], pythons, 1, lambda _: None)
    assert outcome.good


def test_what_is_asked_for_by_name_has_to_run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(loops: list[Loop], *_: object) -> list[Outcome]:
        return [Outcome(loop, skipped="not here") for loop in loops]

    monkeypatch.setattr("tests.reactors.__main__.run_all", run)
    assert main([]) == 0
    assert main(["kqueue"]) == 1
    assert "asked for by name, and could not be run: kqueue" in capsys.readouterr().out


@pytest.mark.parametrize("outcome", [BAD, ENDED])
def test_the_exit_status_tells_of_failures(
    monkeypatch: pytest.MonkeyPatch, outcome: Outcome
) -> None:
    monkeypatch.setattr("tests.reactors.__main__.run_all", lambda *_: [GOOD, outcome, SKIPPED])
    assert main([]) == 1
    monkeypatch.setattr("tests.reactors.__main__.run_all", lambda *_: [GOOD, SKIPPED])
    assert main([]) == 0


def test_each_program_of_the_docs_is_for_a_reactor_that_is_tried() -> None:
    names = {loop.name for loop in LOOPS}
    assert programs().keys() - names == {"talk.py"}
    assert {"asyncio", "qasync", "gtk3", "tk", "wx"} <= programs().keys()


def test_the_list_runs_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--list"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == [
        loop.name for loop in LOOPS
    ]
