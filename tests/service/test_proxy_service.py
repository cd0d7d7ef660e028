"""ProxyService: a proxy and its sockets start and stop together."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from twisted.application.service import MultiService

from pyzmtp import (
    AddressInUse,
    DealerSocket,
    ProxyService,
    ProxyState,
    PubSocket,
    PullSocket,
    PushSocket,
    RepSocket,
    ReqSocket,
    RouterSocket,
    SocketService,
    SubSocket,
    UsageError,
    WrongState,
)
from pyzmtp.testing import FailureLog

from ..sockets.world import Outcomes, World

FRONT, BACK, CAPTURE = (f"tcp://127.0.0.1:{port}" for port in (5551, 5552, 5553))


def service_of(world: World, front: Any, back: Any, **options: Any) -> ProxyService:
    """A proxy whose sockets are bound on a host of its own."""
    reactor: Any = world.network.reactor()
    capture = SocketService(reactor, PubSocket, bind=[CAPTURE])
    return ProxyService(
        reactor,
        SocketService(reactor, front, bind=[FRONT]),
        SocketService(reactor, back, bind=[BACK]),
        capture,
        **options,
    )


def test_requests_replies_and_capture(world: World) -> None:
    service = service_of(world, RouterSocket, DealerSocket)
    assert service.proxy is None
    MultiService.privilegedStartService(service)
    service.startService()
    req, rep, sub = world.make(ReqSocket), world.make(RepSocket), world.make(SubSocket)
    sub.subscribe(b"")
    Outcomes(rep.serve(lambda request: [b"re", *request]))
    for socket, address in ((req, FRONT), (rep, BACK), (sub, CAPTURE)):
        world.run(socket.connect(address), 1)
    world.settle()
    assert world.run(req.request(b"x"), 1) == [b"re", b"x"]
    assert [message[-1] for message in world.drain(sub)] == [b"x", b"x"]
    assert service.proxy is not None
    assert service.proxy.statistics.frontend_received_parts == 3
    stopped = Outcomes(service.stopService())
    world.settle()
    assert stopped == [None]
    assert service.proxy.state is ProxyState.STOPPED
    assert not service.running
    # What it has counted can still be read.
    assert service.proxy.statistics.frontend_received_parts == 3


def test_what_has_been_received_is_forwarded_first(world: World) -> None:
    service = service_of(world, PullSocket, partial(PushSocket, linger=None))
    service.startService()
    push, late = world.make(PushSocket), world.make(PushSocket)
    world.run(push.connect(FRONT), 1)
    Outcomes(push.send_batch([b"%d" % number for number in range(10)]))
    world.settle()
    assert service.proxy is not None
    assert service.proxy.statistics.backend_sent_parts == 0  # there is nobody
    stopped = Outcomes(service.stopService())
    late.connect(FRONT)
    world.advance(1)
    assert late.peers == ()
    assert stopped.pending
    world.advance(4.1)
    # The time is over. A bound PUSH has queued nothing, so what is left is dropped, and counted.
    assert stopped == [None]
    assert service.proxy.statistics.dropped_messages == 10


def test_what_waits_for_room_has_time(world: World) -> None:
    reactor: Any = world.network.reactor()
    service = ProxyService(
        reactor,
        SocketService(reactor, PullSocket, bind=[FRONT]),
        SocketService(reactor, partial(PushSocket, send_hwm=1), connect=[BACK]),
        drain_timeout=None,
    )
    service.startService()
    push = world.make(PushSocket)
    world.run(push.connect(FRONT), 1)
    sent = [[b"%d" % number] for number in range(10)]
    Outcomes(push.send_batch(sent))
    world.settle()
    stopped = Outcomes(service.stopService())
    world.advance(100)
    assert stopped.pending
    pull = world.make(PullSocket)
    world.run(pull.bind(BACK))
    world.advance(1)
    assert world.drain(pull) == sent
    assert stopped == [None]


def test_it_can_be_started_again(world: World) -> None:
    service = service_of(world, RouterSocket, DealerSocket)
    for _ in range(2):
        service.startService()
        stopped = Outcomes(service.stopService())
        world.settle()
        assert stopped == [None]
    assert Outcomes(service.stopService()) == [None]


def test_to_start_what_runs_does_nothing(world: World, failures: FailureLog) -> None:
    service = service_of(world, RouterSocket, DealerSocket)
    service.startService()
    proxy = service.proxy
    service.startService()
    assert service.proxy is proxy
    assert failures.take(WrongState) == 0
    stopped = Outcomes(service.stopService())
    world.settle()
    assert stopped == [None]


def test_an_end_that_was_stopped_alone(world: World) -> None:
    service = service_of(world, RouterSocket, DealerSocket)
    service.startService()
    front, *_ = service
    Outcomes(front.stopService())
    world.settle()
    stopped = Outcomes(service.stopService())
    world.settle()
    assert stopped == [None]


# What goes wrong


def test_an_address_in_use_leaves_nothing(world: World) -> None:
    other = world.make(PullSocket)
    world.run(other.bind(BACK))
    service = service_of(world, RouterSocket, DealerSocket)
    with pytest.raises(AddressInUse):
        service.startService()
    world.settle()
    assert not service.running
    world.run(other.bind(FRONT))


def test_sockets_that_nothing_can_be_forwarded_between(world: World) -> None:
    service = service_of(world, PushSocket, PubSocket)
    with pytest.raises(UsageError, match="nothing can be forwarded"):
        service.startService()
    world.settle()
    assert not service.running


def test_a_proxy_that_fails_is_logged(world: World, failures: FailureLog) -> None:
    class Broken(PushSocket):
        def try_send(self, message: Any) -> bool:
            raise LookupError

    service = service_of(world, PullSocket, Broken)
    service.startService()
    push = world.make(PushSocket)
    world.run(push.connect(FRONT), 1)
    push.try_send(b"x")
    world.settle()
    assert failures.take(LookupError) == 1
    stopped = Outcomes(service.stopService())
    world.settle()
    assert stopped == [None]


def test_arguments(world: World) -> None:
    with pytest.raises(TypeError, match="timeout"):
        service_of(world, RouterSocket, DealerSocket, drain_timeout="5")
