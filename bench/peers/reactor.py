"""Runs a role that is written for Twisted, and returns what it returned.

The bench is a program, not the library, so it may take the global reactor: whichever Twisted
installs by default on this platform, the same for pyzmtp and for txZMQ.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, TypeVar

from twisted.internet.defer import ensureDeferred
from twisted.internet.task import react

T = TypeVar("T")


def run(main: Callable[[Any], Awaitable[T]]) -> T:
    """Run ``main(reactor)`` until it is done; what it raised is raised here."""
    outcome: list[T] = []
    failures: list[BaseException] = []

    async def guarded(reactor: Any) -> None:
        try:
            outcome.append(await main(reactor))
        except BaseException as error:
            failures.append(error)

    with suppress(SystemExit):  # how react() always ends
        react(lambda reactor: ensureDeferred(guarded(reactor)))
    if failures:
        raise failures[0]
    return outcome[0]
