"""REQ (ZMTP.md 7.2; DESIGN.md 1: request())."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from twisted.internet.defer import CancelledError
from twisted.python.failure import Failure

from pyzmtp import RepSocket, ReqSocket, RouterSocket
from pyzmtp.errors import PeerLost, RequestTimeout, SocketClosed, WrongState
from pyzmtp.testing import Conditions

from .world import Outcomes, World, hello, message

TRANSPORTS = ["tcp", "ipc", "inproc"]


def answer(name: bytes, request: list[bytes]) -> bytes:
    """A handler that says who it is."""
    return name


def serve(router: RouterSocket, world: World) -> list[list[bytes]]:
    """Answer everything with "re:" and what it was; return what came."""
    asked = world.drain(router)
    for routing_id, *envelope, body in asked:
        router.try_send([routing_id, *envelope, b"re:" + body])
    world.settle()
    return asked


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_request_sends_and_receives(world: World, transport: str) -> None:
    rep, req = world.pair(RepSocket, ReqSocket, transport)
    rep.serve(lambda request: [b"echo", *request])
    for number in range(30):
        assert world.run(req.request([b"%d" % number, b""])) == [b"echo", b"%d" % number, b""]


def test_the_wire_form_is_an_empty_frame_and_the_request(world: World) -> None:
    req = world.make(ReqSocket)
    listener, peer = world.accept_raw(req, hello("REP"))
    peer.take()
    req.try_send(b"q")
    world.settle()
    assert peer.take() == bytes.fromhex("0100 0001 71")
    peer.send(message(b"", b"answer"))
    assert world.run(req.receive()) == [b"answer"]
    listener.close()


def test_sending_twice_and_receiving_first_are_wrong_states(world: World) -> None:
    _, req = world.pair(RepSocket, ReqSocket)
    assert isinstance(Outcomes(req.receive()).error, WrongState)
    req.try_send(b"q")
    with pytest.raises(WrongState):
        req.try_send(b"q")
    assert isinstance(Outcomes(req.send(b"q")).error, WrongState)
    assert isinstance(Outcomes(req.send_batch([b"q"])).error, WrongState)


def test_a_batch_of_requests_stops_at_the_second(world: World) -> None:
    _, req = world.pair(RepSocket, ReqSocket)
    assert isinstance(Outcomes(req.send_batch([b"1", b"2"])).error, WrongState)
    assert req.stats.messages_sent == 1


def test_a_second_request_while_one_is_under_way_is_a_wrong_state(world: World) -> None:
    router, req = world.pair(RouterSocket, ReqSocket)
    first = Outcomes(req.request(b"1"))
    assert isinstance(Outcomes(req.request(b"2")).error, WrongState)
    serve(router, world)
    assert first == [[b"re:1"]]


def test_requests_go_to_the_peers_in_turn(world: World) -> None:
    req = world.make(ReqSocket)
    reps = [world.make(RepSocket) for _ in range(2)]
    for name, rep in zip((b"a", b"b"), reps, strict=True):
        rep.serve(partial(answer, name))
        world.run(req.connect(world.bind(rep)))
    assert [world.run(req.request(b"")) for _ in range(4)] == [[b"a"], [b"b"], [b"a"], [b"b"]]


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_late_reply_is_never_taken_for_the_next(world: World, transport: str) -> None:
    router, req = world.pair(RouterSocket, ReqSocket, transport)
    first = Outcomes(req.request(b"1", timeout=1.0))
    [asked] = world.drain(router)
    world.advance(1.1)
    assert isinstance(first.error, RequestTimeout)
    assert first.error.seconds == 1.0
    assert isinstance(first.error, TimeoutError)
    router.try_send([*asked[:-1], b"late"])
    second = Outcomes(req.request(b"2"))
    router.try_send([*asked[:-1], b"late"])
    world.advance(1)
    router.try_send([*asked[:-1], b"late"])
    assert [asked[-1] for asked in serve(router, world)] == [b"2"]
    assert second == [[b"re:2"]]


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_cancelled_request_makes_room_for_the_next(world: World, transport: str) -> None:
    router, req = world.pair(RouterSocket, ReqSocket, transport)
    requesting = req.request(b"1")
    first = Outcomes(requesting)
    [asked] = world.drain(router)
    requesting.cancel()
    assert isinstance(first.error, CancelledError)
    router.try_send([*asked[:-1], b"late"])
    second = Outcomes(req.request(b"2"))
    world.advance(1)
    serve(router, world)
    assert second == [[b"re:2"]]


def test_a_request_that_was_not_sent_yet_is_taken_back(world: World) -> None:
    """txZMQ#77: a server that returns is not flooded by requests nobody waits for."""
    req, router = world.make(ReqSocket), world.make(RouterSocket)
    req.connect("tcp://127.0.0.1:40001")
    for number in range(10):
        outcome = Outcomes(req.request(b"%d" % number, timeout=0.5))
        world.advance(0.6)
        assert isinstance(outcome.error, RequestTimeout)
    assert req.stats.send_queue == 0
    last = Outcomes(req.request(b"last"))
    world.run(router.bind("tcp://127.0.0.1:40001"))
    world.advance(1)
    assert [asked[-1] for asked in serve(router, world)] == [b"last"]
    assert last == [[b"re:last"]]


def test_a_request_that_found_no_queue_times_out_too(world: World) -> None:
    req = world.make(ReqSocket)
    outcome = Outcomes(req.request(b"1", timeout=0.5))
    world.advance(0.6)
    assert isinstance(outcome.error, RequestTimeout)
    assert req.stats.send_queue == 0
    router = world.make(RouterSocket)
    world.run(req.connect(world.bind(router)))
    second = Outcomes(req.request(b"2"))
    serve(router, world)
    assert second == [[b"re:2"]]


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("binding", [True, False])
def test_a_lost_peer_fails_the_request_at_once(world: World, transport: str, binding: bool) -> None:
    if binding:
        req: Any
        req, router = world.pair(ReqSocket, RouterSocket, transport)
    else:
        router, req = world.pair(RouterSocket, ReqSocket, transport)
    outcome = Outcomes(req.request(b"1"))
    assert len(world.drain(router)) == 1
    world.run(router.close(0))
    world.settle()
    assert isinstance(outcome.error, PeerLost)
    again = world.make(RouterSocket, on=router._reactor)
    if transport == "inproc" or binding:
        world.link(req, again, transport) if binding else world.link(again, req, transport)
    else:
        world.run(again.bind(req.events and world.events[req][0].address))
        world.advance(1)
    second = Outcomes(req.request(b"2"))
    serve(again, world)
    assert second == [[b"re:2"]]


def test_a_request_that_only_waits_survives_a_lost_connection(world: World) -> None:
    """It was not sent, so nothing is lost: it goes with the next connection."""
    world.network.conditions = Conditions(buffer=100)
    router, req = world.pair(RouterSocket, ReqSocket)
    world.network.connections[0].reset()
    world.settle()
    outcome = Outcomes(req.request(b"1"))
    world.advance(1)
    serve(router, world)
    assert outcome == [[b"re:1"]]


def test_a_plain_receive_waits_for_a_reply_after_a_reconnection(world: World) -> None:
    """Peer lost after the request: a reply on the reconnected pipe is accepted [C]."""
    req = world.make(ReqSocket)
    listener, peer = world.accept_raw(req, hello("REP"))
    req.try_send(b"q")
    reply = Outcomes(req.receive())
    world.settle()
    peer.close()
    world.advance(1)
    assert reply.pending
    listener.peers[1].send(hello("REP") + message(b"", b"answer"))
    world.settle()
    assert reply == [[b"answer"]]
    listener.close()


def test_a_plain_receive_is_told_when_a_bound_sockets_peer_left(world: World) -> None:
    req = world.make(ReqSocket)
    peer = world.attach_raw(req, hello("REP"))
    req.try_send(b"q")
    reply = Outcomes(req.receive())
    peer.close()
    world.settle()
    assert isinstance(reply.error, PeerLost)


@pytest.mark.parametrize(
    "bad", [[b"no envelope"], [b""], [b"x", b"", b"two"], [b"\0\0\0\1", b"", b"stale"]]
)
def test_a_reply_without_its_envelope_is_dropped_and_the_connection_kept(
    world: World, bad: list[bytes]
) -> None:
    req = world.make(ReqSocket)
    listener, peer = world.accept_raw(req, hello("REP"))
    reply = Outcomes(req.request(b"q"))
    peer.send(message(*bad))
    world.settle()
    assert reply.pending
    assert req.stats.dropped_received == 1
    peer.send(message(b"", b"answer"))
    world.settle()
    assert reply == [[b"answer"]]
    listener.close()


def test_replies_nobody_asked_for_are_dropped(world: World) -> None:
    req = world.make(ReqSocket)
    address = world.bind(req)
    asked = world.attach_raw(req, hello("REP"), address)
    other = world.attach_raw(req, hello("REP") + message(b"", b"early"), address)
    reply = Outcomes(req.request(b"q"))
    other.send(message(b"", b"not you"))
    world.settle()
    assert reply.pending
    asked.send(message(b"", b"answer") + message(b"", b"twice"))
    world.settle()
    assert reply == [[b"answer"]]
    assert req.stats.dropped_received == 3
    assert isinstance(Outcomes(req.receive()).error, WrongState)


def test_correlated_requests_carry_a_number_and_keep_their_connection(world: World) -> None:
    router, req = world.pair(RouterSocket, ReqSocket, connect={"req_correlate": True})
    [there] = req.peers
    first = Outcomes(req.request(b"1", timeout=1))
    world.advance(1.1)
    assert isinstance(first.error, RequestTimeout)
    second = Outcomes(req.request(b"2"))
    [one, two] = serve(router, world)
    assert len(one[1]) == len(two[1]) == 4
    assert one[2] == two[2] == b""
    assert int.from_bytes(two[1], "big") == (int.from_bytes(one[1], "big") + 1) % 2**32
    assert second == [[b"re:2"]]
    assert req.peers == (there,)


def test_a_relaxed_req_may_ask_again(world: World) -> None:
    router, req = world.pair(
        RouterSocket, ReqSocket, connect={"req_correlate": True, "req_relaxed": True}
    )
    req.try_send(b"1")
    req.try_send(b"2")
    assert len(serve(router, world)) == 2
    assert world.run(req.receive()) == [b"re:2"]
    assert req.stats.dropped_received == 1


def test_every_request_goes_through_however_many(world: World) -> None:
    """Every thousandth send waits a turn; a peer lost in that turn is noticed too."""
    router, req = world.pair(RouterSocket, ReqSocket, "inproc")
    for number in range(999):
        outcome = Outcomes(req.request(b"%d" % number))
        serve(router, world)
        assert outcome == [[b"re:%d" % number]]
    last = Outcomes(req.request(b"last"))
    router.close(0)
    world.settle()
    assert isinstance(last.error, PeerLost)


def test_closing_fails_a_request(world: World) -> None:
    _, req = world.pair(RouterSocket, ReqSocket)
    outcome = Outcomes(req.request(b"1", timeout=100))
    world.run(req.close(0))
    assert isinstance(outcome.error, SocketClosed)
    world.advance(200)


def test_disconnect_fails_a_request(world: World) -> None:
    router, req = world.pair(RouterSocket, ReqSocket)
    outcome = Outcomes(req.request(b"1"))
    assert len(world.drain(router)) == 1
    world.run(req.disconnect(req.peers[0].address))
    assert isinstance(outcome.error, PeerLost)


def test_what_cannot_be_sent_leaves_the_socket_ready(world: World) -> None:
    router, req = world.pair(RouterSocket, ReqSocket)
    wrong: Any = "text"
    assert isinstance(Outcomes(req.request(wrong)).error, TypeError)
    outcome = Outcomes(req.request(b"1"))
    serve(router, world)
    assert outcome == [[b"re:1"]]


@pytest.mark.parametrize("how", ["cancelled", "timed out"])
def test_a_request_given_up_in_the_turn_that_a_send_waits_for_leaves_the_socket_ready(
    world: World, how: str
) -> None:
    """Each thousandth send waits for the reactor's next turn, though its message is out already."""
    rep, req = world.pair(RepSocket, ReqSocket)
    rep.serve(lambda request: request)
    for number in range(997):
        assert world.run(req.request(b"%d" % number)) == [b"%d" % number]
    for _ in range(2):
        requesting = req.request(b"given up", timeout=0)
        outcome = Outcomes(requesting)
        if how == "cancelled":
            requesting.cancel()
            assert isinstance(outcome.error, CancelledError)
        else:
            world.network.step()
            assert isinstance(outcome.error, RequestTimeout)
        again = Outcomes(req.request(b"again", timeout=5))
        world.advance(1)
        assert again == [[b"again"]]


def test_a_request_between_plain_sends_is_a_wrong_state(world: World) -> None:
    router, req = world.pair(RouterSocket, ReqSocket)
    req.try_send(b"1")
    assert isinstance(Outcomes(req.request(b"2")).error, WrongState)
    serve(router, world)
    assert req.try_receive() == [b"re:1"]
    lonely = world.make(ReqSocket)
    waiting = lonely.send(b"1")
    waited = Outcomes(waiting)
    assert isinstance(Outcomes(lonely.request(b"2")).error, WrongState)
    waiting.cancel()
    assert waited.errors
    asked = lonely.request(b"3")
    assert Outcomes(asked).pending


def test_who_is_told_of_the_loss_may_cancel_others_that_wait_for_the_reply(world: World) -> None:
    """Bound: a peer that leaves is gone for good, and all that wait for it are told."""
    req, router = world.pair(ReqSocket, RouterSocket)
    req.try_send(b"1")
    waiting = [req.receive() for _ in range(3)]

    def cancel_another(failure: Failure) -> Failure:
        waiting[2].cancel()
        return failure

    waiting[0].addErrback(cancel_another)
    outcomes = [Outcomes(each) for each in waiting]
    world.settle()
    world.run(router.close(0))
    world.settle()
    kinds = [type(outcome.error) for outcome in outcomes]
    assert kinds == [PeerLost, PeerLost, CancelledError]
