"""disconnect(), unbind(): what is still sent, what is still readable (ZMTP.md 8.3)."""

from __future__ import annotations

import pytest
from twisted.internet.defer import CancelledError
from twisted.internet.defer import TimeoutError as TimedOut

from pyzmtp import (
    DealerSocket,
    PairSocket,
    PullSocket,
    PushSocket,
    RouterSocket,
    StreamSocket,
)
from pyzmtp.engine.events import Accepted, Closed, MessagesDropped
from pyzmtp.errors import ConnectAborted, HostUnreachable, UnknownEndpoint
from pyzmtp.testing import Conditions

from .world import Outcomes, World, hello, message

NOWHERE = "tcp://127.0.0.1:40001"


@pytest.mark.parametrize("transport", ["tcp", "ipc", "inproc"])
def test_disconnect_sends_what_is_queued_first(world: World, transport: str) -> None:
    pull, push = world.pair(PullSocket, PushSocket, transport)
    address = world.events[push][0].address
    for number in range(500):
        push.try_send(b"%d" % number)
    done = Outcomes(push.disconnect(address))
    assert len(world.drain(pull)) == 500
    assert done == [None]
    assert push.peers == ()
    assert not push.try_send(b"nobody is there")


def test_disconnect_sends_within_linger_even_if_nobody_was_ever_there(world: World) -> None:
    push = world.make(PushSocket, linger=3)
    push.connect(NOWHERE)
    push.try_send(b"first")
    done = Outcomes(push.disconnect(NOWHERE))
    world.advance(1)
    assert done.pending
    pull = world.make(PullSocket)
    world.run(pull.bind(NOWHERE))
    world.advance(1)
    assert done == [None]
    assert world.drain(pull) == [[b"first"]]


def test_disconnect_gives_up_when_linger_is_over(world: World) -> None:
    push = world.make(PushSocket, linger=3)
    push.connect(NOWHERE)
    push.try_send(b"first")
    done = Outcomes(push.disconnect(NOWHERE))
    world.advance(2.9)
    assert done.pending
    world.advance(0.2)
    assert done == [None]
    assert push.stats.dropped_sent == 1
    assert [event.count for event in world.of(push, MessagesDropped)] == [1]
    world.network.assert_clean()


@pytest.mark.parametrize("transport", ["tcp", "ipc", "inproc"])
def test_disconnect_loses_what_is_unread_and_tells(world: World, transport: str) -> None:
    push, pull = world.pair(PushSocket, PullSocket, transport)
    push.try_send(b"unread")
    world.settle()
    assert pull.stats.receive_queue == 1
    world.run(pull.disconnect(pull.peers[0].address))
    assert pull.try_receive() is None
    assert pull.stats.dropped_received == 1
    assert [event.count for event in world.of(pull, MessagesDropped)] == [1]


def test_disconnect_loses_what_did_not_fit_into_the_inbox_too(world: World) -> None:
    pull = world.make(PullSocket, receive_hwm=3, linger=0)
    address = world.bind(push := world.make(PushSocket))
    world.run(pull.connect(address), 1)
    for _ in range(10):
        push.try_send(b"x")
    world.settle()
    assert pull.stats.receive_queue == 3
    world.run(pull.disconnect(address))
    assert world.drain(pull) == []
    assert (pull.stats.messages_received, pull.stats.dropped_received) == (3, 3)


def test_a_connect_that_is_disconnected_too_early_fails_with_connect_aborted(world: World) -> None:
    push = world.make(PushSocket)
    ready = Outcomes(push.connect(NOWHERE))
    world.run(push.disconnect(NOWHERE))
    assert isinstance(ready.error, ConnectAborted)
    assert ready.error.address == NOWHERE


@pytest.mark.parametrize("when", ["resolving", "dialling", "greeting", "waiting"])
def test_disconnect_ends_an_attempt_at_any_stage(world: World, when: str) -> None:
    push = world.make(PushSocket)
    where = NOWHERE
    if when == "resolving":
        where = "tcp://localhost:40001"
        push.connect(where)
    elif when == "dialling":
        world.network.blackhole("127.0.0.1")
        push.connect(where)
        world.settle()
    elif when == "greeting":
        world.network.raw_listen(40001)
        push.connect(where)
        world.settle()
    else:
        push.connect(where)
        world.settle()
    assert world.run(push.disconnect(where)) is None
    world.network.assert_clean()
    world.advance(100)
    assert world.names(push)[-1] == "Closed"


@pytest.mark.parametrize("transport", ["tcp", "ipc"])
def test_unbind_closes_the_port_and_parts_from_those_who_came_there(
    world: World, transport: str
) -> None:
    pull, push = world.pair(PullSocket, PushSocket, transport)
    address = pull.peers[0].address
    world.run(pull.unbind(address))
    world.settle()
    assert pull.peers == ()
    assert push.peers == ()
    assert world.network.ports == []


@pytest.mark.parametrize("transport", ["tcp", "ipc"])
def test_what_came_before_unbind_can_still_be_received(world: World, transport: str) -> None:
    pull, push = world.pair(PullSocket, PushSocket, transport)
    push.try_send(b"readable")
    world.settle()
    world.run(pull.unbind(pull.peers[0].address))
    assert world.drain(pull) == [[b"readable"]]


def test_unbind_sends_what_is_queued_within_linger(world: World) -> None:
    world.network.conditions = Conditions(buffer=1000)
    push, pull = world.pair(PushSocket, PullSocket)
    for _ in range(300):
        push.try_send(bytes(1000))
    assert push.stats.send_queue > 0
    done = Outcomes(push.unbind(push.peers[0].address))
    assert len(world.drain(pull)) == 300
    assert done == [None]


def test_unbind_gives_up_when_linger_is_over(world: World) -> None:
    world.network.conditions = Conditions(buffer=1000)
    push = world.make(PushSocket, linger=2)
    address = world.bind(push)
    world.attach_raw(push, hello("PULL"), address).pause()
    for _ in range(300):
        push.try_send(bytes(1000))
    world.settle()
    queued = push.stats.send_queue
    done = Outcomes(push.unbind(address))
    world.advance(1.9)
    assert done.pending
    world.advance(0.2)
    assert done == [None]
    assert push.stats.dropped_sent == queued > 0


def test_unbind_turns_away_half_open_connections_at_once(world: World) -> None:
    pull = world.make(PullSocket)
    address = world.bind(pull)
    peer = world.attach_raw(pull, b"", address)
    world.run(pull.unbind(address))
    world.settle()
    assert peer.closed is not None


def test_other_binds_are_untouched_by_unbind(world: World) -> None:
    pull = world.make(PullSocket)
    first, second = world.bind(pull), world.bind(pull)
    push = world.make(PushSocket)
    world.run(push.connect(second))
    world.run(pull.unbind(first))
    push.try_send(b"x")
    world.settle()
    assert world.drain(pull) == [[b"x"]]
    assert [event.address for event in world.of(pull, Closed)] == [first]


def test_an_address_can_be_bound_again_after_unbind(world: World) -> None:
    pull, push = world.pair(PullSocket, PushSocket)
    address = pull.peers[0].address
    world.run(pull.unbind(address))
    assert world.run(pull.bind(address)) == address
    world.advance(1)
    push.try_send(b"again")
    world.settle()
    assert world.drain(pull) == [[b"again"]]


def test_an_unknown_endpoint_is_an_error(world: World) -> None:
    pull = world.make(PullSocket)
    for call in (pull.unbind, pull.disconnect):
        failed = Outcomes(call(NOWHERE))
        assert isinstance(failed.error, UnknownEndpoint)
        assert failed.error.address == NOWHERE


def test_every_connection_to_an_address_is_disconnected(world: World) -> None:
    pull, push = world.pair(PullSocket, PushSocket)
    address = pull.peers[0].address
    world.run(push.connect(address))
    assert len(push.peers) == 2
    world.run(push.disconnect(address))
    assert push.peers == ()


def test_close_hastens_a_disconnect_that_lingers(world: World) -> None:
    push = world.make(PushSocket, linger=None)
    push.connect(NOWHERE)
    push.try_send(b"x")
    parted = Outcomes(push.disconnect(NOWHERE))
    world.advance(1000)
    assert parted.pending
    closed = Outcomes(push.close(linger=0))
    world.settle()
    assert (parted, closed) == ([None], [None])
    assert push.stats.dropped_sent == 1


def test_the_peer_sees_a_clean_end_and_can_come_back(world: World) -> None:
    """A strict peer that closed with bad data would disable libzmq clients (ZMTP.md 10.1)."""
    pair = world.make(PairSocket)
    address = world.bind(pair)
    peer = world.attach_raw(pair, hello("PAIR") + message(b"x"), address)
    received = peer.received
    world.run(pair.unbind(address))
    world.settle()
    assert peer.received == received
    assert peer.closed is not None
    assert world.network.ports == []


def test_dealer_can_connect_again_after_disconnect(world: World) -> None:
    server, client = world.pair(DealerSocket, DealerSocket)
    address = server.peers[0].address
    world.run(client.disconnect(address))
    world.run(client.connect(address))
    client.try_send(b"x")
    world.settle()
    assert world.drain(server) == [[b"x"]]


def test_what_comes_while_unbind_lingers_can_still_be_received(world: World) -> None:
    world.network.conditions = Conditions(buffer=1000)
    dealer = world.make(DealerSocket)
    address = world.bind(dealer)
    peer = world.attach_raw(dealer, hello("DEALER"), address)
    peer.pause()
    dealer.try_send(bytes(200_000))
    dealer.try_send(b"end")
    done = Outcomes(dealer.unbind(address))
    peer.send(message(b"late"))
    world.settle()
    assert done.pending
    assert world.drain(dealer) == [[b"late"]]
    peer.resume()
    world.settle()
    assert done == [None]
    assert peer.received.endswith(message(b"end"))


def test_closing_from_within_accepted_does_not_wait_for_the_handshake(world: World) -> None:
    pull = world.make(PullSocket)
    closing: list[Outcomes[None]] = []

    def close_at(event: object) -> None:
        if isinstance(event, Accepted):
            closing.append(Outcomes(pull.close(linger=None)))

    pull.on_event(close_at)
    peer = world.attach_raw(pull, b"")
    assert closing == [[None]]
    assert peer.closed is not None


@pytest.mark.parametrize("how", ["disconnect", "unbind"])
@pytest.mark.parametrize("patience", ["cancelled", "over"])
def test_who_waits_for_the_end_may_lose_patience(world: World, how: str, patience: str) -> None:
    """The waiting is given up, the parting is not."""
    push = world.make(PushSocket, linger=3)
    if how == "disconnect":
        address = NOWHERE
        push.connect(address)
    else:
        address = world.bind(push)
        world.attach_raw(push, hello("PULL"), address).pause()
        push.try_send(bytes(1_000_000))
    push.try_send(b"x")
    parting = push.disconnect(address) if how == "disconnect" else push.unbind(address)
    if patience == "over":
        parting.addTimeout(1, push._reactor)
    outcome = Outcomes(parting)
    if patience == "cancelled":
        parting.cancel()
    world.advance(1)
    assert type(outcome.error) is (CancelledError if patience == "cancelled" else TimedOut)
    assert len(push._parting) == 1
    world.advance(2)
    assert len(push.queues) == len(push._parting) == 0
    assert len(world.of(push, Closed)) == 1


@pytest.mark.parametrize("how", ["disconnect", "unbind"])
def test_the_queues_of_a_peer_that_is_parted_from_are_still_its_own(world: World, how: str) -> None:
    push = world.make(PushSocket, linger=3)
    if how == "disconnect":
        _, peer = world.accept_raw(push, hello("PULL"))
        address = world.events[push][0].address
    else:
        address = world.bind(push)
        peer = world.attach_raw(push, hello("PULL"), address)
    [there] = push.peers
    peer.pause()
    push.try_send(bytes(1_000_000))
    push.try_send(b"x")
    Outcomes(push.disconnect(address) if how == "disconnect" else push.unbind(address))
    [queues] = push.queues
    assert (queues.peer, queues.send_queue) == (there, 1)


def test_nobody_waits_for_room_at_a_stream_that_is_parted_from(world: World) -> None:
    stream = world.make(StreamSocket, send_hwm=1, linger=None)
    listener = world.network.raw_listen()
    address = f"tcp://127.0.0.1:{listener.port}"
    stream.connect(address, routing_id=b"A")
    world.settle()
    listener.peers[0].pause()
    while stream.try_send([b"A", bytes(100_000)]):
        world.settle()
    waiting = Outcomes(stream.send([b"A", b"late"]))
    Outcomes(stream.disconnect(address))
    assert isinstance(waiting.error, HostUnreachable)
    with pytest.raises(HostUnreachable):
        stream.try_send([b"A", b"later"])


@pytest.mark.parametrize("how", ["disconnect", "unbind"])
def test_nobody_waits_for_room_at_a_routers_peer_that_is_parted_from(
    world: World, how: str
) -> None:
    router = world.make(RouterSocket, router_mandatory=True, send_hwm=1, linger=None)
    said = hello("DEALER", Identity=b"A")
    if how == "disconnect":
        _, peer = world.accept_raw(router, said)
        address = world.events[router][0].address
    else:
        address = world.bind(router)
        peer = world.attach_raw(router, said, address)
    peer.pause()
    while router.try_send([b"A", bytes(100_000)]):
        world.settle()
    waiting = Outcomes(router.send([b"A", b"late"]))
    Outcomes(router.disconnect(address) if how == "disconnect" else router.unbind(address))
    assert isinstance(waiting.error, HostUnreachable)
