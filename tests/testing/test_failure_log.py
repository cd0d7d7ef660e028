"""pyzmtp.testing.FailureLog: what goes wrong where nobody looks."""

from __future__ import annotations

import gc
from contextlib import suppress
from typing import Any

import pytest
from twisted.internet.defer import Deferred, fail
from twisted.logger import Logger, globalLogPublisher
from twisted.python import log as old_log

from pyzmtp.testing import FailureLog

logger = Logger(namespace="tests")


def log_failure(error: Exception) -> None:
    """Log an exception as it is caught."""
    try:
        raise error
    except Exception:
        logger.failure("it went wrong")


def test_failures_must_be_taken() -> None:
    log = FailureLog()
    with log:
        log_failure(ValueError("y"))
        log_failure(ValueError("z"))
        assert log.take(ValueError) == 2
        assert log.take(ValueError) == 0
    log.__enter__()
    log_failure(KeyError("x"))
    with pytest.raises(AssertionError, match=r"(?s)logged as failures:\n.*KeyError: 'x'"):
        log.__exit__(None, None, None)


def test_what_is_no_failure_is_not_looked_at() -> None:
    with FailureLog() as log:
        logger.error("bad, but expected")
        logger.info("hello")
    assert log.failures == []


def test_failures_of_twisteds_old_log_count() -> None:
    report: Any = old_log.err  # untyped in Twisted
    with FailureLog() as log:
        report(KeyError("x"), "why")
        report("no exception at all")
        assert log.take(KeyError) == 1
        assert log.take(AssertionError) == 1


def test_a_deferred_that_nobody_looked_at_is_found() -> None:
    with FailureLog() as log:
        fail(KeyError("x"))
        cycle: list[object] = [fail(ValueError("y"))]
        cycle.append(cycle)
        del cycle
        gc.collect()
        assert (log.take(KeyError), log.take(ValueError)) == (1, 1)


def test_the_end_looks_for_garbage() -> None:
    gc.disable()
    try:
        log = FailureLog()
        log.__enter__()
        cycle: list[object] = [fail(KeyError("x"))]
        cycle.append(cycle)
        del cycle
        with pytest.raises(AssertionError, match="KeyError"):
            log.__exit__(None, None, None)
    finally:
        gc.enable()


def test_another_error_is_not_hidden_and_nobody_listens_any_more() -> None:
    log = FailureLog()
    with suppress(LookupError), log:
        log_failure(KeyError("x"))
        raise LookupError("other")
    assert len(log.failures) == 1
    with FailureLog() as second:
        log_failure(KeyError("y"))
        second.take(KeyError)
    assert len(log.failures) == 1
    assert log not in globalLogPublisher._observers


def test_a_deferred_that_somebody_looked_at_is_fine() -> None:
    with FailureLog():
        failed: Deferred[None] = fail(KeyError("x"))
        failed.addErrback(lambda _: None)
