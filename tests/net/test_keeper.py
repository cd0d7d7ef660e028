"""pyzmtp.net.keeper, listener, connecter and core: binds and connects, one by one."""

from __future__ import annotations

from typing import Any

import pytest
from twisted.internet.defer import CancelledError, Deferred

from pyzmtp import DealerSocket, PullSocket, PushSocket
from pyzmtp.engine.events import Accepted, Closed, Connected, HandshakeFailed, MessagesDropped
from pyzmtp.errors import TooManyPeers
from pyzmtp.net.connecter import Connecter
from pyzmtp.net.keeper import Keeper
from pyzmtp.net.listener import Listener

from ..sockets.world import GREETING, Outcomes, World, hello

NOWHERE = "tcp://127.0.0.1:40001"


def keepers(socket: Any) -> list[Keeper]:
    """The binds and connects of a socket."""
    found: list[Keeper] = [*socket._binds, *socket._connects, *socket._parting]
    return found


def test_a_bind_is_a_listener_and_a_connect_a_connecter(world: World) -> None:
    dealer = world.make(DealerSocket)
    address = world.bind(dealer)
    dealer.connect(NOWHERE)
    listener, connecter = keepers(dealer)
    assert isinstance(listener, Listener)
    assert listener.incoming
    assert listener.address == address
    assert listener.where == "tcp://127.0.0.1:*"
    assert isinstance(connecter, Connecter)
    assert not connecter.incoming
    assert connecter.address == connecter.where == NOWHERE


def test_what_has_stopped_is_forgotten(world: World) -> None:
    dealer = world.make(DealerSocket)
    address = world.bind(dealer)
    dealer.connect(NOWHERE)
    world.run(dealer.unbind(address))
    world.run(dealer.disconnect(NOWHERE))
    assert keepers(dealer) == []


def test_a_connect_that_gave_up_is_forgotten(world: World) -> None:
    push = world.make(PushSocket, reconnect_interval=None)
    push.connect(NOWHERE)
    world.settle()
    assert keepers(push) == []


def test_a_bind_that_failed_is_forgotten(world: World) -> None:
    one, other = world.make(PullSocket), world.make(PullSocket)
    address = world.bind(one)
    Outcomes(other.bind(address))
    world.settle()
    assert keepers(other) == []


def test_a_listener_forgets_who_has_left(world: World) -> None:
    pull = world.make(PullSocket)
    address = world.bind(pull)
    for said in (b"", GREETING, hello("PUSH"), b"GET"):
        peer = world.attach_raw(pull, said, address)
        if peer.closed is None:
            peer.close()
    world.settle()
    [listener] = keepers(pull)
    assert isinstance(listener, Listener)
    assert listener.pipes == []
    assert not listener._protocols
    assert not listener._half_open
    assert not listener._half_open_by_host


def test_the_oldest_half_open_connection_of_the_same_host_gives_way(world: World) -> None:
    pull = world.make(PullSocket, max_half_open_per_address=2)
    address = world.run(pull.bind("tcp://*:*"))
    port = int(address.rpartition(":")[2])
    hosts = ["10.0.0.1", "10.0.0.2", "10.0.0.1", "10.0.0.2", "10.0.0.1"]
    peers = []
    for host in hosts:
        peers.append(world.network.raw_connect(port, host))
        world.advance(1)
    [event] = world.of(pull, HandshakeFailed)
    assert isinstance(event.error, TooManyPeers)
    assert event.error.limit == 2
    assert event.peer_address == world.of(pull, Accepted)[0].peer_address
    assert [peer.closed is None for peer in peers] == [False, True, True, True, True]


def test_a_connection_that_comes_while_the_bind_stops_is_turned_away(world: World) -> None:
    pull = world.make(PullSocket)
    address = world.bind(pull)
    push = world.make(PushSocket)
    push.connect(address)
    world.network.step()
    assert world.run(pull.close()) is None
    assert pull.peers == ()


def test_a_connection_that_is_made_while_the_connect_stops_sends_and_closes(world: World) -> None:
    pull, push = world.make(PullSocket), world.make(PushSocket, linger=None)
    address = world.bind(pull)
    push.connect(address)
    push.try_send(b"x")
    closing = Outcomes(push.close())
    assert world.of(push, Connected) == []
    assert world.drain(pull) == [[b"x"]]
    assert closing == [None]


@pytest.mark.parametrize("when", [0, 1, 2, 3, 4, 5, 6, 8, 10, 12])
def test_stopping_in_any_round_of_a_connection_leaves_nothing(world: World, when: int) -> None:
    pull, push = world.make(PullSocket), world.make(PushSocket)
    push.connect(world.bind(pull))
    for _ in range(when):
        world.network.step()
    done = Outcomes(push.close())
    world.settle()
    assert done == [None]
    assert world.names(push)[-2:] == ["Closed", "MonitorStopped"]
    assert len(world.of(push, Closed)) == 1
    assert pull.peers == ()


@pytest.mark.parametrize("when", [0, 1, 2, 3, 4, 5, 6, 8, 10, 12])
def test_unbinding_in_any_round_of_a_connection_leaves_nothing(world: World, when: int) -> None:
    pull, push = world.make(PullSocket), world.make(PushSocket)
    address = world.bind(pull)
    push.connect(address)
    for _ in range(when):
        world.network.step()
    done = Outcomes(pull.unbind(address))
    world.settle()
    assert done == [None]
    assert pull.peers == ()
    assert keepers(pull) == []


def test_counts_of_a_retired_pipe_are_kept_once(world: World) -> None:
    pull, push = world.pair(PullSocket, PushSocket)
    for number in range(3):
        push.try_send(b"%d" % number)
        world.settle()
        world.network.connections[0].reset()
        world.advance(1)
    assert pull.stats.messages_received == 3
    assert push.stats.messages_sent == 3
    world.run(push.close())
    world.settle()
    assert (push.stats.messages_sent, pull.stats.messages_received) == (3, 3)
    assert world.of(pull, MessagesDropped) == []


def test_a_bind_can_be_stopped_while_the_name_is_looked_up(world: World) -> None:
    pull = world.make(PullSocket)
    binding: Deferred[str] = pull.bind("tcp://localhost:*")
    bound = Outcomes(binding)
    closed = Outcomes(pull.close())
    world.settle()
    assert closed == [None]
    assert bound.errors
    assert world.network.ports == []


def test_a_lookup_that_never_answers_does_not_hold_up_close(world: World) -> None:
    pull = world.make(PullSocket)
    reactor: Any = pull._reactor

    class Silent:
        def resolveHostName(self, receiver: Any, *args: Any, **kwargs: Any) -> None:
            receiver.resolutionBegan(None)

    reactor.nameResolver = Silent()
    outcomes = [
        Outcomes[Any](pull.bind("tcp://silent.example:5555")),
        Outcomes[Any](pull.connect("tcp://silent.example:5555")),
    ]
    closed = Outcomes(pull.close(0))
    world.settle()
    assert closed == [None]
    assert all(outcome.errors for outcome in outcomes)


def test_a_keeper_alone_keeps_nothing(world: World) -> None:
    push = world.make(PushSocket)
    keeper = Keeper(push._core, NOWHERE, NOWHERE, None)
    peer: Any = None
    for call in (
        lambda: keeper._pipe_for(peer),
        lambda: keeper._after_loss(None, LookupError()),
        lambda: keeper._is_idle(),
    ):
        with pytest.raises(NotImplementedError):
            call()


def test_a_bind_that_is_cancelled_is_given_up(world: World) -> None:
    """A host name takes a moment: what is given up meanwhile must not open the port behind us."""
    pull = world.make(PullSocket)
    binding = pull.bind("tcp://localhost:5555")
    outcome = Outcomes(binding)
    binding.cancel()
    assert isinstance(outcome.error, CancelledError)
    assert keepers(pull) == []
    world.advance(1)
    assert world.names(pull) == ["BindFailed"]
    reactor: Any = pull._reactor
    world.run(world.make(PullSocket, on=reactor).bind("tcp://127.0.0.1:5555"))  # it is free
