"""How bytes travel on the network in memory: delayed, cut, joined, and no faster than the line."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import evolve
from twisted.internet import error

from pyzmtp.testing import Conditions, MemoryNetwork

from .recorders import Client, Pair, Producer, Server, port_of

KIB = 1024


@pytest.fixture
def network() -> MemoryNetwork:
    return MemoryNetwork(seed=5)


@pytest.mark.parametrize(
    "wrong",
    [
        {"latency": -0.1},
        {"jitter": -1.0},
        {"bandwidth": 0.0},
        {"buffer": 0},
        {"segment_size": 0},
        {"split": 1.1},
        {"split": -0.1},
        {"coalesce": -1.0},
        {"loss": 2.0},
    ],
    ids=str,
)
def test_conditions_that_cannot_be(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Conditions(**wrong)


# Delay


def test_bytes_are_under_way_for_the_latency(pair: Pair) -> None:
    network = pair.network
    network.conditions = Conditions(latency=0.5)
    pair.client.wire.write(b"one")
    network.advance(0.49)
    assert pair.server.received == b""
    pair.client.wire.write(b"two")
    network.advance(0.01)
    assert pair.server.received == b"one"
    network.advance(0.5)
    assert pair.server.received == b"onetwo"


def test_so_is_the_end(pair: Pair) -> None:
    network = pair.network
    network.conditions = Conditions(latency=0.5)
    pair.client.wire.write(b"bye")
    pair.client.wire.loseConnection()
    network.advance(0.4)
    assert pair.client.log == [error.ConnectionDone]
    assert pair.server.log == []
    network.advance(0.1)
    assert pair.server.log == [3, error.ConnectionDone]
    assert network.connections == []


def test_so_is_a_reset(network: MemoryNetwork) -> None:
    pair = Pair(network, unix=False)
    network.conditions = Conditions(latency=0.5)
    pair.client.wire.write(b"last words")
    network.settle()
    pair.client.wire.abortConnection()
    network.advance(0.4)
    assert pair.server.log == []
    network.advance(0.1)
    assert pair.server.log == [10, error.ConnectionLost]


def test_a_closed_peer_is_only_known_when_its_answer_has_come(network: MemoryNetwork) -> None:
    pair = Pair(network, unix=False)
    network.conditions = Conditions(latency=0.5)
    pair.server.wire.pauseProducing()  # so that it does not read the end
    pair.client.wire.loseConnection()
    network.settle()
    pair.server.wire.write(b"into the void")
    network.advance(0.4)
    pair.server.wire.write(b"once more")
    network.settle()
    assert pair.server.log == []
    network.advance(0.2)
    pair.server.wire.write(b"now it knows")
    network.settle()
    assert pair.server.log == [error.ConnectionLost]


def test_bytes_that_meet_a_closed_end_are_answered_by_a_reset(network: MemoryNetwork) -> None:
    pair = Pair(network, unix=False)
    network.conditions = Conditions(latency=0.5)
    pair.server.wire.pauseProducing()
    pair.server.wire.write(b"under way")
    network.settle()
    pair.client.wire.loseConnection()
    network.advance(0.5)  # both have crossed
    network.advance(0.5)
    pair.server.wire.write(b"x")
    network.settle()
    assert pair.server.log == [error.ConnectionLost]


def test_jitter_keeps_the_order(pair: Pair) -> None:
    network = pair.network
    network.conditions = Conditions(latency=0.1, jitter=1.0)
    sent = [b"%03d" % number for number in range(100)]
    for piece in sent:
        pair.client.wire.write(piece)
        network.advance(0.01)
    assert len(pair.server.received) < 300
    network.advance(2)
    assert pair.server.received == b"".join(sent)
    assert len(pair.server.log) > 1


def test_to_connect_takes_a_round_trip(network: MemoryNetwork) -> None:
    network.conditions = Conditions(latency=0.5)
    server, client = Server(), Client()
    number = port_of(network.reactor().listenTCP(0, server, interface="127.0.0.1"))
    network.reactor().connectTCP("127.0.0.1", number, client)
    network.advance(0.4)
    assert len(server.log) == 1
    network.advance(0.1)
    assert len(server.log) == 2
    assert client.protocols == []
    network.advance(0.5)
    assert len(client.protocols) == 1


def test_a_refusal_takes_one_as_well(network: MemoryNetwork) -> None:
    network.conditions = Conditions(latency=0.5)
    client = Client()
    network.reactor().connectTCP("127.0.0.1", 9, client)
    network.advance(0.9)
    assert client.log == ["start", "connecting"]
    network.advance(0.1)
    assert client.log[2:] == [("failed", error.ConnectionRefusedError), "stop"]


def test_a_port_that_closes_meanwhile_refuses(network: MemoryNetwork) -> None:
    network.conditions = Conditions(latency=0.5)
    listening = network.reactor().listenTCP(0, Server(), interface="127.0.0.1")
    client = Client()
    network.reactor().connectTCP("127.0.0.1", port_of(listening), client)
    network.advance(0.4)
    listening.stopListening()
    network.advance(0.6)
    assert client.log[2:] == [("failed", error.ConnectionRefusedError), "stop"]


# Cut and joined


def test_reads_are_cut_at_random_places(pair: Pair) -> None:
    pair.network.conditions = Conditions(split=1.0)
    pair.client.wire.write(bytes(range(256)) * 40)
    pair.network.settle()
    assert pair.server.received == bytes(range(256)) * 40
    assert len(pair.server.log) > 3


def test_what_is_sent_within_a_while_arrives_together(pair: Pair) -> None:
    network = pair.network
    network.conditions = Conditions(coalesce=0.1)
    network.advance(0.01)
    for _ in range(10):
        pair.client.wire.write(b"x")
        network.advance(0.02)
    assert pair.server.log == [5, 10]


# The line


def test_no_more_passes_than_the_bandwidth_allows(pair: Pair) -> None:
    network = pair.network
    network.conditions = Conditions(bandwidth=10_000)
    pair.client.wire.write(bytes(100_000))
    pair.server.wire.write(b"the other direction is free")
    network.advance(1)
    assert pair.client.received == b"the other direction is free"
    assert 8_000 <= len(pair.server.received) <= 10_000
    network.advance(4)
    assert 48_000 <= len(pair.server.received) <= 50_000
    network.advance(5.01)
    assert len(pair.server.received) == 100_000


def test_a_slow_line_pushes_back(pair: Pair) -> None:
    network = pair.network
    network.conditions = Conditions(bandwidth=10_000, buffer=20_000)
    producer = Producer()
    pair.client.wire.registerProducer(producer, True)
    pair.client.wire.write(bytes(100_000))
    network.advance(7)
    assert producer.log == ["pause"]
    network.advance(2)  # all but what the buffer holds has left
    assert producer.log == ["pause", "resume"]


def test_what_is_under_way_counts_against_the_buffer(pair: Pair) -> None:
    network = pair.network
    network.conditions = Conditions(latency=1.0, buffer=1000)
    pair.client.wire.write(bytes(2500))
    network.settle()
    data: Any = pair.client.wire
    assert len(data.dataBuffer) - data.offset == 1500
    network.advance(3)
    assert len(pair.server.received) == 2500


# Where they hold


def test_conditions_hold_for_everybody_for_one_and_for_two(network: MemoryNetwork) -> None:
    slow = Conditions(latency=1.0)
    one, two, three = (network.reactor() for _ in range(3))
    between = network.conditions_between
    network.set_conditions(evolve(slow, latency=2.0), two)
    network.set_conditions(evolve(slow, latency=3.0), two, three)
    assert between(one, three) == network.conditions == Conditions()
    assert between(one, two).latency == between(two, one).latency == 2.0
    assert between(three, two).latency == between(two, three).latency == 3.0
    network.set_conditions(slow, one)
    assert between(one, two).latency == between(two, one).latency == 1.0  # the older one's
    network.conditions = evolve(slow, latency=4.0)
    assert between(three, three).latency == 4.0
    with pytest.raises(TypeError, match="one reactor or two, not 3"):
        network.set_conditions(slow, one, two, three)
    with pytest.raises(TypeError, match="not 0"):
        network.partition()


def test_they_change_for_connections_that_are_there(pair: Pair) -> None:
    network = pair.network
    network.set_conditions(Conditions(latency=1.0), pair.here, pair.there)
    pair.client.wire.write(b"slow ")
    network.settle()
    network.set_conditions(Conditions(), pair.here, pair.there)
    pair.client.wire.write(b"fast")
    network.advance(0.9)
    assert pair.server.received == b""  # but the order stays
    network.advance(0.1)
    assert pair.server.received == b"slow fast"


# Chance


def _trace(seed: int | None) -> list[object]:
    """What a server sees of three clients, and when."""
    network = MemoryNetwork(
        seed=seed, conditions=Conditions(latency=0.1, jitter=0.3, split=0.5, bandwidth=100_000)
    )
    listener = network.raw_listen()
    clients = [network.raw_connect(listener.port) for _ in range(3)]
    for client in clients:
        client.send(bytes(10_000))
    seen: list[object] = []
    for _ in range(200):
        network.advance(0.01)
        seen.append([len(peer.received) for peer in listener.peers])
    return seen


def test_the_same_seed_gives_the_same_run_and_another_seed_another() -> None:
    assert _trace(3) == _trace(3)
    assert _trace(3) != _trace(4)
    assert _trace(None) == _trace(None)


def test_with_a_seed_nobody_is_always_first() -> None:
    orders = set()
    for seed in range(20):
        network = MemoryNetwork(seed=seed)
        order: list[int] = []
        for number in range(3):
            network.reactor().callLater(1, order.append, number)
        network.advance(1)
        orders.add(tuple(order))
    assert len(orders) > 3


def test_without_one_the_first_is_first() -> None:
    network = MemoryNetwork()
    order: list[int] = []
    for number in range(3):
        network.reactor().callLater(1, order.append, number)
    network.advance(1)
    assert order == [0, 1, 2]
