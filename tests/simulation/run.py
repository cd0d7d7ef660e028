"""To play a plan: :func:`play`, and to look for a shorter one that fails alike: :func:`shrink`."""

from __future__ import annotations

from collections.abc import Callable

from attrs import evolve, frozen

from pyzmtp.testing import FailureLog

from .plan import Plan, Step
from .stage import Stage
from .violation import Violation

__all__ = ["Outcome", "play", "shrink"]


@frozen
class Outcome:
    """What came of a plan.

    :ivar violation: what was wrong; ``None``: nothing.
    :ivar steps: how many steps were done.
    :ivar digest: the same for the same run.
    :ivar received: how many messages were received.
    :ivar trace: what happened, if it was to be told.
    """

    violation: Violation | None
    steps: int
    digest: str
    received: int
    trace: list[str]


def play(plan: Plan, tracing: bool = False) -> Outcome:
    """Do the steps of a plan, until something is wrong."""
    outcome = None
    try:
        with FailureLog():
            outcome = _play(plan, tracing)
    except AssertionError as error:  # what nobody saw fail
        assert outcome is not None
        if outcome.violation is None:
            return evolve(outcome, violation=Violation("logged", str(error)))
    assert outcome is not None
    return outcome


def _play(plan: Plan, tracing: bool) -> Outcome:
    stage = Stage(plan)
    stage.tracing = tracing
    done = 0
    violation: Violation | None = None
    try:
        for step in plan.steps:
            if tracing:
                stage.trace.append(f"--- {done} {step}")
            stage.do(step.action, step.arguments)
            done += 1
    except Violation as caught:
        violation = caught
        violation.__traceback__ = None  # it would keep all that was on the stage
    received = sum(player.taken for player in stage.players)
    return Outcome(violation, done, stage.digest, received, stage.trace)


def shrink(plan: Plan, kind: str, attempts: int = 400) -> Plan:
    """A plan with fewer steps that breaks the same rule, found within so many attempts.

    Zeller's delta debugging: ever smaller parts are left out, for as long as it fails without them.
    """

    def fails(steps: tuple[Step, ...]) -> bool:
        violation = play(plan.with_steps(steps)).violation
        return violation is not None and violation.kind == kind

    return plan.with_steps(_least(plan.steps, fails, attempts))


def _least(
    steps: tuple[Step, ...], fails: Callable[[tuple[Step, ...]], bool], attempts: int
) -> tuple[Step, ...]:
    size = max(1, len(steps) // 2)
    while attempts > 0:
        start = 0
        before = len(steps)
        while start < len(steps) and attempts > 0:
            fewer = steps[:start] + steps[start + size :]
            attempts -= 1
            if fails(fewer):
                steps = fewer
            else:
                start += size
        if size == 1 and len(steps) == before:
            break
        size = max(1, size // 2)
    return steps
