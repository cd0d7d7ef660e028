"""A `Requester` with a REP of ours, and libzmq's, which are killed."""

from __future__ import annotations

from random import Random

from bench.soak.players.player import Player
from bench.soak.world import PATIENCE
from pyzmtp import PeerLost, RepSocket, Requester


class Requesting(Player):
    """A step is a number of requests at a time; some are lost with who has them."""

    async def begin(self) -> None:
        world = self.world
        self._requester = world.lasting_socket(Requester)
        tcp = await self._requester.bind(world.place("tcp"))
        ipc = await self._requester.bind(world.place("ipc"))
        world.attacked.append(tcp)
        world.mortals["REP"] = tcp
        rep = world.lasting_socket(RepSocket)
        rep.serve(lambda request: request)
        await world.within(rep.connect(ipc), "connect")

    async def step(self, chance: Random) -> None:
        requests = [[b"%d" % number, bytes(500)] for number in range(chance.randrange(1, 60))]
        replies = [self._requester.request(request, timeout=PATIENCE) for request in requests]
        for request, reply in zip(requests, replies, strict=True):
            try:
                assert await reply == request
                self.world.tally["requests answered"] += 1
            except PeerLost:
                self.world.tally["requests lost"] += 1

    async def settle(self) -> None:
        assert self._requester.pending == 0
        await self.world.until(lambda: len(self._requester.peers) == 3, "all three are there again")
