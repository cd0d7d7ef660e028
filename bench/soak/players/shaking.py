"""Lines break."""

from __future__ import annotations

from random import Random

from bench.soak.players.player import Player


class Shaking(Player):
    """A step breaks or holds up one line."""

    async def step(self, chance: Random) -> None:
        how = chance.choice(("reset", "close", "stall"))
        port = chance.choice(self.world.lines)
        await self.world.within(
            self.world.trouble.call("shake", port=port, how=how), "a line breaks"
        )
        self.world.tally[f"lines: {how}"] += 1
        await self.world.pause(chance.uniform(0, 0.5))
