"""The tables and the bad news that a run prints."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence

from fuzz.job import Result
from fuzz.measure import PACKAGES, Covered

__all__ = ["crash_text", "head", "row", "table"]

_WIDTH = 18


def head(coverage: bool = False) -> str:
    """The first line of a table."""
    last = [f"{package}/" for package in PACKAGES] if coverage else ["new"]
    columns = ["executions", "a CPU second", *last]
    return "target".ljust(_WIDTH) + "".join(column.rjust(14) for column in columns)


def row(result: Result, covered: Covered | None = None) -> str:
    """The line of one target."""
    cells = [f"{result.executions:,}", f"{result.rate:,.0f}"]
    cells += [str(result.found)] if covered is None else _percents(covered)
    crashed = "   CRASH" if result.crash is not None else ""
    return result.target.ljust(_WIDTH) + "".join(cell.rjust(14) for cell in cells) + crashed


def _percents(covered: Covered) -> list[str]:
    return [f"{covered.percent(package):.1f} %" for package in PACKAGES]


def table(results: Sequence[Result], covered: Mapping[str, Covered]) -> str:
    """All targets and what they cover, and those rows of ``covered`` that are no target."""
    lines = [head(coverage=True), *(row(result, covered[result.target]) for result in results)]
    names = {result.target for result in results}
    for name, each in covered.items():
        if name not in names:
            cells = "".join(cell.rjust(14) for cell in ["", "", *_percents(each)])
            lines.append(name.ljust(_WIDTH) + cells)
    return "\n".join(lines)


def crash_text(result: Result, file: str) -> str:
    """How a target has failed, and how to see it again."""
    assert result.crash is not None
    return (
        f"\n{result.target} has failed:\n{result.crash.text}\n"
        f"The input is in {file}, where a test finds it too; in base64:\n"
        f"{base64.b64encode(result.crash.data).decode()}\n"
        f"To run it again: python -m fuzz {result.target} --replay {file}"
    )
