"""pyzmtp.callbacks: connectZMQ and listenZMQ."""

from __future__ import annotations

from typing import Any

import pytest
from twisted.internet.error import ConnectionDone
from twisted.python.failure import Failure

from pyzmtp import (
    DealerSocket,
    Peer,
    PullSocket,
    PushSocket,
    RouterSocket,
    SocketType,
    connectZMQ,
    listenZMQ,
)
from pyzmtp.errors import AddressInUse, SocketClosed
from pyzmtp.testing import Conditions, FailureLog

from .sockets.plain_transport import PlainTransport, To
from .sockets.world import Outcomes, World, hello, message


class Recorder:
    """Logs what it is called for, and echoes if it is told to."""

    def __init__(self, factory: Factory) -> None:
        self.factory = factory
        self.log: list[Any] = []
        self.transport: Any = None

    def makeConnection(self, transport: Any) -> None:
        self.transport = transport
        self.log.append("made")
        if self.factory.fails == "makeConnection":
            raise LookupError

    def messageReceived(self, message: list[bytes]) -> None:
        self.log.append(message)
        if self.factory.fails == "messageReceived":
            raise LookupError
        if self.factory.echoes:
            self.transport.send([b"echo", *message])

    def connectionLost(self, reason: Failure) -> None:
        self.log.append(type(reason.value))
        if self.factory.fails == "connectionLost":
            raise LookupError


class Factory:
    """Makes recorders."""

    def __init__(self, echoes: bool = False, fails: str = "") -> None:
        self.echoes, self.fails = echoes, fails
        self.declines = False
        self.made: list[Recorder] = []
        self.peers: list[Peer] = []

    def buildProtocol(self, peer: Peer) -> Recorder | None:
        self.peers.append(peer)
        if self.fails == "buildProtocol":
            raise LookupError
        if self.declines:
            return None
        self.made.append(Recorder(self))
        return self.made[-1]


class Callbacks:
    """A listening and a connecting factory on one network."""

    def __init__(self, world: World) -> None:
        self.world = world

    def listen(self, factory: Factory, where: str = "tcp://127.0.0.1:*", **options: Any) -> Any:
        """Listen; the socket is closed when the test ends."""
        reactor: Any = options.pop("on", None) or self.world.network.reactor()
        zmq = self.world.run(listenZMQ(reactor, where, factory, **options))
        self.world.events[zmq] = []
        return zmq

    def connect(self, factory: Factory, where: str, **options: Any) -> Any:
        """Connect; the socket is closed when the test ends."""
        reactor: Any = options.pop("on", None) or self.world.network.reactor()
        zmq = connectZMQ(reactor, where, factory, **options)
        self.world.events[zmq] = []
        self.world.settle()
        return zmq


@pytest.fixture
def callbacks(world: World) -> Callbacks:
    return Callbacks(world)


@pytest.mark.parametrize("where", ["tcp://127.0.0.1:*", "ipc:///run/cb", "inproc://cb"])
def test_each_side_has_a_protocol_for_its_peer(
    world: World, callbacks: Callbacks, where: str
) -> None:
    on = world.network.reactor()
    serving, asking = Factory(echoes=True), Factory()
    listening = callbacks.listen(serving, where, on=on)
    callbacks.connect(asking, listening.address, on=on)
    [client], [server] = asking.made, serving.made
    assert client.log == server.log == ["made"]
    assert client.transport.peer is asking.peers[0]
    assert serving.peers[0].incoming
    assert world.run(client.transport.send([b"a", b""])) is None
    client.transport.send(b"b")
    world.settle()
    assert server.log == ["made", [b"a", b""], [b"b"]]
    assert client.log == ["made", [b"echo", b"a", b""], [b"echo", b"b"]]


def test_each_connection_has_a_protocol_of_its_own(world: World, callbacks: Callbacks) -> None:
    serving, asking = Factory(), Factory()
    listening = callbacks.listen(serving)
    for _ in range(3):
        callbacks.connect(asking, listening.address)
    for number, client in enumerate(asking.made):
        client.transport.send(b"%d" % number)
    world.settle()
    assert [server.log[1:] for server in serving.made] == [[[b"0"]], [[b"1"]], [[b"2"]]]
    for number, server in enumerate(serving.made):
        server.transport.send(b"to %d" % number)
    world.settle()
    assert [client.log[1:] for client in asking.made] == [[[b"to 0"]], [[b"to 1"]], [[b"to 2"]]]


def test_a_connection_that_is_made_again_has_a_new_protocol(
    world: World, callbacks: Callbacks
) -> None:
    serving, asking = Factory(), Factory()
    callbacks.connect(asking, callbacks.listen(serving).address)
    world.network.connections[0].reset()
    world.settle()
    assert asking.made[0].log[-1] is not ConnectionDone
    assert len(asking.made[0].log) == 2
    world.advance(1)
    assert len(asking.made) == len(serving.made) == 2
    late = Outcomes(asking.made[0].transport.send(b"x"))
    assert isinstance(late.error, SocketClosed)


def test_lose_connection_parts_from_one_peer(world: World, callbacks: Callbacks) -> None:
    serving, asking = Factory(), Factory()
    listening = callbacks.listen(serving)
    callbacks.connect(asking, listening.address)
    callbacks.connect(asking, listening.address)
    serving.made[0].transport.loseConnection()
    world.settle()
    assert len(serving.made[0].log) == len(asking.made[0].log) == 2
    assert asking.made[1].log == ["made"]
    world.advance(1)
    assert len(asking.made) == 3


@pytest.mark.parametrize("fails", ["buildProtocol", "makeConnection", "messageReceived"])
def test_a_protocol_that_fails_is_logged_and_loses_its_connection(
    world: World, callbacks: Callbacks, failures: FailureLog, fails: str
) -> None:
    serving = Factory(fails=fails)
    listening = callbacks.listen(serving)
    peer = world.network.raw_connect(int(listening.address.rpartition(":")[2]))
    peer.send(hello("DEALER") + message(b"x"))
    world.settle()
    assert failures.take(LookupError) == 1
    assert peer.closed is not None
    serving.fails = ""
    good = Factory()
    callbacks.connect(good, listening.address)
    assert good.made[0].log == ["made"]


def test_a_protocol_that_fails_at_the_end_is_logged(
    world: World, callbacks: Callbacks, failures: FailureLog
) -> None:
    serving = Factory(fails="connectionLost")
    listening = callbacks.listen(serving)
    client = callbacks.connect(Factory(), listening.address)
    world.run(client.close())
    world.settle()
    assert failures.take(LookupError) == 1


def test_a_factory_may_decline(world: World, callbacks: Callbacks) -> None:
    serving = Factory()
    serving.declines = True
    listening = callbacks.listen(serving)
    peer = world.network.raw_connect(int(listening.address.rpartition(":")[2]))
    peer.send(hello("DEALER"))
    world.settle()
    assert peer.closed is not None
    assert len(serving.peers) == 1


def test_pausing_holds_the_peer_back(world: World, callbacks: Callbacks) -> None:
    world.network.conditions = Conditions(buffer=1000)
    serving = Factory()
    listening = callbacks.listen(serving, socket_type=SocketType.PULL, receive_hwm=5)
    push = world.make(PushSocket, send_hwm=5)
    world.run(push.connect(listening.address))
    world.settle()
    [server] = serving.made
    server.transport.pauseProducing()
    sent = 0
    for _ in range(200):
        sent += push.try_send(bytes(10_000))
        world.settle()
    assert sent < 100
    assert server.log == ["made"]
    assert listening.stats.receive_queue == 5
    server.transport.resumeProducing()
    world.settle()
    assert len(server.log) == 1 + sent


def test_send_waits_at_the_high_water_mark(world: World, callbacks: Callbacks) -> None:
    world.network.conditions = Conditions(buffer=1000)
    asking = Factory()
    dealer = world.make(DealerSocket, receive_hwm=1)
    callbacks.connect(asking, world.bind(dealer), send_hwm=3)
    [client] = asking.made
    sends = [client.transport.send(b"%2d" % n + bytes(20_000)) for n in range(40)]
    outcomes = [Outcomes(send) for send in sends]
    world.settle()
    waiting = [outcome.pending for outcome in outcomes]
    assert waiting[0] is False
    assert waiting[-1] is True
    sends[-2].cancel()
    assert outcomes[-2].errors
    got = [int(frames[0][:2]) for frames in world.drain(dealer)]
    assert got == [*range(38), 39]
    assert outcomes[-1] == [None]


def test_what_waits_to_be_sent_fails_with_the_connection(
    world: World, callbacks: Callbacks
) -> None:
    world.network.conditions = Conditions(buffer=1000)
    serving = Factory()
    listening = callbacks.listen(serving, send_hwm=1)
    peer = world.network.raw_connect(int(listening.address.rpartition(":")[2]))
    peer.send(hello("DEALER"))
    world.settle()
    peer.pause()
    outcomes = [Outcomes(serving.made[0].transport.send(bytes(50_000))) for _ in range(10)]
    assert outcomes[-1].pending
    peer.abort()
    world.settle()
    assert isinstance(outcomes[-1].error, SocketClosed)
    assert len(serving.made[0].log) == 2


def test_the_socket_type_decides_who_may_come(world: World, callbacks: Callbacks) -> None:
    serving = Factory()
    listening = callbacks.listen(serving, socket_type=SocketType.ROUTER)
    assert listening.socket_type is SocketType.ROUTER
    pull = world.make(PullSocket)
    Outcomes(pull.connect(listening.address))
    router = world.make(RouterSocket)
    world.run(router.connect(listening.address))
    world.settle()
    assert [peer.socket_type for peer in serving.peers] == [SocketType.ROUTER]


def test_options_are_passed_on(world: World, callbacks: Callbacks) -> None:
    listening = callbacks.listen(Factory(), receive_hwm=7)
    assert listening.options.receive_hwm == 7


def test_a_listen_that_fails(world: World, callbacks: Callbacks) -> None:
    address = callbacks.listen(Factory()).address
    reactor: Any = world.network.reactor()
    failed = Outcomes(listenZMQ(reactor, address, Factory()))
    world.settle()
    assert isinstance(failed.error, AddressInUse)


def test_closing_ends_all_protocols(world: World, callbacks: Callbacks) -> None:
    serving, asking = Factory(), Factory()
    listening = callbacks.listen(serving)
    callbacks.connect(asking, listening.address)
    world.run(listening.close())
    world.settle()
    assert len(serving.made[0].log) == len(asking.made[0].log) == 2
    assert isinstance(Outcomes(serving.made[0].transport.send(b"x")).error, SocketClosed)


def test_a_peer_that_is_lost_in_the_turn_of_its_coming_has_no_protocol(
    world: World, callbacks: Callbacks
) -> None:
    asking, endpoint = Factory(), To(PlainTransport())
    where: Any = endpoint
    callbacks.connect(asking, where)
    endpoint.protocol.dataReceived(hello("DEALER"))
    endpoint.protocol.connectionLost(Failure(ConnectionDone()))
    world.settle()
    assert asking.peers == []


def test_a_closed_connection_that_had_no_protocol_yet(world: World, callbacks: Callbacks) -> None:
    serving = Factory()
    listening = callbacks.listen(serving)
    peer = world.network.raw_connect(int(listening.address.rpartition(":")[2]))
    peer.send(hello("DEALER"))
    for _ in range(40):
        world.network.step()
        if listening.peers:
            break
    world.run(listening.close(0))
    world.settle()
    assert all(len(each.log) == 2 for each in serving.made)


def test_what_was_meant_for_one_connection_goes_to_no_other(
    world: World, callbacks: Callbacks
) -> None:
    world.network.conditions = Conditions(buffer=1000)
    asking, listener = Factory(), world.network.raw_listen()
    zmq = callbacks.connect(asking, f"tcp://127.0.0.1:{listener.port}")
    first = listener.peers[0]
    first.send(hello("DEALER"))
    world.settle()
    first.pause()
    for number in range(10):
        asking.made[0].transport.send([b"old", b"%d" % number, bytes(50_000)])
    world.settle()
    queued = zmq.stats.send_queue
    assert queued > 0
    first.abort()
    world.advance(1)
    second = listener.peers[1]
    second.send(hello("DEALER"))
    world.settle()
    second.take()
    asking.made[1].transport.send(b"new")
    world.settle()
    assert second.take() == message(b"new")
    assert zmq.stats.dropped_sent == queued
    listener.close()


@pytest.mark.parametrize("who", ["listens", "connects"])
def test_a_protocol_that_paused_gets_what_had_arrived_before_its_end(
    world: World, callbacks: Callbacks, who: str
) -> None:
    factory = Factory()
    if who == "listens":
        zmq = callbacks.listen(factory)
        peer = world.network.raw_connect(int(zmq.address.rpartition(":")[2]))
    else:
        listener = world.network.raw_listen()
        zmq = callbacks.connect(factory, f"tcp://127.0.0.1:{listener.port}")
        [peer] = listener.peers
        listener.close()
    peer.send(hello("DEALER"))
    world.settle()
    [protocol] = factory.made
    protocol.transport.pauseProducing()
    peer.send(message(b"1") + message(b"2"))
    world.settle()
    assert protocol.log == ["made"]
    peer.close()
    world.settle()
    assert protocol.log[:3] == ["made", [b"1"], [b"2"]]
    assert len(protocol.log) == 4
    assert zmq.stats.dropped_received == zmq.stats.receive_queue == 0
