"""The command line: ``python -m bench soak --help``."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from twisted.logger import ILogObserver, LogEvent, LogLevel, eventAsText, globalLogBeginner
from zope.interface import implementer

from bench.peers.reactor import run
from bench.soak import plot, report
from bench.soak.players import PLAYERS
from bench.soak.run import Plan, Record, soak


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    result = argparse.ArgumentParser(
        prog="python -m bench soak",
        description="Have pyzmtp work for long, with faults, and see that nothing grows.",
    )
    result.add_argument("--minutes", type=float, default=3.0, help="how long; default 3")
    result.add_argument("--seed", type=int, default=1, help="decides what happens; default 1")
    result.add_argument(
        "--every", type=float, default=5.0, metavar="SECONDS", help="between two samples; default 5"
    )
    result.add_argument("--json", type=Path, metavar="FILE", help="write all samples to FILE")
    result.add_argument("--plot", type=Path, metavar="FILE", help="draw the curve, as PNG")
    return result


@implementer(ILogObserver)
class _Complaints:
    """Notes what was logged as an error: nothing here may be."""

    def __init__(self) -> None:
        self.number = 0
        # Before somebody takes the log, Twisted keeps all of it.
        globalLogBeginner.beginLoggingTo([self], redirectStandardIO=False, discardBuffer=True)

    def __call__(self, event: LogEvent) -> None:
        if event["log_level"] >= LogLevel.error:
            self.number += 1
            print(eventAsText(event), file=sys.stderr)


def main(arguments: Sequence[str]) -> int:
    """Run the command line; return 1 if anything grows, was left, or went wrong."""
    options = parser().parse_args(arguments)
    if options.plot is not None and find_spec("matplotlib") is None:
        print("--plot needs matplotlib: pip install pyzmtp[bench]", file=sys.stderr)
        return 2
    complaints = _Complaints()
    plan = Plan(options.seed, options.minutes * 60, options.every, PLAYERS)

    def tell(record: Record) -> None:
        print(report.progress(record), flush=True)

    with tempfile.TemporaryDirectory(prefix="pyzmtp-") as directory:
        record = run(lambda reactor: soak(reactor, plan, Path(directory), tell))
    findings = report.findings_of(record)
    record.left["errors logged"] = complaints.number
    record.left = +record.left
    print()
    print("\n".join(report.lines(record, findings)))
    document = report.to_json(record, findings)
    if options.json is not None:
        options.json.write_text(json.dumps(document) + "\n", encoding="utf-8")
    if options.plot is not None:
        plot.draw(document, options.plot)
    return 0 if report.good(record, findings) else 1
