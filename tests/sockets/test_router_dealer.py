"""ROUTER and DEALER through whole sockets (ZMTP.md 7.4, 7.5)."""

from __future__ import annotations

import gc
from typing import Any

import pytest

from pyzmtp import DealerSocket, RouterSocket
from pyzmtp.engine.events import Disconnected, HandshakeFailed
from pyzmtp.errors import HostUnreachable, RoutingIdInUse, SendTimeout, SocketClosed
from pyzmtp.testing import Conditions, FailureLog

from .world import GREETING, Outcomes, World, hello, message, ready

TRANSPORTS = ["tcp", "ipc", "inproc"]


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_messages_carry_the_id_that_the_peer_announced(world: World, transport: str) -> None:
    router, dealer = world.pair(
        RouterSocket, DealerSocket, transport, connect={"routing_id": b"me"}
    )
    dealer.try_send([b"a", b"", b"b"])
    assert world.drain(router) == [[b"me", b"a", b"", b"b"]]
    assert router.peers[0].routing_id == b"me"
    router.try_send([b"me", b"c", b""])
    assert world.drain(dealer) == [[b"c", b""]]


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_nameless_peers_get_random_ids_that_begin_with_zero(world: World, transport: str) -> None:
    on = world.network.reactor()
    router = world.make(RouterSocket, on=on)
    address = world.bind(router, transport)
    for _ in range(5):
        dealer = world.make(DealerSocket, on=on)
        world.run(dealer.connect(address))
        dealer.try_send(b"x")
    ids = {frames[0] for frames in world.drain(router)}
    assert len(ids) == 5
    assert all(len(each) == 5 and each[0] == 0 for each in ids)
    numbers = sorted(int.from_bytes(each, "big") for each in ids)
    assert max(numbers) - min(numbers) > 5
    assert {peer.routing_id for peer in router.peers} == ids


def test_each_peer_gets_its_own_replies(world: World) -> None:
    router = world.make(RouterSocket)
    address = world.bind(router)
    dealers = [world.make(DealerSocket) for _ in range(3)]
    for number, dealer in enumerate(dealers):
        world.run(dealer.connect(address))
        dealer.try_send(b"%d" % number)
    for routing_id, body in world.drain(router):
        router.try_send([routing_id, body])
    assert [world.drain(dealer) for dealer in dealers] == [[[b"0"]], [[b"1"]], [[b"2"]]]


def test_connect_names_a_peer_at_once_and_whatever_it_says(world: World) -> None:
    router, dealer = world.make(RouterSocket), world.make(DealerSocket, routing_id=b"other")
    address = world.bind(dealer)
    router.connect(address, routing_id=b"mine")
    assert router.try_send([b"mine", b"early"])
    assert world.drain(dealer) == [[b"early"]]
    dealer.try_send(b"x")
    assert world.drain(router) == [[b"mine", b"x"]]
    assert router.peers[0].routing_id == b"mine"


def test_an_id_outlives_the_connection_on_the_connecting_side(world: World) -> None:
    """After reconnect the first id sticks even if the peer announces another [C]."""
    router = world.make(RouterSocket)
    listener, peer = world.accept_raw(router, hello("DEALER", Identity=b"first"))
    peer.close()
    world.advance(1)
    listener.peers[1].send(hello("DEALER", Identity=b"second") + message(b"x"))
    assert world.drain(router) == [[b"first", b"x"]]
    assert router.try_send([b"first", b"y"])
    world.settle()
    assert listener.peers[1].received.endswith(message(b"y"))
    listener.close()


@pytest.mark.parametrize("frames", [[b"nobody", b"x"], [b"nobody"]])
def test_what_cannot_be_routed_is_dropped_and_counted(world: World, frames: list[bytes]) -> None:
    router = world.make(RouterSocket)
    assert router.try_send(frames)
    assert router.stats.dropped_sent == 1


def test_mandatory_makes_it_an_error(world: World) -> None:
    router = world.make(RouterSocket, router_mandatory=True)
    with pytest.raises(HostUnreachable) as raised:
        router.try_send([b"nobody", b"x"])
    assert raised.value.routing_id == b"nobody"
    assert isinstance(Outcomes(router.send([b"nobody", b"x"])).error, HostUnreachable)
    assert isinstance(Outcomes(router.send_batch([[b"nobody", b"x"]])).error, HostUnreachable)


def clogged(world: World, **options: Any) -> RouterSocket:
    """A mandatory ROUTER with a peer b"slow" that is full, and another b"fast"."""
    world.network.conditions = Conditions(buffer=1000)
    router = world.make(RouterSocket, router_mandatory=True, send_hwm=2, **options)
    address = world.bind(router)
    world.attach_raw(router, hello("DEALER", Identity=b"slow"), address).pause()
    world.attach_raw(router, hello("DEALER", Identity=b"fast"), address)
    while router.try_send([b"slow", bytes(10_000)]):
        pass
    return router


def test_mandatory_waits_for_a_full_peer_and_for_no_other(world: World) -> None:
    router = clogged(world)
    waiting = Outcomes(router.send([b"slow", b"x"]))
    for _ in range(20):
        assert world.run(router.send([b"fast", b"x"])) is None
        world.settle()
    assert waiting.pending
    slow = next(p for p in world.network.connections if p.server_end.peer.received)
    slow.reset()
    world.settle()
    assert isinstance(waiting.error, HostUnreachable)


def test_a_batch_to_a_ready_peer_is_not_held_up_by_another(world: World) -> None:
    router = clogged(world)
    waiting = Outcomes(router.send([b"slow", b"x"]))
    assert Outcomes(router.send_batch([[b"fast", b"1"], [b"fast", b"2"]])) == [None]
    assert waiting.pending
    router.close(0)
    assert not waiting.pending


def test_a_later_send_does_not_overtake_a_batch_that_waits(world: World) -> None:
    router = clogged(world)
    fast = world.make(DealerSocket, routing_id=b"other")
    world.run(fast.connect(router.peers[0].address))
    world.settle()
    batch = Outcomes(router.send_batch([[b"slow", b"0"], [b"other", b"1"]]))
    later = Outcomes(router.send([b"other", b"2"]))
    world.settle()
    assert batch.pending
    got = world.drain(fast)
    assert got == ([[b"1"], [b"2"]] if later else [])
    router.close(0)


def test_what_waits_before_an_unknown_id_in_a_batch_fails_unheard(
    world: World, failures: FailureLog
) -> None:
    router = clogged(world)
    error = Outcomes(router.send_batch([[b"slow", b"0"], [b"nobody", b"1"], [b"fast", b"2"]])).error
    assert isinstance(error, HostUnreachable)
    del error  # its traceback holds whatever waits
    world.run(router.close(0))
    gc.collect()
    assert failures.take(SocketClosed) == 0


def test_a_wait_for_a_full_peer_times_out(world: World) -> None:
    router = clogged(world, send_timeout=1.0)
    waiting = Outcomes(router.send([b"slow", b"x"]))
    world.advance(1.1)
    assert isinstance(waiting.error, SendTimeout)


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_second_peer_with_the_same_id_is_turned_away(world: World, transport: str) -> None:
    on = world.network.reactor()
    router = world.make(RouterSocket, on=on)
    address = world.bind(router, transport)
    first, second = (world.make(DealerSocket, on=on, routing_id=b"same") for _ in range(2))
    world.run(first.connect(address))
    Outcomes(second.connect(address))
    world.settle()
    assert len(router.peers) == 1
    router.try_send([b"same", b"x"])
    assert world.drain(first) == [[b"x"]]
    if transport != "inproc":
        assert isinstance(world.of(router, HandshakeFailed)[0].error, RoutingIdInUse)
        world.run(first.close())
        world.advance(2)
        assert [peer.routing_id for peer in router.peers] == [b"same"]
        router.try_send([b"same", b"y"])
        assert world.drain(second) == [[b"y"]]


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_handover_replaces_the_first_and_closes_it(world: World, transport: str) -> None:
    on = world.network.reactor()
    router = world.make(RouterSocket, on=on, router_handover=True)
    address = world.bind(router, transport)
    first, second = (world.make(DealerSocket, on=on, routing_id=b"same") for _ in range(2))
    world.run(first.connect(address))
    first.try_send(b"from the first")
    world.settle()
    world.run(second.connect(address))
    world.settle()
    [event] = world.of(router, Disconnected)
    assert isinstance(event.reason, RoutingIdInUse)
    world.run(first.close(0))
    router.try_send([b"same", b"x"])
    assert world.drain(second) == [[b"x"]]
    assert world.drain(router) == [[b"same", b"from the first"]]


def test_an_id_of_ours_cannot_be_claimed(world: World) -> None:
    """A peer that sets Identity to an auto id makes libzmq abort; here it is refused."""
    router = world.make(RouterSocket)
    peer = world.attach_raw(router, hello("DEALER", Identity=b"\0abcd"))
    assert peer.closed is not None
    assert router.peers == ()
    [event] = world.of(router, HandshakeFailed)
    assert "zero byte" in str(event.error)


def test_an_id_of_more_than_255_bytes_is_refused(world: World) -> None:
    router = world.make(RouterSocket)
    address = world.bind(router)
    for size, accepted in ((255, True), (256, False)):
        body = b"\x05READY\x08Identity" + size.to_bytes(4, "big") + b"i" * size
        said = GREETING + b"\x06" + len(body).to_bytes(8, "big") + body
        peer = world.attach_raw(router, said, address)
        assert (peer.closed is None) is accepted
    assert len(world.of(router, HandshakeFailed)) == 1


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_probe_router_makes_a_dealer_known(world: World, transport: str) -> None:
    router, _ = world.pair(
        RouterSocket, DealerSocket, transport, connect={"probe_router": True, "routing_id": b"me"}
    )
    assert world.drain(router) == [[b"me", b""]]
    if transport != "inproc":
        world.network.connections[0].reset()
        world.advance(1)
        assert world.drain(router) == []


def test_routers_talk_to_each_other_by_name(world: World) -> None:
    one, other = world.pair(
        RouterSocket, RouterSocket, bind={"routing_id": b"one"}, connect={"routing_id": b"other"}
    )
    one.try_send([b"other", b"hello"])
    assert world.drain(other) == [[b"one", b"hello"]]
    other.try_send([b"one", b"hello"])
    assert world.drain(one) == [[b"other", b"hello"]]


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_dealers_pass_frames_as_they_are(world: World, transport: str) -> None:
    one, other = world.pair(DealerSocket, DealerSocket, transport)
    for frames in ([b""], [b"", b""], [b"\0\0\0\1", b"", b"x"]):
        one.try_send(frames)
        assert world.drain(other) == [frames]


def test_a_router_counts_no_peer_before_its_ready(world: World) -> None:
    router = world.make(RouterSocket, router_mandatory=True)
    said = hello("DEALER", Identity=b"me")
    peer = world.attach_raw(router, said[:-1])
    with pytest.raises(HostUnreachable):
        router.try_send([b"me", b"x"])
    peer.send(said[-1:])
    world.settle()
    assert router.try_send([b"me", b"x"])
    assert ready("DEALER", Identity=b"me") in said
