"""A REQ and a REP under CURVE, on a line that breaks."""

from __future__ import annotations

from random import Random

from bench import keys
from bench.soak.players.player import Player
from bench.soak.world import PATIENCE
from pyzmtp import CurveClient, CurveServer, PeerLost, RepSocket, ReqSocket


class Asking(Player):
    """A step is a row of requests; some get no answer because the line breaks."""

    async def begin(self) -> None:
        world = self.world
        server = CurveServer(keys.SERVER_SECRET, allow=[keys.CLIENT_PUBLIC])
        client = CurveClient(keys.SERVER_PUBLIC, (keys.CLIENT_PUBLIC, keys.CLIENT_SECRET))
        self._rep = world.lasting_socket(RepSocket, security=server)
        self._rep.serve(lambda request: request)
        address = await self._rep.bind(world.place("tcp"))
        world.attacked.append(address)
        self._req = world.lasting_socket(ReqSocket, security=client)
        await world.within(self._req.connect(await world.line(address)), "connect")

    async def step(self, chance: Random) -> None:
        for _ in range(chance.randrange(1, 50)):
            request = [b"%d" % chance.randrange(1 << 30), bytes(chance.choice((0, 100, 20_000)))]
            try:
                reply = await self._req.request(request, timeout=PATIENCE)
            except PeerLost:
                self.world.tally["requests lost"] += 1
            else:
                assert reply == request
                self.world.tally["requests answered"] += 1

    async def settle(self) -> None:
        both = (self._req, self._rep)
        await self.world.until(lambda: all(len(one.peers) == 1 for one in both), "REQ and REP meet")
