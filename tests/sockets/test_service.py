"""RepSocket.serve(): what ends a service, and what must not."""

from __future__ import annotations

from typing import Any

import pytest
from twisted.internet.defer import CancelledError, Deferred

from pyzmtp import RepSocket, ReqSocket
from pyzmtp.testing import FailureLog

from .world import Outcomes, World


@pytest.mark.parametrize("kind", ["plain", "deferred", "coroutine"])
def test_a_handler_whose_own_work_was_cancelled_is_one_that_failed(
    world: World, failures: FailureLog, kind: str
) -> None:
    rep, req = world.pair(RepSocket, ReqSocket)
    work: list[Deferred[bytes]] = []

    async def wait() -> bytes:
        work.append(Deferred())
        return await work[-1]

    def handler(request: list[bytes]) -> Any:
        if request == [b"good"]:
            return b"reply"
        if kind == "plain":
            raise CancelledError
        if kind == "coroutine":
            return wait()
        work.append(Deferred())
        return work[-1]

    serving = Outcomes(rep.serve(handler))
    lost = Outcomes(req.request(b"bad", timeout=1))
    world.settle()
    for each in work:
        each.cancel()
    world.advance(2)
    assert lost.errors
    assert failures.take(CancelledError) == 1
    assert serving.pending
    assert world.run(req.request(b"good"), 5) == [b"reply"]


def test_a_receive_timeout_is_none_of_a_services_business(world: World) -> None:
    rep, req = world.pair(RepSocket, ReqSocket, bind={"receive_timeout": 2.0})
    serving = Outcomes(rep.serve(lambda request: request))
    world.advance(10)
    assert serving.pending
    assert world.run(req.request(b"x")) == [b"x"]
    world.advance(10)
    assert world.run(req.request(b"y")) == [b"y"]


def test_a_receive_timeout_of_zero_is_none_of_a_services_business(world: World) -> None:
    rep, req = world.pair(RepSocket, ReqSocket, bind={"receive_timeout": 0})
    serving = Outcomes(rep.serve(lambda request: request))
    assert world.run(req.request(b"x")) == [b"x"]
    assert serving.pending


def test_a_service_that_is_cancelled_within_its_handler_has_ended(world: World) -> None:
    rep, req = world.pair(RepSocket, ReqSocket)

    def handler(request: list[bytes]) -> Any:
        serving.cancel()
        raise LookupError

    serving = rep.serve(handler)
    done = Outcomes(serving)
    asked = Outcomes(req.request(b"x", timeout=1))
    world.settle()
    assert not done.pending
    world.advance(2)
    assert asked.errors
    again = Outcomes(rep.serve(lambda request: b"again"))
    assert world.run(req.request(b"y"), 5) == [b"again"]
    assert again.pending
