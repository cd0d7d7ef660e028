"""Socket.configure(): what it takes, what it refuses, and that it may be called from anywhere."""

from __future__ import annotations

from typing import Any

import pytest

from pyzmtp import (
    ConnectDelayed,
    DealerSocket,
    Disconnected,
    HandshakeSucceeded,
    OptionError,
    PullSocket,
    PushSocket,
    RouterNotify,
    RouterSocket,
    Socket,
    SocketClosed,
    SocketOptions,
    SubSocket,
    UsageError,
    listenZMQ,
)
from pyzmtp.engine.events import Event
from pyzmtp.wire.message import Message

from .world import Outcomes, World

NOWHERE = "tcp://127.0.0.1:40001"


def test_the_options_tell_what_holds_now(world: World) -> None:
    push = world.make(PushSocket, send_hwm=7, linger=1)
    before = push.options
    push.configure(linger=2, heartbeat_interval=3.0)
    assert push.options == SocketOptions(send_hwm=7, linger=2, heartbeat_interval=3.0)
    assert before == SocketOptions(send_hwm=7, linger=1)  # a value, which others may share


def test_nothing_to_change_is_no_change(world: World) -> None:
    push = world.make(PushSocket, send_hwm=7)
    push.configure()
    assert push.options == SocketOptions(send_hwm=7)


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"send_hwm": -1}, OptionError, ["send_hwm", "-1", "from 0"]),
        ({"send_hwm": "5"}, OptionError, ["send_hwm", "'5'"]),
        ({"linger": -0.5}, OptionError, ["linger", "-0.5", "or None"]),
        ({"heartbeat_ttl": 65.6}, OptionError, ["heartbeat_ttl", "65.6", "65.5"]),
        ({"metadata": {"a": b""}}, OptionError, ["metadata", "'a'", "X-"]),
        ({"router_mandatory": True}, UsageError, ["router_mandatory", "PUSH"]),
        ({"routing_id": b"x"}, UsageError, ["routing_id", "PUSH"]),
        ({"sndhwm": 5}, TypeError, ["sndhwm"]),
    ],
)
def test_what_is_wrong_is_refused_and_then_nothing_is_changed(
    world: World, change: dict[str, Any], error: type[Exception], words: list[str]
) -> None:
    push = world.make(PushSocket, send_hwm=2)
    push.connect(NOWHERE)
    while push.try_send(b"x"):
        pass
    with pytest.raises(error) as caught:
        push.configure(**{"send_hwm": 100, "send_timeout": 0, **change})
    for word in words:
        assert word in str(caught.value)
    assert push.options == SocketOptions(send_hwm=2)
    assert not push.try_send(b"x")
    assert Outcomes(push.send(b"x")).pending


def test_the_default_of_an_option_that_does_nothing_here_is_taken(world: World) -> None:
    """As in the constructor: it means nothing."""
    push = world.make(PushSocket)
    push.configure(router_mandatory=False)
    assert push.options == SocketOptions()


@pytest.mark.parametrize("fired", [False, True])
def test_a_closed_socket_is_not_configured(world: World, fired: bool) -> None:
    pull, push = world.pair(PullSocket, PushSocket)
    pull.close()
    push.close()
    if fired:
        world.advance(1)
    for socket in (pull, push):
        with pytest.raises(SocketClosed):
            socket.configure(linger=0)
        assert socket.options.linger == 5.0


def test_a_socket_of_protocols_is_configured_too(world: World) -> None:
    class Factory:
        def buildProtocol(self, peer: object) -> None:
            return None

    reactor: Any = world.network.reactor()
    zmq = world.run(listenZMQ(reactor, "tcp://127.0.0.1:*", Factory()))
    world.events[zmq] = []
    zmq.configure(send_hwm=3)
    assert zmq.options.send_hwm == 3


# From within callbacks


def test_a_callback_for_events_may_configure(world: World) -> None:
    push = world.make(PushSocket, send_hwm=2)
    push.on_event(
        lambda event: push.configure(send_hwm=5) if isinstance(event, ConnectDelayed) else None
    )
    push.connect(NOWHERE)
    count = 0
    while push.try_send(b"x"):
        count += 1
    assert count == 5


@pytest.mark.parametrize("transport", ["tcp", "ipc", "inproc"])
def test_who_hears_of_a_peer_may_configure_for_it(world: World, transport: str) -> None:
    pull = world.make(PullSocket, receive_hwm=1)
    pull.on_event(
        lambda event: (
            pull.configure(receive_hwm=4) if isinstance(event, HandshakeSucceeded) else None
        )
    )
    on: Any = pull._reactor if transport == "inproc" else None
    push = world.make(PushSocket, on=on, send_hwm=1)
    world.link(pull, push, transport)
    for number in range(20):
        push.send(b"%d" % number)
    world.settle()
    assert pull.stats.receive_queue == 4
    assert world.drain(pull) == [[b"%d" % number] for number in range(20)]


@pytest.mark.parametrize("transport", ["tcp", "ipc", "inproc"])
@pytest.mark.parametrize("mark", [1, 3, 50])
def test_a_consumer_may_change_its_own_mark(world: World, transport: str, mark: int) -> None:
    pull, push = world.pair(
        PullSocket, PushSocket, transport, bind={"receive_hwm": 10}, connect={"send_hwm": 10}
    )
    received: list[Message] = []

    def take(batch: list[Message]) -> None:
        received.extend(batch)
        pull.configure(receive_hwm=mark if len(received) % 2 else 10)

    pull.consume(take)
    for number in range(100):
        push.send(b"%d" % number)
    world.settle()
    assert received == [[b"%d" % number] for number in range(100)]


@pytest.mark.parametrize("transport", ["tcp", "ipc", "inproc"])
def test_who_is_told_that_there_is_room_may_take_it_away_again(
    world: World, transport: str
) -> None:
    pull, push = world.pair(
        PullSocket, PushSocket, transport, bind={"receive_hwm": 3}, connect={"send_hwm": 3}
    )
    marks = iter([1, 5, 2, 7] * 10)

    def again(_: object) -> None:
        push.configure(send_hwm=next(marks))

    for number in range(40):
        push.send(b"%d" % number).addCallback(again)
    assert world.drain(pull) == [[b"%d" % number] for number in range(40)]


def test_who_waits_to_send_goes_on_from_within_configure_and_may_configure_again(
    world: World,
) -> None:
    push = world.make(PushSocket, send_hwm=1)
    push.connect(NOWHERE)
    push.connect("tcp://127.0.0.1:40002")
    waits = [push.send(b"%d" % number) for number in range(12)]
    waits[2].addCallback(lambda _: push.configure(send_hwm=2))
    outcomes = [Outcomes(wait) for wait in waits]
    push.configure(send_hwm=5)
    assert push.options.send_hwm == 2  # the last word counts, for both peers
    assert sum(not outcome.pending for outcome in outcomes) == 4
    push.configure(send_hwm=6)
    assert not any(outcome.pending for outcome in outcomes)


def test_who_waits_to_send_may_close_from_within_configure(world: World) -> None:
    push = world.make(PushSocket, send_hwm=1)
    push.connect(NOWHERE)
    push.connect("tcp://127.0.0.1:40002")
    waits = [push.send(b"%d" % number) for number in range(12)]
    waits[2].addCallback(lambda _: push.close(0))
    outcomes = [Outcomes(wait) for wait in waits]
    push.configure(send_hwm=5)
    assert push.closed
    world.settle()
    assert not any(outcome.pending for outcome in outcomes)
    assert isinstance(outcomes[-1].error, SocketClosed)


def test_who_hears_that_a_routing_id_is_taken_over_may_configure_for_the_new_peer(
    world: World,
) -> None:
    """The new peer has a pipe already, but is not yet among the peers."""
    router = world.make(RouterSocket, router_handover=True, send_hwm=1, router_mandatory=True)

    def heard(event: Event) -> None:
        if isinstance(event, Disconnected) and not router.closed:
            router.configure(send_hwm=9)

    router.on_event(heard)
    address = world.bind(router)
    for _ in range(2):
        dealer = world.make(DealerSocket, routing_id=b"A")
        world.run(dealer.connect(address))
    world.network.connections[-1].stall()
    big = bytes(world.network.conditions.buffer + 200_000)
    count = 0
    while router.try_send([b"A", big]):
        count += 1
        world.settle()
    assert count > 9


def test_every_socket_has_it(world: World) -> None:
    for kind in (RouterSocket, DealerSocket, SubSocket):
        socket: Socket = world.make(kind)
        socket.configure(linger=None)
        assert socket.options.linger is None
    router = world.make(RouterSocket)
    router.configure(router_notify=RouterNotify.CONNECT)
    assert router.options.router_notify is RouterNotify.CONNECT
