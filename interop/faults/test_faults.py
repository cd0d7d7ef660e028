"""Every row that this machine allows; the table at the end says which it does not, and why."""

from __future__ import annotations

import pytest

from interop.faults import rows
from interop.faults.report import Report
from interop.faults.row import ROWS, Row
from interop.faults.runner import perform

assert rows  # importing it registers them


@pytest.mark.parametrize("row", [row for row in ROWS.values() if not row.obstacle()], ids=str)
def test_row(row: Row, report: Report) -> None:
    try:
        report.passed(row, perform(row))
    except Exception as error:
        report.failed(row, error)
        raise
