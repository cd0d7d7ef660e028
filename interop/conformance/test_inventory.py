"""No test of libzmq is forgotten, and no table holds what is not there."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from interop.conformance import runner
from interop.conformance.departures import DEPARTURES
from interop.conformance.inventory import ELSEWHERE, LATER, NAMES, NOT_APPLICABLE
from interop.conformance.scenario import SCENARIOS

ROOT = Path(__file__).parents[2]

assert runner  # importing it registers the scenarios


def test_every_name_is_there_once() -> None:
    assert [name for name, number in Counter(NAMES).items() if number > 1] == []


def test_every_name_is_played_or_has_its_reason() -> None:
    played = {scenario.name for scenario in SCENARIOS.values()}
    places = Counter([*played, *LATER, *NOT_APPLICABLE, *ELSEWHERE])
    assert set(NAMES) == set(places)
    assert [name for name, number in places.items() if number > 1] == []


def test_what_is_shown_elsewhere_is() -> None:
    for shown in ELSEWHERE.values():
        file, function = shown.split("::")
        assert f"def {function}(" in (ROOT / file).read_text(), shown


def test_a_departure_departs_from_a_scenario() -> None:
    for entry in DEPARTURES:
        scenario = SCENARIOS[entry.scenario]
        assert set(entry.combinations) <= set(scenario.combinations), entry.scenario
        assert entry.outcome != scenario.expected, entry.scenario
        assert entry.reason, entry.scenario


def test_a_play_has_one_departure_at_most() -> None:
    entries = Counter((entry.scenario, one) for entry in DEPARTURES for one in entry.combinations)
    assert [play for play, number in entries.items() if number > 1] == []
