"""stats and peers: what a socket counts (DESIGN.md 1: nothing fails silently)."""

from __future__ import annotations

import attrs
import pytest

from pyzmtp import (
    DealerSocket,
    PeerQueues,
    PubSocket,
    PullSocket,
    PushSocket,
    RepSocket,
    Stats,
    SubSocket,
)
from pyzmtp.testing import Conditions

from .world import World, hello, message

TRANSPORTS = ["tcp", "ipc", "inproc"]


def test_a_new_socket_has_counted_nothing(world: World) -> None:
    assert set(attrs.asdict(world.make(DealerSocket).stats).values()) == {0}


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_messages_are_counted_on_both_sides(world: World, transport: str) -> None:
    pull, push = world.pair(PullSocket, PushSocket, transport)
    for _ in range(10):
        push.try_send([b"two", b"frames"])
    world.settle()
    pull.try_receive()
    assert push.stats == Stats(10, 0, 0, 0, 0, 0, 1, 0)
    assert pull.stats == Stats(0, 10, 0, 9, 0, 0, 1, 0)


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_counts_outlive_the_peers(world: World, transport: str) -> None:
    pull, push = world.pair(PullSocket, PushSocket, transport)
    push.try_send(b"x")
    world.settle()
    world.run(push.close())
    world.settle()
    assert (push.stats.messages_sent, push.stats.peers) == (1, 0)
    assert (pull.stats.messages_received, pull.stats.receive_queue) == (1, 1)
    assert pull.stats.peers == 0
    assert pull.peers == ()


def test_what_waits_to_be_sent_is_counted(world: World) -> None:
    push = world.make(PushSocket, send_hwm=2)
    push.connect("tcp://127.0.0.1:40001")
    for _ in range(2):
        push.send(b"x")
    push.send(b"x").addErrback(lambda _: None)
    push.send_batch([b"x"] * 3).addErrback(lambda _: None)
    assert push.stats.send_queue == 6
    assert push.stats.messages_sent == 0
    world.run(push.close(0))
    assert push.stats.send_queue == 0


def test_a_publisher_counts_each_peer_that_missed_a_message(world: World) -> None:
    world.network.conditions = Conditions(buffer=1000)
    pub = world.make(PubSocket, send_hwm=1)
    address = world.bind(pub)
    for _ in range(2):
        world.attach_raw(pub, hello("SUB") + message(b"\x01"), address).pause()
    for _ in range(20):
        pub.try_send(bytes(100_000))
    stats = pub.stats
    assert stats.dropped_sent > 30
    assert stats.messages_sent + stats.send_queue + stats.dropped_sent == 40
    assert stats.peers == 2


def test_what_a_pattern_cannot_use_is_counted(world: World) -> None:
    rep = world.make(RepSocket)
    world.attach_raw(rep, hello("REQ") + message(b"no envelope") * 3 + message(b"", b"good"))
    assert rep.stats.dropped_received == 3
    assert rep.stats.messages_received == 4
    assert rep.stats.receive_queue == 1


def test_events_that_nobody_reads_are_dropped_and_counted(world: World) -> None:
    sub = world.make(SubSocket)
    stream = sub.events()
    sub.connect("tcp://127.0.0.1:40001")
    world.advance(200)
    assert len(world.events[sub]) > 1500
    assert sub.stats.events_dropped == len(world.events[sub]) - 1000
    assert stream.dropped == sub.stats.events_dropped


def test_peers_say_who_is_there(world: World) -> None:
    pull = world.make(PullSocket)
    address = world.bind(pull)
    assert not pull.peers
    push = world.make(PushSocket, metadata={"X-Name": b"one", "X-Empty": b""})
    world.run(push.connect(address))
    world.settle()
    [peer] = pull.peers
    assert peer.address == address
    assert peer.incoming
    assert peer.metadata == {"X-Name": b"one", "X-Empty": b""}
    assert peer.user_id is None
    assert peer.socket_type is push.socket_type
    assert peer.peer_address.startswith("127.0.0.1:")
    [server] = push.peers
    assert not server.incoming
    assert server.peer_address == address.removeprefix("tcp://")
    assert repr(pull) == "<PullSocket 1 peers>"
    world.run(pull.close())
    assert repr(pull) == "<PullSocket closed>"


def test_what_a_peer_says_of_itself_cannot_forge_who_it_is(world: World) -> None:
    """User-Id, Peer-Address and __* from a peer's own metadata are dropped (DESIGN.md 4)."""
    pull = world.make(PullSocket)
    forged = {"User-Id": b"root", "Peer-Address": b"10.0.0.1", "__x": b"", "user-id": b"root"}
    for name, value in forged.items():
        world.attach_raw(pull, hello("PUSH", **{name: value, "X-Fine": b"1"}))
    assert [(dict(peer.metadata), peer.user_id) for peer in pull.peers] == [
        ({"X-Fine": b"1"}, None)
    ] * 4


def test_an_ipc_peer_has_the_path_as_its_address(world: World) -> None:
    pull, push = world.pair(PullSocket, PushSocket, "ipc")
    [server] = push.peers
    assert server.address == f"ipc://{server.peer_address}"
    assert pull.peers[0].peer_address == ""


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_the_queues_of_each_peer(world: World, transport: str) -> None:
    pull, push = world.pair(PullSocket, PushSocket, transport)
    push.connect("tcp://127.0.0.1:40001")
    for _ in range(4):
        push.try_send(b"x")
    world.settle()
    [there] = pull.peers
    [here] = push.peers
    assert pull.queues == (PeerQueues(there.address, there, 0, 2),)
    assert push.queues == (
        PeerQueues(here.address, here, 0, 0),
        PeerQueues("tcp://127.0.0.1:40001", None, 2, 0),
    )
    pull.try_receive()
    assert pull.queues[0].receive_queue == 1
    world.run(push.close(0))
    assert push.queues == ()
