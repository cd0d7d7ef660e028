"""bench.steps: each step of the hot path does what it is measured for."""

from __future__ import annotations

from itertools import takewhile

import pytest

from bench.steps.measurements import Step, measure, steps
from bench.steps.nowhere import AbsentPeer, new_clock
from pyzmtp import PullSocket, PushSocket
from pyzmtp.wire.hot import encode_message

#: All but the one that takes seconds to prepare.
STEPS = list(takewhile(lambda step: "1,000,000" not in step.name, steps()))


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.name)
def test_a_step_takes_some_time_and_ends(step: Step) -> None:
    assert measure(step, 8000, 1) > 0


def test_the_absent_peer_is_a_peer() -> None:
    clock = new_clock()
    push, pull = PushSocket(clock), PullSocket(clock)
    to, of = AbsentPeer(push, clock, b"PULL"), AbsentPeer(pull, clock, b"PUSH")
    assert len(push.peers) == len(pull.peers) == 1
    before = to.transport.written
    assert push.try_send(b"out")
    to.turn()
    assert to.transport.written == before + 5
    of.say(encode_message([b"in"]))
    assert pull.try_receive() == [b"in"]
