"""The command line: ``python -m bench --help``."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Sequence
from fnmatch import fnmatchcase
from importlib.util import find_spec
from itertools import groupby
from pathlib import Path

from bench import compare, floors, plots, report, saved
from bench.implementations import IMPLEMENTATIONS
from bench.measurements import all_cases
from bench.model import KERNEL_BUFFER, Case, Implementation, Result
from bench.progress import Progress
from bench.runner import Availability, Row, Settings, probe, run_rows


def at_least_one(text: str) -> int:
    """Return ``text`` as a positive number, for argparse."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


def seconds(text: str) -> float:
    """Return ``text`` as a length of time, for argparse."""
    number = float(text)
    if not 0 < number < float("inf"):
        raise argparse.ArgumentTypeError("must be more than 0")
    return number


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    result = argparse.ArgumentParser(prog="python -m bench", description="Measure pyzmtp.")
    result.add_argument(
        "--only",
        action="append",
        default=[],
        metavar="NAME",
        help="an implementation, a measurement or a case (see --list), wildcards allowed; "
        "may be given several times",
    )
    result.add_argument(
        "--rounds", type=at_least_one, help="samples of each, default 5 (1 with --quick)"
    )
    result.add_argument(
        "--quick", action="store_true", help="tiny counts: checks that everything runs"
    )
    result.add_argument(
        "--json",
        type=Path,
        metavar="FILE",
        help="write the run to FILE, what there is of it after each table",
    )
    result.add_argument(
        "--load",
        type=Path,
        metavar="FILE",
        help="measure nothing: tell of the run in FILE, which --json has written; --only takes cases",
    )
    result.add_argument(
        "--plots", type=Path, metavar="DIRECTORY", help="draw pictures, a few measurements in each"
    )
    result.add_argument(
        "--compare",
        type=Path,
        metavar="OLD.json",
        help="show what is faster or slower than in an earlier run, in ratios",
    )
    result.add_argument(
        "--floors",
        action="store_true",
        help="measure what there is a floor for, and tell whether it is met; --only takes some of them",
    )
    result.add_argument(
        "--timeout", type=seconds, default=60.0, metavar="SECONDS", help="of one sample, default 60"
    )
    result.add_argument(
        "--kernel-buffer",
        type=at_least_one,
        default=KERNEL_BUFFER,
        metavar="BYTES",
        help=f"SO_SNDBUF and SO_RCVBUF of all of them, default {KERNEL_BUFFER}",
    )
    result.add_argument("--list", action="store_true", help="print the names and end")
    return result


def select(names: Sequence[str]) -> tuple[list[Implementation], list[Case]]:
    """Return what ``--only`` asks for; a name of one kind does not restrict the other kind.

    :raises ValueError: a name matches nothing.
    """
    implementations = list(IMPLEMENTATIONS)
    cases = all_cases()
    by_name = {
        name: [each for each in implementations if fnmatchcase(each.name, name)] for name in names
    }
    by_case = {
        name: [
            each
            for each in cases
            if fnmatchcase(each.name, name) or fnmatchcase(each.measurement.name, name)
        ]
        for name in names
    }
    for name in names:
        if not by_name[name] and not by_case[name]:
            raise ValueError(
                f"--only {name}: no such implementation, measurement or case; see --list"
            )
    wanted_implementations = [each for found in by_name.values() for each in found]
    wanted_cases = [each for found in by_case.values() for each in found]
    return (
        [each for each in implementations if each in wanted_implementations] or implementations,
        [each for each in cases if each in wanted_cases] or cases,
    )


def listing() -> str:
    """Return what ``--list`` prints."""
    lines = ["implementations:"]
    lines += [f"  {each.name:<25}{each.summary}" for each in IMPLEMENTATIONS]
    lines.append("cases:")
    lines += [f"  {case.name:<25}{case.title}" for case in all_cases()]
    return "\n".join(lines)


def all_rows(implementations: Sequence[Implementation], cases: Sequence[Case]) -> list[list[Row]]:
    """Return what each case measures."""
    rows = [[(case, each) for each in implementations if case.has(each)] for case in cases]
    return [each for each in rows if each]


async def measure(
    batches: Sequence[Sequence[Row]], settings: Settings, target: Path | None
) -> list[list[Result]]:
    """Run everything, each batch interleaved; print each case's table as soon as it is complete.

    Then also write to ``target`` what there is.
    """
    taking_part = [implementation for batch in batches for _, implementation in batch]
    implementations = [each for each in IMPLEMENTATIONS if each in taking_part]
    progress = Progress(len(implementations) + sum(map(len, batches)) * settings.rounds)
    found: dict[str, Availability] = {}
    for implementation in implementations:
        progress.show(f"looking for {implementation.name}")
        found[implementation.name] = await probe(implementation)
        progress.advance()
    progress.hide()
    print(report.preface(found, settings, report.machine()), end="\n\n")
    groups: list[list[Result]] = []
    for batch in batches:
        results = await run_rows(batch, found, settings, progress)
        progress.hide()
        for _, group in groupby(results, key=lambda result: result.case):
            groups.append(report.with_first_levels(list(group), groups))
            report.print_case(groups[-1])
        if target is not None:
            document = report.to_json(groups, found, settings)
            target.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    return groups


def tell(run: saved.Run, cases: Sequence[Case]) -> list[list[Result]]:
    """Print what was measured of some cases; return it."""
    print(f"measured at {run.created}")
    print(report.preface(run.found, run.settings, run.machine), end="\n\n")
    groups = [group for group in run.groups if group[0].case in cases]
    for group in groups:
        report.print_case(group)
    return groups


def check(options: argparse.Namespace) -> None:
    """See to it that the options go together.

    :raises ValueError: they do not.
    """
    if options.load is not None:
        for name in ("json", "rounds", "quick"):
            if getattr(options, name):
                raise ValueError(f"--load measures nothing, so there is no --{name}")


def prepare(options: argparse.Namespace) -> None:
    """See to it that what is measured can be written where it is to go.

    :raises ValueError: it cannot.
    """
    if options.plots is not None:
        if find_spec("matplotlib") is None:
            raise ValueError("--plots needs matplotlib: pip install pyzmtp[bench]")
        try:
            options.plots.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ValueError(f"--plots {options.plots}: {error.strerror}") from None
    if options.json is not None:
        try:
            options.json.open("a", encoding="utf-8").close()
        except OSError as error:
            raise ValueError(f"--json {options.json}: {error.strerror}") from None


def exit_code(groups: Sequence[Sequence[Result]], outcomes: Sequence[floors.Outcome] = ()) -> int:
    """Return 1 if a round failed, a floor was missed or nothing at all could be measured.

    A missing implementation is reported and is no failure: txZMQ is not installed everywhere. But the
    floors that it is needed for are missed.
    """
    results = [result for group in groups for result in group]
    if any(result.errors for result in results):
        return 1
    if any(outcome.met is False for outcome in outcomes):
        return 1
    return 0 if any(result.samples for result in results) else 1


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit code."""
    words = sys.argv[1:] if arguments is None else arguments
    if words[:1] == ["soak"]:
        from bench.soak.command import main as soak  # which needs more than the bench does

        return soak(words[1:])
    options = parser().parse_args(words)
    if options.list:
        print(listing())
        return 0
    try:
        check(options)
        implementations, cases = select(options.only)
        earlier = None if options.compare is None else saved.load(options.compare)
        loaded = None if options.load is None else saved.load(options.load)
        wanted: list[floors.Floor] = []
        batches = all_rows(implementations, cases)
        if options.floors:
            wanted, batches = floors.batches(implementations, cases)
            if not wanted:
                raise ValueError("--only: there is no floor for that")
        prepare(options)
    except (ValueError, saved.NoRun) as error:
        print(error, file=sys.stderr)
        return 2
    if loaded is not None:
        groups = tell(loaded, cases)
    else:
        settings = Settings(
            rounds=options.rounds or (1 if options.quick else 5),
            quick=options.quick,
            timeout=options.timeout,
            kernel_buffer=options.kernel_buffer,
        )
        try:
            groups = asyncio.run(measure(batches, settings, options.json))
        except KeyboardInterrupt:
            print("stopped", file=sys.stderr)
            return 130
    if options.plots is not None:
        for file in plots.draw_all(groups, options.plots):
            print(file)
    if earlier is not None:
        compare.print_changes(compare.changes(earlier.groups, groups))
    outcomes = floors.outcomes(wanted, groups if loaded is None else loaded.groups)
    if outcomes:
        floors.print_outcomes(outcomes)
    return exit_code(groups, outcomes)


if __name__ == "__main__":
    sys.exit(main())
