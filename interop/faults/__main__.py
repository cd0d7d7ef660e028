"""Run all rows, or those whose name holds one of the arguments, and print the table."""

from __future__ import annotations

import argparse
import sys

from interop.faults import rows
from interop.faults.report import Report
from interop.faults.row import ROWS
from interop.faults.runner import perform
from interop.reactor import stop_threads

assert rows  # importing it registers them


def main() -> int:
    """Return the exit status: 1 if any row that this machine allows is not as it must be."""
    parser = argparse.ArgumentParser(prog="python -m interop.faults", description=__doc__)
    parser.add_argument("words", nargs="*", metavar="WORD", help="what the name of a row holds")
    words = parser.parse_args().words
    chosen = [row for row in ROWS.values() if not words or any(word in str(row) for word in words)]
    if not chosen:
        parser.error(f"no row's name holds {' or '.join(words)}")
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
    sys.exit(main())
