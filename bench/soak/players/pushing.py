"""A PUSH with two PULLs of ours, one of them on a line that breaks, and libzmq's."""

from __future__ import annotations

from random import Random

from bench.soak.players.player import Player
from pyzmtp import PullSocket, PushSocket

_MARK = 100


class Pushing(Player):
    """A step is a burst, of which each PULL gets its part."""

    async def begin(self) -> None:
        world = self.world
        self._number = 0
        self._push = world.lasting_socket(PushSocket, send_hwm=_MARK)
        tcp = await self._push.bind(world.place("tcp"))
        ipc = await self._push.bind(world.place("ipc"))
        world.mortals["PULL"] = tcp
        for address in (ipc, await world.line(tcp)):
            pull = world.lasting_socket(PullSocket, receive_hwm=_MARK)
            pull.consume(_Checked(self).take)
            await world.within(pull.connect(address), "connect")
        self._pull = world.lasting_socket(
            PullSocket
        )  # nobody who knows what to say ever comes here
        world.attacked.append(await self._pull.bind(world.place("tcp")))

    async def step(self, chance: Random) -> None:
        size = chance.choice((0, 10, 1000, 10_000))
        for _ in range(chance.randrange(20, 200)):
            self._number += 1
            message = [b"%d" % self._number, bytes(size)]
            await self.world.within(self._push.send(message), "send")
        while self._pull.try_receive() is not None:  # what strangers have said
            pass

    async def settle(self) -> None:
        await self.world.until(lambda: len(self._push.peers) == 4, "all four are there again")
        await self.world.until(lambda: not self._push.stats.send_queue, "all that is sent leaves")


class _Checked:
    """Checks what one PULL gets."""

    def __init__(self, player: Pushing) -> None:
        self._tally = player.world.tally
        self._last = 0

    def take(self, batch: list[list[bytes]]) -> None:
        """Take a batch."""
        for number, body in batch:
            assert int(number) > self._last, "a message came twice, or out of order"
            assert body == bytes(len(body))
            self._last = int(number)
        self._tally["pushed messages that arrived"] += len(batch)
