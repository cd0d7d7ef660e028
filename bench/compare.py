"""What has become faster or slower since an earlier run: ``--compare OLD.json``.

Absolute figures drift with the machine, so that what is compared is how fast each implementation was
against another one in the same run.
"""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from bench import report
from bench.model import Result

#: What a ratio may lose before it is called slower: the noise of a small machine.
TOLERANCE = 0.1


@attrs.frozen
class Change:
    """One implementation in one case, then and now."""

    case: str
    implementation: str
    baseline: str
    """What it was compared with in the same run: an implementation, or itself at the first level."""
    old: float
    new: float

    @property
    def factor(self) -> float:
        """Return how many times as fast it is now as it was."""
        return self.new / self.old

    @property
    def verdict(self) -> str:
        """Return ``"slower"``, ``"faster"`` or nothing."""
        if self.factor < 1 - TOLERANCE:
            return "slower"
        return "faster" if self.factor > 1 / (1 - TOLERANCE) else ""


def changes(old: Sequence[Sequence[Result]], new: Sequence[Sequence[Result]]) -> list[Change]:
    """Return what was measured in both runs, against the first baseline that was there in both."""
    earlier = {
        (result.case.name, result.implementation.name): report.ratios(group, result)
        for group in old
        for result in group
    }
    found = []
    for group in new:
        for result in group:
            name = result.implementation.name
            then = earlier.get((result.case.name, name), {})
            now = report.ratios(group, result)
            for baseline in now:
                before, after = then.get(baseline), now[baseline]
                if before and after:
                    if name != baseline:  # it is the measure itself
                        found.append(Change(result.case.name, name, baseline, before, after))
                    break
    return found


def print_changes(found: Sequence[Change]) -> None:
    """Print a table of them, what has lost most first."""
    header = ["case", "implementation", "against", "then", "now", "factor", ""]
    rows = [
        [
            each.case,
            each.implementation,
            each.baseline,
            f"{each.old:.2f}",
            f"{each.new:.2f}",
            f"{each.factor:.2f}",
            each.verdict,
        ]
        for each in sorted(found, key=lambda each: each.factor)
    ]
    slower = sum(each.verdict == "slower" for each in found)
    notes = [f"{slower} of {len(rows)} are slower, by more than {TOLERANCE:.0%}"]
    report.print_table("Against the earlier run", header, rows, notes)
