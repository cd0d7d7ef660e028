"""The programs of pyzmtp's rows that only send: the rows differ in how they hand messages over."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from typing import Any

import attrs
from twisted.internet.defer import Deferred, gatherResults

from bench.model import Announce, Job, Role
from bench.peers import crowd
from bench.peers.pyzmtp_settings import settings
from bench.peers.reactor import binds, connects
from bench.peers.timing import shares
from pyzmtp import PubSocket, PushSocket, RouterSocket, SendingSocket

__all__ = ["SendAll", "Senders"]

#: Sends a message so many times, and waits where there is no room.
SendAll = Callable[[SendingSocket, "bytes | list[bytes]", int], Coroutine[Any, Any, None]]


@attrs.frozen
class Senders:
    """Those of one row."""

    send_all: SendAll

    async def push(self, reactor: Any, job: Job) -> None:
        """Send to one PULL."""
        async with PushSocket(reactor, settings(job)) as socket:
            socket.connect(job.address)
            await self.send_all(socket, job.message(), job.count)

    async def push_each(self, reactor: Any, job: Job) -> None:
        """Send from many sockets, each its share."""
        async with AsyncExitStack() as stack:
            sockets = []
            for _ in range(job.pushers):
                socket = await stack.enter_async_context(PushSocket(reactor, settings(job)))
                await socket.connect(job.address)
                await socket.send(job.message())
                sockets.append(socket)
            await gatherResults(
                Deferred.fromCoroutine(self.send_all(socket, job.message(), share - 1))
                for socket, share in zip(sockets, shares(job), strict=True)
            )

    async def publish(self, reactor: Any, job: Job, announce: Announce) -> None:
        """Send to all subscribers."""
        async with PubSocket(reactor, settings(job, xpub_nodrop=True)) as socket:
            announce(await socket.bind(job.where))
            await socket.wait_subscribed(count=job.subscribers)
            await self.send_all(socket, job.message(), job.count)

    async def send_to_one(self, reactor: Any, job: Job, announce: Announce) -> None:
        """Send to the one of many peers that was chosen."""
        async with RouterSocket(reactor, settings(job, router_mandatory=True)) as socket:
            announce(await socket.bind(job.where))
            for _ in range(job.connections):
                await socket.receive()
            await self.send_all(socket, [crowd.CHOSEN, job.payload()], job.count)

    async def publish_to_one(self, reactor: Any, job: Job, announce: Announce) -> None:
        """Send to the one of many subscribers that wants it."""
        async with PubSocket(reactor, settings(job, xpub_nodrop=True)) as socket:
            announce(await socket.bind(job.where))
            await socket.wait_subscribed(crowd.IDLE_TOPIC, job.connections - 1)
            await socket.wait_subscribed(job.payload())
            await self.send_all(socket, job.message(), job.count)

    @property
    def roles(self) -> dict[str, Role]:
        """Return them by the names of their roles."""
        return {
            "publish": binds(self.publish),
            "publish-to-one": binds(self.publish_to_one),
            "push": connects(self.push),
            "push-each": connects(self.push_each),
            "send-to-one": binds(self.send_to_one),
        }
