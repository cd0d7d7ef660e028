"""ZmqConnection: endpoints, options, what is delivered and when, errors, the end."""

from __future__ import annotations

import errno
import sys
from typing import Any

import pytest
import zmq
from twisted.internet.interfaces import ILoggingContext
from zope.interface.verify import verifyObject

from pyzmtp import (
    AddressError,
    AddressInUse,
    OptionError,
    PullSocket,
    PushSocket,
    SocketClosed,
    SocketType,
    UsageError,
    WouldBlock,
    ZMTPError,
)
from pyzmtp.testing import FailureLog
from pyzmtp.txzmq import (
    ZmqConnection,
    ZmqEndpoint,
    ZmqEndpointType,
    ZmqFactory,
    ZmqPullConnection,
    ZmqPushConnection,
    ZmqSubConnection,
)
from pyzmtp.txzmq.errors import as_pyzmq_error

from ..sockets.world import World
from .connections import ADDRESS, Dealer, Pull, bound, connected


class Req(ZmqConnection):
    """A raw REQ, which txZMQ has no class for."""

    socketType = 3  # zmq.REQ

    def messageReceived(self, message: list[bytes]) -> None:
        self.message = message


class Rep(ZmqConnection):
    """A raw REP."""

    socketType = zmq.REP

    def messageReceived(self, message: list[bytes]) -> None:
        self.send([b"re", *message])


# Endpoints


def test_messages_arrive_in_order(world: World, factory: ZmqFactory) -> None:
    pull = bound(Pull, factory)
    push = connected(ZmqPushConnection, factory)
    sent = [[b"%d" % number, b""] for number in range(2000)]
    for message in sent:
        push.send(message)
    world.until(lambda: len(pull.messages) == len(sent), 1)
    assert pull.messages == sent


def test_more_endpoints_of_any_kind(world: World, factory: ZmqFactory) -> None:
    pull = bound(Pull, factory)
    pull.addEndpoints(
        [
            ZmqEndpoint(ZmqEndpointType.bind, "inproc://more"),
            ZmqEndpoint(ZmqEndpointType.bind, "ipc:///run/more"),
        ]
    )
    for address in (ADDRESS, "inproc://more", "ipc:///run/more"):
        connected(ZmqPushConnection, factory, address).push(address.encode())
    world.advance(1)
    assert sorted(pull.messages) == [[b"inproc://more"], [b"ipc:///run/more"], [ADDRESS.encode()]]
    assert [endpoint.type for endpoint in pull.endpoints] == ["bind"] * 3


def test_representations(factory: ZmqFactory) -> None:
    pull = bound(Pull, factory, "inproc://#1")
    assert repr(factory) == "ZmqFactory()"
    assert repr(pull) == ("Pull(ZmqFactory(), [ZmqEndpoint(type='bind', address='inproc://#1')])")
    assert ZmqEndpoint("bind", "x") == ("bind", "x")


@pytest.mark.parametrize(
    ("endpoint", "error"),
    [
        (ZmqEndpoint("bind", "epgm://eth0;239.192.1.1:5555"), AddressError),
        (ZmqEndpoint("connect", "tcp://127.0.0.1:*"), AddressError),
        (ZmqEndpoint("bound", "tcp://127.0.0.1:*"), UsageError),
    ],
)
def test_a_wrong_endpoint_leaves_nothing_behind(
    factory: ZmqFactory, endpoint: ZmqEndpoint, error: type[Exception]
) -> None:
    with pytest.raises(error):
        Pull(factory, endpoint)
    assert factory.connections == set()


def test_an_address_in_use(factory: ZmqFactory) -> None:
    bound(Pull, factory)
    with pytest.raises(AddressInUse):
        bound(Pull, factory)
    with pytest.raises(zmq.ZMQError) as raised:
        bound(Pull, factory)
    assert raised.value.errno == errno.EADDRINUSE
    assert factory.connections is not None
    assert len(factory.connections) == 1


def test_a_bind_that_fails_later_is_logged(
    world: World, factory: ZmqFactory, failures: FailureLog
) -> None:
    bound(Pull, factory, "tcp://nowhere.example:5555")
    assert failures.take(ZMTPError) == 0
    world.advance(1)
    assert failures.take(ZMTPError) == 1


def test_an_address_may_be_bytes_as_with_pyzmq(world: World, factory: ZmqFactory) -> None:
    pull = Pull(factory, ZmqEndpoint("bind", ADDRESS.encode()))
    ZmqPushConnection(factory, ZmqEndpoint("connect", ADDRESS.encode())).push(b"x")
    world.advance(1)
    assert pull.messages == [[b"x"]]


def test_a_type_that_is_none(factory: ZmqFactory) -> None:
    with pytest.raises(UsageError, match="socketType=None"):
        ZmqConnection(factory)


# Options


def test_options(factory: ZmqFactory) -> None:
    class Tuned(ZmqPushConnection):
        highWaterMark = 7
        tcpKeepalive = 1
        tcpKeepaliveCount = 3
        tcpKeepaliveIdle = 40
        tcpKeepaliveInterval = 5
        reconnectInterval = 250
        reconnectIntervalMax = 4000

    factory.lingerPeriod = 1500
    tuned = Tuned(factory)
    assert isinstance(tuned.socket, PushSocket)
    options = tuned.socket.options
    assert (options.send_hwm, options.receive_hwm) == (7, 7)
    assert (options.tcp_keepalive, options.tcp_keepalive_count) == (True, 3)
    assert (options.tcp_keepalive_idle, options.tcp_keepalive_interval) == (40, 5)
    assert (options.reconnect_interval, options.reconnect_interval_max) == (0.25, 4.0)
    assert options.linger == 1.5


def test_keepalive_may_be_left_to_the_system(factory: ZmqFactory) -> None:
    class Probing(ZmqPushConnection):
        tcpKeepalive = 1
        tcpKeepaliveCount = -1  # zmq_setsockopt(3): the default of ZMQ_TCP_KEEPALIVE_CNT
        tcpKeepaliveIdle = -1
        tcpKeepaliveInterval = -1

    probing = Probing(factory)
    assert probing.socket is not None
    options = probing.socket.options
    assert options.tcp_keepalive is True
    assert options.tcp_keepalive_count is None
    assert options.tcp_keepalive_idle is None
    assert options.tcp_keepalive_interval is None


@pytest.mark.parametrize("name", ["highWaterMark", "reconnectIntervalMax"])
def test_an_option_that_makes_no_sense(
    factory: ZmqFactory, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Pull, name, -1)
    with pytest.raises(OptionError):
        Pull(factory)
    with pytest.raises(zmq.ZMQError) as raised:
        Pull(factory)
    assert raised.value.errno == errno.EINVAL
    assert factory.connections == set()


def test_default_options_are_those_of_txzmq(factory: ZmqFactory) -> None:
    pull = Pull(factory, identity=b"which a PULL has no use for")
    assert isinstance(pull.socket, PullSocket)
    options = pull.socket.options
    assert (options.send_hwm, options.receive_hwm, options.linger) == (0, 0, 0.1)
    assert (options.tcp_keepalive, options.tcp_keepalive_idle) == (None, None)
    assert (options.reconnect_interval, options.reconnect_interval_max) == (0.1, 0.0)


def test_no_retries_and_no_end_of_lingering(factory: ZmqFactory) -> None:
    class Once(ZmqPushConnection):
        reconnectInterval = -1

    factory.lingerPeriod = -1
    once = Once(factory)
    assert once.socket is not None
    assert once.socket.options.reconnect_interval is None
    assert once.socket.options.linger is None


def test_the_identity_is_what_a_router_calls_it(factory: ZmqFactory) -> None:
    dealer = Dealer(factory, identity=b"me")
    assert dealer.socket is not None
    assert dealer.socket.options.routing_id == b"me"


# Delivery


def test_nothing_is_delivered_before_the_constructor_has_returned(
    world: World, factory: ZmqFactory
) -> None:
    connected(ZmqPushConnection, factory, "inproc://x").push(b"early")

    class Late(ZmqPullConnection):
        def __init__(self, *args: Any) -> None:
            super().__init__(*args)
            self.messages: list[list[bytes]] = []

        def onPull(self, message: list[bytes]) -> None:
            self.messages.append(message)

    late = Late(factory, ZmqEndpoint("bind", "inproc://x"))
    assert late.messages == []
    setattr(late, "onPull", late.messages.append)  # noqa: B010  # as txZMQ's examples do
    world.settle()
    assert late.messages == [[b"early"]]


def test_what_a_handler_raises_is_logged_and_the_next_message_is_delivered(
    world: World, factory: ZmqFactory, failures: FailureLog
) -> None:
    seen: list[list[bytes]] = []

    class Fails(ZmqPullConnection):
        def onPull(self, message: list[bytes]) -> None:
            seen.append(message)
            raise LookupError

    bound(Fails, factory)
    push = connected(ZmqPushConnection, factory)
    push.push(b"1")
    push.push(b"2")
    world.advance(1)
    assert seen == [[b"1"], [b"2"]]
    assert failures.take(LookupError) == 2


def test_a_handler_may_shut_everything_down(world: World, factory: ZmqFactory) -> None:
    seen: list[list[bytes]] = []

    class Stops(ZmqPullConnection):
        def onPull(self, message: list[bytes]) -> None:
            seen.append(message)
            factory.shutdown()

    push = connected(ZmqPushConnection, factory)
    push.push(b"1")
    push.push(b"2")
    bound(Stops, factory)
    world.advance(1)
    assert seen == [[b"1"]]


@pytest.mark.parametrize("kind", [ZmqPullConnection, ZmqSubConnection])
def test_what_is_not_overridden_is_logged(
    world: World, factory: ZmqFactory, failures: FailureLog, kind: type[ZmqConnection]
) -> None:
    connection = kind(factory)
    with pytest.raises(NotImplementedError):
        connection.messageReceived([b"tag", b"message"])
    with pytest.raises(NotImplementedError):
        ZmqConnection.messageReceived(connection, [b"x"])


def test_raw_req_and_rep(world: World, factory: ZmqFactory) -> None:
    bound(Rep, factory)
    req = connected(Req, factory)
    world.settle()
    for number in (b"1", b"2"):
        req.send(number)
        world.advance(1)
        assert req.message == [b"re", number]


def test_it_can_be_told_to_read_and_not_to_read(world: World, factory: ZmqFactory) -> None:
    pull = bound(Pull, factory)
    push = connected(ZmqPushConnection, factory)
    for number in (1, 2):
        pull.connectionLost(None)  # before anything is delivered, and again
        push.push(b"%d" % number)
        world.advance(1)
    assert pull.messages == []
    pull.doRead()
    pull.doRead()
    assert pull.messages == [[b"1"], [b"2"]]


def test_what_there_is_for_the_reactor(factory: ZmqFactory) -> None:
    pull = Pull(factory)
    assert pull.fileno() == pull.fd == -1
    assert verifyObject(ILoggingContext, pull)
    assert pull.logPrefix() == "ZMQ"


# Errors


def test_a_push_without_peers_would_block(factory: ZmqFactory) -> None:
    push = bound(ZmqPushConnection, factory)
    with pytest.raises(WouldBlock):
        push.push(b"x")
    with pytest.raises(zmq.error.Again) as raised:
        push.push(b"x")
    assert isinstance(raised.value, ZMTPError)
    assert raised.value.errno == errno.EAGAIN
    assert str(raised.value) == "no peer can take the message now"


def test_a_full_queue_would_block(factory: ZmqFactory) -> None:
    class Small(ZmqPushConnection):
        highWaterMark = 2

    push = connected(Small, factory)
    push.push(b"1")
    push.push(b"2")
    with pytest.raises(WouldBlock):
        push.push(b"3")


def test_without_pyzmq_errors_are_ours_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "zmq.error")
    error = WouldBlock("full")
    assert as_pyzmq_error(error) is error
    assert type(error) is WouldBlock


def test_a_pull_cannot_send(factory: ZmqFactory) -> None:
    with pytest.raises(UsageError, match="a PullSocket cannot do this"):
        Pull(factory).send(b"x")


@pytest.mark.parametrize("message", ["text", ["text"], None])
def test_only_bytes_are_sent(factory: ZmqFactory, message: Any) -> None:
    with pytest.raises(TypeError):
        connected(ZmqPushConnection, factory).send(message)


# The end


def test_after_shutdown(world: World, factory: ZmqFactory) -> None:
    push = connected(ZmqPushConnection, factory)
    world.run(push.shutdown(), 1)
    assert (push.socket, push.factory) == (None, None)
    assert factory.connections == set()
    with pytest.raises(SocketClosed):
        push.push(b"x")
    world.run(push.shutdown())
    push.connectionLost(None)


def test_it_lingers_as_long_as_the_factory_says(world: World, factory: ZmqFactory) -> None:
    push = connected(ZmqPushConnection, factory)
    push.push(b"to nobody")
    start = world.network.seconds()
    world.run(push.shutdown(), 1)
    assert world.network.seconds() - start == pytest.approx(0.1)


def test_what_is_queued_is_sent_first(world: World, factory: ZmqFactory) -> None:
    pull = bound(Pull, factory)
    push = connected(ZmqPushConnection, factory)
    push.push(b"x")
    push.shutdown()
    world.advance(0.1)
    assert pull.messages == [[b"x"]]


def test_types_by_number_and_by_name(factory: ZmqFactory) -> None:
    for kind in SocketType:
        if not kind.is_raw:
            by_number = type("Numbered", (ZmqConnection,), {"socketType": kind.number})(factory)
            by_name = type("Named", (ZmqConnection,), {"socketType": kind})(factory)
            assert by_number.socket.socket_type is by_name.socket.socket_type is kind
