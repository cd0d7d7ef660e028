"""Where pyzmtp's outcome differs from libzmq's on purpose. docs/departures.md says the same to users.

An entry that is not needed any more makes the test of its scenario fail.
"""

from __future__ import annotations

from typing import Any

from attrs import frozen

from interop.conformance.scenario import FOUR
from interop.conformance.stage import Combination


@frozen
class Departure:
    """What comes of the scenario ``scenario`` (its id) in ``combinations`` instead, and why."""

    scenario: str
    combinations: tuple[Combination, ...]
    outcome: Any
    reason: str


#: With pyzmtp in the first part, in the second, or in one at least.
FIRST = (Combination.PYZMTP_LIBZMQ, Combination.PYZMTP_PYZMTP)
SECOND = (Combination.LIBZMQ_PYZMTP, Combination.PYZMTP_PYZMTP)
ANY = FOUR[1:]

DEPARTURES: tuple[Departure, ...] = ()


def departure(scenario: str, combination: Combination) -> Departure | None:
    """Find the entry for a play, if there is one."""
    for entry in DEPARTURES:
        if entry.scenario == scenario and combination in entry.combinations:
            return entry
    return None
