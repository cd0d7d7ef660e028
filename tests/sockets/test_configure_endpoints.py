"""Options that each bind and connect keeps: a change is for the next one."""

from __future__ import annotations

import socket as system
from typing import Any

import pytest
from twisted.internet.interfaces import (
    IConsumer,
    IPushProducer,
    IStreamClientEndpoint,
    ISystemHandle,
    ITransport,
)
from zope.interface import directlyProvides, implementer

from pyzmtp import (
    ConnectRetried,
    DealerSocket,
    HandshakeFailed,
    HandshakeTimeout,
    PubSocket,
    PullSocket,
    PushSocket,
    RouterNotify,
    RouterSocket,
    SubSocket,
    TooManyPeers,
)

from .plain_transport import PlainTransport, To
from .test_heartbeats import PING
from .world import GREETING_3_0, World, hello, message, ready


def test_max_message_size(world: World) -> None:
    pull = world.make(PullSocket, max_message_size=10)
    old = world.bind(pull)
    pull.configure(max_message_size=20)
    new = world.bind(pull)
    for address, most in ((old, 10), (new, 20)):
        for size, taken in ((most, True), (most + 1, False)):
            peer = world.attach_raw(pull, hello("PUSH") + message(bytes(size)), address)
            assert (peer.closed is None) is taken
            assert world.drain(pull) == [[bytes(size)]] * taken


def test_max_message_parts(world: World) -> None:
    pull = world.make(PullSocket)
    old = world.bind(pull)
    pull.configure(max_message_parts=1)
    new = world.bind(pull)
    world.attach_raw(pull, hello("PUSH") + message(b"a", b"b"), old)
    assert world.drain(pull) == [[b"a", b"b"]]
    world.attach_raw(pull, hello("PUSH") + message(b"a", b"b"), new)
    assert world.drain(pull) == []


def test_heartbeats(world: World) -> None:
    pull = world.make(PullSocket)
    old = world.bind(pull)
    pull.configure(heartbeat_interval=1, heartbeat_timeout=0, heartbeat_ttl=3)
    new = world.bind(pull)
    quiet, pinged = (world.attach_raw(pull, hello("PUSH"), address) for address in (old, new))
    quiet.take()
    pinged.take()
    world.advance(1.1)
    assert quiet.received == b""
    assert pinged.received == PING[:-2] + (30).to_bytes(2, "big")  # tenths of seconds


def test_handshake_timeout(world: World) -> None:
    pull = world.make(PullSocket, handshake_timeout=5)
    old = world.bind(pull)
    pull.configure(handshake_timeout=1)
    new = world.bind(pull)
    slow, fast = (world.attach_raw(pull, b"", address) for address in (old, new))
    world.advance(1.1)
    assert fast.closed is not None
    assert slow.closed is None
    world.advance(4)
    assert slow.closed is not None
    reasons = [event.error for event in world.of(pull, HandshakeFailed)]
    assert [reason.seconds for reason in reasons if isinstance(reason, HandshakeTimeout)] == [1, 5]


def test_min_version(world: World) -> None:
    pull = world.make(PullSocket)
    old = world.bind(pull)
    pull.configure(min_version=(3, 1))
    new = world.bind(pull)
    for address, taken in ((old, True), (new, False)):
        peer = world.attach_raw(pull, GREETING_3_0 + ready("PUSH"), address)
        assert (peer.closed is None) is taken


def test_routing_id_and_metadata(world: World) -> None:
    dealer = world.make(DealerSocket, routing_id=b"old", metadata={"X-a": b"1"})
    old = world.bind(dealer)
    dealer.configure(routing_id=b"new", metadata={"X-a": b"2"})
    for address, routing_id, value in ((old, b"old", b"1"), (world.bind(dealer), b"new", b"2")):
        router = world.make(RouterSocket)
        peer = world.run(router.connect(address))
        assert peer.metadata["X-a"] == value
        assert router.peers[0].routing_id == routing_id


def test_routing_id_over_inproc(world: World) -> None:
    on = world.network.reactor()
    dealer = world.make(DealerSocket, on=on, routing_id=b"old")
    waiting = dealer.connect("inproc://late")
    dealer.configure(routing_id=b"new")
    router = world.make(RouterSocket, on=on)
    world.run(router.bind("inproc://late"))
    world.run(waiting)
    assert [peer.routing_id for peer in router.peers] == [b"old"]


def test_half_open_connections(world: World) -> None:
    pull = world.make(PullSocket, max_half_open=3, max_half_open_per_address=3)
    old = world.bind(pull)
    pull.configure(max_half_open=1)
    new = world.bind(pull)
    for address, most in ((old, 3), (new, 1)):
        before = len(world.of(pull, HandshakeFailed))
        for _ in range(most):
            world.attach_raw(pull, b"", address)
        assert len(world.of(pull, HandshakeFailed)) == before
        world.attach_raw(pull, b"", address)
        assert isinstance(world.of(pull, HandshakeFailed)[-1].error, TooManyPeers)


def test_backlog_and_ipv6(world: World) -> None:
    pull = world.make(PullSocket, backlog=7)
    ports = []
    reactor: Any = pull._reactor
    listen = reactor.listenTCP

    def listen_tcp(port: int, factory: Any, backlog: int = 50, interface: str = "") -> Any:
        ports.append((backlog, interface))
        return listen(port, factory, backlog, interface)

    reactor.listenTCP = listen_tcp
    world.run(pull.bind("tcp://*:*"))
    pull.configure(backlog=8, ipv6=True)
    world.run(pull.bind("tcp://*:*"))
    assert ports == [(7, "0.0.0.0"), (8, "::")]


def test_reconnections_go_on_as_they_began(world: World) -> None:
    push = world.make(PushSocket, reconnect_interval=1.0, reconnect_interval_max=1.0)
    push.connect("tcp://127.0.0.1:40001")
    world.settle()
    push.configure(reconnect_interval=20.0, reconnect_interval_max=20.0)
    push.connect("tcp://127.0.0.1:40002")
    world.advance(10)
    delays: dict[str, set[bool]] = {}
    for event in world.of(push, ConnectRetried):
        delays.setdefault(event.address[-1:], set()).add(event.delay < 3)
    assert delays == {"1": {True}, "2": {False}}


def test_a_connection_that_is_made_anew_says_what_the_first_said(world: World) -> None:
    dealer = world.make(DealerSocket, routing_id=b"old", reconnect_interval=0.1)
    listener, peer = world.accept_raw(dealer, hello("ROUTER"))
    dealer.configure(routing_id=b"new", heartbeat_interval=1)
    peer.close()
    world.advance(1)
    again = listener.peers[-1]
    assert again is not peer
    again.send(hello("ROUTER"))
    world.settle()
    assert b"\x03old" in again.received
    assert b"new" not in again.received
    again.take()
    world.advance(5)
    assert again.received == b""


def test_immediate(world: World) -> None:
    push = world.make(PushSocket)
    push.connect("tcp://127.0.0.1:40001")
    push.configure(immediate=True)
    push.connect("tcp://127.0.0.1:40002")
    for _ in range(4):
        push.try_send(b"x")
    assert push.stats.send_queue == 4
    pull = world.make(PullSocket)
    world.run(pull.bind("tcp://127.0.0.1:40002"))
    world.advance(1)
    assert world.drain(pull) == []  # all of it waits for the first
    world.run(pull.bind("tcp://127.0.0.1:40001"))
    world.advance(1)
    assert len(world.drain(pull)) == 4


def test_conflate(world: World) -> None:
    pub = world.make(PubSocket)
    old, new = (world.bind(pub) for _ in range(2))
    sub = world.make(SubSocket)
    sub.subscribe()
    world.run(sub.connect(old))
    sub.configure(conflate=True)
    pub_too = world.make(PubSocket)
    for text in (b"1", b"2", b"3"):
        pub.try_send(text)
        world.settle()
    assert world.drain(sub) == [[b"1"], [b"2"], [b"3"]]
    world.run(sub.connect(world.bind(pub_too)))
    for text in (b"1", b"2", b"3"):
        pub_too.try_send(text)
        world.settle()
    assert world.drain(sub) == [[b"3"]]
    assert new != old


def test_messages_of_greeting_and_parting(world: World) -> None:
    router = world.make(RouterSocket, hello_message=b"old", disconnect_message=b"gone")
    old = world.bind(router)
    router.configure(hello_message=b"", disconnect_message=b"", router_notify=RouterNotify.CONNECT)
    new = world.bind(router)
    received = []
    for address, told in ((old, [[b"A", b"gone"]]), (new, [[b"A", b""]])):
        peer = world.attach_raw(router, hello("DEALER", Identity=b"A"), address)
        received.append(peer.received)
        peer.close()
        assert world.drain(router) == told
    assert received[0] == received[1] + message(b"old")


def test_hiccup_message(world: World) -> None:
    dealer = world.make(DealerSocket, hiccup_message=b"old")
    listener, peer = world.accept_raw(dealer, hello("ROUTER"))
    dealer.configure(hiccup_message=b"new")
    _, other = world.accept_raw(dealer, hello("ROUTER"))
    peer.close()
    world.settle()
    assert world.drain(dealer) == [[b"old"]]
    other.close()
    assert world.drain(dealer) == [[b"new"]]
    listener.close()


# The kernel's settings


class _Handled(PlainTransport):
    """A transport that has a socket of the system."""

    def __init__(self, handle: system.socket) -> None:
        super().__init__()
        self.getHandle = lambda: handle


@implementer(IStreamClientEndpoint)
class _Dialled:
    """An endpoint whose connections are sockets of the system, which are not connected.

    :ivar handles: those sockets, oldest first.
    """

    def __init__(self) -> None:
        self.handles: list[system.socket] = []
        self.protocols: list[Any] = []

    def connect(self, protocolFactory: Any) -> Any:
        handle = system.socket()
        self.handles.append(handle)
        transport = _Handled(handle)
        directlyProvides(transport, ITransport, IConsumer, IPushProducer, ISystemHandle)
        endpoint = To(transport)
        connected = endpoint.connect(protocolFactory)
        self.protocols.append(endpoint.protocol)
        return connected


@pytest.mark.parametrize(
    ("change", "level", "name", "value"),
    [
        ({"tos": 0x28}, system.IPPROTO_IP, "IP_TOS", 0x28),
        ({"tcp_keepalive": True}, system.SOL_SOCKET, "SO_KEEPALIVE", 1),
    ],
)
def test_the_kernels_settings(
    world: World, change: dict[str, Any], level: int, name: str, value: int
) -> None:
    push = world.make(PushSocket, linger=0)
    old, new = _Dialled(), _Dialled()
    push.connect(old)
    push.configure(**change)
    push.connect(new)
    old.protocols[0].connectionLost()
    world.advance(1)
    handles = [*old.handles, *new.handles]
    assert len(old.handles) == 2
    assert [handle.getsockopt(level, getattr(system, name)) for handle in handles] == [0, 0, value]
    for protocol in (*old.protocols[1:], *new.protocols):
        protocol.connectionLost()
    push.close()
    for handle in handles:
        handle.close()
