"""The table of states."""

from __future__ import annotations

import pytest

from pyzmtp.engine.states import TRANSITIONS, Input, State


def test_the_way_to_ready_is_greeting_handshake_ready() -> None:
    state = TRANSITIONS[State.GREETING, Input.GREETING_READ]
    assert state is State.HANDSHAKE
    assert TRANSITIONS[state, Input.HANDSHAKE_DONE] is State.READY


@pytest.mark.parametrize("state", State)
def test_every_state_can_fail_and_then_is_closed(state: State) -> None:
    assert TRANSITIONS[state, Input.FAILED] is State.CLOSED


def test_nothing_leads_out_of_closed_and_nothing_skips_a_state() -> None:
    leaves = {state for state, change in TRANSITIONS if change is not Input.FAILED}
    assert leaves == {State.GREETING, State.HANDSHAKE}
    assert len(TRANSITIONS) == 2 + len(State)
