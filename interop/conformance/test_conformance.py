"""Every scenario, on every transport, with every cast."""

from __future__ import annotations

import pytest

from interop.conformance.report import Report
from interop.conformance.runner import Play, all_plays


@pytest.mark.parametrize("play", all_plays(), ids=str)
async def test_scenario(play: Play, report: Report) -> None:
    try:
        outcome = await play.outcome()
    except Exception as error:
        report.add(play, error)
        raise
    report.add(play, outcome)
    assert outcome == play.due()
