"""SocketService: starting, working, stopping gracefully, starting again, and what goes wrong."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from twisted.application.service import IService, MultiService
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import deferLater
from zope.interface.verify import verifyObject

from pyzmtp import (
    AddressError,
    AddressInUse,
    DealerSocket,
    PubSocket,
    PullSocket,
    PushSocket,
    RepSocket,
    ReqSocket,
    RouterSocket,
    SocketClosed,
    SocketService,
    ZMTPError,
)
from pyzmtp.testing import FailureLog

from ..sockets.world import Outcomes, World

ADDRESS = "tcp://127.0.0.1:5555"


def service_of(world: World, make: Callable[[Any], Any], **options: Any) -> SocketService[Any]:
    """A service on a host of its own."""
    reactor: Any = world.network.reactor()
    return SocketService(reactor, make, **options)


def stop(world: World, service: Any) -> Outcomes[None]:
    """Stop a service, and let everything happen that needs no time."""
    stopped = Outcomes(service.stopService())
    world.settle()
    return stopped


def ended(world: World, service: Any) -> None:
    """Stop a service whatever it takes."""
    stopped = stop(world, service)
    world.advance(20)
    assert stopped == [None]


def test_it_is_a_service(world: World) -> None:
    service = service_of(world, PullSocket)
    assert verifyObject(IService, service)
    with pytest.raises(SocketClosed):
        _ = service.socket
    parent = MultiService()
    parent.addService(service)
    parent.privilegedStartService()
    parent.startService()
    assert isinstance(service.socket, PullSocket)
    assert service.running
    assert Outcomes(parent.stopService()) == [[(True, None)]]
    assert not service.running
    with pytest.raises(SocketClosed):
        _ = service.socket


def test_it_binds_connects_and_works(world: World) -> None:
    received: list[list[bytes]] = []

    async def work(pull: PullSocket) -> None:
        async for message in pull:
            received.append(message)

    other = world.make(PushSocket)
    where = world.bind(other)
    service = service_of(
        world,
        partial(PullSocket, receive_hwm=7),
        bind=["tcp://127.0.0.1:*", "ipc:///run/pull"],
        connect=[where],
        work=work,
    )
    ready = Outcomes(service.when_ready())
    assert ready.pending
    service.startService()
    [[tcp, ipc]] = ready
    assert ipc == "ipc:///run/pull"
    assert service.socket.options.receive_hwm == 7
    push = world.make(PushSocket)
    for address in (tcp, ipc):
        world.run(push.connect(address), 1)
    for socket in (push, push, other):
        socket.send(b"x")
    world.advance(1)
    assert received == [[b"x"]] * 3
    ended(world, service)


def test_it_binds_before_privileges_are_given_up(world: World) -> None:
    worked: list[PullSocket] = []
    service = service_of(world, PullSocket, bind=[ADDRESS], work=worked.append)
    service.privilegedStartService()
    socket = service.socket
    assert socket.last_endpoint == ADDRESS
    assert worked == []
    service.startService()
    assert service.socket is socket
    assert worked == [socket]
    ended(world, service)


# Stopping


def test_requests_that_have_been_received_are_answered(world: World) -> None:
    later: list[Deferred[bytes]] = []

    def handler(request: list[bytes]) -> Deferred[bytes]:
        later.append(Deferred())
        return later[-1]

    service = service_of(world, RepSocket, bind=[ADDRESS], work=lambda rep: rep.serve(handler))
    service.startService()
    asking, waiting, late = (world.make(ReqSocket) for _ in range(3))
    for req in (asking, waiting):
        world.run(req.connect(ADDRESS), 1)
    reply, no_reply = Outcomes(asking.request(b"1")), Outcomes(waiting.request(b"2"))
    world.settle()
    stopped = stop(world, service)
    late.connect(ADDRESS)
    world.advance(1)
    assert late.peers == ()
    assert stopped.pending
    later[0].callback(b"answered")
    world.settle()
    assert reply == [[b"answered"]]
    assert stopped == [None]
    assert len(later) == 1
    world.settle()
    assert no_reply.errors


def test_what_is_queued_is_sent_first(world: World) -> None:
    service = service_of(world, PushSocket, connect=[ADDRESS])
    service.startService()
    service.socket.send(b"for who comes")
    stopped = stop(world, service)
    assert stopped.pending
    pull = world.make(PullSocket)
    world.run(pull.bind(ADDRESS))
    world.advance(1)
    assert stopped == [None]
    assert world.drain(pull) == [[b"for who comes"]]


@pytest.mark.parametrize("limit", [0, 3.0, None])
def test_work_that_does_not_end_is_cancelled(world: World, limit: float | None) -> None:
    cancelled: list[float] = []

    def work(router: RouterSocket) -> Deferred[None]:
        return Deferred(lambda _: cancelled.append(world.network.seconds()))

    service = service_of(world, RouterSocket, bind=[ADDRESS], work=work, drain_timeout=limit)
    service.startService()
    start = world.network.seconds()
    stopped = stop(world, service)
    world.advance(1000)
    assert stopped == ([] if limit is None else [None])
    assert [at - start for at in cancelled] == ([] if limit is None else [limit])


@pytest.mark.parametrize("kind", [PubSocket, PushSocket, ReqSocket])
def test_work_that_does_not_learn_of_the_end_is_cancelled_at_once(
    world: World, kind: Callable[[Any], Any]
) -> None:
    reactor: Any = world.network.reactor()
    turns: list[int] = []

    async def work(socket: object) -> None:
        while True:
            turns.append(len(turns))
            await deferLater(reactor, 1.0)

    service = SocketService(reactor, kind, bind=[ADDRESS], work=work)
    service.startService()
    world.advance(2.5)
    assert stop(world, service) == [None]
    assert turns == [0, 1, 2]


def test_a_stop_before_the_bind_is_done(world: World, failures: FailureLog) -> None:
    world.network.names["slow.example"] = ["127.0.0.1"]
    worked: list[object] = []
    service = service_of(world, PullSocket, bind=["tcp://slow.example:*"], work=worked.append)
    service.startService()
    ready = Outcomes(service.when_ready())
    stopped = stop(world, service)
    world.advance(1)
    assert stopped == [None]
    assert isinstance(ready.error, SocketClosed)
    assert worked == []


def test_it_can_be_started_again(world: World) -> None:
    worked: list[object] = []
    service = service_of(world, PullSocket, bind=[ADDRESS], work=worked.append)
    for _ in range(2):
        service.startService()
        ended(world, service)
    assert len(set(worked)) == 2


def test_to_start_what_runs_does_nothing(world: World) -> None:
    worked: list[PullSocket] = []
    service = service_of(world, PullSocket, bind=[ADDRESS], connect=[ADDRESS], work=worked.append)
    service.startService()
    world.settle()
    [socket] = worked
    service.startService()
    world.settle()
    assert service.socket is socket
    assert worked == [socket]
    ended(world, service)


def test_to_stop_what_does_not_run(world: World) -> None:
    service = service_of(world, PullSocket)
    assert stop(world, service) == [None]


def test_a_socket_that_somebody_has_closed(world: World) -> None:
    service = service_of(world, PullSocket, work=lambda pull: pull.consume(print))
    service.startService()
    world.run(service.socket.close())
    assert stop(world, service) == [None]


# What goes wrong


def test_an_address_in_use_is_raised(world: World) -> None:
    world.run(world.make(PullSocket).bind(ADDRESS))
    service = service_of(world, PullSocket, bind=["ipc:///run/first", ADDRESS])
    ready = Outcomes(service.when_ready())
    for start in (service.privilegedStartService, service.startService):
        with pytest.raises(AddressInUse):
            start()
    assert isinstance(ready.error, AddressInUse)
    assert not service.running
    world.settle()
    assert not world.network.hosts.get("localhost").path_exists(b"/run/first")


@pytest.mark.parametrize("way", ["bind", "connect"])
def test_a_wrong_address_is_raised(world: World, way: str) -> None:
    addresses: dict[str, Any] = {way: [ADDRESS, "nonsense"]}
    service = service_of(world, PullSocket, **addresses)
    with pytest.raises(AddressError):
        service.startService()
    assert not service.running


def test_a_bind_that_fails_later_is_logged(world: World, failures: FailureLog) -> None:
    worked: list[object] = []
    service = service_of(world, PullSocket, bind=["tcp://nowhere.example:*"], work=worked.append)
    service.startService()
    ready = Outcomes(service.when_ready())
    world.advance(1)
    assert isinstance(ready.error, ZMTPError)
    assert failures.take(ZMTPError) == 1
    assert worked == []
    ended(world, service)


@pytest.mark.parametrize("kind", ["plain", "deferred", "coroutine"])
def test_work_that_fails_is_logged(world: World, failures: FailureLog, kind: str) -> None:
    def work(socket: object) -> Any:
        if kind == "plain":
            raise LookupError
        return fail() if kind == "coroutine" else Deferred.fromCoroutine(fail())

    async def fail() -> None:
        raise LookupError

    service = service_of(world, DealerSocket, work=work)
    service.startService()
    assert failures.take(LookupError) == 1
    ended(world, service)


def test_work_that_was_cancelled_by_itself_is_logged(world: World, failures: FailureLog) -> None:
    working: Deferred[None] = Deferred()
    service = service_of(world, DealerSocket, work=lambda _: working)
    service.startService()
    working.cancel()
    assert failures.take(CancelledError) == 1
    ended(world, service)


def test_arguments(world: World) -> None:
    reactor: Any = world.network.reactor()
    with pytest.raises(TypeError, match="list of addresses"):
        SocketService(reactor, PullSocket, bind=ADDRESS)
    with pytest.raises(ValueError, match="timeout"):
        SocketService(reactor, PullSocket, drain_timeout=-1)
