"""``inproc://``: whoever hears of something may close anybody at once; nothing is left behind."""

from __future__ import annotations

import pytest

from pyzmtp import DealerSocket, PullSocket, PushSocket, RouterNotify, RouterSocket, Socket
from pyzmtp.engine.events import (
    Closed,
    Disconnected,
    HandshakeSucceeded,
    MessagesDropped,
    MonitorStopped,
)
from pyzmtp.errors import ConnectAborted
from pyzmtp.net.inproc import _names_of
from pyzmtp.testing import MemoryReactor

from .world import Outcomes, World

X = "inproc://x"


@pytest.fixture
def on(world: World) -> MemoryReactor:
    return world.network.reactor()


@pytest.mark.parametrize("linger", [0, 1, None])
@pytest.mark.parametrize("again", [0, 1, None])
def test_close_from_within_an_event_of_the_close(
    world: World, on: MemoryReactor, linger: float | None, again: float | None
) -> None:
    push = world.make(PushSocket, on=on)
    world.run(push.bind(X))
    pulls = [world.make(PullSocket, on=on) for _ in range(3)]
    for pull in pulls:
        world.run(pull.connect(X))
    nested: list[Outcomes[None]] = []

    def close_again(event: object) -> None:
        if isinstance(event, Disconnected):
            nested.append(Outcomes(push.close(again)))

    push.on_event(close_again)
    assert world.run(push.close(linger)) is None
    assert nested == [[None]] * 3
    assert len(world.of(push, Disconnected)) == 3
    assert len(world.of(push, Closed)) == 1
    world.settle()
    assert all(pull.peers == () for pull in pulls)


def test_disconnect_from_within_an_event_of_the_close(world: World, on: MemoryReactor) -> None:
    pull, push = world.make(PullSocket, on=on), world.make(PushSocket, on=on)
    names = ["inproc://a", "inproc://b", "inproc://c"]
    for name in names:
        world.run(pull.bind(name))
        world.run(push.connect(name))
    parted: list[Outcomes[None]] = []

    def part(event: object) -> None:
        if isinstance(event, Disconnected):
            parted.extend(Outcomes(push.disconnect(name)) for name in names)

    push.on_event(part)
    assert world.run(push.close(1)) is None
    assert not any(outcome.pending for outcome in parted)
    assert len(world.of(push, Disconnected)) == 3
    world.settle()
    assert pull.peers == ()


def test_a_second_close_tells_nothing_twice(world: World, on: MemoryReactor) -> None:
    pull = world.make(PullSocket, on=on)
    world.run(pull.bind(X))
    first, second = Outcomes(pull.close(1)), Outcomes(pull.close(0))
    assert first == second == [None]
    assert len(world.of(pull, Closed)) == 1


def test_who_has_waited_for_a_bind_may_close_others_that_wait(
    world: World, on: MemoryReactor
) -> None:
    pulls = [world.make(PullSocket, on=on) for _ in range(4)]
    connected = [pull.connect(X) for pull in pulls]
    connected[0].addCallback(lambda _: [pulls[1].close(), pulls[3].close()])
    outcomes = [Outcomes(each) for each in connected]
    push = world.make(PushSocket, on=on)
    assert world.run(push.bind(X)) == X
    assert len(outcomes[0]) == len(outcomes[2]) == 1
    for closed in (outcomes[1], outcomes[3]):
        assert isinstance(closed.error, ConnectAborted)
    assert len(push.peers) == 2
    late = world.make(PullSocket, on=on)
    world.run(late.connect(X))
    assert len(push.peers) == 3


@pytest.mark.parametrize("how", ["close", "unbind"])
def test_who_has_waited_for_a_bind_may_end_it(world: World, on: MemoryReactor, how: str) -> None:
    push = world.make(PushSocket, on=on)
    pulls = [world.make(PullSocket, on=on) for _ in range(3)]
    connected = [pull.connect(X) for pull in pulls]
    connected[0].addCallback(lambda _: push.close() if how == "close" else push.unbind(X))
    outcomes = [Outcomes(each) for each in connected]
    Outcomes(push.bind(X))
    world.settle()
    assert outcomes[1].pending  # they go on waiting for the next
    assert outcomes[2].pending
    other = world.make(PushSocket, on=on)
    assert world.run(other.bind(X)) == X
    assert len(other.peers) == 2


def test_what_hears_of_a_handshake_may_disconnect(world: World, on: MemoryReactor) -> None:
    pull, push = world.make(PullSocket, on=on), world.make(PushSocket, on=on)
    world.run(pull.bind(X))

    def part(event: object) -> None:
        if isinstance(event, HandshakeSucceeded):
            Outcomes(push.disconnect(X))

    push.on_event(part)
    Outcomes(push.connect(X))
    world.settle()
    assert push.peers == pull.peers == ()


def test_names_that_nobody_waits_for_any_more_are_forgotten(
    world: World, on: MemoryReactor
) -> None:
    push = world.make(PushSocket, on=on)
    for number in range(10):
        push.connect(f"inproc://{number}")
    assert len(_names_of(push._core).waiting) == 10
    for number in range(10):
        world.run(push.disconnect(f"inproc://{number}"))
    assert _names_of(push._core).waiting == {}
    push.connect(X)
    pull = world.make(PullSocket, on=on)
    world.run(pull.bind(X))
    assert _names_of(push._core).waiting == {}


@pytest.mark.parametrize("used", [False, True])
def test_a_name_that_was_given_back_ends_with_its_last_link(
    world: World, on: MemoryReactor, used: bool
) -> None:
    bound: Socket = world.make(DealerSocket, on=on)
    for number in range(10):
        name = f"inproc://{number}"
        world.run(bound.bind(name))
        client = world.make(DealerSocket, on=on)
        if used:
            world.run(client.connect(name))
        world.run(bound.unbind(name))
        assert len(bound.peers) == int(used)
        world.run(client.close())
        world.settle()
    assert bound._released == []
    assert _names_of(bound._core).bound == {}


@pytest.mark.parametrize("how", ["disconnect", "close"])
def test_who_reads_a_connect_notice_may_part_at_once(
    world: World, on: MemoryReactor, how: str
) -> None:
    """The notice comes from within the joining: nothing may be told or kept behind the end."""
    router = world.make(RouterSocket, on=on, router_notify=RouterNotify.CONNECT)
    dealer = world.make(DealerSocket, on=on, routing_id=b"b")
    world.run(dealer.bind(X))

    def part(_: object) -> None:
        Outcomes(router.disconnect(X) if how == "disconnect" else router.close(0))

    router.receive().addCallback(part)
    router.connect(X)
    world.advance(1)
    whole = ["ConnectDelayed", "Connected", "HandshakeSucceeded", "Disconnected", "Closed"]
    assert [name for name in world.names(router) if name != "MonitorStopped"] == whole
    assert world.names(dealer)[1:] == ["Accepted", "HandshakeSucceeded", "Disconnected"]
    assert router.peers == dealer.peers == ()
    assert not dealer.writable


@pytest.mark.parametrize("how", ["unbind", "close"])
def test_the_bound_side_may_part_when_it_reads_a_connect_notice(
    world: World, on: MemoryReactor, how: str
) -> None:
    router = world.make(RouterSocket, on=on, router_notify=RouterNotify.CONNECT)
    dealer = world.make(DealerSocket, on=on, routing_id=b"b")
    world.run(router.bind(X))

    def part(_: object) -> None:
        Outcomes(router.unbind(X) if how == "unbind" else router.close(0))

    router.receive().addCallback(part)
    connected = Outcomes(dealer.connect(X))
    world.advance(1)
    assert not connected.pending
    if how == "unbind":  # links that are there stay, as in libzmq
        assert (len(router.peers), len(dealer.peers)) == (1, 1)
        return
    assert router.peers == dealer.peers == ()
    names = world.names(dealer)
    assert names == ["ConnectDelayed", "Connected", "HandshakeSucceeded", "Disconnected", "Closed"]


def test_close_from_within_the_loss_of_what_a_disconnect_drops(
    world: World, on: MemoryReactor
) -> None:
    push = world.make(PushSocket, on=on, linger=0)
    push.connect(X)
    assert push.try_send(b"for nobody")

    def close(event: object) -> None:
        if isinstance(event, MessagesDropped):
            Outcomes(push.close())

    push.on_event(close)
    assert world.run(push.disconnect(X)) is None
    world.settle()
    told = [type(event) for event in world.events[push]]
    assert told[-3:] == [MessagesDropped, Closed, MonitorStopped]
