"""stop_receiving(): the end for peers that come and for whoever receives, not for who is answered."""

from __future__ import annotations

import pytest
from twisted.internet.defer import Deferred

from pyzmtp import (
    ConnectRetried,
    DealerSocket,
    PullSocket,
    PushSocket,
    RadioSocket,
    RepSocket,
    ReqSocket,
    RouterSocket,
    SocketClosed,
)
from pyzmtp.sockets.dish import DishSocket

from .world import Outcomes, World, port_of

TRANSPORTS = ["tcp", "ipc", "inproc"]


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_whoever_receives_is_told_that_it_is_over(world: World, transport: str) -> None:
    pull, push = world.pair(PullSocket, PushSocket, transport)
    one, other = Outcomes(pull.receive()), Outcomes(pull.receive_from())
    pull.stop_receiving()
    assert type(one.error) is type(other.error) is SocketClosed
    push.try_send(b"x")
    world.settle()
    assert not pull.readable
    assert isinstance(Outcomes(pull.receive()).error, SocketClosed)
    assert isinstance(Outcomes(pull.receive_batch()).error, SocketClosed)
    assert isinstance(Outcomes(pull.consume(print)).error, SocketClosed)
    with pytest.raises(SocketClosed):
        pull.try_receive()
    pull.stop_receiving()  # once more changes nothing
    assert not pull.closed


def test_iteration_and_consuming_end(world: World) -> None:
    async def read(pull: PullSocket) -> list[list[bytes]]:
        return [message async for message in pull]

    pull, push = world.pair(PullSocket, PushSocket)
    reading = Outcomes(Deferred.fromCoroutine(read(pull)))
    push.try_send(b"x")
    world.settle()
    pull.stop_receiving()
    assert reading == [[[b"x"]]]
    other, _ = world.pair(PullSocket, PushSocket)
    consuming = Outcomes(other.consume(lambda batch: None))
    other.stop_receiving()
    assert consuming == [None]


def test_a_batch_that_is_being_consumed_is_the_last(world: World) -> None:
    pull, push = world.pair(PullSocket, PushSocket)
    batches: list[list[list[bytes]]] = []
    busy: Deferred[None] = Deferred()

    def consume(batch: list[list[bytes]]) -> Deferred[None]:
        batches.append(batch)
        pull.stop_receiving()
        return busy

    consuming = Outcomes(pull.consume(consume))
    for number in (b"1", b"2"):
        push.try_send(number)
        world.settle()
    assert consuming == [None]
    busy.callback(None)
    world.settle()
    assert batches == [[[b"1"]]]


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_what_has_been_received_can_be_answered(world: World, transport: str) -> None:
    rep, req = world.pair(RepSocket, ReqSocket, transport)
    later: Deferred[bytes] = Deferred()
    serving = Outcomes(rep.serve(lambda request: later))
    reply = Outcomes(req.request(b"x"))
    world.settle()
    rep.stop_receiving()
    assert serving.pending
    later.callback(b"answered")
    world.settle()
    assert reply == [[b"answered"]]
    assert serving == [None]


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_nobody_is_accepted_any_more(world: World, transport: str) -> None:
    on = world.network.reactor() if transport == "inproc" else None
    router = world.make(RouterSocket, on=on)
    address = world.bind(router, transport)
    there, late = (world.make(DealerSocket, on=on) for _ in range(2))
    world.run(there.connect(address), 1)
    world.settle()
    [peer] = router.peers
    router.stop_receiving()
    late.connect(address)
    world.advance(1)
    assert router.peers == (peer,)
    assert late.peers == ()
    if transport == "inproc":
        return  # there, unbind() parts from nobody
    assert world.of(late, ConnectRetried)
    world.run(router.unbind(address), 1)  # it still knows the bind
    assert not router.peers


def test_who_is_not_through_the_handshake_is_parted_from(world: World) -> None:
    pull = world.make(PullSocket)
    address = world.bind(pull)
    stranger = world.network.raw_connect(port_of(address))
    world.settle()
    pull.stop_receiving()
    world.settle()
    assert stranger.closed


def test_a_bind_that_is_under_way_fails(world: World) -> None:
    pull = world.make(PullSocket)
    world.network.names["slow.example"] = ["127.0.0.1"]
    bound = Outcomes(pull.bind("tcp://slow.example:*"))
    assert bound.pending
    pull.stop_receiving()
    world.settle()
    assert isinstance(bound.error, SocketClosed)


def test_a_request_that_waits_fails(world: World) -> None:
    _, req = world.pair(RepSocket, ReqSocket)
    reply = Outcomes(req.request(b"x"))
    world.settle()
    req.stop_receiving()
    assert isinstance(reply.error, SocketClosed)


def test_datagrams(world: World) -> None:
    dish, radio = world.make(DishSocket), world.make(RadioSocket)
    dish.join(b"g")
    address = world.run(dish.bind("udp://127.0.0.1:*"))
    world.run(radio.connect(address))
    dish.stop_receiving()
    radio.try_send([b"g", b"x"])
    world.settle()
    assert not dish.readable


def test_a_closed_socket_says_so(world: World) -> None:
    pull = world.make(PullSocket)
    world.run(pull.close())
    with pytest.raises(SocketClosed):
        pull.stop_receiving()
