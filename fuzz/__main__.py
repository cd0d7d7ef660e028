"""The command line: ``python -m fuzz --help``."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from fuzz import guided, report
from fuzz.corpus import keep
from fuzz.job import DRIVERS, Result
from fuzz.measure import Covered, measure, together
from fuzz.runner import ROOT, Settings, run_all
from fuzz.target import REGRESSIONS, TARGETS, load

__all__ = ["main", "parser"]


def at_least_one(text: str) -> int:
    """Return ``text`` as a positive number, for argparse."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    result = argparse.ArgumentParser(
        prog="python -m fuzz", description="Look for bytes that break pyzmtp."
    )
    result.add_argument("targets", nargs="*", metavar="TARGET", help="see --list")
    result.add_argument("--all", action="store_true", help="all targets")
    result.add_argument("--list", action="store_true", help="print the targets and end")
    result.add_argument("--seconds", type=float, help="for each target, default 60")
    result.add_argument(
        "--executions", type=at_least_one, help="for each target, instead of --seconds"
    )
    result.add_argument("--jobs", type=at_least_one, default=1, help="targets at a time, default 1")
    result.add_argument("--seed", type=int, default=1, help="the same seed makes the same inputs")
    result.add_argument(
        "--driver",
        choices=("auto", *DRIVERS),
        default="auto",
        help="auto: atheris where it is installed",
    )
    result.add_argument(
        "--coverage",
        action="store_true",
        help="print what the inputs cover in wire/, mechanisms/, engine/",
    )
    result.add_argument(
        "--work",
        type=Path,
        default=ROOT / ".fuzz",
        metavar="DIRECTORY",
        help="where inputs that lead somewhere new are kept for the next run, default .fuzz",
    )
    result.add_argument(
        "--replay", type=Path, nargs="+", metavar="FILE", help="only run these inputs"
    )
    return result


def listing() -> str:
    """Return what ``--list`` prints."""
    lines = []
    for name in TARGETS:
        first, *_ = (sys.modules[load(name).run.__module__].__doc__ or "").splitlines()
        lines.append(f"{name:<14}{first}")
    return "\n".join(lines)


def replay(names: Sequence[str], files: Sequence[Path]) -> int:
    """Run files through targets; what they break is raised."""
    for name in names:
        target = load(name)
        for file in files:
            print(f"{name} {file}: {target(file.read_bytes(), measure=True)}")
    return 0


async def fuzz(names: Sequence[str], settings: Settings, coverage: bool) -> int:
    """Run targets and tell what came of it; return the exit code."""
    print(f"driver {settings.driver}, seed {settings.seed}", report.head(), sep="\n", flush=True)

    def done(result: Result) -> None:
        print(report.row(result), flush=True)
        if result.crash is not None:
            file = keep(result.crash.data, REGRESSIONS / result.target)
            print(report.crash_text(result, os.path.relpath(file)), flush=True)

    results = await run_all(names, settings, done)
    if any(result.crash for result in results):
        return 1
    if coverage:
        covered: dict[str, Covered] = {}
        for result in results:
            covered[result.target] = await measure(result.target, settings.work / result.target)
        every = list(covered.values())
        covered["all of them"] = together(every)
        print("", report.table(results, covered), sep="\n")
    return 0 if all(result.executions for result in results) else 1


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit code."""
    options = parser().parse_args(arguments)
    if options.list:
        print(listing())
        return 0
    names = list(TARGETS) if options.all else options.targets
    unknown = [name for name in names if name not in TARGETS]
    if unknown or not names:
        what = f"no target {', '.join(unknown)}" if unknown else "name a target, or --all"
        print(f"{what}; see --list", file=sys.stderr)
        return 2
    if options.replay:
        return replay(names, options.replay)
    driver = options.driver
    if driver == "auto":
        driver = "atheris" if guided.available() else "plain"
    elif driver == "atheris" and not guided.available():
        print("--driver atheris needs it: pip install pyzmtp[fuzz]", file=sys.stderr)
        return 2
    seconds = options.seconds
    if seconds is None:
        seconds = 60.0 if options.executions is None else 3600.0
    work: Path = options.work.resolve()
    settings = Settings(driver, options.seed, seconds, options.executions, options.jobs, work)
    return asyncio.run(fuzz(names, settings, options.coverage))


if __name__ == "__main__":
    sys.exit(main())
