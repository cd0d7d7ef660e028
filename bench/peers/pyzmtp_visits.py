"""pyzmtp, connections that are made, used once and closed."""

from __future__ import annotations

from time import perf_counter
from typing import Any

from twisted.internet.defer import Deferred, gatherResults

from bench.model import Job, Role, Sample
from bench.peers.pyzmtp_settings import settings
from bench.peers.reactor import connects
from bench.peers.timing import WARM_UP, check_payload, groups
from pyzmtp import ReqSocket

__all__ = ["ROLES"]


async def _visit(reactor: Any, job: Job) -> Sample:
    payload = job.payload()

    async def once() -> None:
        async with ReqSocket(reactor, settings(job)) as socket:
            await socket.connect(job.address)
            [answer] = await socket.request(payload)
            check_payload(answer, payload)

    async def at_once(number: int) -> None:
        await gatherResults([Deferred.fromCoroutine(once()) for _ in range(number)])

    for number in groups(WARM_UP, job.connections):
        await at_once(number)
    start = perf_counter()
    for number in groups(job.count, job.connections):
        await at_once(number)
    return Sample(operations=job.count, seconds=perf_counter() - start)


ROLES: dict[str, Role] = {"visit": connects(_visit)}
