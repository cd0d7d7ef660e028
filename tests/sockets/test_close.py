"""close(): linger, and that nothing is left (ZMTP.md 8.3, DESIGN.md 1 and 4)."""

from __future__ import annotations

from typing import Any

import pytest
from twisted.internet.defer import Deferred

from pyzmtp import (
    DealerSocket,
    PairSocket,
    PubSocket,
    PullSocket,
    PushSocket,
    RepSocket,
    ReqSocket,
    RouterSocket,
    Socket,
    SubSocket,
    XPubSocket,
    XSubSocket,
)
from pyzmtp.engine.events import Closed, MessagesDropped
from pyzmtp.errors import ConnectAborted, OptionError, SocketClosed
from pyzmtp.testing import Conditions

from .world import Outcomes, World, hello

NOWHERE = "tcp://127.0.0.1:40001"
ALL: list[type[Socket]] = [
    PairSocket, PubSocket, SubSocket, XPubSocket, XSubSocket, ReqSocket, RepSocket, DealerSocket,
    RouterSocket, PushSocket, PullSocket,
]  # fmt: skip


@pytest.mark.parametrize("kind", ALL)
def test_a_new_socket_closes_at_once(world: World, kind: type[Socket]) -> None:
    socket = world.make(kind)
    assert not socket.closed
    assert world.run(socket.close()) is None
    assert socket.closed


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize("linger", [0, 5.0, None])
def test_bound_and_connecting_sockets_leave_nothing_behind(
    world: World, kind: type[Socket], linger: float | None
) -> None:
    socket = world.make(kind)
    for where in ("tcp://*:*", "ipc:///run/bound", "inproc://bound"):
        world.run(socket.bind(where))
    for where in (NOWHERE, "ipc:///run/nowhere", "inproc://nowhere"):
        socket.connect(where)
    world.advance(0.5)
    assert world.run(socket.close(linger)) is None
    world.network.assert_clean()
    assert len(world.of(socket, Closed)) == (4 if kind is PairSocket else 6)


@pytest.mark.parametrize("transport", ["tcp", "ipc", "inproc"])
@pytest.mark.parametrize("binding", [True, False])
def test_close_sends_what_is_queued(world: World, transport: str, binding: bool) -> None:
    if binding:
        push: Any
        push, pull = world.pair(PushSocket, PullSocket, transport)
    else:
        pull, push = world.pair(PullSocket, PushSocket, transport)
    world.run(push.send_batch([b"%d" % number for number in range(500)]))
    done = Outcomes(push.close())
    assert world.drain(pull) == [[b"%d" % number] for number in range(500)]
    assert done == [None]


def test_linger_counts_bytes_in_the_transport(world: World) -> None:
    """T32: linger ends when the transport's buffer is flushed, not when our queue is empty."""
    world.network.conditions = Conditions(buffer=1000)
    push = world.make(PushSocket)
    peer = world.attach_raw(push, hello("PULL"))
    peer.pause()
    push.try_send(bytes(50_000))
    assert push.stats.send_queue == 0
    closing = Outcomes(push.close(linger=None))
    world.advance(1000)
    assert closing.pending
    peer.resume()
    world.settle()
    assert closing == [None]
    assert peer.received.endswith(bytes(50_000))


@pytest.mark.parametrize("linger", [0.5, 3.0])
def test_close_ends_when_linger_is_over_and_tells_what_was_lost(
    world: World, linger: float
) -> None:
    world.network.conditions = Conditions(buffer=1000)
    push = world.make(PushSocket)
    peer = world.attach_raw(push, hello("PULL"))
    peer.pause()
    for _ in range(300):
        push.try_send(bytes(1000))
    world.settle()
    queued = push.stats.send_queue
    closing = Outcomes(push.close(linger=linger))
    world.advance(linger - 0.1)
    assert closing.pending
    world.advance(0.2)
    assert closing == [None]
    assert push.stats.dropped_sent == queued > 0
    assert [event.count for event in world.of(push, MessagesDropped)] == [queued]


def test_the_default_linger_is_5_seconds(world: World) -> None:
    push = world.make(PushSocket)
    push.connect(NOWHERE)
    push.try_send(b"x")
    closing = Outcomes(push.close())
    world.advance(4.9)
    assert closing.pending
    world.advance(0.2)
    assert closing == [None]


@pytest.mark.parametrize("linger", [0, 0.05, 3.0])
def test_what_was_dropped_is_counted_and_told_before_close_fires(
    world: World, linger: float
) -> None:
    world.network.blackhole("127.0.0.1")
    push = world.make(PushSocket)
    push.connect(NOWHERE)
    push.try_send(b"x")
    world.settle()
    counted: list[int] = []
    push.close(linger).addCallback(lambda _: counted.append(push.stats.dropped_sent))
    world.advance(linger)
    assert counted == [1]
    assert world.names(push)[-3:] == ["MessagesDropped", "Closed", "MonitorStopped"]


def test_no_linger_drops_at_once(world: World) -> None:
    world.network.conditions = Conditions(buffer=1000)
    push = world.make(PushSocket)
    peer = world.attach_raw(push, hello("PULL"))
    peer.pause()
    for _ in range(300):
        push.try_send(bytes(1000))
    world.settle()
    queued = push.stats.send_queue
    assert world.run(push.close(linger=0)) is None
    assert push.stats.dropped_sent == queued > 0


def test_handshakes_and_reconnects_go_on_while_close_lingers(world: World) -> None:
    push = world.make(PushSocket)
    push.connect(NOWHERE)
    for number in range(3):
        push.try_send(b"%d" % number)
    closing = Outcomes(push.close(linger=None))
    world.advance(500)
    assert closing.pending
    pull = world.make(PullSocket)
    world.run(pull.bind(NOWHERE))
    world.advance(1)
    assert closing == [None]
    assert world.drain(pull) == [[b"0"], [b"1"], [b"2"]]


def test_a_connection_lost_while_close_lingers_is_dialled_again(world: World) -> None:
    world.network.conditions = Conditions(buffer=1000)
    pull, push = world.pair(PullSocket, PushSocket)
    world.network.connections[0].stall()
    for number in range(300):
        push.try_send([b"%d" % number, bytes(1000)])
    world.settle()
    queued = push.stats.send_queue
    closing = Outcomes(push.close(linger=None))
    world.network.connections[0].reset()
    world.advance(1)
    assert [int(frames[0]) for frames in world.drain(pull)] == list(range(300 - queued, 300))
    assert closing == [None]


def test_unread_messages_are_lost_with_close(world: World) -> None:
    push, pull = world.pair(PushSocket, PullSocket)
    push.try_send(b"unread")
    world.settle()
    world.run(pull.close())
    assert pull.stats.receive_queue == 0
    assert pull.stats.dropped_received == 1


def test_unread_messages_of_a_bound_socket_are_lost_with_close(world: World) -> None:
    pull, push = world.pair(PullSocket, PushSocket)
    push.try_send(b"unread")
    world.settle()
    world.run(pull.close())
    assert pull.stats.receive_queue == 0
    assert pull.stats.dropped_received == 1


def test_a_second_close_fires_too_and_can_shorten_the_time(world: World) -> None:
    push = world.make(PushSocket)
    push.connect(NOWHERE)
    push.try_send(b"x")
    first = Outcomes(push.close(linger=None))
    second = Outcomes(push.close())
    world.advance(100)
    assert first.pending
    assert second.pending
    third = Outcomes(push.close(linger=1))
    world.advance(1.1)
    assert first == second == third == [None]
    assert world.run(push.close()) is None


def test_a_second_close_cannot_lengthen_the_time(world: World) -> None:
    push = world.make(PushSocket)
    push.connect(NOWHERE)
    push.try_send(b"x")
    first = Outcomes(push.close(linger=1))
    push.close(linger=100)
    push.close(linger=None)
    world.advance(1.1)
    assert first == [None]


@pytest.mark.parametrize(
    "linger", [-1, float("nan"), float("inf"), 10**400, True, "1", b"", [], {}]
)
def test_a_linger_that_the_option_does_not_take_is_an_error(world: World, linger: Any) -> None:
    push = world.make(PushSocket)
    with pytest.raises(OptionError, match="linger"):
        push.close(linger)
    assert not push.closed
    assert world.run(push.close(1)) is None


def test_connect_fails_with_connect_aborted_when_the_socket_is_closed(world: World) -> None:
    push = world.make(PushSocket)
    ready = Outcomes(push.connect(NOWHERE))
    world.run(push.close())
    assert isinstance(ready.error, ConnectAborted)


def test_bind_fails_with_socket_closed_when_the_socket_is_closed_meanwhile(world: World) -> None:
    push = world.make(PushSocket)
    bound = Outcomes(push.bind("tcp://localhost:*"))
    world.run(push.close())
    assert isinstance(bound.error, SocketClosed)
    assert world.network.ports == []


def test_a_closed_socket_refuses_everything_else(world: World) -> None:
    dealer = world.make(DealerSocket)
    world.run(dealer.close())
    with pytest.raises(SocketClosed):
        dealer.bind("tcp://*:*")
    with pytest.raises(SocketClosed):
        dealer.connect(NOWHERE)
    with pytest.raises(SocketClosed):
        dealer.try_send(b"x")
    with pytest.raises(SocketClosed):
        dealer.try_receive()
    for failing in (
        dealer.consume(print),
        dealer.send(b"x"),
        dealer.send_batch([b"x"]),
        dealer.receive(),
        dealer.receive_batch(),
        dealer.receive_from(),
    ):
        assert isinstance(Outcomes[Any](failing).error, SocketClosed)


def test_whoever_waits_is_told_that_the_socket_closed(world: World) -> None:
    dealer = world.make(DealerSocket)
    waiting: list[Outcomes[Any]] = [
        Outcomes(dealer.send(b"x")),
        Outcomes(dealer.send_batch([b"x"])),
        Outcomes(dealer.receive()),
        Outcomes(dealer.receive_batch()),
        Outcomes(dealer.receive_from()),
    ]
    world.run(dealer.close())
    assert all(isinstance(each.error, SocketClosed) for each in waiting)


def test_async_with_closes_at_its_end(world: World) -> None:
    pull = world.make(PullSocket)

    async def main() -> PushSocket:
        async with world.make(PushSocket) as push:
            await push.connect(await pull.bind("tcp://127.0.0.1:*"))
            await push.send(b"x")
        return push

    assert world.run(main()).closed
    assert world.drain(pull) == [[b"x"]]
    assert pull.peers == ()


def test_async_with_closes_after_an_error_too(world: World) -> None:
    async def main() -> None:
        async with world.make(PullSocket) as pull:
            await pull.bind("tcp://127.0.0.1:*")
            raise LookupError

    with pytest.raises(LookupError):
        world.run(main())
    assert world.network.ports == []


def test_async_with_in_a_coroutine_that_is_thrown_away(world: World) -> None:
    """As all are when a process ends whose reactor was stopped."""

    async def main() -> None:
        async with world.make(PullSocket) as pull, world.make(ReqSocket) as req:
            await pull.bind("tcp://127.0.0.1:*")
            req.connect(NOWHERE)
            await pull.receive()

    coroutine = main()
    waiting = coroutine.send(None)
    while waiting.called:  # as a Deferred that has fired is awaited
        waiting = coroutine.send(None)
    coroutine.close()
    assert isinstance(waiting, Deferred)
    assert not waiting.called
    failed = Outcomes(waiting)
    world.settle()
    assert isinstance(failed.error, SocketClosed)
    world.network.assert_clean()


def test_close_from_within_an_event_leaves_nothing(world: World) -> None:
    for moment in ("Listening", "Accepted", "HandshakeSucceeded", "Disconnected"):
        pull, push = world.make(PullSocket), world.make(PushSocket)

        def close_at(event: object, moment: str = moment, pull: PullSocket = pull) -> None:
            if type(event).__name__ == moment:
                pull.close(0)

        pull.on_event(close_at)
        bound = Outcomes(pull.bind("tcp://127.0.0.1:40001"))
        world.settle()
        push.connect("tcp://127.0.0.1:40001")
        world.advance(1)
        if moment == "Disconnected":
            world.run(push.close())
        world.settle()
        assert pull.closed
        assert bound == ["tcp://127.0.0.1:40001"] or moment == "Listening"
        assert world.network.ports == []
        world.run(push.close(0))
        world.network.assert_clean()


def test_close_from_within_a_connecters_event_leaves_nothing(world: World) -> None:
    for moment in ("ConnectDelayed", "Connected", "ConnectRetried", "HandshakeSucceeded"):
        pull, push = world.make(PullSocket), world.make(PushSocket)
        if moment != "ConnectRetried":
            world.run(pull.bind("tcp://127.0.0.1:40001"))
        done: list[Outcomes[None]] = []

        def close_at(
            event: object,
            moment: str = moment,
            push: PushSocket = push,
            done: list[Outcomes[None]] = done,
        ) -> None:
            if type(event).__name__ == moment:
                done.append(Outcomes(push.close(0)))

        push.on_event(close_at)
        push.connect("tcp://127.0.0.1:40001")
        world.advance(1)
        assert done == [[None]], moment
        world.run(pull.close(0))
        world.network.assert_clean()
