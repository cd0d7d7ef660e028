"""pyzmtp, what is measured in bytes: a connection, and a message that waits to be sent."""

from __future__ import annotations

from typing import Any

import attrs

from bench.model import Announce, Job, Role, Sample
from bench.peers import memory
from bench.peers.nowhere import nowhere
from bench.peers.pyzmtp_settings import settings
from bench.peers.reactor import binds
from pyzmtp import PushSocket, RouterSocket

__all__ = ["ROLES"]


async def _bear(reactor: Any, job: Job, announce: Announce) -> Sample:
    async with RouterSocket(reactor, settings(job)) as socket:
        announce(await socket.bind(job.where))
        for _ in range(memory.WARM_UP):
            await socket.send(await socket.receive())
        before = memory.Memory()
        for _ in range(job.connections - 1):
            await socket.send(await socket.receive())
        last = await socket.receive()
        sample = before.sample(job.connections)
        await socket.send(last)
    return sample


async def _hoard(reactor: Any, job: Job, announce: Announce) -> Sample:
    options = attrs.evolve(settings(job), send_hwm=memory.WARM_UP + job.count, linger=0.0)
    payload = bytearray(job.payload())
    with nowhere() as address:
        async with PushSocket(reactor, options) as socket:
            socket.connect(address)
            for _ in range(memory.WARM_UP):
                socket.try_send(bytes(payload))
            before = memory.Memory()
            for _ in range(job.count):
                socket.try_send(bytes(payload))
            return before.sample(job.count)


ROLES: dict[str, Role] = {"bear": binds(_bear), "hoard": binds(_hoard)}
