"""One soak from beginning to end: :func:`soak`."""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from attrs import define, field, frozen
from twisted.internet.defer import Deferred, FirstError, gatherResults
from twisted.internet.task import deferLater

from bench.soak import census
from bench.soak.census import Series
from bench.soak.gate import Gate
from bench.soak.players import Player
from bench.soak.verdict import Lines
from bench.soak.world import World
from pyzmtp import PairSocket

#: The part of the time that is warm-up, and the longest that it may be, in seconds.
_WARM_UP, _LONGEST_WARM_UP = 1 / 3, 600.0

#: However slow the machine is, so many connections have been made when the warm-up is over, and so many
#: samples are judged. (After some 800, everything had happened that makes Python fill a cache.)
_FEWEST_CONNECTIONS, _FEWEST_SAMPLES = 2000, 10


@frozen
class Plan:
    """What is to be done.

    :ivar seconds: how long to play.
    :ivar every: seconds between two samples.
    """

    seed: int
    seconds: float
    every: float
    players: Sequence[type[Player]]


@define
class Record:
    """What came of it.

    :ivar busy: samples in the midst of everything.
    :ivar resting: samples at rest: only what these hold is judged.
    :ivar warm_up: how many of them come before that.
    :ivar types: how many objects there are of each type, from then on.
    :ivar tally: what has happened, by name.
    :ivar left: what was left when all was closed, by name.
    """

    plan: Plan
    tally: Counter[str]
    busy: Series = field(factory=Series)
    resting: Series = field(factory=Series)
    warm_up: int = 0
    types: Lines = field(factory=Lines)
    left: Counter[str] = field(factory=Counter)


class _Soak:
    """A soak that is under way."""

    def __init__(
        self, reactor: Any, plan: Plan, directory: Path, tell: Callable[[Record], None]
    ) -> None:
        self._reactor = reactor
        self._tell = tell
        self._world = World(reactor, plan.seed, directory)
        self._players = [kind(self._world) for kind in plan.players]
        self._gate = Gate(len(self._players))
        self._over = False
        self.record = Record(plan, self._world.tally)

    async def run(self) -> None:
        """Play to the end, and close everything."""
        for player in self._players:
            await player.begin()
        # What is there by now is there for long, and need not be looked at each time.
        gc.collect()
        gc.freeze()
        work = [Deferred.fromCoroutine(self._play(player)) for player in self._players]
        work.append(Deferred.fromCoroutine(self._watch()))
        try:
            await gatherResults(work, consumeErrors=True)
        except FirstError as error:
            error.subFailure.raiseException()
        finally:
            gc.unfreeze()
        for player in self._players:
            await player.end()
        await self._world.end()

    async def _play(self, player: Player) -> None:
        world = self._world
        chance = world.chance(player.name())
        while not self._over:
            await player.step(chance)
            world.tally[f"steps of {player.name()}"] += 1
            await world.pause(0.01)
            await self._gate.pass_through()

    async def _watch(self) -> None:
        """Count, again and again, and end the whole in time."""
        plan, record, seconds = self.record.plan, self.record, self._reactor.seconds
        started = seconds()
        judged_from = started + min(plan.seconds * _WARM_UP, _LONGEST_WARM_UP)
        while not self._over:
            await self._world.pause(plan.every)
            record.busy.add(self._sample(started))
            await self._world.within(self._gate.shut(), "rest")
            for player in self._players:
                await player.settle()
            gc.collect()
            sample = self._sample(started)
            record.resting.add(sample)
            if seconds() < judged_from or sample["connections"] < _FEWEST_CONNECTIONS:
                record.warm_up = len(record.resting)
            else:
                record.types.add(sample["connections"], census.types())
            self._tell(record)
            judged = len(record.resting) - record.warm_up
            self._over = seconds() >= started + plan.seconds and judged >= _FEWEST_SAMPLES
            self._gate.open()

    def _sample(self, started: float) -> dict[str, float]:
        world = self._world
        now = self._reactor.seconds() - started
        return census.take(self._reactor, world.lasting, now, world.tally["connections"])


async def soak(reactor: Any, plan: Plan, directory: Path, tell: Callable[[Record], None]) -> Record:
    """Play as ``plan`` says, and count what is left in the end; ``tell`` is told of each sample at rest."""
    # What the first socket brings stays: a descriptor of Twisted's in reserve, the table of inproc names.
    async with PairSocket(reactor) as first:
        for address in ("tcp://127.0.0.1:*", "inproc://first"):
            await first.bind(address)
    await deferLater(reactor, 0)
    before = _what_there_is(reactor)
    playing = _Soak(reactor, plan, directory, tell)
    record = playing.record
    await playing.run()
    del playing
    await deferLater(reactor, 0)  # the processes that have ended are gone
    record.left = _what_there_is(reactor) - before
    return record


def _what_there_is(reactor: Any) -> Counter[str]:
    """Count all that sockets could leave behind, by name."""
    gc.collect()
    counts = census.types()
    there = Counter({name: number for name, number in counts.items() if name.startswith("pyzmtp.")})
    there["delayed calls"] = len(reactor.getDelayedCalls())
    there["readers and writers"] = len({*reactor.getReaders(), *reactor.getWriters()})
    there["descriptors"] = census.descriptors()
    return there
