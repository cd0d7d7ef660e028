"""Deferreds that have fired: in all that Twisted does with one, they are like any other."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Generator
from typing import Any

import pytest
from twisted.internet.defer import (
    Deferred,
    gatherResults,
    inlineCallbacks,
    maybeDeferred,
    setDebugging,
    succeed,
)
from twisted.internet.task import Clock
from twisted.python.failure import Failure

from ..implementations import COMPILED

_MODULES = ["pyzmtp.net.fired"] + ([] if COMPILED is None else ["pyzmtp._speedups.fired"])
_RESULTS = [None, [b"a", b"b"], 0]


@pytest.fixture(params=_MODULES)
def fired(request: pytest.FixtureRequest) -> Any:
    return importlib.import_module(request.param)


@pytest.fixture(params=_RESULTS, ids=repr)
def result(request: pytest.FixtureRequest) -> Any:
    return request.param


def outcome(deferred: Deferred[Any]) -> Any:
    """What a Deferred that has fired comes to."""
    seen: list[Any] = []
    deferred.addBoth(seen.append)
    [value] = seen
    return value


def test_it_can_be_awaited_again_and_again(fired: Any, result: Any) -> None:
    async def twice(deferred: Deferred[Any]) -> Any:
        return await deferred, await deferred

    deferred = fired.Fired(result)
    assert outcome(Deferred.fromCoroutine(twice(deferred))) == (result, result)
    assert outcome(deferred) == result


def test_callbacks_are_a_chain(fired: Any, result: Any) -> None:
    deferred = fired.Fired(result)
    seen: list[Any] = []
    assert deferred.addCallback(lambda value: [value, "next"]) is deferred
    deferred.addCallbacks(seen.append, seen.append)
    assert seen == [[result, "next"]]


def test_what_is_awaited_behind_callbacks_is_what_they_came_to(fired: Any, result: Any) -> None:
    async def wait(deferred: Deferred[Any]) -> Any:
        return await deferred

    deferred = fired.Fired(result).addCallback(lambda value: [value])
    assert outcome(Deferred.fromCoroutine(wait(deferred))) == [result]


def test_an_error_in_a_callback_goes_to_the_errback(fired: Any, result: Any) -> None:
    def fail(_: Any) -> None:
        raise KeyError("x")

    failure = outcome(fired.Fired(result).addCallback(fail))
    assert isinstance(failure, Failure)
    assert failure.check(KeyError)

    async def wait() -> Any:
        await fired.Fired(result).addCallback(fail)

    assert outcome(Deferred.fromCoroutine(wait())).check(KeyError)


def test_a_callback_may_wait(fired: Any, result: Any) -> None:
    later: Deferred[str] = Deferred()
    seen: list[Any] = []
    deferred = fired.Fired(result).addCallback(lambda _: later)
    deferred.addCallback(seen.append)

    async def wait() -> None:
        seen.append(await deferred)

    Deferred.fromCoroutine(wait())
    assert seen == []
    later.callback("late")
    assert seen == ["late", None]


@pytest.mark.parametrize(
    "use",
    [
        lambda deferred: gatherResults([deferred, succeed(1)]).addCallback(lambda both: both[0]),
        lambda deferred: maybeDeferred(lambda: deferred),
        lambda deferred: succeed(None).addCallback(lambda _: deferred),
        lambda deferred: deferred.addTimeout(1, Clock()),
    ],
)
def test_whatever_takes_deferreds_takes_it(
    fired: Any, result: Any, use: Callable[[Any], Deferred[Any]]
) -> None:
    assert outcome(use(fired.Fired(result))) == result


def test_generators_may_yield_it(fired: Any, result: Any) -> None:
    @inlineCallbacks
    def work() -> Generator[Any, Any, Any]:
        value = yield fired.Fired(result)
        return value

    assert outcome(work()) == result


def test_it_may_be_chained_paused_and_cancelled(fired: Any, result: Any) -> None:
    other: Deferred[Any] = Deferred()
    fired.Fired(result).chainDeferred(other)
    assert outcome(other) == result

    deferred = fired.Fired(result)
    deferred.cancel()  # too late to do anything
    deferred.pause()
    seen: list[Any] = []
    deferred.addBoth(seen.append)
    assert seen == []
    deferred.unpause()
    assert seen == [result]


def test_it_looks_like_a_deferred(fired: Any, result: Any) -> None:
    deferred: Any = fired.Fired(result)
    assert isinstance(deferred, Deferred)
    assert deferred.called
    assert deferred.result == result
    assert f"current result: {result!r}" in repr(deferred)
    assert not hasattr(deferred, "no_such_thing")
    with pytest.raises(AttributeError, match="'Fired' object has no attribute 'no_such_thing'"):
        getattr(deferred, "no_such" + "_thing")
    assert outcome(deferred) == result


def test_done_is_fired_with_nothing(fired: Any) -> None:
    async def wait() -> Any:
        return await fired.Done()

    assert outcome(Deferred.fromCoroutine(wait())) is None
    assert outcome(fired.Done()) is None
    one, other = fired.Done(), fired.Done()
    one.addCallback(lambda _: 1)
    assert outcome(other) is None


def test_with_debugging_on(fired: Any, result: Any) -> None:
    setDebugging(True)
    try:
        assert outcome(fired.Fired(result)) == result
        assert outcome(fired.Done()) is None
    finally:
        setDebugging(False)
