"""What pyzmtp must show at least: ``--floors`` measures these rows and no others.

Each floor is a ratio of two medians of one run, all rounds of a measurement interleaved. Where a
measurement has a batch row, that is the one that is meant, unless the floor says otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from bench import report
from bench.implementations import IMPLEMENTATIONS
from bench.measurements import all_cases
from bench.model import Case, Implementation, Result
from bench.runner import Row

_CASES = {case.name: case for case in all_cases()}
_IMPLEMENTATIONS = {each.name: each for each in IMPLEMENTATIONS}

BATCH, MESSAGE, PURE = "pyzmtp-batch", "pyzmtp-message", "pyzmtp-batch-pure"
PYZMQ, ASYNCIO, TXZMQ = "pyzmq-blocking", "pyzmq-asyncio", "txzmq"
C, BARE = "libzmq-c", "twisted-bare"


@attrs.frozen
class Floor:
    """One figure and what it must be, as a multiple of another or in the unit of its case."""

    case: str
    implementation: str
    bound: str
    """``">="`` or ``"<="``."""
    limit: float
    other_implementation: str = ""
    """Whose figure it is a multiple of; empty for the same implementation's."""
    other_case: str = ""
    """The case of that figure; empty for the same case. If both are empty, it is a figure itself."""
    if_there: bool = False
    """Whether it is no failure that the other one cannot be measured here."""

    @property
    def subject(self) -> Row:
        """Return what is measured."""
        return _CASES[self.case], _IMPLEMENTATIONS[self.implementation]

    @property
    def reference(self) -> Row | None:
        """Return what it is compared with."""
        if not self.other_case and not self.other_implementation:
            return None
        other = self.other_implementation or self.implementation
        return _CASES[self.other_case or self.case], _IMPLEMENTATIONS[other]

    def met_by(self, seen: float) -> bool:
        """Return whether that is enough."""
        return seen >= self.limit if self.bound == ">=" else seen <= self.limit


FLOORS = (
    Floor("throughput-16", BATCH, ">=", 2.0, PYZMQ),
    Floor("throughput-16", BATCH, ">=", 0.5, C, if_there=True),
    Floor("throughput-16", MESSAGE, ">=", 1.0, PYZMQ),
    Floor("throughput-16", MESSAGE, ">=", 20.0, ASYNCIO),
    Floor("throughput-16", MESSAGE, ">=", 8.0, TXZMQ),
    Floor("throughput-16", PURE, ">=", 4.0, TXZMQ),
    Floor("throughput-1024", BATCH, ">=", 1.3, PYZMQ),
    Floor("throughput-65536", BATCH, ">=", 1.0, PYZMQ),
    Floor("throughput-65536", BATCH, ">=", 0.8, BARE),
    Floor("throughput-1048576", BATCH, ">=", 1.0, PYZMQ),
    Floor("throughput-1048576", BATCH, ">=", 0.8, BARE),
    Floor("round-trip-16", BATCH, "<=", 1.0, PYZMQ),
    Floor("round-trip-16", BATCH, "<=", 1.25, BARE),
    Floor("in-flight-100", BATCH, ">=", 3.0, PYZMQ),
    Floor("in-flight-100", BATCH, ">=", 10.0, TXZMQ),
    Floor("fan-out-100", BATCH, ">=", 1.0, PYZMQ),
    Floor("matching-1000000", BATCH, "<=", 3.0, other_case="matching-10"),
    Floor("matching-1000000", BATCH, "<=", 10.0, other_case="matching-1"),
    Floor("connection-memory-5000", BATCH, "<=", 1.0, PYZMQ),
    Floor("router-to-one-5000", BATCH, "<=", 1.2, other_case="router-to-one-1"),
    Floor("publisher-to-one-5000", BATCH, "<=", 1.2, other_case="publisher-to-one-1"),
    Floor("dealer-in-turn-5000", BATCH, "<=", 1.2, other_case="dealer-in-turn-1"),
    Floor("import-0", BATCH, "<=", 50.0),
    Floor("import-1", BATCH, "<=", 50.0),
)


@attrs.frozen
class Outcome:
    """What became of a floor."""

    floor: Floor
    own: float | None
    other: float | None

    @property
    def seen(self) -> float | None:
        """Return the figure that was to reach the limit; ``None`` if something was not measured."""
        if self.floor.reference is None:
            return self.own
        return self.own / self.other if self.own and self.other else None

    @property
    def met(self) -> bool | None:
        """Return whether it did; ``None`` where it did not have to be measured, and was not."""
        if self.seen is not None:
            return self.floor.met_by(self.seen)
        return None if self.floor.if_there and self.other is None else False


def batches(
    implementations: Sequence[Implementation], cases: Sequence[Case]
) -> tuple[list[Floor], list[list[Row]]]:
    """Return the floors of some implementations and cases, and what to measure for them.

    Rows of one list are to be interleaved: all those of a measurement.
    """
    floors = [
        floor
        for floor in FLOORS
        if floor.subject[0] in cases and floor.subject[1] in implementations
    ]
    wanted = [
        row for floor in floors for row in (floor.subject, floor.reference) if row is not None
    ]
    by_measurement: dict[str, list[Row]] = {}
    for case in all_cases():
        for implementation in IMPLEMENTATIONS:
            if (case, implementation) in wanted:
                rows = by_measurement.setdefault(case.measurement.name, [])
                rows.append((case, implementation))
    return floors, list(by_measurement.values())


def outcomes(floors: Sequence[Floor], groups: Sequence[Sequence[Result]]) -> list[Outcome]:
    """Return what became of ``floors``."""
    medians = {
        (result.case.name, result.implementation.name): result.median
        for group in groups
        for result in group
    }

    def median(row: Row | None) -> float | None:
        return None if row is None else medians.get((row[0].name, row[1].name))

    return [Outcome(each, median(each.subject), median(each.reference)) for each in floors]


def print_outcomes(found: Sequence[Outcome]) -> None:
    """Print them as a table."""
    header = ["case", "implementation", "median", "against", "median", "seen", "floor", "met"]
    rows = [_row(each) for each in found]
    missed = sum(each.met is False for each in found)
    report.print_table("Floors", header, rows, [f"{missed} of {len(found)} are missed"])


def _row(outcome: Outcome) -> list[str]:
    floor = outcome.floor
    case, implementation = floor.subject
    other = other_median = "-"
    if floor.reference is not None:
        other_case, other_implementation = floor.reference
        other = other_implementation.name if other_case is case else other_case.name
        other_median = _show(other_case, outcome.other)
    return [
        case.name,
        implementation.name,
        _show(case, outcome.own),
        other,
        other_median,
        "-" if outcome.seen is None else f"{outcome.seen:.2f}",
        f"{floor.bound} {floor.limit:g}",
        {True: "yes", False: "NO", None: "-"}[outcome.met],
    ]


def _show(case: Case, median: float | None) -> str:
    return "-" if median is None else case.measurement.show(median)
