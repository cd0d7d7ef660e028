"""consume(): batches to a callback, with push-back (DESIGN.md 1)."""

from __future__ import annotations

from typing import Any

import pytest
from twisted.internet.defer import CancelledError, Deferred

from pyzmtp import PullSocket, PushSocket
from pyzmtp.errors import WrongState
from pyzmtp.testing import Conditions

from .world import Outcomes, World

Sockets = tuple[PullSocket, PushSocket]


@pytest.fixture(params=["tcp", "inproc"])
def sockets(world: World, request: pytest.FixtureRequest) -> Sockets:
    return world.pair(PullSocket, PushSocket, request.param)


def numbers(*values: int) -> list[list[bytes]]:
    """Messages that are numbers."""
    return [[b"%d" % value] for value in values]


def send(world: World, push: PushSocket, *values: int) -> None:
    """Send numbers and let them arrive."""
    Outcomes(push.send_batch(numbers(*values)))
    world.settle()


def test_all_messages_come_in_batches_and_in_order(world: World, sockets: Sockets) -> None:
    pull, push = sockets
    send(world, push, 0, 1)
    batches: list[list[list[bytes]]] = []
    pull.consume(batches.append)
    assert batches == [numbers(0, 1)]
    send(world, push, *range(2, 5000))
    assert [message for batch in batches for message in batch] == numbers(*range(5000))
    assert all(0 < len(batch) <= 1000 for batch in batches)


def test_it_fires_when_the_socket_is_closed(world: World, sockets: Sockets) -> None:
    pull, _ = sockets
    done = Outcomes(pull.consume(lambda batch: None))
    assert done.pending
    world.run(pull.close())
    assert done == [None]


@pytest.mark.parametrize("kind", ["deferred", "coroutine"])
def test_a_callback_that_is_not_done_holds_back_the_next_batch(
    world: World, sockets: Sockets, kind: str
) -> None:
    pull, push = sockets
    batches: list[list[list[bytes]]] = []
    gates: list[Deferred[None]] = []

    def callback(batch: list[list[bytes]]) -> Any:
        batches.append(batch)
        gates.append(Deferred())
        return gates[-1] if kind == "deferred" else wait(gates[-1])

    async def wait(gate: Deferred[None]) -> None:
        await gate

    pull.consume(callback)
    send(world, push, 1)
    send(world, push, 2)
    send(world, push, 3)
    assert batches == [numbers(1)]
    assert pull.stats.receive_queue == 2
    gates[0].callback(None)
    assert batches == [numbers(1), numbers(2, 3)]
    gates[1].callback(None)
    send(world, push, 4)
    assert batches[2:] == [numbers(4)]


def test_push_back_reaches_the_sender(world: World, sockets: Sockets) -> None:
    pull, push = sockets
    world.network.conditions = Conditions(buffer=1000)
    gate: Deferred[None] = Deferred()
    pull.consume(lambda batch: gate)
    sending = Outcomes(push.send_batch([bytes(1000)] * 10_000))
    world.settle()
    assert sending.pending
    assert pull.stats.receive_queue <= 1000
    gate.callback(None)
    world.settle()
    assert pull.stats.messages_received == 10_000
    assert sending == [None]


@pytest.mark.parametrize("kind", ["plain", "deferred", "coroutine"])
def test_a_failing_callback_fails_it_and_leaves_the_rest(
    world: World, sockets: Sockets, kind: str
) -> None:
    pull, push = sockets

    def plain(batch: list[list[bytes]]) -> Any:
        raise LookupError(batch)

    def deferred(batch: list[list[bytes]]) -> Any:
        gate: Deferred[None] = Deferred()
        gate.errback(LookupError(batch))
        return gate

    async def coroutine(batch: list[list[bytes]]) -> None:
        raise LookupError(batch)

    done = Outcomes(pull.consume({"plain": plain, "deferred": deferred}.get(kind, coroutine)))
    send(world, push, 1)
    assert isinstance(done.error, LookupError)
    send(world, push, 2)
    assert pull.try_receive() == [b"2"]
    assert len(pull.peers) == 1


@pytest.mark.parametrize("result", [1, "text", [b"x"], object()])
def test_what_a_callback_returns_means_nothing_unless_it_can_be_waited_for(
    world: World, sockets: Sockets, result: Any
) -> None:
    pull, push = sockets
    batches: list[list[list[bytes]]] = []

    def callback(batch: list[list[bytes]]) -> Any:
        batches.append(batch)
        return result

    done = Outcomes(pull.consume(callback))
    send(world, push, 1)
    send(world, push, 2)
    assert batches == [numbers(1), numbers(2)]
    assert done.pending


def test_an_awaitable_of_another_kind_fails_it(world: World, sockets: Sockets) -> None:
    pull, push = sockets

    class Foreign:
        def __await__(self) -> Any:
            yield

    done = Outcomes(pull.consume(lambda batch: Foreign()))
    send(world, push, 1)
    assert isinstance(done.error, TypeError)
    assert len(pull.peers) == 1
    send(world, push, 2)
    assert pull.try_receive() == [b"2"]


def test_cancelling_ends_it_and_loses_nothing(world: World, sockets: Sockets) -> None:
    pull, push = sockets
    batches: list[list[list[bytes]]] = []
    consuming = pull.consume(batches.append)
    done = Outcomes(consuming)
    send(world, push, 1)
    consuming.cancel()
    assert isinstance(done.error, CancelledError)
    send(world, push, 2)
    assert batches == [numbers(1)]
    assert pull.try_receive() == [b"2"]
    pull.consume(batches.append)
    send(world, push, 3)
    assert batches == [numbers(1), numbers(3)]


def test_cancelling_while_a_batch_is_worked_on(world: World, sockets: Sockets) -> None:
    pull, push = sockets
    gate: Deferred[None] = Deferred()
    consuming = pull.consume(lambda batch: gate)
    done = Outcomes(consuming)
    send(world, push, 1)
    consuming.cancel()
    assert isinstance(done.error, CancelledError)
    send(world, push, 2)
    again: list[list[list[bytes]]] = []
    pull.consume(again.append)
    assert again == [numbers(2)]
    gate.callback(None)
    send(world, push, 3)
    assert again == [numbers(2), numbers(3)]


def test_cancelling_from_within_the_callback(world: World, sockets: Sockets) -> None:
    pull, push = sockets
    batches: list[list[list[bytes]]] = []

    def once(batch: list[list[bytes]]) -> None:
        batches.append(batch)
        consuming.cancel()

    consuming = pull.consume(once)
    done = Outcomes(consuming)
    send(world, push, *range(3000))
    assert len(batches) == 1
    assert isinstance(done.error, CancelledError)
    left = world.drain(pull)
    assert batches[0] + left == numbers(*range(3000))


def test_closing_from_within_the_callback(world: World, sockets: Sockets) -> None:
    pull, push = sockets
    batches: list[list[list[bytes]]] = []

    def once(batch: list[list[bytes]]) -> None:
        batches.append(batch)
        pull.close(0)

    done = Outcomes(pull.consume(once))
    send(world, push, *range(3000))
    assert done == [None]
    assert len(batches) == 1


def test_closing_while_a_batch_is_worked_on(world: World, sockets: Sockets) -> None:
    pull, push = sockets
    gate: Deferred[None] = Deferred()
    done = Outcomes(pull.consume(lambda batch: gate))
    send(world, push, 1)
    world.run(pull.close())
    assert done == [None]
    gate.callback(None)


def test_nobody_else_may_receive_meanwhile(world: World, sockets: Sockets) -> None:
    pull, _ = sockets
    consuming = pull.consume(lambda batch: None)
    done = Outcomes(consuming)
    with pytest.raises(WrongState):
        pull.try_receive()
    again = pull.consume(lambda batch: None)
    for failing in (again, pull.receive(), pull.receive_batch(), pull.receive_from()):
        assert isinstance(Outcomes[Any](failing).error, WrongState)
    consuming.cancel()
    assert isinstance(done.error, CancelledError)
    waiting = pull.receive()
    waited = Outcomes(waiting)
    assert isinstance(Outcomes(pull.consume(lambda batch: None)).error, WrongState)
    waiting.cancel()
    assert isinstance(waited.error, CancelledError)
