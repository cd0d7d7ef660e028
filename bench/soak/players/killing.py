"""libzmq's processes are stopped, continued, killed, and started again."""

from __future__ import annotations

import signal
from random import Random

from bench.soak.child import Child
from bench.soak.players.player import Player


class Killing(Player):
    """There are two of them; a step harms one, and ends when both are well."""

    async def begin(self) -> None:
        self._mortals = [await self._start(), await self._start()]

    async def _start(self) -> Child:
        child = Child(self.world.reactor, "bench.soak.mortal")
        await self.world.within(child.call("live", addresses=self.world.mortals), "birth")
        return child

    async def step(self, chance: Random) -> None:
        number = chance.randrange(len(self._mortals))
        victim = self._mortals[number]
        if chance.random() < 0.5:
            victim.signal(signal.SIGSTOP)
            await self.world.pause(chance.uniform(0, 0.5))
            victim.signal(signal.SIGCONT)
            self.world.tally["processes stopped"] += 1
        else:
            await self.world.within(victim.kill(), "death")
            self._mortals[number] = await self._start()
            self.world.tally["processes killed"] += 1
        await self.world.pause(chance.uniform(0, 1))

    async def end(self) -> None:
        for child in self._mortals:
            await self.world.within(child.kill(), "death")
