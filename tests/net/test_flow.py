"""pyzmtp.net.flow: the turns in which writes are collected."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import CancelledError
from twisted.internet.task import Clock

from pyzmtp import PullSocket, PushSocket, RouterSocket
from pyzmtp.net.flow import WriteTurn
from pyzmtp.testing import FailureLog

from ..sockets.world import Outcomes, World, hello, message


def test_all_who_join_are_called_at_the_end_of_the_turn_in_their_order() -> None:
    clock, log = Clock(), list[str]()
    turn = WriteTurn(clock)
    turn.join(lambda: log.append("a"))
    turn.join(lambda: log.append("b"))
    assert log == []
    assert len(clock.getDelayedCalls()) == 1
    clock.advance(0)
    assert log == ["a", "b"]


def test_who_joins_during_the_end_waits_for_the_next() -> None:
    clock, log = Clock(), list[str]()
    turn = WriteTurn(clock)

    def again() -> None:
        turn.join(lambda: log.append("next"))
        log.append("this")

    turn.join(again)
    turn.join(lambda: log.append("other"))
    clock.advance(0)
    clock.advance(0)
    assert log == ["this", "other", "next"]


def test_what_is_sent_while_a_chunk_is_received_is_written_when_it_is_dealt_with() -> None:
    clock, log = Clock(), list[str]()
    turn = WriteTurn(clock)
    turn.receiving += 1
    turn.collect(lambda: log.append("outer"))
    turn.receiving += 1  # on another connection, from within
    turn.collect(lambda: log.append("inner"))
    turn.received()
    assert log == []
    turn.received()
    assert log == ["outer", "inner"]
    assert clock.getDelayedCalls() == []
    turn.collect(lambda: log.append("later"))  # from nowhere: when the turn is over
    assert log == ["outer", "inner"]
    clock.advance(0)
    assert log == ["outer", "inner", "later"]


def test_a_reply_is_written_once_and_costs_no_timed_call(world: World) -> None:
    """Three replies to one chunk are one write, and nothing is left to be called."""
    router = world.make(RouterSocket)
    address = world.run(router.bind("tcp://127.0.0.1:*"))
    peer = world.network.raw_connect(int(address.rpartition(":")[2]))
    peer.send(hello("DEALER"))
    world.settle()
    peer.take()
    writes, calls = list[bytes](), list[int]()
    reactor: Any = router._reactor
    transport: Any = router._binds[0].pipes[0].link.transport  # type: ignore[union-attr]
    transport.write = writes.append

    def echo(batch: list[list[bytes]]) -> None:
        for each in batch:
            router.try_send(each)
        calls.append(len(reactor.getDelayedCalls()))

    before = len(reactor.getDelayedCalls())
    router.consume(echo)
    peer.send(message(b"1") + message(b"2") + message(b"3"))
    world.settle()
    assert writes == [message(b"1") + message(b"2") + message(b"3")]
    assert calls == [before]


def test_next_fires_at_the_end_unless_it_is_cancelled() -> None:
    clock = Clock()
    turn = WriteTurn(clock)
    waiting = [turn.next(), turn.next()]
    outcomes = [Outcomes(each) for each in waiting]
    waiting[0].cancel()
    assert isinstance(outcomes[0].error, CancelledError)
    clock.advance(0)
    assert outcomes[1] == [None]


def test_cancel_ends_the_turn_at_once() -> None:
    clock, log = Clock(), list[str]()
    turn = WriteTurn(clock)
    turn.cancel()
    turn.join(lambda: log.append("a"))
    turn.cancel()
    assert log == ["a"]
    assert clock.getDelayedCalls() == []


def test_a_sockets_writes_of_one_turn_leave_together(world: World) -> None:
    """The first at once, for the sake of its delay; the others in one write."""
    pull, push = world.pair(PullSocket, PushSocket)
    [connection] = world.network.connections
    transport: Any = connection.client
    writes: list[bytes] = []
    write = transport.write

    def recording(data: bytes) -> None:
        writes.append(data)
        write(data)

    transport.write = recording
    for _ in range(100):
        push.try_send(b"x")
    assert len(writes) == 1
    world.settle()
    assert [len(data) for data in writes] == [3, 99 * 3]
    push.send_batch([b"x"] * 100)
    world.settle()
    assert sum(len(data) for data in writes) == 600
    assert len(writes) <= 4
    assert len(world.drain(pull)) == 200


def test_a_member_that_fails_costs_the_others_nothing(failures: FailureLog) -> None:
    clock, log = Clock(), list[str]()
    turn = WriteTurn(clock)

    def fail() -> None:
        raise LookupError

    turn.join(lambda: log.append("a"))
    turn.join(fail)
    turn.join(lambda: log.append("b"))
    clock.advance(0)
    assert log == ["a", "b"]
    assert failures.take(LookupError) == 1
    turn.join(lambda: log.append("c"))
    clock.advance(0)
    assert log == ["a", "b", "c"]


def test_a_connection_that_fails_at_the_end_of_a_turn_leaves_the_others_going(
    world: World, failures: FailureLog
) -> None:
    push, pulls = world.make(PushSocket), [world.make(PullSocket) for _ in range(2)]
    address = world.bind(push)
    for pull in pulls:
        world.run(pull.connect(address))
    connection: Any = world.network.connections[0]
    write = connection.server.write
    for number in range(4):
        push.try_send(b"%d" % number)

    def fail(data: bytes) -> None:
        raise LookupError

    connection.server.write = fail
    world.settle()
    connection.server.write = write
    assert failures.take(LookupError) == 1
    for number in range(4, 8):
        push.try_send(b"%d" % number)
    received = [[int(frames[0]) for frames in world.drain(pull)] for pull in pulls]
    assert received[0][0] == 0
    assert received[1] == [1, 3, 5, 7]
