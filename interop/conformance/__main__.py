"""Play all scenarios, or those whose id holds one of the arguments, and print the figures."""

from __future__ import annotations

import sys

from interop.conformance.report import Report
from interop.conformance.runner import all_plays
from interop.reactor import left_clean, run, stop_threads


def main(words: list[str]) -> int:
    """Return the exit status: 1 if any outcome was unexpected."""
    report = Report()
    for play in all_plays():
        if words and not any(word in str(play) for word in words):
            continue
        try:
            with left_clean(ours=set):
                report.add(play, run(play.outcome()))
        except Exception as error:
            report.add(play, error)
    stop_threads()
    print("\n".join(report.lines()))
    return 1 if report.unexpected else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
