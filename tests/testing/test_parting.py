"""Hosts of the network in memory that are parted from each other, killed, or without power."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from twisted.internet import error
from twisted.internet.interfaces import IAddress, IHostResolution, IResolutionReceiver
from twisted.internet.protocol import DatagramProtocol
from zope.interface import implementer

from pyzmtp.testing import Conditions, MemoryNetwork

from .recorders import Client, Pair, Server, port_of

KIB = 1024


@pytest.fixture
def pair(network: MemoryNetwork) -> Pair:
    return Pair(network, unix=False)


# Partitions


def test_nothing_passes_while_two_are_parted(pair: Pair) -> None:
    network = pair.network
    network.partition(pair.here, pair.there)
    pair.client.wire.write(b"one")
    pair.server.wire.write(b"two")
    network.advance(1000)
    assert pair.client.log == pair.server.log == []
    network.heal(pair.there, pair.here)
    network.settle()
    assert (pair.client.received, pair.server.received) == (b"two", b"one")


def test_one_may_be_parted_from_all_others(pair: Pair) -> None:
    network = pair.network
    network.partition(pair.there)
    pair.client.wire.write(b"one")
    network.settle()
    assert pair.server.log == []
    network.heal(pair.here, pair.there)  # is another one
    network.settle()
    assert pair.server.log == []
    network.heal()
    network.settle()
    assert pair.server.received == b"one"


def test_others_go_on_talking(network: MemoryNetwork) -> None:
    pair, bystanders = Pair(network, unix=False), Pair(network, unix=True)
    network.partition(pair.here, pair.there)
    network.partition(pair.here, bystanders.there)
    bystanders.client.wire.write(b"one")
    network.settle()
    assert bystanders.server.received == b"one"


def test_a_reactor_is_never_parted_from_itself(network: MemoryNetwork) -> None:
    reactor = network.reactor()
    server, client = Server(), Client()
    number = port_of(reactor.listenTCP(0, server))
    network.partition(reactor)
    reactor.connectTCP("127.0.0.1", number, client)
    network.settle()
    assert len(client.protocols) == 1


def test_an_attempt_gets_no_answer_until_the_two_are_together_again(network: MemoryNetwork) -> None:
    here, there = network.reactor(), network.reactor()
    number = port_of(there.listenTCP(0, Server()))
    network.partition(here, there)
    patient, impatient = Client(), Client()
    here.connectTCP("127.0.0.1", number, patient, timeout=None)
    here.connectTCP("127.0.0.1", number, impatient, timeout=3)
    network.advance(10)
    assert patient.log == ["start", "connecting"]
    assert impatient.log[2:] == [("failed", error.TimeoutError), "stop"]
    network.heal()
    network.advance(1)  # TCP asks again after a second
    assert len(patient.protocols) == 1


def test_a_host_that_is_parted_does_not_even_refuse(network: MemoryNetwork) -> None:
    here, there = network.reactor(), network.reactor("there")
    client = Client()
    network.partition(here, there)
    here.connectTCP("there", 9, client, timeout=10)
    network.advance(4)
    assert client.log == ["start", "connecting"]
    network.heal()
    network.advance(1)
    assert client.log[2:] == [("failed", error.ConnectionRefusedError), "stop"]


def test_both_may_have_given_up_before_they_are_together_again(pair: Pair) -> None:
    network = pair.network
    network.partition(pair.here, pair.there)
    pair.client.wire.write(b"never read")
    network.settle()
    pair.client.wire.loseConnection()
    pair.server.wire.loseConnection()
    network.settle()
    assert pair.client.log == pair.server.log == [error.ConnectionDone]
    assert network.connections == []
    network.heal()
    network.settle()


def test_who_has_given_up_alone_answers_what_comes_late_by_a_reset(pair: Pair) -> None:
    network = pair.network
    network.partition(pair.here, pair.there)
    pair.server.wire.loseConnection()
    network.settle()
    pair.client.wire.write(b"too late")
    network.settle()
    assert pair.client.log == []
    network.heal()
    network.settle()
    # Linux reads the end that came before the reset first.
    assert pair.client.log == [error.ConnectionDone]


# One direction


@pytest.mark.parametrize("side", ["client", "server"])
def test_half_of_a_connection_can_be_closed(pair: Pair, side: str) -> None:
    this, other = pair.client, pair.server
    if side == "server":
        this, other = other, this
    this.wire.write(b"before")
    pair.network.settle()
    pair.connection.half_close("server" if side == "server" else "client")
    pair.network.settle()
    assert other.log == [6, error.ConnectionDone]


def test_who_cannot_write_any_more_learns_it_when_it_tries(pair: Pair) -> None:
    pair.server.wire.pauseProducing()  # it does not see the end
    pair.connection.half_close("client")
    pair.network.advance(100)
    assert pair.client.log == []
    pair.client.wire.write(b"x")
    pair.network.settle()
    assert pair.client.log == [error.ConnectionLost]


# Processes that are killed


def test_a_killed_process_is_told_nothing_and_its_peers_see_the_end(network: MemoryNetwork) -> None:
    pair = Pair(network, unix=False)
    pair.server.wire.write(b"on its way")
    network.settle()
    pair.server.wire.write(b"in the process")
    pair.there.kill()
    network.settle()
    assert pair.client.log == [10, error.ConnectionDone]
    assert pair.server.log == []
    assert network.connections == []
    assert repr(pair.there) == "<MemoryReactor on localhost dead>"


def test_what_it_had_not_read_is_answered_by_a_reset(network: MemoryNetwork) -> None:
    pair = Pair(network, unix=True)
    pair.server.wire.pauseProducing()
    pair.client.wire.write(b"unread")
    network.settle()
    pair.there.kill()
    network.settle()
    assert pair.client.log == [error.ConnectionLost]


def test_nothing_is_called_any_more(network: MemoryNetwork) -> None:
    reactor = network.reactor()
    calls: list[str] = []
    reactor.callLater(1, calls.append, "before")
    later = reactor.callLater(2, calls.append, "after")
    network.advance(1)
    reactor.kill()
    reactor.callLater(0, calls.append, "never")
    network.advance(5)
    assert calls == ["before"]
    later.cancel()  # which its objects may still do
    network.assert_clean()


def test_a_kill_from_within_a_round_counts_at_once(network: MemoryNetwork) -> None:
    pair = Pair(network, unix=False)
    calls: list[str] = []
    pair.here.callLater(1, pair.there.kill)
    pair.there.callLater(1, calls.append, "too late")
    pair.there.nameResolver.resolveHostName(_Deaf(calls), "localhost")
    pair.client.wire.write(b"x")
    pair.here.callLater(0, pair.there.kill)
    network.advance(2)
    assert calls == []
    assert pair.server.log == []


@implementer(IResolutionReceiver)
class _Deaf:
    """Notes that it was told of a name, which it should not be."""

    def __init__(self, calls: list[str]) -> None:
        self._calls = calls

    def resolutionBegan(self, resolutionInProgress: IHostResolution) -> None:
        pass

    def addressResolved(self, address: IAddress) -> None:
        self._calls.append("resolved")

    def resolutionComplete(self) -> None:
        self._calls.append("resolved")


def test_its_ports_and_paths_are_free(network: MemoryNetwork) -> None:
    reactor = network.reactor()
    reactor.listenTCP(5555, Server())
    reactor.listenUNIX("/run/socket", Server(), wantPID=True)
    reactor.listenUNIX("/run/other", Server())
    reactor.host.unlink("/run/other")
    reactor.kill()
    clients = [Client(), Client()]
    other = network.reactor()
    other.connectTCP("127.0.0.1", 5555, clients[0])
    other.connectUNIX("/run/socket", clients[1])
    network.settle()
    failed = [client.log[2] for client in clients]
    assert failed == [("failed", error.ConnectionRefusedError), ("failed", error.ConnectError)]
    again = reactor.restart()
    assert again.host is reactor.host
    again.listenTCP(5555, Server())
    again.listenUNIX("/run/socket", Server(), wantPID=True)


def test_who_waited_to_be_accepted_is_reset(network: MemoryNetwork) -> None:
    reactor = network.reactor()
    port = reactor.listenTCP(5555, Server())
    reactor.callLater(0, port.stopListening)  # it accepts nobody then, and is not closed yet
    client = Client()
    network.reactor().connectTCP("127.0.0.1", 5555, client)
    network.step()
    reactor.kill()
    network.settle()
    assert client.log[-2:] == [("lost", error.ConnectionLost), "stop"]


def test_an_attempt_ends_with_its_process(network: MemoryNetwork) -> None:
    network.conditions = Conditions(latency=1.0)
    here, server, client = network.reactor(), Server(), Client()
    number = port_of(network.reactor().listenTCP(0, server))
    here.connectTCP("127.0.0.1", number, client)
    network.advance(1.5)
    here.kill()
    network.advance(5)
    assert client.log == ["start", "connecting"]
    assert network.connections == []


# Power cuts


def test_a_power_cut_tells_nobody(network: MemoryNetwork) -> None:
    pair = Pair(network, unix=False)
    pair.there.crash()
    assert repr(pair.there) == "<MemoryReactor on localhost dark>"
    pair.client.wire.write(bytes(100 * KIB))
    network.advance(1000)
    assert pair.client.log == []
    assert pair.client.wire.connected
    pair.there.restart()
    network.advance(1000)
    assert pair.client.log == [error.ConnectionLost]  # it had more to write


def test_who_does_not_write_never_learns_of_it(network: MemoryNetwork) -> None:
    pair = Pair(network, unix=False)
    pair.there.crash()
    pair.there.restart()
    network.advance(1000)
    assert pair.client.log == []
    pair.client.wire.write(b"x")
    network.settle()
    pair.client.wire.write(b"x")
    network.settle()
    assert pair.client.log == [error.ConnectionLost]
    assert network.connections == []


def test_who_connects_gets_no_answer_until_the_power_is_back(network: MemoryNetwork) -> None:
    there, here = network.reactor("there"), network.reactor("here")
    there.listenTCP(5555, Server())
    there.crash()
    client = Client()
    here.connectTCP("there", 5555, client, timeout=None)
    other = Client()
    here.connectTCP("there", 9, other, timeout=None)
    network.advance(10)
    assert client.log == other.log == ["start", "connecting"]
    there.restart().listenTCP(5555, Server())
    network.advance(1)
    assert len(client.protocols) == 1
    assert other.log[2:] == [("failed", error.ConnectionRefusedError), "stop"]


def test_dead_reactors_do_not_count_as_left(network: MemoryNetwork) -> None:
    for _ in range(2):
        pair = Pair(network, unix=False)
        pair.there.callLater(7, print)
        pair.there.crash()
        pair.here.kill()
    network.assert_clean()


def test_to_restart_what_is_alive_is_to_kill_it_first(network: MemoryNetwork) -> None:
    pair = Pair(network, unix=False)
    again = pair.there.restart()
    network.settle()
    assert pair.client.log == [error.ConnectionDone]
    assert (pair.there.alive, again.alive) == (False, True)
    assert again in network.reactors
    assert pair.there not in network.reactors


def test_what_was_set_for_a_reactor_holds_for_the_next_in_its_place(network: MemoryNetwork) -> None:
    here, there = network.reactor(clock=5.0), network.reactor()
    slow = Conditions(latency=1.0)
    network.set_conditions(slow, here)
    network.partition(here, there)
    again = here.restart()
    assert network.conditions_between(again, there) == slow
    assert network.are_parted(there, again)
    assert again.seconds() == 5.0


def test_one_that_was_restarted_cannot_be_restarted_once_more(network: MemoryNetwork) -> None:
    old = network.reactor()
    new = old.restart()
    with pytest.raises(ValueError, match=r"go on with what restart\(\) has returned"):
        old.restart()
    assert network.reactors == [new]


@pytest.mark.parametrize("end", ["kill", "crash", "restart"])
def test_the_dead_do_not_listen(network: MemoryNetwork, end: str) -> None:
    reactor = network.reactor("there")
    getattr(reactor, end)()
    attempts: list[Callable[[], object]] = [
        lambda: reactor.listenTCP(5555, Server()),
        lambda: reactor.listenUNIX("/run/socket", Server()),
        lambda: reactor.listenUDP(5555, DatagramProtocol()),
    ]
    for listen in attempts:
        with pytest.raises(RuntimeError, match="cannot listen: go on with"):
            listen()
    assert (network.ports, reactor.host.datagram_ports) == ([], [])


def test_faults_are_for_reactors_of_the_network(network: MemoryNetwork) -> None:
    stranger = MemoryNetwork().reactor("stranger")
    name: Any = "stranger"
    for one in (stranger, name):
        for fault in (
            network.partition,
            network.heal,
            lambda *between: network.set_conditions(Conditions(latency=1), *between),
        ):
            with pytest.raises(TypeError, match=r"stranger.* is no reactor of this network"):
                fault(one)


def test_conditions_are_conditions(network: MemoryNetwork) -> None:
    latency: Any = 0.1
    with pytest.raises(TypeError, match="conditions are a Conditions, not float"):
        network.set_conditions(latency, network.reactor())
    with pytest.raises(TypeError, match="conditions are a Conditions, not float"):
        network.conditions = latency
