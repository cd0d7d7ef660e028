"""From results to ratios, tables and JSON."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timezone
from itertools import chain
from typing import Any

import attrs

from bench.implementations import BASELINES, IMPLEMENTATIONS
from bench.model import Case, Result
from bench.runner import Availability, Settings

#: Version of the JSON layout; a reader of old files looks here first.
JSON_FORMAT = 3

#: Columns that a table needs; where the output is no terminal, rich would take it to be 80.
_WIDTH = 110

#: What a result is compared with besides the baselines: itself, at the first level.
FIRST_LEVEL = "first level"


def ratios(results: Sequence[Result], result: Result) -> dict[str, float | None]:
    """Return how fast ``result`` is against each baseline among ``results`` of the same case."""
    by_name = {each.implementation.name: each for each in results}
    factors = {name: result.speed_against(by_name.get(name)) for name in BASELINES}
    return {**factors, FIRST_LEVEL: result.speed_against(result.first)}


def with_first_levels(group: Sequence[Result], earlier: Sequence[Sequence[Result]]) -> list[Result]:
    """Return the results of a case, each with what it is compared with among earlier ones."""

    def first_level(result: Result) -> Result | None:
        measurement = result.case.measurement
        first = Case(measurement, measurement.levels[0])
        return next(
            (
                each
                for each in chain.from_iterable(earlier)
                if each.case == first and each.implementation == result.implementation
            ),
            None,
        )

    if not group[0].case.measurement.grows:
        return list(group)
    return [attrs.evolve(result, first=first_level(result)) for result in group]


def _compared_with(case: Case) -> dict[str, str]:
    """Return whom a case's table compares with, and the heads of these columns."""
    taking_part = {each.name for each in IMPLEMENTATIONS if case.has(each)}
    heads = {name: head for name, head in BASELINES.items() if name in taking_part}
    measurement = case.measurement
    if measurement.grows:
        heads[FIRST_LEVEL] = f"vs {measurement.show_level(measurement.levels[0])}"
    return heads


def header_of(case: Case) -> list[str]:
    """Return the column heads of a case's table."""
    return [
        "implementation",
        f"median {case.measurement.unit}",
        "min - max",
        *case.measurement.columns.values(),
        *_compared_with(case).values(),
    ]


def rows_of(results: Sequence[Result]) -> list[list[str]]:
    """Return the cells of the table for one case, in the order of :func:`header_of`."""
    return [_row(results, result) for result in results]


def _row(results: Sequence[Result], result: Result) -> list[str]:
    name = result.implementation.name
    measurement = result.case.measurement
    compared_with = _compared_with(result.case)
    if result.median is None:
        blank = ["-"] * (1 + len(measurement.columns) + len(compared_with))
        return [name, "missing" if result.missing else "failed", *blank]
    show = measurement.show
    factors = ratios(results, result)
    return [
        name,
        show(result.median),
        f"{show(min(result.values))} - {show(max(result.values))}",
        *(_or_dash(result.median_of(detail), show) for detail in measurement.columns),
        *(_or_dash(factors[name], "{:.2f}".format) for name in compared_with),
    ]


def _or_dash(value: float | None, show: Callable[[float], str]) -> str:
    return "-" if value is None else show(value)


def notes_of(results: Sequence[Result]) -> list[str]:
    """Return one line for everything that did not run: nothing is left out silently."""
    notes = []
    for result in results:
        name = result.implementation.name
        if result.missing:
            notes.append(f"{name} is missing: {result.missing}")
        notes.extend(f"{name} failed in one round: {error}" for error in result.errors)
    return notes


def plain_table(title: str, header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table as plain text: the first column left, figures right."""
    widths = [max(len(row[i]) for row in (header, *rows)) for i in range(len(header))]

    def line(cells: Sequence[str]) -> str:
        padded = [
            cell.rjust(width) if i else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(cells, widths, strict=True))
        ]
        return "  ".join(padded).rstrip()

    rule = "  ".join("-" * width for width in widths)
    return "\n".join([title, line(header), rule, *(line(row) for row in rows)])


def print_case(results: Sequence[Result]) -> None:
    """Print the table of one case."""
    case = results[0].case
    print_table(case.title, header_of(case), rows_of(results), notes_of(results))


def print_table(
    title: str, header: Sequence[str], rows: Sequence[Sequence[str]], notes: Sequence[str] = ()
) -> None:
    """Print a table, with rich where it is installed; the first column left, figures right."""
    try:
        from rich import box
        from rich.console import Console
        from rich.table import Table
    except ImportError:
        print(plain_table(title, header, rows))
        print("".join(f"  {note}\n" for note in notes))
        return
    table = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD)
    for i, head in enumerate(header):
        table.add_column(head, justify="right" if i else "left", no_wrap=True)
    for row in rows:
        table.add_row(*row)
    console = Console()
    if not console.is_terminal:
        console = Console(width=_WIDTH)
    console.print(table)
    for note in notes:
        console.print(f"  {note}", markup=False, highlight=False)
    console.print()


def machine() -> dict[str, Any]:
    """Return what the figures depend on."""
    return {
        "platform": platform.platform(),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "cpus": os.cpu_count(),
        "load_average": list(os.getloadavg()) if hasattr(os, "getloadavg") else None,
    }


def preface(found: Mapping[str, Availability], settings: Settings, where: Mapping[str, Any]) -> str:
    """Return what a reader must know about the figures that follow, measured on that machine."""
    versions = {name: text for each in found.values() for name, text in each.versions.items()}
    versions.pop("pyzmtp", None)  # two of them: the rows say which
    parts = [f"{name} {text}" for name, text in sorted(versions.items())]
    load = f", load {where['load_average'][0]:.1f}" if where["load_average"] else ""
    lines = [
        f"{where['python']}, {where['cpus']} CPUs{load}; " + ", ".join(parts),
        f"two processes, tcp loopback, kernel buffers {settings.kernel_buffer} bytes where the title "
        f"says nothing else; median of {settings.rounds}, rounds interleaved",
        "vs pyzmq (its blocking sockets), vs txZMQ ...: times as fast, or as small; above 1 is better",
    ]
    if settings.quick:
        lines.append("--quick: a check that everything runs, not a measurement")
    return "\n".join(lines)


def to_json(
    results: Sequence[Sequence[Result]],
    found: Mapping[str, Availability],
    settings: Settings,
) -> dict[str, Any]:
    """Return the whole run as plain values; :mod:`bench.saved` is the way back."""
    return {
        "format": JSON_FORMAT,
        "created": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "machine": machine(),
        "settings": attrs.asdict(settings),
        "implementations": {
            name: {"versions": dict(each.versions), "missing": each.missing}
            for name, each in found.items()
        },
        "results": [_result_to_json(group, result) for group in results for result in group],
    }


def _result_to_json(group: Sequence[Result], result: Result) -> dict[str, Any]:
    measurement = result.case.measurement
    values = result.values
    return {
        "case": result.case.name,
        "measurement": measurement.name,
        "varies": measurement.varies,
        "level": result.case.level,
        "unit": measurement.unit,
        "higher_is_better": measurement.higher_is_better,
        "implementation": result.implementation.name,
        "count": result.count,
        "median": result.median,
        "min": min(values, default=None),
        "max": max(values, default=None),
        "values": values,
        "samples": [attrs.asdict(sample) for sample in result.samples],
        "speed_against": ratios(group, result),
        "missing": result.missing,
        "errors": list(result.errors),
    }
