"""A ROUTER and its DEALERs over inproc."""

from __future__ import annotations

from random import Random

from bench.soak.players.player import Player
from pyzmtp import DealerSocket, RouterSocket


class Routing(Player):
    """A step is a row of messages that the ROUTER sends back."""

    async def begin(self) -> None:
        world = self.world
        self._router = world.lasting_socket(RouterSocket, router_mandatory=True)
        self._router.consume(self._router.send_batch)
        address = await self._router.bind(world.place("inproc"))
        self._dealers = [world.lasting_socket(DealerSocket) for _ in range(3)]
        for dealer in self._dealers:
            await world.within(dealer.connect(address), "connect")

    async def step(self, chance: Random) -> None:
        messages = [[b"%d" % number, bytes(100)] for number in range(chance.randrange(1, 300))]
        for dealer in self._dealers:
            dealer.send_batch(messages)
        for dealer in self._dealers:
            for message in messages:
                assert await self.world.within(dealer.receive(), "what comes back") == message
        self.world.tally["messages through the ROUTER"] += len(messages) * len(self._dealers)
