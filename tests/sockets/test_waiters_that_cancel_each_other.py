"""Several wait, and whoever is told first cancels the others or closes, as gatherResults() does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from twisted.internet.defer import CancelledError, Deferred
from twisted.python.failure import Failure

from pyzmtp import DealerSocket, PubSocket, PushSocket, Requester, RouterSocket, listenZMQ
from pyzmtp.errors import ConnectAborted, PeerLost, SocketClosed
from pyzmtp.sockets import receiver, sender
from pyzmtp.testing import Conditions

from ..test_callbacks import Factory
from .world import Outcomes, World, hello, port_of

NOWHERE = "tcp://127.0.0.1:40001"


def cancel_when_told(waiting: list[Deferred[Any]], first: int) -> list[Outcomes[Any]]:
    """Let one of them, when it is told, cancel all others; return what each of them comes to."""

    def cancel_others(result: Any) -> Any:
        for index, other in enumerate(waiting):
            if index != first:
                other.cancel()
        return result

    waiting[first].addBoth(cancel_others)
    return [Outcomes(each) for each in waiting]


@pytest.mark.parametrize("first", [0, 1, 2])
def test_who_asked_for_one_connect(world: World, first: int) -> None:
    """A DEALER that connects twice connects once: all Deferreds have one outcome."""
    dealer = world.make(DealerSocket)
    outcomes = cancel_when_told([dealer.connect(NOWHERE) for _ in range(3)], first)
    assert world.run(dealer.close(0)) is None
    for index, outcome in enumerate(outcomes):
        told_before = index <= first
        assert isinstance(outcome.error, ConnectAborted if told_before else CancelledError)


@pytest.mark.parametrize("first", [0, 1, 2])
def test_who_asked_for_one_connect_that_succeeds(world: World, first: int) -> None:
    router, dealer = world.make(RouterSocket), world.make(DealerSocket)
    address = world.bind(router)
    outcomes = cancel_when_told([dealer.connect(address) for _ in range(3)], first)
    world.settle()
    assert [bool(outcome) for outcome in outcomes] == [index <= first for index in range(3)]
    assert len(dealer.peers) == 1


@pytest.mark.parametrize("first", [0, 1, 2])
def test_who_waits_for_the_close(world: World, first: int) -> None:
    push = world.make(PushSocket, linger=3)
    push.connect(NOWHERE)
    push.try_send(b"x")
    outcomes = cancel_when_told([push.close() for _ in range(3)], first)
    assert all(outcome.pending for outcome in outcomes)
    world.advance(4)
    assert [outcome == [None] for outcome in outcomes] == [index <= first for index in range(3)]
    assert not any(outcome.pending for outcome in outcomes)


@pytest.mark.parametrize("first", [0, 1, 2])
def test_who_waits_for_subscribers_that_come(world: World, first: int) -> None:
    pub = world.make(PubSocket)
    waiting: list[Deferred[Any]] = [pub.wait_subscribed(b"") for _ in range(3)]
    outcomes = cancel_when_told(waiting, first)
    world.attach_raw(pub, hello("SUB") + b"\x00\x01\x01")
    assert not any(outcome.pending for outcome in outcomes)
    assert outcomes[first] == [None]
    assert len(pub.peers) == 1


@pytest.mark.parametrize("ends", ["the peer", "the socket"])
@pytest.mark.parametrize("first", [0, 1, 2])
def test_who_waits_to_send_through_a_message_transport(world: World, ends: str, first: int) -> None:
    world.network.conditions = Conditions(buffer=1000)
    serving = Factory()
    reactor: Any = world.network.reactor()
    zmq = world.run(listenZMQ(reactor, "tcp://127.0.0.1:*", serving, send_hwm=1))
    world.events[zmq] = []
    peer = world.network.raw_connect(port_of(zmq.address))
    peer.send(hello("DEALER"))
    world.settle()
    peer.pause()
    [server] = serving.made
    while (waiting := server.transport.send(bytes(100_000))).called:
        pass
    others = [server.transport.send(b"x") for _ in range(2)]
    outcomes = cancel_when_told([waiting, *others], first)
    if ends == "the peer":
        peer.abort()
    else:
        zmq.close(0)
    world.settle()
    assert isinstance(outcomes[first].error, SocketClosed)
    for outcome in outcomes:
        assert isinstance(outcome.error, SocketClosed | CancelledError)
    assert len(server.log) == 2  # made and lost: the loss was told


def test_who_is_told_of_a_lost_peer_may_close(world: World) -> None:
    router, requester = world.pair(RouterSocket, Requester)
    waiting = [requester.request(b"%d" % number) for number in range(3)]
    closing: list[Outcomes[None]] = []

    def close(failure: Failure) -> Failure:
        closing.append(Outcomes(requester.close(0)))
        return failure

    waiting[0].addErrback(close)
    outcomes = [Outcomes(each) for each in waiting]
    world.settle()
    world.run(router.close(0))
    world.settle()
    assert closing == [[None]]
    assert [type(outcome.error) for outcome in outcomes] == [PeerLost, SocketClosed, SocketClosed]


def test_a_requester_connects_again_after_requests_cancelled_each_other(world: World) -> None:
    router, requester = world.pair(RouterSocket, Requester)
    outcomes = cancel_when_told([requester.request(b"%d" % number) for number in range(3)], 0)
    world.settle()
    world.network.connections[0].reset()
    world.settle()
    assert isinstance(outcomes[0].error, PeerLost)
    assert not any(outcome.pending for outcome in outcomes)
    world.advance(1)
    assert len(requester.peers) == 1
    world.drain(router)
    again = Outcomes(requester.request(b"again"))
    [asked] = world.drain(router)
    router.try_send(asked)
    world.settle()
    assert again == [[b"again"]]


MANY: dict[str, tuple[type[Any], type[Any] | None, Callable[[Any], Deferred[Any]]]] = {
    "receive": (DealerSocket, receiver._PendingReceive, lambda socket: socket.receive()),
    "send": (PushSocket, sender._PendingSend, lambda socket: socket.send(b"x")),
    "request": (Requester, None, lambda socket: socket.request(b"x")),
}


@pytest.mark.parametrize("form", MANY)
def test_to_cancel_many_takes_no_search_for_each(
    world: World, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Newest first is the order that a queue which is searched from the front likes least."""
    compared = 0

    def equal(this: object, other: object) -> bool:
        nonlocal compared
        compared += 1
        return this is other

    kind, pending, wait = MANY[form]
    if pending is None:
        from pyzmtp import requester

        pending = requester._Request
    monkeypatch.setattr(pending, "__eq__", equal)
    socket = world.make(kind)
    waiting = [wait(socket) for _ in range(1000)]
    outcomes = [Outcomes(each) for each in waiting]
    for each in reversed(waiting):
        each.cancel()
    assert all(isinstance(outcome.error, CancelledError) for outcome in outcomes)
    assert compared <= 1000
    assert socket.stats.send_queue == 0
