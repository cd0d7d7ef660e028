"""The table of states."""

from __future__ import annotations

import pytest

from pyzmtp.engine.states import TRANSITIONS, Input, State


def test_the_way_to_ready_is_greeting_handshake_ready() -> None:
    state = TRANSITIONS[State.GREETING, Input.GREETING_READ]
    assert state is State.HANDSHAKE
    assert TRANSITIONS[state, Input.HANDSHAKE_DONE] is State.READY


def test_the_way_of_an_old_peer_is_greeting_identity_ready() -> None:
    state = TRANSITIONS[State.GREETING, Input.OLD_GREETING_READ]
    assert state is State.IDENTITY
    assert TRANSITIONS[state, Input.HANDSHAKE_DONE] is State.READY


@pytest.mark.parametrize("state", State)
def test_every_state_can_fail_and_then_is_closed(state: State) -> None:
    assert TRANSITIONS[state, Input.FAILED] is State.CLOSED


def test_nothing_leads_out_of_closed_and_nothing_skips_a_state() -> None:
    leaves = {state for state, change in TRANSITIONS if change is not Input.FAILED}
    assert leaves == {State.GREETING, State.IDENTITY, State.HANDSHAKE}
    assert len(TRANSITIONS) == 4 + len(State)
