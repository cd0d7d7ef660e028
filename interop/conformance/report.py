"""The figures of a run: :class:`Report`."""

from __future__ import annotations

from collections.abc import Iterator

from interop.conformance.departures import DEPARTURES
from interop.conformance.inventory import ELSEWHERE, LATER, NAMES, NOT_APPLICABLE
from interop.conformance.runner import Play
from interop.conformance.scenario import FOUR


class Report:
    """Collects what the plays came to."""

    def __init__(self) -> None:
        self.outcomes: dict[Play, object] = {}

    def add(self, play: Play, outcome: object) -> None:
        """Note what came of a play; an exception is an outcome, too."""
        self.outcomes[play] = outcome

    @property
    def unexpected(self) -> list[Play]:
        """The plays that came to what neither libzmq's test nor a departure says."""
        return [play for play, outcome in self.outcomes.items() if outcome != play.due()]

    def lines(self) -> Iterator[str]:
        """Give the report, line by line."""
        by_scenario: dict[str, list[Play]] = {}
        for play in self.outcomes:
            by_scenario.setdefault(play.scenario.id, []).append(play)
        equal = [
            name
            for name, plays in by_scenario.items()
            if all(self.outcomes[play] == play.scenario.expected for play in plays)
        ]
        four = [plays[0].scenario for plays in by_scenario.values()]
        tests = {play.scenario.name for play in self.outcomes}
        departing = {entry.scenario for entry in DEPARTURES} & by_scenario.keys()
        yield (
            f"{len(by_scenario)} scenarios from {len(tests)} of libzmq's {len(NAMES)} tests,"
            f" {len(self.outcomes)} plays"
        )
        yield (
            f"  {len(equal)} equal whoever plays, {len(departing)} with a deliberate departure,"
            f" {len(self.unexpected)} plays with an unexpected outcome, none skipped"
        )
        streams = [
            one for one in four if one.combinations == FOUR and one.transports != ("inproc",)
        ]
        yield (
            f"  {len(streams)} played all four ways, {len(four) - len(streams)} by each library alone"
            " or where libzmq's wheel can take part"
        )
        yield ""
        yield "Departures"
        for entry in DEPARTURES:
            if entry.scenario in departing:
                casts = " ".join(map(str, entry.combinations))
                expected = by_scenario[entry.scenario][0].scenario.expected
                yield f"  {entry.scenario} ({casts})"
                yield f"    libzmq: {expected!r}"
                yield f"    pyzmtp: {entry.outcome!r}"
                yield f"    {entry.reason}"
        yield ""
        yield "Not all four ways"
        for one in four:
            if one not in streams:
                why = one.why or "inproc: the libraries do not share its names"
                yield f"  {one.id}: {why}"
        for title, table in (
            ("Shown by other tests", ELSEWHERE),
            ("Later", LATER),
            ("Not applicable", NOT_APPLICABLE),
        ):
            yield ""
            yield f"{title} ({len(table)})"
            for reason in dict.fromkeys(table.values()):
                names = [name for name, its_reason in table.items() if its_reason == reason]
                yield f"  {', '.join(names)}: {reason}"
        for play in self.unexpected:
            yield ""
            yield f"UNEXPECTED {play}"
            yield f"  due:  {play.due()!r}"
            yield f"  came: {self.outcomes[play]!r}"
