"""What is kept and what is lost when a connection is lost (ZMTP.md 8.3, 7.1)."""

from __future__ import annotations

import pytest

from pyzmtp import DealerSocket, PullSocket, PushSocket, SubSocket, XPubSocket, XSubSocket
from pyzmtp.engine.events import ConnectRetried, Disconnected, MessagesDropped
from pyzmtp.errors import FramingError
from pyzmtp.testing import Conditions

from .world import World, hello, message, short

TRANSPORTS = ["tcp", "ipc"]


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_connecting_side_keeps_its_queue_and_sends_it_after_reconnecting(
    world: World, transport: str
) -> None:
    pull, push = world.pair(PullSocket, PushSocket, transport)
    world.network.connections[0].reset()
    world.settle()
    assert push.peers == ()
    for number in range(5):
        assert push.try_send([b"%d" % number, b"end"])
    assert push.stats.send_queue == 5
    world.advance(1)
    assert world.drain(pull) == [[b"%d" % number, b"end"] for number in range(5)]
    assert push.stats.dropped_sent == 0


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_connecting_side_loses_what_the_kernel_had_and_no_more(
    world: World, transport: str
) -> None:
    """Bytes handed to the kernel are lost, and nothing is sent twice."""
    world.network.conditions = Conditions(buffer=1000)
    pull, push = world.pair(PullSocket, PushSocket, transport)
    connection = world.network.connections[0]
    connection.stall()
    for number in range(300):
        assert push.try_send([b"%3d" % number, bytes(1000)])
    world.settle()
    queued = push.stats.send_queue
    assert 0 < queued < 300
    connection.reset()
    world.advance(1)
    got = [int(frames[0]) for frames in world.drain(pull)]
    assert got == list(range(300 - queued, 300))


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_connecting_side_can_still_receive_complete_messages(world: World, transport: str) -> None:
    push, pull = world.pair(PushSocket, PullSocket, transport)
    for number in range(3):
        push.try_send(b"%d" % number)
    world.settle()
    world.network.connections[0].reset()
    world.settle()
    assert world.drain(pull) == [[b"0"], [b"1"], [b"2"]]


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_binding_side_drops_its_queue_and_tells(world: World, transport: str) -> None:
    world.network.conditions = Conditions(buffer=1000)
    push, pull = world.pair(PushSocket, PullSocket, transport)
    world.network.connections[0].stall()
    for _ in range(300):
        push.try_send(bytes(1000))
    world.settle()
    queued = push.stats.send_queue
    assert queued > 0
    world.network.connections[0].reset()
    world.settle()
    assert push.stats.send_queue == 0
    assert push.stats.dropped_sent == queued
    assert [event.count for event in world.of(push, MessagesDropped)] == [queued]
    world.advance(1)
    assert len(world.drain(pull)) == 0
    assert len(push.peers) == 1


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_binding_side_can_still_receive_complete_messages(world: World, transport: str) -> None:
    pull, push = world.pair(PullSocket, PushSocket, transport, bind={"receive_hwm": 2})
    for number in range(2):
        push.try_send(b"%d" % number)
    world.settle()
    world.run(push.close())
    assert pull.stats.receive_queue == 2
    assert world.drain(pull) == [[b"0"], [b"1"]]
    assert pull.peers == ()
    assert len(world.of(pull, Disconnected)) == 1


@pytest.mark.parametrize("binding", [True, False])
def test_an_incomplete_message_vanishes_with_its_connection(world: World, binding: bool) -> None:
    dealer = world.make(DealerSocket)
    if binding:
        peer = world.attach_raw(dealer, hello("DEALER") + message(b"whole") + short(1, b"half"))
    else:
        _, peer = world.accept_raw(dealer, hello("DEALER") + message(b"whole") + short(1, b"half"))
    peer.close()
    world.settle()
    assert world.drain(dealer) == [[b"whole"]]
    world.advance(10)
    assert dealer.stats.receive_queue == 0


@pytest.mark.parametrize("cut", range(1, 24))
def test_a_message_cut_at_any_byte_is_not_delivered_nor_spliced_with_the_next(
    world: World, cut: int
) -> None:
    pull = world.make(PullSocket)
    address = world.bind(pull)
    whole = message(b"one", b"", b"two", b"three" * 2)
    assert len(whole) == 24
    peer = world.attach_raw(pull, hello("PUSH") + whole[:cut], address)
    peer.abort()
    world.settle()
    other = world.attach_raw(pull, hello("PUSH") + message(b"next"), address)
    assert world.drain(pull) == [[b"next"]]
    assert other.closed is None


def test_a_partly_written_message_is_not_sent_to_another_peer(world: World) -> None:
    """libzmq#3343: the rest of it is discarded, the next delivery is the next whole message."""
    world.network.conditions = Conditions(buffer=1000)
    push = world.make(PushSocket)
    address = world.bind(push)
    peer = world.attach_raw(push, hello("PULL"), address)
    peer.pause()
    assert push.try_send([b"first", bytes(200_000), b"last"])
    assert push.try_send(b"second")
    world.settle()
    peer.abort()
    world.settle()
    pull = world.make(PullSocket)
    world.run(pull.connect(address))
    push.try_send(b"third")
    world.settle()
    assert world.drain(pull) == [[b"third"]]


@pytest.mark.parametrize("segment", [1, 3, 7])
def test_a_partly_written_message_is_not_sent_again_after_reconnecting(
    world: World, segment: int
) -> None:
    world.network.conditions = Conditions(buffer=1000, segment_size=segment)
    pull, push = world.pair(PullSocket, PushSocket)
    world.network.connections[0].stall()
    push.try_send([b"first", bytes(100_000), b"last"])
    push.try_send([b"second", b"", b"end"])
    world.settle()
    assert push.stats.send_queue == 1
    world.network.connections[0].cut("server")
    world.settle()
    world.network.connections[0].cut("client")
    world.advance(1)
    assert world.drain(pull) == [[b"second", b"", b"end"]]


def test_sub_replays_each_distinct_topic_once(world: World) -> None:
    sub = world.make(SubSocket)
    for topic in (b"a", b"b", b"a", b"gone"):
        sub.subscribe(topic)
    sub.unsubscribe(b"gone")
    listener, first = world.accept_raw(sub, hello("PUB"))
    first.take()
    sub.subscribe(b"a")
    sub.subscribe(b"c")
    world.settle()
    first.close()
    world.advance(1)
    [_, second] = listener.peers
    second.send(hello("PUB"))
    world.settle()
    assert sorted(commands(second.received)) == [b"\x09SUBSCRIBE" + t for t in (b"a", b"b", b"c")]
    listener.close()


def commands(received: bytes) -> list[bytes]:
    """The short commands behind a greeting and a READY."""
    rest = received[64 + 2 + received[65] :]
    found = []
    while rest:
        assert rest[0] == 4
        found.append(rest[2 : 2 + rest[1]])
        rest = rest[2 + rest[1] :]
    return found


def test_xsub_drops_what_was_queued_upstream_and_replays_its_topics(world: World) -> None:
    world.network.conditions = Conditions(buffer=1000)
    xpub, xsub = world.pair(XPubSocket, XSubSocket)
    xsub.try_send(b"\x01topic")
    world.settle()
    assert world.drain(xpub) == [[b"\x01topic"]]
    world.network.connections[0].stall()
    for number in range(300):
        xsub.try_send([b"up", b"%d" % number, bytes(1000)])
    world.settle()
    assert xsub.stats.send_queue > 0
    world.network.connections[0].reset()
    world.advance(1)
    assert world.drain(xpub) == [[b"\x00topic"], [b"\x01topic"]]
    assert xsub.stats.send_queue == 0


def test_immediate_drops_both_queues_with_the_connection(world: World) -> None:
    world.network.conditions = Conditions(buffer=1000)
    server, client = world.pair(DealerSocket, DealerSocket, connect={"immediate": True})
    server.try_send(b"unread")
    world.settle()
    assert client.stats.receive_queue == 1
    world.network.connections[0].stall()
    for _ in range(200):
        client.try_send(bytes(1000))
    world.settle()
    queued = client.stats.send_queue
    assert queued > 0
    world.network.connections[0].reset()
    world.settle()
    assert not client.try_send(b"nobody is there")
    assert client.try_receive() is None
    assert client.stats.dropped_sent == queued
    assert client.stats.dropped_received == 1
    assert sorted(event.count for event in world.of(client, MessagesDropped)) == [1, queued]
    world.advance(1)
    assert client.try_send(b"back")
    world.settle()
    assert world.drain(server) == [[b"back"]]


def test_immediate_has_no_queue_before_ready(world: World) -> None:
    """EAGAIN even after the TCP connect [C]."""
    push = world.make(PushSocket, immediate=True)
    assert not push.try_send(b"x")
    listener, peer = world.accept_raw(push, hello("PULL")[:64])
    assert not push.try_send(b"x")
    peer.send(hello("PULL")[64:])
    world.settle()
    assert push.try_send(b"x")
    listener.close()


def test_a_protocol_error_drops_the_queue_and_keeps_what_was_received(world: World) -> None:
    world.network.conditions = Conditions(buffer=1000)
    dealer = world.make(DealerSocket)
    listener, peer = world.accept_raw(dealer, hello("DEALER") + message(b"readable"))
    peer.pause()
    for _ in range(200):
        dealer.try_send(bytes(1000))
    world.settle()
    queued = dealer.stats.send_queue
    assert queued > 0
    peer.send(b"\x80\x00")  # reserved flags
    peer.resume()
    world.advance(60)
    [event] = world.of(dealer, Disconnected)
    assert isinstance(event.reason, FramingError)
    assert world.drain(dealer) == [[b"readable"]]
    assert dealer.stats.dropped_sent == queued
    assert len(listener.peers) == 1
    assert world.of(dealer, ConnectRetried) == []
    assert not dealer.try_send(b"nobody is there")
    listener.close()


def test_after_giving_up_connect_dials_again(world: World) -> None:
    """Deliberate: libzmq does nothing until disconnect() is called."""
    dealer = world.make(DealerSocket)
    listener, _ = world.accept_raw(dealer, hello("DEALER") + b"\x80\x00")
    world.advance(5)
    dealer.connect(f"tcp://127.0.0.1:{listener.port}")
    world.settle()
    listener.peers[1].send(hello("DEALER") + message(b"again"))
    assert world.drain(dealer) == [[b"again"]]
    listener.close()


def test_a_full_sender_goes_on_when_its_peer_leaves(world: World) -> None:
    """T32: no deadlock when the peer of a sender at its high-water mark leaves."""
    world.network.conditions = Conditions(buffer=1000)
    push = world.make(PushSocket, send_hwm=3)
    address = world.bind(push)
    peer = world.attach_raw(push, hello("PULL"), address)
    peer.pause()
    while push.try_send(bytes(10_000)):
        pass
    waiting = push.send(b"waiting")
    pull = world.make(PullSocket)
    world.run(pull.connect(address))
    assert world.run(waiting) is None
    peer.abort()
    world.settle()
    push.try_send(b"more")
    world.settle()
    assert world.drain(pull) == [[b"waiting"], [b"more"]]
