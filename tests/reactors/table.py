"""What is printed in the end: :func:`tables`, :func:`failures` and :func:`closing_line`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from .conversations import TYPES
from .runner import Outcome

__all__ = ["closing_line", "failures", "tables"]

#: The columns of the second table.
_BEHAVIOURS: Final = (
    "tcp",
    "ipc",
    "inproc",
    "ws",
    "udp",
    "pressure",
    "reconnect",
    "heartbeat",
    "timers",
    "close",
    "names",
    "threads",
    "toolkit",
    "tls",
    "curve",
    "libzmq",
    "stop",
    "program",
)

#: Problems of one case that are shown, and characters of each, the last ones.
_SHOWN, _SHOWN_SIZE = 3, 2500


def tables(outcomes: Sequence[Outcome]) -> str:
    """Two tables, every socket type and every behaviour, and what is not in them."""
    ran = [outcome for outcome in outcomes if outcome.skipped is None]
    parts = []
    for title, columns in (
        ("Every socket type", TYPES),
        ("What depends on the reactor", _BEHAVIOURS),
    ):
        rows = [
            [outcome.loop.name, *(_cell(outcome, column) for column in columns)] for outcome in ran
        ]
        parts.append(f"{title}\n\n{_layout(['reactor', *columns], rows)}")
    about = [
        [
            outcome.loop.name,
            outcome.loop.about,
            outcome.about.get("version", ""),
            outcome.about.get("python", ""),
            str(len(outcome.passed)),
            f"{outcome.seconds:.1f}",
        ]
        for outcome in ran
    ]
    parts.append(_layout(["reactor", "loop", "version", "Python", "passed", "seconds"], about))
    return "\n\n".join([*parts, *_footnotes(outcomes)])


def _cell(outcome: Outcome, column: str) -> str:
    """``ok``, how many of how many failed, or a dash for what the reactor does not have."""
    cases = [case for case in outcome.cases if column in case["columns"]]
    failed = sum("problems" in case for case in cases)
    if failed:
        return f"{failed} BAD"
    return "ok" if any("absent" not in case for case in cases) else "-"


def _layout(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns of text; a header of two words takes two lines."""
    words = [name.split(" ") if name.isupper() else [name] for name in header]
    height = max(map(len, words))
    heads = [[""] * (height - len(one)) + one for one in words]
    lines = [[head[line] for head in heads] for line in range(height)]
    widths = [max(map(len, column)) for column in zip(*lines, *rows, strict=True)]
    lines.append(["-" * width for width in widths])
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in [*lines, *rows]
    )


def _footnotes(outcomes: Sequence[Outcome]) -> Iterator[str]:
    lines = []
    for outcome in outcomes:
        absent = Counter(case["absent"] for case in outcome.cases if case.get("absent"))
        for reason, count in absent.items():
            lines.append(f"{outcome.loop.name}: {reason} ({count} case{'s' * (count > 1)})")
    lines += [f"{one.loop.name}: skipped, {one.skipped}" for one in outcomes if one.skipped]
    if lines:
        yield "\n".join(lines)


def failures(outcome: Outcome) -> Iterator[str]:
    """Everything that went wrong on one reactor."""
    for case in outcome.failed:
        problems = case["problems"]
        for problem in problems[:_SHOWN]:
            yield f"{outcome.loop.name}: {case['case']}: {problem[-_SHOWN_SIZE:].strip()}"
        if len(problems) > _SHOWN:
            yield f"{outcome.loop.name}: {case['case']}: and {len(problems) - _SHOWN} more"
    if outcome.trouble is not None:
        yield f"{outcome.loop.name}: {outcome.trouble}"


def closing_line(outcomes: Sequence[Outcome]) -> str:
    """The counts of cases; a reactor that was skipped counts as one."""
    passed = sum(len(outcome.passed) for outcome in outcomes)
    failed = sum(len(outcome.failed) + (outcome.trouble is not None) for outcome in outcomes)
    skipped = sum(outcome.skipped is not None for outcome in outcomes)
    return f"{passed} passed, {failed} failed, {skipped} skipped"
