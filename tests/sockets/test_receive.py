"""The forms of receive (DESIGN.md 1)."""

from __future__ import annotations

from typing import Any

import pytest
from twisted.internet.defer import CancelledError, Deferred

from pyzmtp import PullSocket, PushSocket
from pyzmtp.errors import ReceiveTimeout, SocketClosed

from .world import Outcomes, World


def send(world: World, push: PushSocket, *numbers: int) -> None:
    """Send numbers and let them arrive."""
    for number in numbers:
        push.try_send(b"%d" % number)
    world.settle()


@pytest.fixture
def sockets(world: World) -> tuple[PullSocket, PushSocket]:
    return world.pair(PullSocket, PushSocket)


def test_receive_fires_at_once_if_there_is_a_message_and_else_when_one_comes(
    world: World, sockets: tuple[PullSocket, PushSocket]
) -> None:
    pull, push = sockets
    send(world, push, 1)
    assert Outcomes(pull.receive()) == [[b"1"]]
    waiting = Outcomes(pull.receive())
    assert waiting.pending
    send(world, push, 2)
    assert waiting == [[b"2"]]


def test_receivers_are_served_in_their_order(
    world: World, sockets: tuple[PullSocket, PushSocket]
) -> None:
    pull, push = sockets
    waiting: list[Outcomes[Any]] = [
        Outcomes(pull.receive()),
        Outcomes(pull.receive_batch(2)),
        Outcomes(pull.receive_from()),
        Outcomes(pull.receive()),
    ]
    send(world, push, 1, 2, 3, 4, 5)
    got = [outcome[0] for outcome in waiting]
    assert got[0] == [b"1"]
    flat = [*got[1], got[2][1], got[3]]
    assert flat == [[b"%d" % number] for number in range(2, 2 + len(flat))]
    assert len(flat) + 1 + len(world.drain(pull)) == 5


def test_try_receive_never_waits(world: World, sockets: tuple[PullSocket, PushSocket]) -> None:
    pull, push = sockets
    assert pull.try_receive() is None
    send(world, push, 1)
    assert pull.try_receive() == [b"1"]
    assert pull.try_receive() is None


def test_try_receive_does_not_overtake_who_waits(
    world: World, sockets: tuple[PullSocket, PushSocket]
) -> None:
    pull, push = sockets
    got: list[object] = []
    pull.receive().addCallback(lambda message: got.extend([message, pull.try_receive()]))
    second = Outcomes(pull.receive())
    send(world, push, 1, 2)
    assert got == [[b"1"], None]
    assert second == [[b"2"]]


def test_a_batch_has_one_message_at_least_and_limit_at_most(
    world: World, sockets: tuple[PullSocket, PushSocket]
) -> None:
    pull, push = sockets
    waiting = Outcomes(pull.receive_batch())
    assert waiting.pending
    send(world, push, *range(5))
    assert sum(map(len, waiting)) >= 1
    send(world, push, *range(5))
    left = pull.stats.receive_queue
    assert [len(batch) for batch in Outcomes(pull.receive_batch(3))] == [3]
    assert [len(batch) for batch in Outcomes(pull.receive_batch())] == [left - 3]
    assert pull.try_receive() is None


def test_a_batch_takes_from_all_peers_in_turn(world: World) -> None:
    pull = world.make(PullSocket)
    address = world.bind(pull)
    for name in (b"a", b"b"):
        push = world.make(PushSocket)
        world.run(push.connect(address))
        world.run(push.send_batch([[name]] * 3))
        world.settle()
    assert world.run(pull.receive_batch(4)) == [[b"a"], [b"b"], [b"a"], [b"b"]]
    assert world.run(pull.receive_batch(4)) == [[b"a"], [b"b"]]


@pytest.mark.parametrize("limit", [0, -1])
def test_a_batch_of_nothing_is_a_value_error(world: World, limit: int) -> None:
    with pytest.raises(ValueError, match="a batch has"):
        world.make(PullSocket).receive_batch(limit)


@pytest.mark.parametrize("transport", ["tcp", "ipc", "inproc"])
def test_receive_from_names_the_peer(world: World, transport: str) -> None:
    on = world.network.reactor()
    pull = world.make(PullSocket, on=on)
    address = world.bind(pull, transport)
    for name in (b"a", b"b"):
        push = world.make(PushSocket, on=on, metadata={"X-Name": name})
        world.run(push.connect(address))
        world.settle()
        push.try_send(name)
        peer, message = world.run(pull.receive_from())
        assert message == [name]
        assert peer is pull.peers[-1]
        assert peer.metadata == {"X-Name": name}
        assert peer.address == address


def test_receive_from_names_a_peer_that_has_left(world: World) -> None:
    pull, push = world.pair(PullSocket, PushSocket)
    [there] = pull.peers
    send(world, push, 1)
    world.run(push.close())
    world.settle()
    assert pull.peers == ()
    assert world.run(pull.receive_from()) == (there, [b"1"])


def test_iteration_gives_each_message_and_ends_at_close(
    world: World, sockets: tuple[PullSocket, PushSocket]
) -> None:
    pull, push = sockets
    got: list[list[bytes]] = []

    async def read() -> str:
        async for message in pull:
            got.append(message)
        return "ended"

    reading = Outcomes(Deferred.fromCoroutine(read()))
    send(world, push, 1, 2)
    send(world, push, 3)
    assert got == [[b"1"], [b"2"], [b"3"]]
    assert reading.pending
    world.run(pull.close())
    assert reading == ["ended"]


def test_iteration_over_a_closed_socket_is_over_at_once(world: World) -> None:
    pull = world.make(PullSocket)
    world.run(pull.close())

    async def read() -> list[list[bytes]]:
        return [message async for message in pull]

    assert world.run(read()) == []


def test_a_receive_timeout_of_zero_fails_at_once(world: World) -> None:
    pull, push = world.pair(PullSocket, PushSocket, bind={"receive_timeout": 0})
    assert isinstance(Outcomes(pull.receive()).error, ReceiveTimeout)
    send(world, push, 1)
    assert Outcomes(pull.receive()) == [[b"1"]]


@pytest.mark.parametrize("form", ["receive", "receive_batch", "receive_from"])
def test_a_receive_times_out(world: World, form: str) -> None:
    pull, push = world.pair(PullSocket, PushSocket, bind={"receive_timeout": 1.5})
    waiting: Outcomes[Any] = Outcomes(getattr(pull, form)())
    world.advance(1.4)
    assert waiting.pending
    world.advance(0.2)
    assert isinstance(waiting.error, ReceiveTimeout)
    assert isinstance(waiting.error, TimeoutError)
    assert waiting.error.seconds == 1.5
    send(world, push, 1)
    assert pull.try_receive() == [b"1"]


def test_a_receive_that_is_served_stops_its_clock(world: World) -> None:
    pull, push = world.pair(PullSocket, PushSocket, bind={"receive_timeout": 1.5})
    waiting = Outcomes(pull.receive())
    send(world, push, 1)
    assert waiting == [[b"1"]]
    world.advance(10)
    cancelled = pull.receive()
    outcome = Outcomes(cancelled)
    cancelled.cancel()
    assert isinstance(outcome.error, CancelledError)
    closed = Outcomes(pull.receive())
    world.run(pull.close())
    assert isinstance(closed.error, SocketClosed)
    world.run(push.close())
    world.network.assert_clean()


def test_a_cancelled_receive_leaves_the_message_to_the_next(
    world: World, sockets: tuple[PullSocket, PushSocket]
) -> None:
    pull, push = sockets
    receives = [pull.receive() for _ in range(3)]
    outcomes = [Outcomes(receive) for receive in receives]
    receives[0].cancel()
    receives[1].cancel()
    send(world, push, 1, 2)
    assert outcomes[2] == [[b"1"]]
    assert pull.try_receive() == [b"2"]


def test_a_receiver_may_receive_again_at_once(
    world: World, sockets: tuple[PullSocket, PushSocket]
) -> None:
    pull, push = sockets
    got: list[list[bytes]] = []

    def again(message: list[bytes]) -> None:
        got.append(message)
        if len(got) < 50:
            pull.receive().addCallback(again)

    pull.receive().addCallback(again)
    send(world, push, *range(50))
    assert got == [[b"%d" % number] for number in range(50)]


def test_an_error_in_a_receivers_callback_stays_with_its_deferred(
    world: World, sockets: tuple[PullSocket, PushSocket]
) -> None:
    pull, push = sockets
    failed = pull.receive().addCallback(lambda message: 1 // 0)
    outcome: Outcomes[Any] = Outcomes(failed)
    second = Outcomes(pull.receive())
    send(world, push, 1, 2)
    assert isinstance(outcome.error, ZeroDivisionError)
    assert second == [[b"2"]]
    assert len(pull.peers) == 1
