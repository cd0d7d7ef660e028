"""inproc:// (ZMTP.md 9; TRAPS.md T27: the same patterns, only the codec is skipped)."""

from __future__ import annotations

from typing import Any

import pytest

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
)
from pyzmtp.engine.events import (
    Closed,
    ConnectRetried,
    Disconnected,
    HandshakeFailed,
    MessagesDropped,
)
from pyzmtp.errors import (
    AddressError,
    AddressInUse,
    ConnectAborted,
    IncompatibleSocketType,
    RequestTimeout,
    TooManyPeers,
)
from pyzmtp.testing import MemoryReactor

from .world import Outcomes, World

X = "inproc://x"


@pytest.fixture
def on(world: World) -> MemoryReactor:
    return world.network.reactor()


def test_connect_before_bind_queues_up_to_the_own_mark(world: World, on: MemoryReactor) -> None:
    push, pull = world.make(PushSocket, on=on, send_hwm=3), world.make(PullSocket, on=on)
    connected = Outcomes(push.connect(X))
    sends = [Outcomes(push.send(b"%d" % number)) for number in range(5)]
    world.advance(10)
    assert connected.pending
    assert [send.pending for send in sends] == [False] * 3 + [True] * 2
    assert world.run(pull.bind(X)) == X
    assert len(connected) == 1
    assert world.drain(pull) == [[b"%d" % number] for number in range(5)]
    assert all(send == [None] for send in sends)


@pytest.mark.parametrize(
    ("ours", "theirs", "both"), [(2, 3, 5), (1, 1, 2), (7, 0, None), (0, 7, None)]
)
def test_the_high_water_marks_of_both_sides_add_up(
    world: World, on: MemoryReactor, ours: int, theirs: int, both: int | None
) -> None:
    push = world.make(PushSocket, on=on, send_hwm=ours)
    pull = world.make(PullSocket, on=on, receive_hwm=theirs)
    world.link(pull, push, "inproc")
    taken = 0
    for _ in range(50):
        while taken < 5000 and push.try_send(b"%d" % taken):
            taken += 1
        world.settle()
    assert taken == (both or 5000)
    assert world.drain(pull) == [[b"%d" % number] for number in range(taken)]


def test_nobody_is_called_from_within_a_call(world: World, on: MemoryReactor) -> None:
    one, other = world.make(PairSocket, on=on), world.make(PairSocket, on=on)
    world.link(one, other, "inproc")
    log: list[str] = []

    def echo(batch: list[list[bytes]]) -> None:
        log.append("other")
        for message in batch:
            other.try_send(message)

    other.consume(echo)
    one.consume(lambda batch: log.append("one"))
    one.try_send(b"x")
    log.append("sent")
    world.settle()
    assert log == ["sent", "other", "one"]


def test_messages_are_not_shared_between_the_sides(world: World, on: MemoryReactor) -> None:
    pub = world.make(PubSocket, on=on)
    address = world.bind(pub, "inproc")
    subs = [world.make(SubSocket, on=on) for _ in range(2)]
    for sub in subs:
        sub.subscribe(b"")
        world.run(sub.connect(address))
    world.run(pub.wait_subscribed(b"", 2))
    pub.try_send([b"a", b"b"])
    world.settle()
    first = world.run(subs[0].receive())
    first.append(b"mine")
    assert world.run(subs[1].receive()) == [b"a", b"b"]


@pytest.mark.parametrize("same", [True, False])
@pytest.mark.parametrize("kind", [PairSocket, RouterSocket])
def test_a_place_is_free_as_soon_as_its_peer_has_disconnected(
    world: World, on: MemoryReactor, kind: type[Any], same: bool
) -> None:
    """The other side parts a turn later; libzmq keeps to the order."""
    options = {"routing_id": b"id"} if kind is RouterSocket else {}
    other = DealerSocket if kind is RouterSocket else PairSocket
    server, client = world.make(kind, on=on), world.make(other, on=on, **options)
    world.run(server.bind(X))
    world.run(client.connect(X))
    client.disconnect(X)
    successor = client if same else world.make(other, on=on, **options)
    world.run(successor.connect(X))
    assert len(server.peers) == 1
    successor.try_send(b"hello")
    assert world.drain(server)[0][-1] == b"hello"


def test_so_it_is_if_the_name_was_given_back_and_taken_again(
    world: World, on: MemoryReactor
) -> None:
    server, client = world.make(PairSocket, on=on), world.make(PairSocket, on=on)
    world.run(server.bind(X))
    world.run(client.connect(X))
    server.unbind(X)
    client.disconnect(X)
    world.run(server.bind(X))
    world.run(client.connect(X))
    client.try_send(b"hello")
    assert world.drain(server) == [[b"hello"]]


def test_who_waits_for_a_place_gets_it_when_it_is_free(world: World, on: MemoryReactor) -> None:
    server, first = world.make(PairSocket, on=on), world.make(PairSocket, on=on)
    world.run(server.bind(X))
    world.run(first.connect(X))
    first.close()
    second, third = world.make(PairSocket, on=on), world.make(PairSocket, on=on)
    outcomes = [Outcomes(second.connect(X)), Outcomes(third.connect(X))]
    world.settle()
    assert [bool(outcome) for outcome in outcomes] == [True, False]
    assert isinstance(outcomes[1].error, TooManyPeers)


def test_two_reactors_do_not_see_each_other(world: World, on: MemoryReactor) -> None:
    here, there = world.make(PullSocket, on=on), world.make(PullSocket)
    world.run(here.bind(X))
    world.run(there.bind(X))
    push = world.make(PushSocket, on=on)
    world.run(push.connect(X))
    push.try_send(b"x")
    assert world.drain(here) == [[b"x"]]
    assert world.drain(there) == []
    stranger = world.make(PushSocket)
    waiting = Outcomes(stranger.connect(X))
    world.advance(10)
    assert waiting.pending


def test_a_name_in_use_is_address_in_use(world: World, on: MemoryReactor) -> None:
    one, other = world.make(PullSocket, on=on), world.make(PullSocket, on=on)
    world.run(one.bind(X))
    failed = Outcomes(other.bind(X))
    assert isinstance(failed.error, AddressInUse)
    assert world.names(other) == ["BindFailed"]
    world.run(one.close())
    assert world.run(other.bind(X)) == X


@pytest.mark.parametrize("name", ["", "x" * 257])
def test_a_name_has_1_to_256_characters(world: World, name: str) -> None:
    with pytest.raises(AddressError):
        world.make(PullSocket).bind("inproc://" + name)
    assert world.run(world.make(PullSocket).bind("inproc://" + "x" * 256))


@pytest.mark.parametrize(("bound", "kind"), [(PubSocket, RepSocket), (PullSocket, SubSocket)])
@pytest.mark.parametrize("first", ["bind", "connect"])
def test_a_type_mismatch_is_refused_and_told(
    world: World, on: MemoryReactor, bound: type[Socket], kind: type[Socket], first: str
) -> None:
    """Deliberate: libzmq does not check the types here."""
    server, client = world.make(bound, on=on), world.make(kind, on=on)
    if first == "bind":
        world.run(server.bind(X))
    connected = Outcomes(client.connect(X))
    if first == "connect":
        world.run(server.bind(X))
    world.settle()
    assert isinstance(connected.error, IncompatibleSocketType)
    assert server.peers == client.peers == ()
    [event] = world.of(client, HandshakeFailed)
    assert event.error is connected.error


def test_unbind_keeps_the_links_that_are_there(world: World, on: MemoryReactor) -> None:
    pull, push = world.make(PullSocket, on=on), world.make(PushSocket, on=on)
    address = world.link(pull, push, "inproc")
    world.run(pull.unbind(address))
    push.try_send(b"x")
    assert world.drain(pull) == [[b"x"]]
    assert pull.stats.peers == 1
    other = world.make(PullSocket, on=on)
    world.run(other.bind(address))
    late = world.make(PushSocket, on=on)
    world.run(late.connect(address))
    late.try_send(b"y")
    assert world.drain(other) == [[b"y"]]
    world.run(pull.close())
    world.settle()
    assert push.peers == ()


@pytest.mark.parametrize("closing", ["binder", "connecter"])
def test_close_hands_over_what_is_queued(world: World, on: MemoryReactor, closing: str) -> None:
    one, other = world.make(PairSocket, on=on), world.make(PairSocket, on=on, receive_hwm=3)
    world.link(*(one, other) if closing == "binder" else (other, one), "inproc")
    for number in range(50):
        one.try_send(b"%d" % number)
    assert world.run(one.close()) is None
    assert world.drain(other) == [[b"%d" % number] for number in range(50)]
    assert len(world.of(other, Disconnected)) == 1


def test_close_without_linger_drops_what_is_queued(world: World, on: MemoryReactor) -> None:
    pull, push = world.make(PullSocket, on=on), world.make(PushSocket, on=on)
    world.link(pull, push, "inproc")
    for _ in range(50):
        push.try_send(b"x")
    world.run(push.close(0))
    assert push.stats.dropped_sent + len(world.drain(pull)) == 50
    assert push.stats.dropped_sent > 0


def test_without_linger_what_waits_for_a_bind_is_dropped_and_told(
    world: World, on: MemoryReactor
) -> None:
    push = world.make(PushSocket, on=on)
    connected = Outcomes(push.connect(X))
    push.try_send(b"x")
    assert push.stats.send_queue == 1
    assert world.run(push.close(0)) is None
    assert isinstance(connected.error, ConnectAborted)
    assert push.stats.dropped_sent == 1
    assert [event.count for event in world.of(push, MessagesDropped)] == [1]
    pull = world.make(PullSocket, on=on)
    world.run(pull.bind(X))
    assert world.drain(pull) == []


@pytest.mark.parametrize("end", ["close", "disconnect"])
@pytest.mark.parametrize("linger", [None, 5])
def test_what_waits_for_a_bind_is_handed_over_within_linger(
    world: World, on: MemoryReactor, end: str, linger: float | None
) -> None:
    push = world.make(PushSocket, on=on, linger=linger)
    connected = Outcomes(push.connect(X))
    for number in range(3):
        push.try_send(b"%d" % number)
    ended = Outcomes(push.close() if end == "close" else push.disconnect(X))
    assert isinstance(connected.error, ConnectAborted)
    world.advance(4)
    assert ended.pending
    assert push.peers == ()
    pull = world.make(PullSocket, on=on)
    world.run(pull.bind(X))
    world.settle()
    assert ended == [None]
    assert world.drain(pull) == [[b"0"], [b"1"], [b"2"]]
    assert push.stats.dropped_sent == 0
    assert pull.peers == ()


@pytest.mark.parametrize("shorter", [False, True])
def test_what_waits_for_a_bind_is_dropped_when_linger_is_over(
    world: World, on: MemoryReactor, shorter: bool
) -> None:
    push = world.make(PushSocket, on=on)
    push.connect(X)
    push.try_send(b"x")
    closed = Outcomes(push.close(5))
    if shorter:
        push.close(2)
        push.close(60)  # cannot make it longer again
    world.advance(1.9 if shorter else 4.9)
    assert closed.pending
    world.advance(0.2)
    assert closed == [None]
    assert [event.count for event in world.of(push, MessagesDropped)] == [1]
    assert world.names(push)[-2:] == ["Closed", "MonitorStopped"]


def test_who_lingers_for_a_bind_of_a_wrong_type_has_waited_in_vain(
    world: World, on: MemoryReactor
) -> None:
    push = world.make(PushSocket, on=on)
    push.connect(X)
    push.try_send(b"x")
    closed = Outcomes(push.close(5))
    world.run(world.make(SubSocket, on=on).bind(X))
    world.settle()
    assert closed == [None]
    assert push.stats.dropped_sent == 1


def test_both_sides_can_close_in_one_turn(world: World, on: MemoryReactor) -> None:
    one, other = world.make(PairSocket, on=on), world.make(PairSocket, on=on)
    world.link(one, other, "inproc")
    one.try_send(b"x")
    other.try_send(b"y")
    done = Outcomes(one.close()), Outcomes(other.close())
    world.settle()
    assert done == ([None], [None])
    world.network.assert_clean()


def test_a_link_that_parted_is_not_made_again(world: World, on: MemoryReactor) -> None:
    push, pull = world.make(PushSocket, on=on), world.make(PullSocket, on=on)
    address = world.link(pull, push, "inproc")
    world.run(pull.close())
    again = world.make(PullSocket, on=on)
    world.run(again.bind(address))
    world.advance(10)
    assert push.peers == ()
    assert not push.try_send(b"x")
    world.run(push.connect(address))
    assert push.try_send(b"x")
    assert world.drain(again) == [[b"x"]]


@pytest.mark.parametrize(
    ("kind", "server"),
    [(DealerSocket, RouterSocket), (SubSocket, PubSocket), (ReqSocket, RepSocket)],
)
def test_connect_makes_a_new_link_where_the_old_one_parted(
    world: World, on: MemoryReactor, kind: type[Socket], server: type[Socket]
) -> None:
    client, first = world.make(kind, on=on), world.make(server, on=on)
    address = world.link(first, client, "inproc")
    world.run(first.close())
    world.settle()
    second = world.make(server, on=on)
    world.run(second.bind(address))
    peer = world.run(client.connect(address))
    assert client.peers == (peer,)
    assert len(second.peers) == 1


def test_disconnect_of_one_that_waits_for_a_bind(world: World, on: MemoryReactor) -> None:
    push = world.make(PushSocket, on=on)
    connected = Outcomes(push.connect(X))
    assert world.run(push.disconnect(X)) is None
    assert isinstance(connected.error, ConnectAborted)
    pull = world.make(PullSocket, on=on)
    world.run(pull.bind(X))
    world.settle()
    assert pull.peers == ()


def test_metadata_and_routing_ids_are_known(world: World, on: MemoryReactor) -> None:
    router = world.make(RouterSocket, on=on)
    dealer = world.make(DealerSocket, on=on, routing_id=b"me", metadata={"X-A": b"b"})
    world.link(router, dealer, "inproc")
    [peer] = router.peers
    assert (peer.routing_id, peer.metadata) == (b"me", {"X-A": b"b"})
    assert peer.incoming
    named: Any = world.make(RouterSocket, on=on)
    other = world.make(DealerSocket, on=on)
    world.run(other.bind(X))
    assert world.run(named.connect(X, routing_id=b"mine")).routing_id == b"mine"
    named.try_send([b"mine", b"x"])
    assert world.drain(other) == [[b"x"]]


def test_a_slow_subscriber_over_inproc_misses_messages(world: World, on: MemoryReactor) -> None:
    xpub = world.make(XPubSocket, on=on, send_hwm=2)
    sub = world.make(SubSocket, on=on, receive_hwm=3)
    sub.subscribe(b"")
    world.link(xpub, sub, "inproc")
    world.settle()
    for number in range(20):
        assert xpub.try_send(b"%d" % number)
    got = world.drain(sub)
    assert got == [[b"%d" % number] for number in range(5)]
    assert xpub.stats.dropped_sent == 15


def test_events_may_close_the_socket(world: World, on: MemoryReactor) -> None:
    for moment in ("Listening", "HandshakeSucceeded", "Disconnected"):
        pull, push = world.make(PullSocket, on=on), world.make(PushSocket, on=on)

        def close_at(event: object, moment: str = moment, pull: PullSocket = pull) -> None:
            if type(event).__name__ == moment:
                pull.close(0)

        pull.on_event(close_at)
        Outcomes(push.connect(X))
        Outcomes(pull.bind(X))
        world.settle()
        world.run(push.close(0))
        world.settle()
        assert pull.closed
        world.network.assert_clean()
        free = world.make(PullSocket, on=on)
        assert world.run(free.bind(X)) == X
        world.run(free.close())


def reset(world: World, on: MemoryReactor, **options: Any) -> tuple[RepSocket, ReqSocket]:
    """A REP and a REQ whose link is just given up, for want of a reply."""
    rep, req = world.make(RepSocket, on=on), world.make(ReqSocket, on=on, **options)
    world.run(rep.bind(X))
    world.run(req.connect(X))
    lost = Outcomes(req.request(b"a", timeout=1))
    world.advance(1)
    assert isinstance(lost.error, RequestTimeout)
    return rep, req


def test_a_link_that_was_reset_is_made_anew_after_the_reconnection_interval(
    world: World, on: MemoryReactor
) -> None:
    """As on every transport, and told as there."""
    rep, req = reset(world, on, reconnect_interval=3)
    [retried] = world.of(req, ConnectRetried)
    assert (retried.address, retried.delay) == (X, 3)
    assert world.names(req)[3:] == ["Disconnected", "ConnectRetried"]
    world.advance(2.9)
    assert req.peers == ()
    world.advance(0.2)
    assert len(req.peers) == 1
    assert world.names(req)[5:] == ["ConnectDelayed", "Connected", "HandshakeSucceeded"]
    rep.serve(lambda request: request)
    assert world.run(req.request(b"b")) == [b"b"]


@pytest.mark.parametrize("how", ["close", "disconnect"])
def test_nothing_is_left_of_a_link_that_was_to_be_made_anew(
    world: World, on: MemoryReactor, how: str
) -> None:
    _, req = reset(world, on, reconnect_interval=3)
    world.run(req.close() if how == "close" else req.disconnect(X))
    assert on.getDelayedCalls() == []
    assert len(world.of(req, Closed)) == 1
    world.advance(5)
    assert world.names(req).count("ConnectDelayed") == 1


def test_without_reconnection_a_link_that_was_reset_is_over(
    world: World, on: MemoryReactor
) -> None:
    _, req = reset(world, on, reconnect_interval=None)
    world.advance(5)
    assert world.names(req)[3:] == ["Disconnected", "Closed"]
    world.run(req.connect(X))
    assert len(req.peers) == 1


def test_who_hears_that_a_link_will_be_made_anew_may_close(world: World, on: MemoryReactor) -> None:
    rep, req = world.make(RepSocket, on=on), world.make(ReqSocket, on=on)
    world.run(rep.bind(X))
    world.run(req.connect(X))
    req.on_event(lambda event: isinstance(event, ConnectRetried) and req.close(0) and None)
    Outcomes(req.request(b"a", timeout=1))
    world.advance(5)
    assert world.names(req).count("ConnectDelayed") == 1
    assert len(world.of(req, Closed)) == 1
