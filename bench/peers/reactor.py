"""Runs a role that is written for Twisted, and returns what it returned.

The bench is a program, not the library, so it may take the global reactor: whichever Twisted
installs by default on this platform, the same for pyzmtp and for txZMQ.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from typing import Any, TypeAlias, TypeVar

import attrs
from twisted.internet.defer import Deferred, FirstError, ensureDeferred, gatherResults
from twisted.internet.task import react

from bench.model import Announce, Job, Role, Sample

T = TypeVar("T")

#: The sides of a measurement, as coroutine functions; the first argument is the reactor.
Binding: TypeAlias = "Callable[[Any, Job, Announce], Coroutine[Any, Any, Sample | None]]"
Connecting: TypeAlias = "Callable[[Any, Job], Coroutine[Any, Any, Sample | None]]"


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


def binds(main: Binding) -> Role:
    """Return the role of a side that binds."""
    return lambda job, announce: run(lambda reactor: main(reactor, job, announce))


def connects(main: Connecting) -> Role:
    """Return the role of a side that connects."""
    return lambda job, announce: run(lambda reactor: main(reactor, job))


def both(binding: Binding, connecting: Connecting) -> Role:
    """Return the role of both sides in one process and one reactor."""

    async def meet(reactor: Any, job: Job) -> Sample | None:
        bound: Deferred[str] = Deferred()

        async def connect() -> Sample | None:
            return await connecting(reactor, attrs.evolve(job, address=await bound))

        sides = [
            Deferred.fromCoroutine(binding(reactor, job, bound.callback)),
            Deferred.fromCoroutine(connect()),
        ]
        try:
            said = await gatherResults(sides, consumeErrors=True)
        except FirstError as error:
            error.subFailure.raiseException()
        [sample] = [each for each in said if each is not None]
        return sample

    return connects(meet)
