"""The waits between attempts to connect (ZMTP.md 8.1, 10.3)."""

from __future__ import annotations

from itertools import pairwise

import pytest

from pyzmtp import PullSocket, PushSocket
from pyzmtp.engine.events import ConnectDelayed, Connected, ConnectRetried
from pyzmtp.errors import ConnectError
from pyzmtp.testing import MemoryNetwork

from .world import GREETING, Outcomes, World, hello

NOWHERE = "tcp://127.0.0.1:40001"


def delays(world: World, push: PushSocket) -> list[float]:
    """The waits that were announced."""
    return [event.delay for event in world.of(push, ConnectRetried)]


def test_the_first_attempt_is_immediate(world: World) -> None:
    pull, push = world.make(PullSocket), world.make(PushSocket)
    push.connect(world.bind(pull))
    world.settle()
    assert world.network.seconds() == 0
    assert len(push.peers) == 1


def test_each_wait_is_the_interval_and_a_random_part_of_it(world: World) -> None:
    push = world.make(PushSocket, reconnect_interval=0.4)
    push.connect(NOWHERE)
    world.advance(60)
    waits = delays(world, push)
    assert 75 <= len(waits) <= 150
    assert all(0.4 <= wait <= 0.8 for wait in waits)
    assert max(waits) - min(waits) > 0.2
    assert len(set(waits)) > 50


def waits_under(seed: int) -> list[float]:
    """The waits of two sockets on a network with this seed."""
    network = MemoryNetwork(seed=seed)
    waits: list[float] = []
    sockets = [PushSocket(network.reactor()) for _ in range(2)]
    for push in sockets:
        push.on_event(
            lambda event: waits.append(event.delay) if isinstance(event, ConnectRetried) else None
        )
        push.connect(NOWHERE)
    network.advance(5)
    for push in sockets:
        network.run(push.close(linger=0))
    network.assert_clean()
    return waits


def test_on_a_reactor_whose_chance_is_its_own_the_waits_can_be_repeated() -> None:
    assert waits_under(1) == waits_under(1)
    assert waits_under(1) != waits_under(2)


def test_the_waits_are_those_announced(world: World) -> None:
    push = world.make(PushSocket)
    times: list[float] = []
    push.on_event(
        lambda event: (
            times.append(world.network.seconds()) if isinstance(event, ConnectDelayed) else None
        )
    )
    push.connect(NOWHERE)
    world.advance(5)
    gaps = [later - earlier for earlier, later in pairwise(times)]
    assert gaps == pytest.approx(delays(world, push)[: len(gaps)])


def test_two_sockets_do_not_wait_alike(world: World) -> None:
    one, other = world.make(PushSocket), world.make(PushSocket)
    for push in (one, other):
        push.connect(NOWHERE)
    world.advance(2)
    assert delays(world, one)[:5] != delays(world, other)[:5]


def test_the_waits_double_up_to_the_maximum(world: World) -> None:
    push = world.make(PushSocket, reconnect_interval=0.1, reconnect_interval_max=1.0)
    push.connect(NOWHERE)
    world.advance(20)
    waits = delays(world, push)
    for wait, base in zip(waits, [0.1, 0.2, 0.4, 0.8, 1.0, 1.0, 1.0], strict=False):
        assert base <= wait <= base + 0.1
    assert len(waits) > 7


def test_a_maximum_below_the_interval_counts(world: World) -> None:
    """libzmq (100/50): 50 50."""
    push = world.make(PushSocket, reconnect_interval=10.0, reconnect_interval_max=1.0)
    push.connect(NOWHERE)
    world.advance(30)
    assert all(1.0 <= wait <= 2.0 for wait in delays(world, push))


def test_many_failures_do_not_overflow(world: World) -> None:
    push = world.make(PushSocket, reconnect_interval=1e-3, reconnect_interval_max=0.002)
    push.connect(NOWHERE)
    world.advance(5)
    assert len(delays(world, push)) > 1100


def test_a_connection_without_a_handshake_does_not_restart_the_growth(world: World) -> None:
    """libzmq hits a peer that accepts and drops at every interval; only a handshake resets here."""
    push = world.make(PushSocket, reconnect_interval=0.1, reconnect_interval_max=1000.0)
    listener, peer = world.accept_raw(push, GREETING)
    for _ in range(6):
        peer.close()
        world.until(lambda: len(listener.peers) > len(delays(world, push)), 60)
        peer = listener.peers[-1]
        peer.send(GREETING)
        world.settle()
    assert len(world.of(push, Connected)) == 7
    waits = delays(world, push)
    for number, wait in enumerate(waits):
        assert 0.1 * 2**number <= wait <= 0.1 * 2**number + 0.1
    listener.close()


def test_a_handshake_restarts_the_growth(world: World) -> None:
    push = world.make(PushSocket, reconnect_interval=0.1, reconnect_interval_max=1000.0)
    push.connect(NOWHERE)
    world.advance(3)
    assert delays(world, push)[-1] > 1
    listener = world.network.raw_listen(40001)
    world.until(lambda: bool(listener.peers))
    listener.peers[0].send(hello("PULL"))
    world.settle()
    listener.peers[0].close()
    world.settle()
    assert delays(world, push)[-1] <= 0.2
    listener.close()


@pytest.mark.parametrize("where", [NOWHERE, "ipc:///run/nowhere", "tcp://no.such.name:1"])
def test_without_an_interval_a_failed_attempt_is_final(world: World, where: str) -> None:
    push = world.make(PushSocket, reconnect_interval=None)
    connected = Outcomes(push.connect(where))
    push.try_send(b"x")
    world.advance(100)
    assert isinstance(connected.error, ConnectError)
    assert connected.error.address == where
    assert world.names(push) == ["ConnectDelayed", "MessagesDropped", "Closed"]
    assert push.stats.dropped_sent == 1


def test_without_an_interval_a_lost_connection_is_final(world: World) -> None:
    pull, push = world.pair(PullSocket, PushSocket, connect={"reconnect_interval": None})
    world.network.connections[0].reset()
    world.advance(100)
    assert push.peers == pull.peers == ()
    assert len(world.of(push, ConnectDelayed)) == 1


def test_a_socket_reconnects_as_often_as_it_takes(world: World) -> None:
    pull, push = world.pair(PullSocket, PushSocket)
    for number in range(20):
        world.network.connections[0].reset()
        world.advance(0.3)
        push.try_send(b"%d" % number)
        world.settle()
    assert world.drain(pull) == [[b"%d" % number] for number in range(20)]
