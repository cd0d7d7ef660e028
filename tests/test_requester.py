"""pyzmtp.requester: many requests at a time."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from twisted.internet.defer import CancelledError

from pyzmtp import RepSocket, Requester, RouterSocket
from pyzmtp.errors import PeerLost, RequestTimeout, SocketClosed
from pyzmtp.testing import Conditions

from .sockets.world import Outcomes, World, hello, message

TRANSPORTS = ["tcp", "ipc", "inproc"]


def answer(name: bytes, request: list[bytes]) -> bytes:
    """A handler that says who it is."""
    return name


def ask(requester: Requester, count: int) -> list[Outcomes[list[bytes]]]:
    """So many requests."""
    return [Outcomes(requester.request(b"%d" % number)) for number in range(count)]


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_each_request_gets_its_own_reply_in_whatever_order(world: World, transport: str) -> None:
    router, requester = world.pair(RouterSocket, Requester, transport)
    outcomes = ask(requester, 50)
    asked = world.drain(router)
    assert requester.pending == 50
    for routing_id, number, empty, body in reversed(asked):
        router.try_send([routing_id, number, empty, b"re", body])
    world.settle()
    assert [outcome[0] for outcome in outcomes] == [[b"re", b"%d" % each] for each in range(50)]
    assert requester.pending == 0


def test_it_talks_to_a_rep(world: World) -> None:
    rep, requester = world.pair(RepSocket, Requester)
    rep.serve(lambda request: [b"re", *request])
    outcomes = ask(requester, 20)
    world.settle()
    assert [outcome[0] for outcome in outcomes] == [[b"re", b"%d" % each] for each in range(20)]
    assert world.run(requester.request([b"a", b"", b"b"])) == [b"re", b"a", b"", b"b"]


def test_requests_go_to_the_peers_in_turn(world: World) -> None:
    requester = world.make(Requester)
    address = world.bind(requester)
    reps = [world.make(RepSocket) for _ in range(2)]
    for name, rep in zip((b"a", b"b"), reps, strict=True):
        world.run(rep.connect(address))
        rep.serve(partial(answer, name))
    outcomes = ask(requester, 4)
    world.settle()
    assert [outcome[0] for outcome in outcomes] == [[b"a"], [b"b"], [b"a"], [b"b"]]


def test_a_request_times_out_and_its_late_reply_is_dropped(world: World) -> None:
    router, requester = world.pair(RouterSocket, Requester)
    first = Outcomes(requester.request(b"1", timeout=1.0))
    second = Outcomes(requester.request(b"2", timeout=3.0))
    [one, two] = world.drain(router)
    world.advance(1.1)
    assert isinstance(first.error, RequestTimeout)
    router.try_send([*one[:-1], b"late"])
    router.try_send([*two[:-1], b"in time"])
    world.settle()
    assert second == [[b"in time"]]
    assert requester.stats.dropped_received == 1
    world.advance(10)


def test_a_request_that_was_not_sent_never_will_be(world: World) -> None:
    requester = world.make(Requester, send_hwm=2)
    requester.connect("tcp://127.0.0.1:40001")
    requests = [requester.request(b"%d" % number) for number in range(5)]
    outcomes = [Outcomes(request) for request in requests]
    assert requester.stats.send_queue == 5
    for number in (0, 3):
        requests[number].cancel()
        assert isinstance(outcomes[number].error, CancelledError)
    assert requester.stats.send_queue == 3
    router = world.make(RouterSocket)
    world.run(router.bind("tcp://127.0.0.1:40001"))
    world.advance(1)
    assert [asked[-1] for asked in world.drain(router)] == [b"1", b"2", b"4"]


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("binding", [True, False])
def test_a_lost_peer_fails_its_requests_at_once(
    world: World, transport: str, binding: bool
) -> None:
    if binding:
        requester: Any
        requester, router = world.pair(Requester, RouterSocket, transport)
    else:
        router, requester = world.pair(RouterSocket, Requester, transport)
    outcomes = ask(requester, 3)
    assert len(world.drain(router)) == 3
    world.run(router.close(0))
    world.settle()
    assert all(isinstance(outcome.error, PeerLost) for outcome in outcomes)
    assert requester.pending == 0


def test_what_waited_for_a_lost_connection_goes_with_the_next(world: World) -> None:
    world.network.conditions = Conditions(buffer=1000)
    router, requester = world.pair(RouterSocket, Requester)
    world.network.connections[0].stall()
    outcomes = [Outcomes(requester.request([b"%d" % n, bytes(50_000)])) for n in range(10)]
    world.settle()
    queued = requester.stats.send_queue
    assert 0 < queued < 10
    world.network.connections[0].reset()
    world.settle()
    assert [bool(outcome.errors) for outcome in outcomes] == [True] * (10 - queued) + [
        False
    ] * queued
    world.advance(1)
    for frames in world.drain(router):
        router.try_send([*frames[:-2], b"re", frames[-2]])
    world.settle()
    assert [outcome[0] for outcome in outcomes[10 - queued :]] == [
        [b"re", b"%d" % number] for number in range(10 - queued, 10)
    ]


def test_what_waited_for_a_peer_that_left_goes_to_another(world: World) -> None:
    world.network.conditions = Conditions(buffer=1000)
    requester = world.make(Requester)
    address = world.bind(requester)
    leaving = world.attach_raw(requester, hello("ROUTER"), address)
    leaving.pause()
    outcomes = [Outcomes(requester.request([b"%d" % n, bytes(50_000)])) for n in range(10)]
    world.settle()
    queued = requester.stats.send_queue
    assert queued > 0
    rep = world.make(RepSocket)
    rep.serve(lambda request: request[0])
    world.run(rep.connect(address))
    leaving.abort()
    world.advance(1)
    assert sum(bool(outcome) for outcome in outcomes) == queued
    assert all(outcome or isinstance(outcome.error, PeerLost) for outcome in outcomes)


@pytest.mark.parametrize(
    "bad", [[b"no envelope"], [b"12345678", b""], [b"12345678", b"x", b"y"], [b"", b"", b"x"]]
)
def test_replies_nobody_asked_for_are_dropped(world: World, bad: list[bytes]) -> None:
    requester = world.make(Requester)
    listener, peer = world.accept_raw(requester, hello("ROUTER"))
    outcome = Outcomes(requester.request(b"q"))
    peer.send(message(*bad))
    world.settle()
    assert outcome.pending
    assert requester.stats.dropped_received == 1
    listener.close()


def test_closing_fails_what_is_pending(world: World) -> None:
    router, requester = world.pair(RouterSocket, Requester)
    outcomes = ask(requester, 2)
    outcomes.append(Outcomes(requester.request(b"x", timeout=5)))
    world.run(requester.close(0))
    assert all(isinstance(outcome.error, SocketClosed) for outcome in outcomes)
    assert isinstance(Outcomes(requester.request(b"x")).error, SocketClosed)
    world.run(router.close())
    world.network.assert_clean()


def test_what_is_no_message_is_a_type_error(world: World) -> None:
    wrong: Any = "text"
    with pytest.raises(TypeError):
        world.make(Requester).request(wrong)


def test_more_than_the_high_water_mark_waits_and_goes_on(world: World) -> None:
    rep, requester = world.pair(RepSocket, Requester, connect={"send_hwm": 3})
    rep.serve(lambda request: request)
    outcomes = ask(requester, 3000)
    world.settle()
    assert [outcome[0] for outcome in outcomes] == [[b"%d" % each] for each in range(3000)]


def test_a_reply_may_ask_and_cancel_others(world: World) -> None:
    rep, requester = world.pair(RepSocket, Requester)
    rep.serve(lambda request: request)
    more: list[Outcomes[list[bytes]]] = []
    first = requester.request(b"first")
    other = requester.request(b"other")
    cancelled = Outcomes(other)

    def go_on(_: list[bytes]) -> None:
        more.append(Outcomes(requester.request(b"more")))
        other.cancel()

    first.addCallback(go_on)
    world.settle()
    assert more == [[[b"more"]]]
    assert not cancelled.pending


def test_nobody_can_answer_for_another(world: World) -> None:
    """Who sees one number knows that the next peer has the next."""
    requester = world.make(Requester)
    address = world.bind(requester)
    attacker, victim = (world.attach_raw(requester, hello("ROUTER"), address) for _ in range(2))
    for peer in (attacker, victim):
        peer.take()
    outcomes = ask(requester, 2)
    world.settle()
    seen, unseen = attacker.take()[2:10], victim.take()[2:10]
    assert int.from_bytes(unseen, "big") == (int.from_bytes(seen, "big") + 1) % 2**64
    attacker.send(message(unseen, b"", b"forged"))
    world.settle()
    assert all(outcome.pending for outcome in outcomes)
    assert requester.stats.dropped_received == 1
    victim.send(message(unseen, b"", b"true"))
    attacker.send(message(seen, b"", b"also true"))
    world.settle()
    assert outcomes == [[[b"also true"]], [[b"true"]]]
    assert requester.pending == 0


def test_a_reply_may_come_over_the_next_connection(world: World) -> None:
    """Who is dialled again is the same peer, as far as anybody can tell."""
    requester = world.make(Requester)
    listener, peer = world.accept_raw(requester, b"")
    outcome = Outcomes(requester.request(b"q"))
    peer.close()
    world.advance(1)
    again = listener.peers[-1]
    again.send(hello("ROUTER"))
    world.settle()
    number = again.take()[-13:-5]
    again.send(message(number, b"", b"r"))
    world.settle()
    assert outcome == [[b"r"]]
    listener.close()
