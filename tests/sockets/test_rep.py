"""REP (ZMTP.md 7.3; DESIGN.md 1: serve())."""

from __future__ import annotations

from typing import Any

import pytest
from twisted.internet.defer import Deferred

from pyzmtp import DealerSocket, RepSocket, ReqSocket
from pyzmtp.errors import PeerLost, WrongState
from pyzmtp.testing import Conditions, FailureLog

from .world import Outcomes, World, hello, message


@pytest.mark.parametrize("transport", ["tcp", "ipc", "inproc"])
@pytest.mark.parametrize("kind", ["plain", "deferred", "coroutine"])
def test_serve_answers_with_what_the_handler_makes(world: World, transport: str, kind: str) -> None:
    rep, req = world.pair(RepSocket, ReqSocket, transport)
    gates: list[tuple[Deferred[Any], list[bytes]]] = []

    def deferred(request: list[bytes]) -> Deferred[Any]:
        gates.append((Deferred(), [b"re", *request]))
        return gates[-1][0]

    async def coroutine(request: list[bytes]) -> Any:
        return await deferred(request)

    handlers: dict[str, Any] = {
        "plain": lambda request: [b"re", *request],
        "deferred": deferred,
        "coroutine": coroutine,
    }
    rep.serve(handlers[kind])
    for number in range(5):
        outcome = Outcomes(req.request(b"%d" % number))
        world.settle()
        if gates:
            assert outcome.pending
            gate, reply = gates.pop()
            gate.callback(reply)
            world.settle()
        assert outcome == [[b"re", b"%d" % number]]


@pytest.mark.parametrize("kind", ["plain", "deferred", "coroutine", "bad reply", "no reply"])
def test_a_failing_handler_is_logged_and_serving_goes_on(
    world: World, failures: FailureLog, kind: str
) -> None:
    rep = world.make(RepSocket)
    address = world.bind(rep)
    unlucky, lucky = world.make(DealerSocket), world.make(DealerSocket)
    for dealer in (unlucky, lucky):
        world.run(dealer.connect(address))

    def handler(request: list[bytes]) -> Any:
        if request == [b"good"]:
            return b"reply"
        if kind == "plain":
            raise LookupError(request)
        if kind == "bad reply":
            return "text"
        if kind == "no reply":
            return None
        return failing(request) if kind == "coroutine" else Deferred.fromCoroutine(failing(request))

    async def failing(request: list[bytes]) -> Any:
        raise LookupError(request)

    rep.serve(handler)
    unlucky.try_send([b"", b"bad"])
    world.settle()
    assert failures.take(LookupError) + failures.take(TypeError) == 1
    for dealer in (unlucky, lucky):
        dealer.try_send([b"", b"good"])
        assert world.drain(dealer) == [[b"", b"reply"]]


def test_requests_are_served_one_at_a_time_and_peers_in_turn(world: World) -> None:
    rep = world.make(RepSocket)
    address = world.bind(rep)
    dealers = [world.make(DealerSocket) for _ in range(3)]
    for dealer in dealers:
        world.run(dealer.connect(address))
    busy: list[tuple[list[bytes], Deferred[Any]]] = []

    def handler(request: list[bytes]) -> Any:
        assert not any(not gate.called for _, gate in busy)
        busy.append((request, Deferred()))
        return busy[-1][1]

    rep.serve(handler)
    for name, dealer in zip(b"abc", dealers, strict=True):
        for _ in range(2):
            dealer.try_send([b"", bytes((name,))])
        world.settle()
    while len(busy) < 6:
        busy[-1][1].callback(b"ok")
    assert b"".join(request[0] for request, _ in busy) in (b"aabcbc", b"abcabc")
    busy[-1][1].callback(b"ok")


def test_serve_fires_when_the_socket_is_closed(world: World) -> None:
    rep = world.make(RepSocket)
    done = Outcomes(rep.serve(lambda request: request))
    world.run(rep.close())
    assert done == [None]


def test_closing_while_a_handler_is_at_work(world: World) -> None:
    rep, req = world.pair(RepSocket, ReqSocket)
    gate: Deferred[Any] = Deferred()
    done = Outcomes(rep.serve(lambda request: gate))
    asking = Outcomes(req.request(b"q"))
    world.settle()
    world.run(rep.close())
    gate.callback(b"too late")
    assert done == [None]
    world.settle()
    assert not asking


def test_serving_can_be_cancelled_and_taken_up_again(world: World) -> None:
    rep, req = world.pair(RepSocket, ReqSocket)
    serving = rep.serve(lambda request: b"first")
    done = Outcomes(serving)
    assert world.run(req.request(b"1")) == [b"first"]
    serving.cancel()
    assert done == [None]
    rep.serve(lambda request: b"second")
    assert world.run(req.request(b"2")) == [b"second"]


def test_cancelling_while_a_handler_is_at_work_cancels_it(world: World) -> None:
    rep = world.make(RepSocket)
    dealer = world.make(DealerSocket)
    world.run(dealer.connect(world.bind(rep)))
    cancelled: list[bool] = []
    gate: Deferred[Any] = Deferred(lambda _: cancelled.append(True))
    serving = rep.serve(lambda request: gate)
    done = Outcomes(serving)
    dealer.try_send([b"", b"1"])
    world.settle()
    serving.cancel()
    assert (cancelled, done) == ([True], [None])
    rep.serve(lambda request: request)
    dealer.try_send([b"", b"2"])
    assert world.drain(dealer) == [[b"", b"2"]]


def test_receiving_twice_and_sending_first_are_wrong_states(world: World) -> None:
    rep, req = world.pair(RepSocket, ReqSocket)
    assert isinstance(Outcomes(rep.send(b"r")).error, WrongState)
    with pytest.raises(WrongState):
        rep.try_send(b"r")
    req.try_send(b"q")
    world.settle()
    assert rep.try_receive() == [b"q"]
    with pytest.raises(WrongState):
        rep.try_receive()
    assert isinstance(Outcomes(rep.receive()).error, WrongState)
    assert rep.try_send(b"r")


def test_the_envelope_goes_back_to_the_asker(world: World) -> None:
    rep = world.make(RepSocket)
    peer = world.attach_raw(rep, hello("DEALER") + message(b"id1", b"id2", b"", b"A", b"", b"B"))
    peer.take()
    assert world.run(rep.receive()) == [b"A", b"", b"B"]
    rep.try_send([b"C", b"D"])
    world.settle()
    assert peer.take() == message(b"id1", b"id2", b"", b"C", b"D")


def test_requests_without_an_envelope_are_dropped_and_the_connection_kept(world: World) -> None:
    rep = world.make(RepSocket)
    bad = message(b"x") + message(b"x", b"") + message(b"") + message(b"a", b"b")
    world.attach_raw(rep, hello("REQ") + bad + message(b"", b"good"))
    assert world.run(rep.receive()) == [b"good"]
    assert rep.stats.dropped_received == 4
    assert len(rep.peers) == 1


def test_a_reply_to_a_peer_that_left_is_dropped(world: World) -> None:
    rep = world.make(RepSocket)
    address = world.bind(rep)
    peer = world.attach_raw(rep, hello("REQ") + message(b"", b"1"), address)
    assert world.run(rep.receive()) == [b"1"]
    peer.close()
    world.settle()
    assert rep.try_send(b"r")
    assert rep.stats.dropped_sent == 1
    world.attach_raw(rep, hello("REQ") + message(b"", b"2"), address)
    assert world.run(rep.receive()) == [b"2"]


def test_the_next_request_waits_for_the_reply(world: World) -> None:
    rep, dealer = world.pair(RepSocket, DealerSocket)
    for number in range(3):
        dealer.try_send([b"", b"%d" % number])
    world.settle()
    assert rep.stats.receive_queue == 3
    assert [len(batch) for batch in Outcomes(rep.receive_batch())] == [1]
    world.run(rep.send(b"r"))
    waiting = Outcomes(rep.receive())
    assert waiting == [[b"1"]]


@pytest.mark.parametrize("when", ["in hand", "unread"])
def test_a_req_gets_no_reply_of_yesterday(world: World, when: str) -> None:
    """It would take it for the one to its next request: nothing tells the two apart."""
    req, rep = world.make(ReqSocket), world.make(RepSocket, reconnect_interval=0.1)
    world.run(rep.connect(world.bind(req)), 1)
    outcome = Outcomes(req.request(b"old"))
    world.settle()
    if when == "in hand":
        assert rep.try_receive() == [b"old"]
    world.network.connections[0].reset()
    world.settle()
    assert isinstance(outcome.error, PeerLost)
    if when == "unread":
        assert rep.try_receive() == [b"old"]
    rep.try_send(b"reply to the old")
    world.advance(1)
    assert len(req.peers) == 1
    outcome = Outcomes(req.request(b"new"))
    world.settle()
    assert rep.try_receive() == [b"new"]
    rep.try_send(b"reply to the new")
    world.settle()
    assert outcome == [[b"reply to the new"]]
    assert rep.stats.dropped_sent == 1


def test_nor_one_that_was_queued(world: World) -> None:
    req = world.make(ReqSocket, req_relaxed=True)
    rep = world.make(RepSocket, reconnect_interval=0.1)
    world.run(rep.connect(world.bind(req)), 1)
    world.network.conditions = Conditions(buffer=1000)
    for request in (b"1", b"2"):
        req.try_send(request)
    world.settle()
    world.network.connections[0].stall()
    for reply in (bytes(4_000_000), b"queued"):
        assert rep.try_receive() is not None
        rep.try_send(reply)
    assert rep.stats.send_queue == 1
    world.network.connections[0].reset()
    world.network.conditions = Conditions()
    world.advance(1)
    assert rep.stats.dropped_sent == 2
    req.try_send(b"3")
    world.settle()
    assert rep.try_receive() == [b"3"]
    rep.try_send(b"reply to the third")
    world.settle()
    assert req.try_receive() == [b"reply to the third"]


def test_who_can_tell_replies_apart_gets_them_after_a_reconnection(world: World) -> None:
    """ZMTP.md 8.3: what a connecting socket has queued is kept."""
    dealer, rep = world.make(DealerSocket), world.make(RepSocket, reconnect_interval=0.1)
    world.run(rep.connect(world.bind(dealer)), 1)
    dealer.try_send([b"1", b"", b"request"])
    world.settle()
    assert rep.try_receive() == [b"request"]
    world.network.connections[0].reset()
    world.settle()
    rep.try_send(b"reply")
    world.advance(1)
    assert world.drain(dealer) == [[b"1", b"", b"reply"]]
