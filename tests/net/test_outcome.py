"""pyzmtp.net.outcome: a Deferred whose failure may be ignored."""

from __future__ import annotations

import gc
from collections.abc import Callable
from typing import Any

import pytest
from twisted.internet.defer import CancelledError, Deferred

from pyzmtp.net.outcome import Outcome
from pyzmtp.testing import FailureLog

from ..sockets.world import Outcomes


def test_all_who_ask_get_the_result_before_and_after_it_is_there() -> None:
    outcome: Outcome[str] = Outcome()
    before = [Outcomes(outcome.ask()) for _ in range(2)]
    outcome.succeed("done")
    assert before == [["done"], ["done"]]
    assert Outcomes(outcome.ask()) == ["done"]


def test_all_who_ask_get_the_error_before_and_after_it_is_there() -> None:
    outcome: Outcome[str] = Outcome()
    before = [Outcomes(outcome.ask()) for _ in range(2)]
    error = LookupError()
    outcome.fail(error)
    assert [each.error for each in before] == [error, error]
    assert Outcomes(outcome.ask()).error is error


def test_only_the_first_result_counts() -> None:
    outcome: Outcome[str] = Outcome()
    outcome.succeed("first")
    outcome.succeed("second")
    outcome.fail(LookupError())
    assert Outcomes(outcome.ask()) == ["first"]
    failed: Outcome[str] = Outcome()
    failed.fail(LookupError())
    failed.succeed("second")
    failed.fail(ValueError())
    assert isinstance(Outcomes(failed.ask()).error, LookupError)


@pytest.mark.parametrize("moment", ["before", "after"])
def test_an_error_nobody_looks_at_is_not_logged(failures: FailureLog, moment: str) -> None:
    outcome: Outcome[str] = Outcome()
    if moment == "before":
        asked = outcome.ask()
        outcome.fail(LookupError())
    else:
        outcome.fail(LookupError())
        asked = outcome.ask()
    del asked, outcome
    gc.collect()
    assert failures.failures == []


LISTENERS: list[Callable[[Deferred[Any], Callable[..., Any]], object]] = [
    lambda deferred, call: deferred.addCallbacks(call, call),
    lambda deferred, call: deferred.addErrback(call),
    lambda deferred, call: deferred.addBoth(call),
    lambda deferred, call: deferred.addCallback(call).addErrback(call),
]


@pytest.mark.parametrize("listen", LISTENERS)
@pytest.mark.parametrize("moment", ["before", "after"])
def test_whoever_listens_hears_the_error(
    listen: Callable[[Deferred[Any], Callable[..., Any]], object], moment: str
) -> None:
    outcome: Outcome[str] = Outcome()
    asked = outcome.ask()
    heard: list[Any] = []
    if moment == "before":
        listen(asked, heard.append)
    outcome.fail(LookupError())
    if moment == "after":
        listen(asked, heard.append)
    [failure] = heard
    assert isinstance(failure.value, LookupError)


def test_what_a_callback_makes_of_it_is_logged_as_usual(failures: FailureLog) -> None:
    outcome: Outcome[str] = Outcome()
    outcome.ask().addErrback(lambda failure: 1 // 0)
    outcome.fail(LookupError())
    gc.collect()
    assert failures.take(ZeroDivisionError) == 1
    failures.failures.clear()  # with the summary that Twisted logs before it


@pytest.mark.parametrize("moment", ["before", "after"])
def test_it_can_be_awaited(moment: str) -> None:
    outcome: Outcome[str] = Outcome()

    async def wait() -> str:
        return await outcome.ask()

    if moment == "after":
        outcome.succeed("done")
    waiting = Outcomes(Deferred.fromCoroutine(wait()))
    outcome.succeed("done")
    assert waiting == ["done"]


def test_cancelling_ends_the_asking_only() -> None:
    outcome: Outcome[str] = Outcome()
    asked, other = outcome.ask(), Outcomes(outcome.ask())
    cancelled = Outcomes(asked)
    asked.cancel()
    assert isinstance(cancelled.error, CancelledError)
    outcome.succeed("done")
    assert other == ["done"]


def test_cancelling_twice_or_too_late_does_nothing() -> None:
    outcome: Outcome[str] = Outcome()
    asked = outcome.ask()
    outcomes = Outcomes(asked)
    outcome.succeed("done")
    asked.cancel()
    assert outcomes == ["done"]


def test_an_unheard_failure_may_be_cancelled(failures: FailureLog) -> None:
    outcome: Outcome[str] = Outcome()
    asked = outcome.ask()
    outcome.fail(LookupError())
    asked.cancel()
    heard = Outcomes(asked)
    assert isinstance(heard.error, LookupError | CancelledError)


@pytest.mark.parametrize("moment", ["before", "after"])
def test_it_can_be_returned_from_a_callback(failures: FailureLog, moment: str) -> None:
    """Twisted then listens by itself, through none of the methods that one can see."""
    outcome: Outcome[str] = Outcome()
    if moment == "after":
        outcome.fail(LookupError())
    chained: Deferred[Any] = Deferred()
    chained.addCallback(lambda _: outcome.ask())
    heard = Outcomes(chained)
    chained.callback(None)
    assert heard.pending is (moment == "before")
    outcome.fail(LookupError())
    assert isinstance(heard.error, LookupError)
    del chained
    gc.collect()
    assert failures.failures == []


def test_a_chain_that_nobody_listens_to_is_complained_of(failures: FailureLog) -> None:
    outcome: Outcome[str] = Outcome()
    chained: Deferred[Any] = Deferred()
    chained.addCallback(lambda _: outcome.ask())
    chained.callback(None)
    outcome.fail(LookupError())
    del chained
    gc.collect()
    assert failures.take(LookupError) == 1  # it is the user's Deferred, not ours
    failures.failures.clear()  # with the summary that Twisted logs before it


def test_who_is_told_may_cancel_and_ask() -> None:
    outcome: Outcome[str] = Outcome()
    first, second = outcome.ask(), outcome.ask()
    more: list[Outcomes[str]] = []

    def react(result: str) -> str:
        second.cancel()
        more.append(Outcomes(outcome.ask()))
        return result

    first.addCallback(react)
    outcomes = Outcomes(first), Outcomes(second)
    outcome.succeed("done")
    assert outcomes[0] == ["done"]
    assert isinstance(outcomes[1].error, CancelledError)
    assert more == [["done"]]
