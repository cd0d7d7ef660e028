"""Heartbeats between sockets: who falls silent is given up, who is only slow is not."""

from __future__ import annotations

import pytest

from pyzmtp import DealerSocket, HeartbeatTimeout, PullSocket, PushSocket, RouterSocket
from pyzmtp.engine.events import ConnectRetried, Disconnected

from .world import World, hello, message

PING = bytes.fromhex("0407 0450494e47 0000")


def test_a_ping_goes_out_at_the_interval(world: World) -> None:
    pull = world.make(PullSocket, heartbeat_interval=2, heartbeat_timeout=0)
    peer = world.attach_raw(pull, hello("PUSH"))
    peer.take()
    world.advance(1.9)
    assert peer.received == b""
    world.advance(0.2)
    assert peer.received == PING
    world.advance(4)
    assert peer.received == PING * 3


def test_a_silent_peer_is_given_up_after_interval_and_timeout(world: World) -> None:
    pull = world.make(PullSocket, heartbeat_interval=2, heartbeat_timeout=1)
    peer = world.attach_raw(pull, hello("PUSH"))
    world.advance(2.9)
    assert peer.closed is None
    world.advance(0.2)
    assert peer.closed is not None
    [event] = world.of(pull, Disconnected)
    assert isinstance(event.reason, HeartbeatTimeout)
    assert event.reason.seconds == 1


def test_two_that_ping_each_other_stay_together(world: World) -> None:
    router, dealer = world.pair(
        RouterSocket,
        DealerSocket,
        bind={"heartbeat_interval": 1, "heartbeat_ttl": 3},
        connect={"heartbeat_interval": 0.7, "heartbeat_timeout": 0.5},
    )
    world.advance(100)
    assert len(router.peers) == len(dealer.peers) == 1
    assert world.of(router, Disconnected) == world.of(dealer, Disconnected) == []


def test_a_stalled_connection_is_dialled_again(world: World) -> None:
    pull, push = world.pair(PullSocket, PushSocket, connect={"heartbeat_interval": 1})
    [connection] = world.network.connections
    connection.stall()
    world.advance(2.1)
    [event] = world.of(push, Disconnected)
    assert isinstance(event.reason, HeartbeatTimeout)
    assert len(world.of(push, ConnectRetried)) == 1
    world.advance(1)
    push.try_send(b"again")
    assert [b"again"] in world.drain(pull)


def test_a_peer_that_does_not_read_is_given_up_however_much_waits_for_it(world: World) -> None:
    """libzmq does the same: the PING that cannot leave is not answered either."""
    push = world.make(PushSocket, heartbeat_interval=2, heartbeat_timeout=1)
    peer = world.attach_raw(push, hello("PULL"))
    peer.pause()
    while push.try_send(bytes(10_000)):
        pass
    world.advance(2.9)
    assert peer.closed is None
    world.advance(0.2)
    [event] = world.of(push, Disconnected)
    assert isinstance(event.reason, HeartbeatTimeout)


def test_a_peer_that_reads_a_large_message_slowly_is_not_given_up(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    push = world.make(PushSocket, heartbeat_interval=1)
    peer = world.attach_raw(push, hello("PULL"))
    peer.take()
    receive = peer.dataReceived

    def receive_and_pause(data: bytes) -> None:
        receive(data)
        peer.pause()

    monkeypatch.setattr(peer, "dataReceived", receive_and_pause)
    wire = b"\x02" + (3_000_000).to_bytes(8, "big") + bytes(3_000_000)
    push.try_send(bytes(3_000_000))
    steps = 0
    while len(peer.received) < len(wire):
        peer.resume()
        world.advance(0.3)
        assert world.of(push, Disconnected) == []
        steps += 1
    assert steps > 40
    peer.resume()
    world.settle()
    assert peer.received == wire + PING


def test_a_message_that_trickles_in_is_a_sign_of_life(world: World) -> None:
    """libzmq counts whole frames, and so gives up the peer of a large message on a slow line."""
    pull = world.make(PullSocket, heartbeat_interval=1)
    peer = world.attach_raw(pull, hello("PUSH"))
    peer.send(b"\x00\xc8")
    for _ in range(200):
        peer.send(b"x")
        world.advance(0.9)
    assert world.of(pull, Disconnected) == []
    assert world.drain(pull) == [[b"x" * 200]]


def test_a_reader_that_is_full_does_not_blame_the_peer(world: World) -> None:
    pull = world.make(PullSocket, receive_hwm=2, heartbeat_interval=1, handshake_timeout=None)
    peer = world.attach_raw(pull, hello("PUSH") + message(b"x") * 5)
    world.advance(60)
    assert peer.closed is None
    assert len(world.drain(pull)) == 5


@pytest.mark.parametrize("ttl", [3, 655])
def test_the_time_to_live_that_a_peer_asks_for_is_kept(world: World, ttl: int) -> None:
    pull = world.make(PullSocket)
    ping = bytes.fromhex("0407 0450494e47") + ttl.to_bytes(2, "big")
    peer = world.attach_raw(pull, hello("PUSH") + ping)
    world.advance(ttl / 10 - 0.05)
    assert peer.closed is None
    world.advance(0.1)
    assert peer.closed is not None


def test_a_flood_of_pings_leaves_one_answer_waiting(world: World) -> None:
    pull = world.make(PullSocket)
    peer = world.attach_raw(pull, hello("PUSH"))
    peer.take()
    peer.send(PING * 5000)
    world.settle()
    assert 1 <= peer.received.count(b"PONG") <= 5000 * len(PING) // 1000
