"""Strangers come to the doors and talk junk."""

from __future__ import annotations

from random import Random

from twisted.internet.defer import gatherResults

from bench.soak.players.player import Player
from bench.soak.world import port_of

_KINDS = (
    "nothing",
    "noise",
    "http",
    "half a greeting",
    "noise after the greeting",
    "another mechanism",
    "a huge command",
    "half a handshake",
    "noise after the handshake",
    "half a message",
    "half of a multipart message",
)

#: Those that are shown the door: after other words the other side waits for more, for half a minute.
_SHOWN_OUT = (
    "noise",
    "http",
    "another mechanism",
    "a huge command",
)


class Strangers(Player):
    """A step is a handful of them at a time; it ends when they are gone."""

    async def step(self, chance: Random) -> None:
        calls = []
        for _ in range(chance.randrange(1, 20)):
            end = chance.choice(("reset", "close", "wait"))
            kind = chance.choice(_SHOWN_OUT if end == "wait" else _KINDS)
            port = port_of(chance.choice(self.world.attacked))
            seed = chance.randrange(1 << 30)
            calls.append(self.world.trouble.call("junk", port=port, kind=kind, end=end, seed=seed))
        await self.world.within(gatherResults(calls, consumeErrors=True), "strangers")
        self.world.tally["strangers"] += len(calls)
        await self.world.pause(0.1)
