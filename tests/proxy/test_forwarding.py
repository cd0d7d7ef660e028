"""Proxy: what goes where, and to whom (zmq_proxy)."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from pyzmtp import (
    DealerSocket,
    PairSocket,
    Proxy,
    ProxyStatistics,
    PubSocket,
    PullSocket,
    PushSocket,
    RepSocket,
    ReqSocket,
    Requester,
    RouterSocket,
    Socket,
    SubSocket,
    XPubSocket,
    XSubSocket,
)
from pyzmtp.errors import UsageError
from pyzmtp.testing import Conditions

from ..sockets.world import Outcomes, World, hello
from .stages import TRANSPORTS, Line, Service, numbers

# What goes where


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_each_reply_comes_to_who_asked(world: World, transport: str) -> None:
    service = Service(world, clients=3, workers=4, transport=transport)
    started = Outcomes(service.proxy.start())
    replies = [
        (n, index, Outcomes(client.request([b"%d" % n, b"%d" % index, b""])))
        for n in range(40)
        for index, client in enumerate(service.clients)
    ]
    world.settle()
    for n, index, reply in replies:
        assert reply == [[b"re", b"%d" % n, b"%d" % index, b""]]
    assert sum(service.served.values()) == 120
    assert len(service.served) == 4
    assert started.pending


def test_req_and_rep_talk_through_it(world: World) -> None:
    on = world.network.reactor()
    frontend, backend = world.make(RouterSocket, on=on), world.make(DealerSocket, on=on)
    req, rep = world.make(ReqSocket, on=on), world.make(RepSocket, on=on)
    world.link(frontend, req)
    world.link(backend, rep)
    Outcomes(Proxy(frontend, backend).start())
    Outcomes(rep.serve(lambda request: request))
    for frames in ([b"x"], [b"", b"x", b""], [b""]):
        reply = Outcomes(req.request(frames))
        world.settle()
        assert reply == [frames]


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("swapped", [False, True])
def test_from_a_pull_to_a_push(world: World, transport: str, swapped: bool) -> None:
    line = Line(world, transport)
    proxy = Proxy(line.backend, line.frontend) if swapped else line.proxy
    Outcomes(proxy.start())
    done = line.send(*range(5000))
    assert world.drain(line.sink) == numbers(*range(5000))
    assert done == [None]
    counted = proxy.statistics
    assert (counted.frontend_sent_parts if swapped else counted.backend_sent_parts) == 5000


@pytest.mark.parametrize("front", [DealerSocket, PairSocket])
@pytest.mark.parametrize("back", [DealerSocket, PairSocket])
def test_both_ways(world: World, front: Any, back: Any) -> None:
    frontend, one = world.pair(front, front)
    backend, other = world.pair(back, back)
    Outcomes(Proxy(frontend, backend).start())
    forth = [[b"%d" % n, b"", b"there"] for n in range(3000)]
    replies = [[b"%d" % n, b"back", b""] for n in range(3000)]
    Outcomes(one.send_batch(forth))
    Outcomes(other.send_batch(replies))
    assert world.drain(other) == forth
    assert world.drain(one) == replies


@pytest.mark.parametrize(
    ("front", "back", "possible"),
    [
        (SubSocket, PubSocket, True),
        (SubSocket, XPubSocket, True),
        (XSubSocket, PubSocket, True),
        (PubSocket, SubSocket, True),
        (PullSocket, DealerSocket, True),
        (PushSocket, RouterSocket, True),
        (PullSocket, PullSocket, False),
        (PushSocket, PushSocket, False),
        (PubSocket, PushSocket, False),
        (SubSocket, PullSocket, False),
        (Requester, RouterSocket, False),
    ],
)
def test_there_has_to_be_a_way(
    world: World, front: type[Socket], back: type[Socket], possible: bool
) -> None:
    ends = world.make(front), world.make(back)
    if possible:
        assert Outcomes(Proxy(*ends).start()).pending
    else:
        with pytest.raises(UsageError, match=front.__name__):
            Proxy(*ends)


@pytest.mark.parametrize("kind", [PullSocket, PushSocket, SubSocket, PubSocket])
def test_one_socket_that_cannot_do_both_is_no_proxy(world: World, kind: type[Socket]) -> None:
    socket = world.make(kind)
    with pytest.raises(UsageError):
        Proxy(socket, socket)


@pytest.mark.parametrize("kind", [ReqSocket, RepSocket])
def test_sockets_that_take_turns_are_refused(world: World, kind: type[Socket]) -> None:
    socket, dealer = world.make(kind), world.make(DealerSocket)
    for ends in ((socket, dealer), (dealer, socket)):
        with pytest.raises(UsageError, match="use a"):
            Proxy(*ends)


def test_what_is_no_socket_is_refused(world: World) -> None:
    dealer = world.make(DealerSocket)
    wrong: list[Any] = ["tcp://127.0.0.1:5555", None, object()]
    for other in wrong:
        with pytest.raises(TypeError, match="backend"):
            Proxy(dealer, other)
        with pytest.raises(TypeError, match="frontend"):
            Proxy(other, dealer)
    captures: list[Any] = [world.make(PullSocket), "x"]
    for capture in captures:
        with pytest.raises(TypeError, match="capture"):
            Proxy(dealer, dealer, capture)


# Publishers and subscribers


class Forwarder:
    """XPUB -> XSUB, proxy, XPUB -> SUB, as libzmq's sub_forward."""

    def __init__(
        self, world: World, transport: str = "tcp", nodrop: bool = False, **options: Any
    ) -> None:
        self.world = world
        self.on = world.network.reactor()
        self.pub = world.make(XPubSocket, on=self.on, xpub_nodrop=nodrop, **options)
        self.frontend = world.make(XSubSocket, on=self.on, **options)
        self.backend = world.make(XPubSocket, on=self.on, xpub_nodrop=nodrop, **options)
        self.address = world.bind(self.backend, transport)
        world.link(self.pub, self.frontend, transport)
        self.proxy = Proxy(self.frontend, self.backend)

    def subscriber(self, *topics: bytes, **options: Any) -> SubSocket:
        """A subscriber at the backend."""
        sub = self.world.make(SubSocket, on=self.on, **options)
        for topic in topics:
            sub.subscribe(topic)
        self.world.run(sub.connect(self.address), 1)
        self.world.settle()
        return sub


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("early", [False, True])
def test_subscriptions_travel_upstream(world: World, transport: str, early: bool) -> None:
    forwarder = Forwarder(world, transport)
    if early:
        Outcomes(forwarder.proxy.start())
    one, other = forwarder.subscriber(b"a"), forwarder.subscriber(b"a", b"b")
    if not early:
        Outcomes(forwarder.proxy.start())
    assert sorted(world.drain(forwarder.pub)) == [[b"\x01a"], [b"\x01b"]]
    for frames in ([b"a1", b"x"], [b"b1"], [b"c1"]):
        forwarder.pub.try_send(frames)
    assert world.drain(one) == [[b"a1", b"x"]]
    assert world.drain(other) == [[b"a1", b"x"], [b"b1"]]
    one.unsubscribe(b"a")
    assert world.drain(forwarder.pub) == []
    world.run(other.close())
    assert sorted(world.drain(forwarder.pub)) == [[b"\x00a"], [b"\x00b"]]
    counted = forwarder.proxy.statistics
    assert counted.frontend_received_parts == counted.backend_sent_parts == 3
    assert counted.backend_received_parts == counted.frontend_sent_parts == 4


def test_what_an_xsub_sends_upstream_arrives_unchanged(world: World) -> None:
    forwarder = Forwarder(world)
    Outcomes(forwarder.proxy.start())
    xsub = world.make(XSubSocket)
    world.run(xsub.connect(forwarder.address), 1)
    world.settle()
    for frames in ([b"plain"], [b"two", b"\x01frames"]):
        xsub.try_send(frames)
    assert world.drain(forwarder.pub) == [[b"plain"], [b"two", b"\x01frames"]]


def test_a_full_xpub_that_may_not_drop_holds_back_the_publisher(world: World) -> None:
    """libzmq's test_proxy_hwm."""
    world.network.conditions = Conditions(buffer=1000)
    limits: dict[str, Any] = {"send_hwm": 10, "receive_hwm": 10}
    forwarder = Forwarder(world, nodrop=True, **limits)
    started = Outcomes(forwarder.proxy.start())
    sub = forwarder.subscriber(b"", **limits)
    assert world.drain(forwarder.pub) == [[b"\x01"]]
    sent = 0
    while forwarder.pub.try_send([b"%d" % sent, bytes(1000)]):
        sent += 1
        world.settle()
        assert sent < 1000
    assert forwarder.frontend.stats.receive_queue <= 10
    assert len(world.drain(sub)) == sent
    assert forwarder.pub.try_send([b"more"])
    assert world.drain(sub) == [[b"more"]]
    assert started.pending


# One socket as both ends


@pytest.mark.parametrize(
    ("kind", "peer_kind", "parts"),
    [
        (RouterSocket, DealerSocket, 4),
        (DealerSocket, DealerSocket, 3),
        (PairSocket, PairSocket, 3),
        (RepSocket, DealerSocket, 2),
    ],
)
def test_one_socket_gets_its_messages_back(
    world: World, kind: Any, peer_kind: Any, parts: int
) -> None:
    """libzmq's test_proxy_single_socket."""
    socket, peer = world.pair(kind, peer_kind)
    proxy = Proxy(socket, socket)
    started = Outcomes(proxy.start())
    messages = [[b"", b"%d" % n, b"x"] for n in range(900)]
    Outcomes(peer.send_batch(messages))
    assert world.drain(peer) == messages
    counted = proxy.statistics
    assert counted.frontend_received_parts == counted.backend_sent_parts == 900 * parts
    assert (counted.backend_received_parts, counted.frontend_sent_parts) == (0, 0)
    world.run(proxy.stop())
    assert started == [None]
    world.run(socket.close())


# Statistics


def test_statistics_count_parts_and_bytes(world: World) -> None:
    frontend, client = world.pair(RouterSocket, DealerSocket, connect={"routing_id": b"ID"})
    backend, worker = world.pair(DealerSocket, DealerSocket)
    proxy = Proxy(frontend, backend)
    assert set(attrs.astuple(proxy.statistics)) == {0}
    Outcomes(proxy.start())
    Outcomes(client.send_batch([[b"abc", b""], [b"1234"]]))
    world.settle()
    Outcomes(worker.send([b"ID", b"back"]))
    world.settle()
    assert proxy.statistics == ProxyStatistics(5, 11, 2, 6, 2, 6, 5, 11, 0, 0)
    assert attrs.astuple(proxy.statistics)[:8] == (5, 11, 2, 6, 2, 6, 5, 11)
    assert world.drain(worker) == [[b"ID", b"abc", b""], [b"ID", b"1234"]]


# Vanished peers


def test_a_reply_to_a_client_that_has_left_is_dropped_and_counted(world: World) -> None:
    frontend = world.make(RouterSocket, router_mandatory=True)
    backend, worker = world.pair(DealerSocket, DealerSocket)
    stays = world.make(DealerSocket, routing_id=b"stays")
    world.link(frontend, stays)
    proxy = Proxy(frontend, backend)
    started = Outcomes(proxy.start())
    replies = [[b"stays", b"1"], [b"gone", b"2"], [b"gone", b"3"], [b"stays", b"4"]]
    Outcomes(worker.send_batch(replies))
    assert world.drain(stays) == [[b"1"], [b"4"]]
    assert started.pending
    assert proxy.statistics == ProxyStatistics(0, 0, 4, 12, 8, 22, 0, 0, 2, 0)


def test_who_leaves_while_its_reply_waits_holds_up_nobody_any_longer(world: World) -> None:
    world.network.conditions = Conditions(buffer=1000)
    frontend = world.make(RouterSocket, router_mandatory=True, send_hwm=2)
    address = world.bind(frontend)
    world.attach_raw(frontend, hello("DEALER", Identity=b"slow"), address).pause()
    slow = world.network.connections[-1]
    fast = world.make(DealerSocket, routing_id=b"fast")
    world.run(fast.connect(address), 1)
    backend, worker = world.pair(DealerSocket, DealerSocket)
    proxy = Proxy(frontend, backend)
    started = Outcomes(proxy.start())
    Outcomes(worker.send_batch([*[[b"slow", bytes(10_000)]] * 100, [b"fast", b"x"]]))
    assert world.drain(fast) == []
    slow.reset()
    assert world.drain(fast) == [[b"x"]]
    counted = proxy.statistics
    assert counted.dropped_messages > 20
    assert counted.frontend_sent_parts == 2 * (101 - counted.dropped_messages)
    assert started.pending
