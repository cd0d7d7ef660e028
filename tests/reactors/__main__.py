"""``python -m tests.reactors``: every reactor that can be imported, and a table of what went well."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from .loops import LOOPS
from .runner import Outcome, run_all
from .table import closing_line, failures, tables


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what is asked for. The exit status is 1 if anything that ran failed."""
    names = [loop.name for loop in LOOPS]
    parser = argparse.ArgumentParser(prog="python -m tests.reactors", description=__doc__)
    parser.add_argument(
        "name",
        nargs="*",
        choices=[*names, []],
        metavar="REACTOR",
        help="run these, and fail if one cannot be imported; by default all, except those that cannot",
    )
    parser.add_argument(
        "--also",
        metavar="PYTHON",
        action="append",
        default=[],
        help="another interpreter with pyzmtp's requirements, for toolkits that this one cannot import",
    )
    parser.add_argument("--jobs", type=int, default=min(2, os.cpu_count() or 1), help="at a time")
    parser.add_argument("--list", action="store_true", help="list the reactors, and run none")
    chosen = parser.parse_args(arguments)
    if chosen.list:
        for loop in LOOPS:
            print(f"{loop.name:16}{loop.about}")
        return 0
    loops = [loop for loop in LOOPS if not chosen.name or loop.name in chosen.name]
    outcomes = run_all(loops, [sys.executable, *chosen.also], chosen.jobs, _tell)
    print(f"\n{tables(outcomes)}\n")
    missing = [one.loop.name for one in outcomes if one.skipped and one.loop.name in chosen.name]
    if missing:
        print(f"asked for by name, and could not be run: {', '.join(missing)}\n")
    print(closing_line(outcomes))
    return int(bool(missing) or not all(one.good or one.skipped for one in outcomes))


def _tell(outcome: Outcome) -> None:
    print(
        f"{outcome.loop.name}: {'ok' if outcome.good else outcome.skipped or 'FAILED'}", flush=True
    )
    for failure in failures(outcome):
        print(f"\n{failure}\n", flush=True)


if __name__ == "__main__":
    sys.exit(main())
