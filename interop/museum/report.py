"""The table at the end: version, who binds, and what was tried."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from interop.museum.exhibits import Exhibit
from interop.museum.tour import Cell, Outcome, expected_cells
from interop.museum.trials import TRIALS, expected_trials
from interop.museum.visit import BINDERS

#: Columns that the table needs; where the output is no terminal, rich would take it to be 80.
WIDTH = 120


def table(exhibits: list[Exhibit], outcome: Outcome) -> Table:
    """Return the table: two lines for each version, a column for each trial."""
    result = Table("libzmq", "ZMTP", "binds", *TRIALS, box=None, padding=(0, 1, 0, 0))
    for exhibit in exhibits:
        for binder in BINDERS:
            words = [word(exhibit, trial, binder, outcome) for trial in TRIALS]
            result.add_row(exhibit.libzmq, exhibit.zmtp_name, binder, *words)
    return result


def word(exhibit: Exhibit, trial: str, binder: str, outcome: Outcome) -> str:
    """Return what stands in a cell."""
    if trial not in expected_trials(exhibit):
        return "-"
    if exhibit in outcome.skipped:
        return "[yellow]skip[/]"
    if outcome.cells.get(Cell(exhibit, trial, binder), "did not run"):
        return "[bold red]FAIL[/]"
    return "[green]ok[/]"


def show(exhibits: list[Exhibit], outcome: Outcome, console: Console) -> bool:
    """Print the table and below it everything that is not green; return whether nothing failed."""
    console.print(table(exhibits, outcome))
    for exhibit, reason in outcome.skipped.items():
        console.print(f"libzmq {exhibit.libzmq} is skipped: {reason}", highlight=False)
    failures = list(outcome.failures(exhibits))
    for failure in failures:
        console.print(f"[bold red]FAIL[/] {escape(failure)}", highlight=False)
    passed = sum(not reason for reason in outcome.cells.values())
    left_out = sum(len(expected_cells(exhibit)) for exhibit in outcome.skipped)
    skipped = f", {left_out} skipped" if left_out else ""
    console.print(f"{passed} passed, {len(failures)} failed{skipped}", highlight=False)
    return not failures
