"""The table at the end of a pytest run that made faults happen."""

from __future__ import annotations

import pytest

from interop.faults.report import Report
from interop.faults.row import ROWS

_KEY = pytest.StashKey[Report]()


@pytest.fixture(scope="session")
def report(pytestconfig: pytest.Config) -> Report:
    """Give what all rows report to."""
    return pytestconfig.stash.setdefault(_KEY, Report(list(ROWS.values())))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print it."""
    report = terminalreporter.config.stash.get(_KEY, None)
    if report is not None and not report.empty:
        terminalreporter.section("faults")
        for line in report.lines():
            terminalreporter.line(line)
