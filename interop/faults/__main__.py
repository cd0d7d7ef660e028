"""Run all rows, or those whose name holds one of the arguments, and print the table."""

from __future__ import annotations

import sys

from interop.faults import rows
from interop.faults.report import Report
from interop.faults.row import ROWS
from interop.faults.runner import perform
from interop.reactor import stop_threads

assert rows  # importing it registers them


def main(words: list[str]) -> int:
    """Return the exit status: 1 if any row that this machine allows is not as it must be."""
    chosen = [row for row in ROWS.values() if not words or any(word in str(row) for word in words)]
    report = Report(chosen)
    for row in chosen:
        if row.obstacle():
            continue
        try:
            report.passed(row, perform(row))
        except Exception as error:
            report.failed(row, error)
    stop_threads()
    print("\n".join(report.lines()))
    return 1 if report.failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
