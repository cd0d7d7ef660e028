"""A PUB with subscribers: near, slow, behind a proxy, on a line that breaks, and libzmq's."""

from __future__ import annotations

from random import Random

from twisted.internet.defer import Deferred

from bench.soak.players.player import Player
from bench.soak.world import PATIENCE, World
from pyzmtp import Proxy, PubSocket, SubSocket, XPubSocket, XSubSocket

#: Below a burst: what is published too fast for a subscriber is dropped for it.
_MARK = 100

#: Messages between two turns of the reactor.
_AT_ONCE = 20


class _Reader:
    """A SUB that checks what it gets.

    :ivar last: the number of the last message.
    """

    def __init__(self, world: World, pause: float) -> None:
        self.last = 0
        self._world = world
        self._pause = pause
        self.socket = world.lasting_socket(SubSocket, receive_hwm=_MARK)
        self.socket.subscribe(b"news")
        self.socket.consume(self._take)

    def _take(self, batch: list[list[bytes]]) -> Deferred[None] | None:
        for topic, number, body in batch:
            assert topic == b"news"
            assert int(number) > self.last, "a message came twice, or out of order"
            assert body == bytes(len(body))
            self.last = int(number)
        self._world.tally["published messages that arrived"] += len(batch)
        return Deferred.fromCoroutine(self._world.pause(self._pause)) if self._pause else None


class Publishing(Player):
    """A step is a burst; it ends when each subscriber of ours has seen its last message."""

    async def begin(self) -> None:
        world = self.world
        self._number = 0
        self._pub = world.lasting_socket(PubSocket, send_hwm=_MARK)
        tcp = await self._pub.bind(world.place("tcp"))
        ipc = await self._pub.bind(world.place("ipc"))
        world.attacked.append(tcp)
        world.mortals["SUB"] = tcp
        self._front = world.lasting_socket(XSubSocket)
        self._back = world.lasting_socket(XPubSocket)
        self._proxy = Proxy(self._front, self._back)
        self._forwarding = self._proxy.start()
        behind = await self._back.bind(world.place("inproc"))
        await world.within(self._front.connect(ipc), "connect")
        self._readers = []
        for address, pause in (
            (tcp, 0.0),
            (ipc, 0.02),
            (await world.line(tcp), 0.0),
            (behind, 0.0),
        ):
            self._readers.append(_Reader(world, pause))
            await world.within(self._readers[-1].socket.connect(address), "connect")
        # All but the last, which the proxy stands for; and libzmq's two.
        self._subscribers = len(self._readers) - 1 + 1 + 2

    async def _publish(self, body: bytes) -> None:
        self._number += 1
        await self._pub.send([b"news", b"%d" % self._number, body])

    async def step(self, chance: Random) -> None:
        size = chance.choice((0, 10, 300, 5000))
        for count in range(chance.randrange(50, 500)):
            await self._publish(bytes(size))
            if count % _AT_ONCE == 0:
                await self.world.pause()
        await self.world.pause()
        mark = self._number
        for number, reader in enumerate(self._readers):
            deadline = self.world.reactor.seconds() + PATIENCE
            while (
                reader.last <= mark
            ):  # some of it may be dropped for it, or lost with a connection
                await self._publish(b"")
                await self.world.pause(0.01)
                if self.world.reactor.seconds() > deadline:
                    raise TimeoutError(f"subscriber {number}: nothing within {PATIENCE:g} s")

    async def settle(self) -> None:
        pub = self._pub
        await self.world.until(lambda: len(pub.peers) == self._subscribers, "all are there again")
        subscribed = pub.wait_subscribed(b"news", self._subscribers)
        await self.world.within(subscribed, "subscriptions")
        await self.world.until(lambda: not pub.stats.send_queue, "all that is published leaves")

    async def end(self) -> None:
        await self.world.within(self._proxy.stop(), "end of the proxy")
        await self._forwarding
