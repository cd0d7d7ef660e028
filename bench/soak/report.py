"""What is told of a soak: on the terminal, and as JSON."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from typing import Any

import attrs

import pyzmtp
from bench.soak.run import Record
from bench.soak.verdict import Finding, judge

#: Of how many types it is told that they grow.
_TYPES = 15


def progress(record: Record) -> str:
    """Tell of the last sample."""
    last = {name: int(values[-1]) for name, values in record.resting.columns().items()}
    return (
        f"{last['seconds'] / 60:6.1f} min {last['connections']:9,} connections"
        f" {last['rss'] / 1e6:7.1f} MB {last['objects']:7,} objects {last['blocks']:8,} blocks"
        f" {last['descriptors']:4} descriptors {last['delayed_calls']:4} timed calls"
        f" {last['pipes']:4} pipes {last['peers']:4} peers {last['queued']:4} queued"
    )


def lines(record: Record, findings: list[Finding]) -> Iterator[str]:
    """Give the report."""
    yield "What has happened"
    for name, number in sorted(record.tally.items()):
        yield f"  {name:<34}{number:>14,}"
    yield ""
    yield f"{'At rest, after the warm-up':<34}{'first':>14}{'last':>14}{'rise':>14}{'allowed':>14}"
    for each in findings:
        figures = (each.first, each.last, each.rise, each.allowed)
        row = "".join(f"{figure:>14,.0f}" for figure in figures)
        yield f"  {each.quantity:<32}{row}{'  GROWS' if each.grows else ''}"
    if any(each.grows for each in findings):
        yield ""
        yield "What grows, by type of object"
        rises = sorted(record.types.rises().items(), key=lambda item: -item[1])
        for name, rise in rises[:_TYPES]:
            yield f"  {rise:>14,.0f}  {name}"
    yield ""
    if record.left:
        yield "Left in the end"
        for name, number in record.left.most_common():
            yield f"  {number:>14,}  {name}"
    else:
        yield "Nothing was left in the end."


def to_json(record: Record, findings: list[Finding]) -> dict[str, Any]:
    """Give all of it as a JSON document."""
    seconds = record.resting.column("seconds")[-1]
    return {
        "title": (
            f"{seconds / 60:.0f} minutes, {record.tally['connections']:,} connections, "
            f"seed {record.plan.seed} ({pyzmtp.IMPLEMENTATION}, Python {platform.python_version()})"
        ),
        "seed": record.plan.seed,
        "implementation": pyzmtp.IMPLEMENTATION,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "tally": dict(sorted(record.tally.items())),
        "findings": [{**attrs.asdict(each), "grows": each.grows} for each in findings],
        "left": dict(record.left),
        "warm_up": record.warm_up,
        "resting": record.resting.columns(),
        "busy": record.busy.columns(),
    }


def good(record: Record, findings: list[Finding]) -> bool:
    """Whether nothing grows, and nothing was left."""
    return not record.left and not any(each.grows for each in findings)


def findings_of(record: Record) -> list[Finding]:
    """Judge it."""
    return judge(record.resting, record.warm_up)
