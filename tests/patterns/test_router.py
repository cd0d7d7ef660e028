"""ROUTER: ids, and messages that go where they say (RFC 28; ZMTP.md 7.5)."""

from __future__ import annotations

from itertools import pairwise

import pytest

from pyzmtp.errors import HostUnreachable, RoutingIdInUse
from pyzmtp.options import SocketOptions
from pyzmtp.patterns.hot import Pipe
from pyzmtp.patterns.router import RouterPattern

from .links import (
    Calls,
    accept,
    begin_connect,
    finish_connect,
    leave,
    link_of,
    lose_connection,
    new_peer,
    options,
    queued,
    receive_all,
    take_out,
)


@pytest.fixture
def router() -> RouterPattern:
    return RouterPattern(SocketOptions(send_hwm=2))


def _refused(router: RouterPattern, identity: bytes) -> Pipe:
    """A peer that may not take part, because of its id."""
    pipe = router.new_pipe(router.options)
    pipe.peer = new_peer(identity)
    with pytest.raises(RoutingIdInUse) as raised:
        router.attach(pipe)
    assert raised.value.routing_id == identity
    assert not pipe.attached
    router.detach(pipe)  # what the net layer does with one that was refused
    return pipe


# Ids


def test_a_nameless_peer_gets_five_bytes_that_begin_with_zero(router: RouterPattern) -> None:
    pipe = accept(router)
    assert len(pipe.routing_id) == 5
    assert pipe.routing_id[0] == 0
    assert pipe.peer is not None
    assert pipe.peer.routing_id == pipe.routing_id


def test_ids_are_drawn_and_not_counted(router: RouterPattern) -> None:
    ids = [accept(router).routing_id for _ in range(20)]
    assert len(set(ids)) == 20
    numbers = [int.from_bytes(routing_id, "big") for routing_id in ids]
    steps = {after - before for before, after in pairwise(numbers)}
    assert len(steps) == 19
    assert accept(RouterPattern(SocketOptions())).routing_id not in ids


def test_an_id_that_is_taken_is_not_drawn_again(
    router: RouterPattern, monkeypatch: pytest.MonkeyPatch
) -> None:
    draws = iter([b"aaaa", b"aaaa", b"aaaa", b"bbbb"])
    monkeypatch.setattr("secrets.token_bytes", lambda count: next(draws))
    first, second = accept(router), accept(router)
    assert (first.routing_id, second.routing_id) == (b"\0aaaa", b"\0bbbb")
    router.try_send([b"\0aaaa", b"x"])
    assert queued(first) == [[b"x"]]


@pytest.mark.parametrize("handover", [False, True])
def test_a_drawn_id_cannot_be_claimed(handover: bool) -> None:
    router = RouterPattern(options(router_handover=handover))
    owner = accept(router)
    thief = accept(router, identity=owner.routing_id)
    assert thief.routing_id != owner.routing_id
    router.try_send([owner.routing_id, b"secret"])
    assert queued(owner) == [[b"secret"]]
    assert queued(thief) == []


def test_an_announced_id_is_used(router: RouterPattern) -> None:
    pipe = accept(router, identity=b"worker")
    assert pipe.routing_id == b"worker"
    assert router.try_send([b"worker", b"x"])
    assert queued(pipe) == [[b"x"]]


def test_an_id_may_have_255_bytes_of_any_value(router: RouterPattern) -> None:
    identity = bytes(range(255, 0, -1))
    pipe = accept(router, identity=identity)
    router.try_send([identity, b"x"])
    assert queued(pipe) == [[b"x"]]


# Receiving and sending


def test_each_message_has_the_id_of_its_peer_before_it(router: RouterPattern) -> None:
    first, second = accept(router, identity=b"A"), accept(router)
    router.deliver(first, [[b"a0"], [b"", b"a1"]])
    router.deliver(second, [[b""]])
    assert receive_all(router) == [[b"A", b"a0"], [second.routing_id, b""], [b"A", b"", b"a1"]]


def test_the_id_is_taken_off_and_followed(router: RouterPattern) -> None:
    first, second = accept(router, identity=b"A"), accept(router, identity=b"B")
    assert router.try_send([b"B", b"", b"x"])
    assert router.try_send([b"A", b""])
    assert queued(first) == [[b""]]
    assert queued(second) == [[b"", b"x"]]


@pytest.mark.parametrize("message", [[b"nobody", b"x"], [b"", b"x"], [b"nobody"], [b"A"]])
def test_what_cannot_be_routed_is_dropped_and_counted(
    router: RouterPattern, message: list[bytes]
) -> None:
    pipe = accept(router, identity=b"A")
    assert router.try_send(message)
    assert router.dropped_sent == 1
    assert queued(pipe) == []


def test_a_message_to_one_who_has_no_room_is_dropped_and_holds_up_nobody(
    router: RouterPattern,
) -> None:
    full, other = accept(router, identity=b"A"), accept(router, identity=b"B")
    assert router.try_send_batch([[b"A", b"%d" % number] for number in range(4)]) == 4
    assert router.try_send([b"B", b"x"])
    assert queued(full) == [[b"0"], [b"1"]]
    assert queued(other) == [[b"x"]]
    assert router.dropped_sent == 2


def test_mandatory_a_message_to_nobody_is_an_error() -> None:
    router = RouterPattern(options(router_mandatory=True))
    pipe = accept(router, identity=b"A")
    with pytest.raises(HostUnreachable) as raised:
        router.try_send([b"nobody", b"x"])
    assert raised.value.routing_id == b"nobody"
    leave(router, pipe)
    with pytest.raises(HostUnreachable):
        router.try_send([b"A", b"x"])
    assert router.dropped_sent == 0


def test_mandatory_a_message_to_one_who_has_no_room_waits_unchanged() -> None:
    router = RouterPattern(options(router_mandatory=True, send_hwm=1))
    full, other = accept(router, identity=b"A"), accept(router, identity=b"B")
    message = [b"A", b"y"]
    assert router.try_send([b"A", b"x"])
    assert not router.try_send(message)
    assert message == [b"A", b"y"]
    assert router.try_send([b"B", b"x"])
    router.on_writable = writable = Calls()
    take_out(full)
    assert writable.count == 1
    assert router.try_send(message)
    assert queued(full) == [[b"y"]]
    assert queued(other) == [[b"x"]]
    assert router.dropped_sent == 0


def test_mandatory_who_waits_for_one_that_leaves_is_told() -> None:
    router = RouterPattern(options(router_mandatory=True, send_hwm=1))
    pipe = accept(router, identity=b"A")
    router.try_send([b"A", b"x"])
    assert not router.try_send([b"A", b"y"])
    router.on_writable = writable = Calls()
    leave(router, pipe)
    assert writable.count >= 1
    with pytest.raises(HostUnreachable):
        router.try_send([b"A", b"y"])


def test_messages_to_different_peers_wait_apart(router: RouterPattern) -> None:
    assert router.destination([b"A", b"x"]) == router.destination([b"A", b"y"])
    assert router.destination([b"A", b"x"]) != router.destination([b"B", b"x"])


@pytest.mark.parametrize("probe", [False, True])
def test_a_probe_is_sent_if_it_is_asked_for(probe: bool) -> None:
    router = RouterPattern(options(probe_router=probe))
    assert queued(accept(router)) == ([[b""]] if probe else [])


def test_a_received_probe_is_an_id_and_an_empty_frame(router: RouterPattern) -> None:
    router.deliver(accept(router, identity=b"A"), [[b""]])
    assert receive_all(router) == [[b"A", b""]]


# One id, two peers


def test_a_second_peer_with_an_id_is_refused_and_the_first_not_disturbed(
    router: RouterPattern,
) -> None:
    first = accept(router, identity=b"A")
    second = _refused(router, b"A")
    router.try_send([b"A", b"x"])
    assert queued(first) == [[b"x"]]
    assert queued(second) == []
    assert link_of(first).calls == ["wake"]


def test_an_id_is_free_again_when_its_peer_has_left(router: RouterPattern) -> None:
    first = accept(router, identity=b"A")
    _refused(router, b"A")
    leave(router, first)
    second = accept(router, identity=b"A")
    router.try_send([b"A", b"x"])
    assert queued(first) == []
    assert queued(second) == [[b"x"]]


def test_handed_over_an_id_belongs_to_the_newcomer_and_the_loser_is_dropped() -> None:
    router = RouterPattern(options(router_handover=True))
    first = accept(router, identity=b"A")
    router.deliver(first, [[b"unread"]])
    link = link_of(first)
    second = accept(router, identity=b"A")
    assert link.calls == ["drop"]
    assert isinstance(link.errors[0], RoutingIdInUse)
    assert not first.attached
    leave(router, first)  # which follows when its connection has ended
    router.try_send([b"A", b"x"])
    assert queued(first) == []
    assert queued(second) == [[b"x"]]
    assert receive_all(router) == [[b"A", b"unread"]]


def test_an_id_that_a_connect_waits_with_is_not_handed_over() -> None:
    router = RouterPattern(options(router_handover=True))
    waiting = begin_connect(router, routing_id=b"A")
    _refused(router, b"A")
    router.try_send([b"A", b"x"])
    assert queued(waiting) == [[b"x"]]


# Connecting


def test_a_connects_peer_is_known_from_its_first_handshake(router: RouterPattern) -> None:
    pipe = begin_connect(router)
    router.try_send([b"A", b"early"])
    assert router.dropped_sent == 1
    router.on_writable = writable = Calls()
    finish_connect(router, pipe, identity=b"A")
    assert writable.count == 1
    router.try_send([b"A", b"x"])
    assert queued(pipe) == [[b"x"]]


def test_a_connects_peer_may_be_named_and_sent_to_at_once(router: RouterPattern) -> None:
    pipe = begin_connect(router, routing_id=b"broker")
    assert router.try_send([b"broker", b"early"])
    finish_connect(router, pipe, identity=b"its own name")
    assert pipe.peer is not None
    assert pipe.peer.routing_id == b"broker"
    assert queued(pipe) == [[b"early"]]
    router.deliver(pipe, [[b"hello"]])
    assert receive_all(router) == [[b"broker", b"hello"]]


@pytest.mark.parametrize("later", [b"B", b""])
def test_the_first_id_of_a_connect_sticks(router: RouterPattern, later: bytes) -> None:
    pipe = begin_connect(router)
    finish_connect(router, pipe, identity=b"A")
    lose_connection(router, pipe)
    assert router.try_send([b"A", b"meanwhile"])
    finish_connect(router, pipe, identity=later)
    router.deliver(pipe, [[b"hello"]])
    assert receive_all(router) == [[b"A", b"hello"]]
    assert queued(pipe) == [[b"meanwhile"]]


def test_a_name_that_is_taken_cannot_be_given_to_a_connect(router: RouterPattern) -> None:
    accept(router, identity=b"A")
    pipe = router.new_pipe(router.options)
    pipe.routing_id = b"A"
    with pytest.raises(RoutingIdInUse):
        router.attach(pipe)


def test_a_connects_peer_with_a_taken_id_is_refused_and_may_come_with_another(
    router: RouterPattern,
) -> None:
    holder = accept(router, identity=b"A")
    pipe = begin_connect(router)
    with pytest.raises(RoutingIdInUse):
        finish_connect(router, pipe, identity=b"A")
    assert not pipe.ready
    finish_connect(router, pipe, identity=b"B")
    router.try_send([b"A", b"x"])
    router.try_send([b"B", b"y"])
    assert queued(holder) == [[b"x"]]
    assert queued(pipe) == [[b"y"]]
