"""Play a scenario: :func:`play`; what all plays came to: :class:`Results`."""

from __future__ import annotations

from attrs import frozen

from interop.conformance import scenarios
from interop.conformance.departures import departure
from interop.conformance.scenario import SCENARIOS, Scenario
from interop.conformance.stage import Combination, open_stage

assert scenarios  # importing it registers them


@frozen(eq=False)
class Play:
    """A scenario in one place with one cast."""

    scenario: Scenario
    transport: str
    combination: Combination

    def __str__(self) -> str:
        return f"{self.scenario.id}-{self.transport}-{self.combination}"

    def due(self) -> object:
        """What must come of it: what libzmq's test expects, or the departure from that."""
        entry = departure(self.scenario.id, self.combination)
        return self.scenario.expected if entry is None else entry.outcome

    async def outcome(self) -> object:
        """Play it."""
        async with open_stage(self.combination, self.transport) as stage:
            return await self.scenario.play(stage)


def all_plays() -> list[Play]:
    """Give every play there is to be."""
    return [
        Play(scenario, transport, combination)
        for scenario in SCENARIOS.values()
        for transport, combination in scenario.plays()
    ]
