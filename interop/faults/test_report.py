"""The table says of each row that it is as it must be, that it is not, or why it was not tried."""

from __future__ import annotations

import sys

import pytest

from interop.faults.machine import Place, obstacle, python
from interop.faults.report import Report
from interop.faults.row import Row
from interop.faults.runner import RowFailed, perform
from interop.faults.stage import Stage


async def play(stage: Stage) -> str:
    """Give a figure."""
    return "a figure"


def made(title: str, column: str = "outcome", needs: tuple[str, ...] = ()) -> Row:
    """Make a row."""
    return Row("Group", title, column, play, Place.HERE, needs, ())


def test_what_the_machine_allows() -> None:
    assert obstacle(Place.HERE) == obstacle(Place.CHILD) == ""
    assert obstacle(Place.HERE, *python("-c", "pass")) == ""


def test_why_it_does_not() -> None:
    assert obstacle(Place.HERE, "nonesuch") == "nonesuch: No such file or directory"
    failing = python("-c", "raise SystemExit('first line\\nlast line')")
    assert obstacle(Place.HERE, *failing) == f"{sys.executable}: last line"


def test_the_table() -> None:
    fine, bad, absent = made("fine"), made("bad"), made("absent", needs=("nonesuch",))
    report = Report([fine, bad, absent, made("not asked for")])
    assert report.empty
    report.passed(fine, perform(fine))
    report.failed(bad, ValueError("because"))
    assert not report.empty
    assert list(report.lines()) == [
        "Group",
        "  fine    ok        a figure",
        "  bad     FAILED",
        "  absent  not here  nonesuch: No such file or directory",
        "",
        "1 passed, 1 failed, 1 not possible here",
        "FAILED Group: bad, outcome: ValueError: because",
    ]


def test_columns() -> None:
    one, other, alone = made("both", "left"), made("both", "right"), made("single", "right")
    report = Report([one, other, alone])
    for row in (one, other, alone):
        report.passed(row, "")
    assert list(report.lines())[:4] == [
        "Group",
        "          left      right",
        "  both    ok        ok",
        "  single  -         ok",
    ]


def test_a_process_that_fails_says_why() -> None:
    nobody = Row("Group", "that nobody knows", "outcome", play, Place.CHILD, (), ())
    with pytest.raises(RowFailed, match="KeyError: 'Group: that nobody knows, outcome'"):
        perform(nobody)
