"""Proxy: messages from one socket to another and back (zmq_proxy)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

import attrs
import pytest
from twisted.internet.defer import CancelledError

from pyzmtp import (
    DealerSocket,
    PairSocket,
    Proxy,
    ProxyState,
    ProxyStatistics,
    PubSocket,
    PullSocket,
    PushSocket,
    ReceivingSocket,
    RepSocket,
    ReqSocket,
    Requester,
    RouterSocket,
    Socket,
    SubSocket,
    XPubSocket,
    XSubSocket,
)
from pyzmtp.errors import SocketClosed, UsageError, WrongState

from .sockets.world import Outcomes, World, hello

TRANSPORTS = ["tcp", "inproc"]


def numbers(*values: int) -> list[list[bytes]]:
    """Messages that are numbers."""
    return [[b"%d" % value] for value in values]


def state(proxy: Proxy) -> ProxyState:
    """What a proxy is doing, which can change with any call."""
    return proxy.state


class Line:
    """PUSH -> PULL, proxy, PUSH -> PULL; the proxy is not started yet."""

    def __init__(self, world: World, transport: str = "tcp", **options: Any) -> None:
        limits = {"send_hwm": 10, "receive_hwm": 10, **options}
        on = world.network.reactor()
        self.world = world
        self.source = world.make(PushSocket, on=on, **limits)
        self.frontend = world.make(PullSocket, on=on, **limits)
        self.backend = world.make(PushSocket, on=on, **limits)
        self.sink = world.make(PullSocket, on=on, **limits)
        world.link(self.frontend, self.source, transport)
        world.link(self.backend, self.sink, transport)
        self.proxy = Proxy(self.frontend, self.backend)

    def send(self, *values: int) -> Outcomes[None]:
        """Send numbers and let them go as far as they get."""
        done = Outcomes(self.source.send_batch(numbers(*values)))
        self.world.settle()
        return done


class Service:
    """DEALER clients -> ROUTER, proxy, DEALER -> REP workers; the proxy is not started yet."""

    def __init__(
        self, world: World, clients: int = 1, workers: int = 1, transport: str = "tcp", **kind: Any
    ) -> None:
        on = world.network.reactor()
        self.world = world
        self.frontend = world.make(RouterSocket, on=on, **kind)
        self.backend = world.make(DealerSocket, on=on)
        front, back = world.bind(self.frontend, transport), world.bind(self.backend, transport)
        self.served: Counter[int] = Counter()
        self.clients = [world.make(Requester, on=on) for _ in range(clients)]
        self.workers = [world.make(RepSocket, on=on) for _ in range(workers)]
        for client in self.clients:
            world.run(client.connect(front), 1)
        for number, worker in enumerate(self.workers):
            world.run(worker.connect(back), 1)
            Outcomes(worker.serve(partial(self._reply, number)))
        world.settle()
        self.proxy = Proxy(self.frontend, self.backend)

    def _reply(self, number: int, request: list[bytes]) -> list[bytes]:
        self.served[number] += 1
        return [b"re", *request]


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
    world.network.kernel_buffer = 1000
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


# Back-pressure

FLOOD = [b"%04d" % n for n in range(3000)]


def flood(world: World, line: Line) -> Outcomes[None]:
    """Send so much that a proxy stands still."""
    world.network.kernel_buffer = 1000
    done = Outcomes(line.source.send_batch([number + bytes(1000) for number in FLOOD]))
    world.settle()
    assert done.pending
    return done


def heads(messages: list[list[bytes]]) -> list[bytes]:
    """The numbers that flood() puts first."""
    return [frames[0][:4] for frames in messages]


def test_a_sink_that_does_not_read_stops_the_source(world: World) -> None:
    line = Line(world)
    started = Outcomes(line.proxy.start())
    done = flood(world, line)
    counted = line.proxy.statistics
    # One batch is under way at the most, and that came out of the frontend's queue.
    assert 0 < counted.frontend_received_parts - counted.backend_sent_parts <= 10
    assert line.frontend.stats.receive_queue <= 10
    assert line.backend.stats.send_queue <= 10 + 1
    arrived = line.frontend.stats.messages_received
    world.advance(60)
    assert line.frontend.stats.messages_received == arrived < 1000
    assert heads(world.drain(line.sink)) == FLOOD
    assert done == [None]
    assert started.pending


def test_without_workers_nothing_is_received_beyond_one_batch(world: World) -> None:
    line = Line(world)
    world.run(line.sink.close())
    world.settle()
    Outcomes(line.proxy.start())
    done = flood(world, line)
    assert 0 < line.proxy.statistics.frontend_received_parts <= 10
    sink = world.make(PullSocket)
    world.run(sink.connect(world.bind(line.backend)), 1)
    assert heads(world.drain(sink)) == FLOOD
    assert done == [None]


def test_one_direction_that_stands_still_does_not_stop_the_other(world: World) -> None:
    world.network.kernel_buffer = 1000
    limits = {"send_hwm": 5, "receive_hwm": 5}
    frontend, one = world.pair(DealerSocket, DealerSocket, bind=limits, connect=limits)
    backend, other = world.pair(DealerSocket, DealerSocket, bind=limits, connect=limits)
    Outcomes(Proxy(frontend, backend).start())
    forth = Outcomes(one.send_batch([bytes(1000)] * 1000))
    world.settle()
    assert forth.pending
    Outcomes(other.send_batch(numbers(*range(500))))
    assert world.drain(one) == numbers(*range(500))
    assert len(world.drain(other)) == 1000
    assert forth == [None]


def test_a_send_timeout_does_not_count(world: World) -> None:
    line = Line(world)
    backend = world.make(PushSocket, send_timeout=0.01)
    proxy = Proxy(line.frontend, backend)
    started = Outcomes(proxy.start())
    line.send(1, 2, 3)
    world.advance(1)
    assert started.pending
    world.link(backend, sink := world.make(PullSocket))
    assert world.drain(sink) == numbers(1, 2, 3)
    assert proxy.statistics.dropped_messages == 0


def test_a_send_timeout_of_zero_is_refused(world: World) -> None:
    push, pull = world.make(PushSocket, send_timeout=0), world.make(PullSocket, receive_timeout=0)
    with pytest.raises(UsageError, match="send_timeout"):
        Proxy(pull, push)


# Capture


@pytest.mark.parametrize("kind", [PushSocket, DealerSocket, PubSocket, PairSocket])
def test_capture_gets_all_that_goes_either_way(world: World, kind: Any) -> None:
    peers: dict[Any, Any] = {PushSocket: PullSocket, PubSocket: SubSocket}
    capture, tap = world.pair(kind, peers.get(kind, kind))
    if isinstance(tap, SubSocket):
        tap.subscribe()
        world.run(capture.wait_subscribed())
    service = Service(world)
    proxy = Proxy(service.frontend, service.backend, capture)
    Outcomes(proxy.start())
    reply = Outcomes(service.clients[0].request([b"x", b"y"]))
    world.settle()
    assert reply == [[b"re", b"x", b"y"]]
    asked, answered = world.drain(tap)
    assert asked[2:] == [b"", b"x", b"y"]
    assert answered == [*asked[:2], b"", b"re", b"x", b"y"]
    assert proxy.statistics.capture_dropped_messages == 0


def test_a_full_capture_holds_up_nobody(world: World) -> None:
    world.network.kernel_buffer = 1000
    capture, tap = world.pair(
        PushSocket, PullSocket, bind={"send_hwm": 3}, connect={"receive_hwm": 3}
    )
    line = Line(world)
    proxy = Proxy(line.frontend, line.backend, capture)
    Outcomes(proxy.start())
    for n in range(300):
        line.source.try_send([b"%d" % n, bytes(1000)])
        assert len(world.drain(line.sink)) == 1
    dropped = proxy.statistics.capture_dropped_messages
    assert dropped > 50
    assert len(world.drain(tap)) == 300 - dropped
    assert proxy.statistics.dropped_messages == 0


@pytest.mark.parametrize("trouble", ["no peer", "closed", "out of order", "nobody to route to"])
def test_a_capture_in_trouble_holds_up_nobody(world: World, trouble: str) -> None:
    kinds: dict[str, Any] = {"out of order": RepSocket, "nobody to route to": RouterSocket}
    kind = kinds.get(trouble, PushSocket)
    options: dict[str, Any] = {"router_mandatory": True} if kind is RouterSocket else {}
    capture = world.make(kind, **options)
    line = Line(world)
    proxy = Proxy(line.frontend, line.backend, capture)
    started = Outcomes(proxy.start())
    if trouble == "closed":
        world.run(capture.close())
    line.send(*range(5))
    assert world.drain(line.sink) == numbers(*range(5))
    assert proxy.statistics.capture_dropped_messages == 5
    assert started.pending


def test_a_message_that_waits_is_captured_once(world: World) -> None:
    unlimited = {"send_hwm": 0, "receive_hwm": 0}
    capture, tap = world.pair(PushSocket, PullSocket, bind=unlimited, connect=unlimited)
    line = Line(world)
    Outcomes(Proxy(line.frontend, line.backend, capture).start())
    flood(world, line)
    world.network.kernel_buffer = 10_000_000
    assert heads(world.drain(line.sink)) == FLOOD
    assert heads(world.drain(tap)) == FLOOD


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
    world.network.kernel_buffer = 1000
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


# Pause, resume, stop


def test_paused_it_receives_nothing(world: World) -> None:
    line = Line(world)
    Outcomes(line.proxy.start())
    line.send(1)
    line.proxy.pause()
    line.proxy.pause()
    assert state(line.proxy) is ProxyState.PAUSED
    line.send(2, 3)
    assert world.drain(line.sink) == numbers(1)
    assert line.frontend.stats.receive_queue == 2
    assert line.proxy.statistics.frontend_received_parts == 1
    line.proxy.resume()
    line.proxy.resume()
    assert state(line.proxy) is ProxyState.RUNNING
    line.send(4)
    assert world.drain(line.sink) == numbers(2, 3, 4)


def test_paused_in_the_middle_of_a_batch(world: World) -> None:
    line = Line(world)
    Outcomes(line.proxy.start())
    done = flood(world, line)
    line.proxy.pause()
    received = line.proxy.statistics.frontend_received_parts
    got = world.drain(line.sink)
    assert len(got) == received == line.proxy.statistics.frontend_received_parts
    line.proxy.resume()
    assert heads(got + world.drain(line.sink)) == FLOOD
    assert done == [None]


def test_paused_and_resumed_in_the_middle_of_a_batch(world: World) -> None:
    line = Line(world)
    Outcomes(line.proxy.start())
    flood(world, line)
    received = line.proxy.statistics.frontend_received_parts
    for _ in range(3):
        line.proxy.pause()
        line.proxy.resume()
        world.settle()
    assert line.proxy.statistics.frontend_received_parts == received
    assert heads(world.drain(line.sink)) == FLOOD


def test_stop_leaves_what_was_not_received_to_the_caller(world: World) -> None:
    line = Line(world)
    started = Outcomes(line.proxy.start())
    line.send(1, 2)
    stopped = Outcomes(line.proxy.stop())
    assert (stopped, started) == ([None], [None])
    line.send(3)
    assert line.frontend.try_receive() == [b"3"]
    assert line.backend.try_send(b"by hand")
    assert world.drain(line.sink) == [*numbers(1, 2), [b"by hand"]]
    assert not line.frontend.closed
    assert not line.backend.closed


def test_stop_delivers_the_batch_that_is_under_way(world: World) -> None:
    line = Line(world)
    started = Outcomes(line.proxy.start())
    flood(world, line)
    stopped = [Outcomes(line.proxy.stop()) for _ in range(2)]
    assert state(line.proxy) is ProxyState.STOPPING
    world.advance(10)
    assert started.pending
    assert stopped[0].pending
    assert stopped[1].pending
    received = line.proxy.statistics.frontend_received_parts
    first = world.drain(line.sink)
    assert len(first) == received
    assert (started, stopped) == ([None], [[None], [None]])
    assert state(line.proxy) is ProxyState.STOPPED
    assert heads(first + world.drain(line.frontend)) == FLOOD


def test_it_can_be_started_again(world: World) -> None:
    line = Line(world)
    for n in range(3):
        started = Outcomes(line.proxy.start())
        line.send(n)
        assert world.drain(line.sink) == numbers(n)
        world.run(line.proxy.stop())
        assert started == [None]
    assert line.proxy.statistics.backend_sent_parts == 3


@pytest.mark.parametrize("when", ["before", "after", "stopping"])
def test_only_a_proxy_at_work_can_be_paused_or_resumed(world: World, when: str) -> None:
    line = Line(world)
    if when != "before":
        Outcomes(line.proxy.start())
        if when == "stopping":
            flood(world, line)
        Outcomes(line.proxy.stop())
    assert state(line.proxy) is (ProxyState.STOPPING if when == "stopping" else ProxyState.STOPPED)
    for change in (line.proxy.pause, line.proxy.resume):
        with pytest.raises(WrongState, match=line.proxy.state.value):
            change()


def test_stop_before_start_means_nothing(world: World) -> None:
    line = Line(world)
    assert Outcomes(line.proxy.stop()) == [None]
    started = Outcomes(line.proxy.start())
    line.send(1)
    assert world.drain(line.sink) == numbers(1)
    assert started.pending
    assert Outcomes(line.proxy.stop()) == [None]
    assert Outcomes(line.proxy.stop()) == [None]


def test_it_is_started_once(world: World) -> None:
    line = Line(world)
    Outcomes(line.proxy.start())
    assert isinstance(Outcomes(line.proxy.start()).error, WrongState)
    line.send(1)
    assert world.drain(line.sink) == numbers(1)


def test_to_cancel_it_is_to_stop_it(world: World) -> None:
    line = Line(world)
    starting = line.proxy.start()
    started = Outcomes(starting)
    flood(world, line)
    starting.cancel()
    assert isinstance(started.error, CancelledError)
    received = line.proxy.statistics.frontend_received_parts
    assert len(world.drain(line.sink)) == received
    assert state(line.proxy) is ProxyState.STOPPED
    assert line.frontend.try_receive() is not None


def test_a_stop_that_is_cancelled_is_a_stop_all_the_same(world: World) -> None:
    line = Line(world)
    started = Outcomes(line.proxy.start())
    flood(world, line)
    stopping = line.proxy.stop()
    stopped = Outcomes(stopping)
    stopping.cancel()
    assert isinstance(stopped.error, CancelledError)
    world.drain(line.sink)
    assert started == [None]


class Caller(PushSocket):
    """Calls out when it is sent the first message, which can be before start() has returned."""

    act: Callable[[], object] | None = None

    def try_send(self, message: Any) -> bool:
        act, self.act = self.act, None
        if act is not None:
            act()
        return True


@pytest.mark.parametrize("count", [1, 999, 1500, 5000])
def test_paused_within_its_first_batch(world: World, count: int) -> None:
    line = Line(world, send_hwm=10_000, receive_hwm=10_000)
    line.send(*range(count))
    capture = world.make(Caller)
    proxy = Proxy(line.frontend, line.backend, capture)
    capture.act = proxy.pause
    started = Outcomes(proxy.start())
    world.settle()
    assert proxy.statistics.frontend_received_parts == min(count, 1000)
    assert line.frontend.stats.receive_queue == max(0, count - 1000)
    assert started.pending
    proxy.resume()
    assert world.drain(line.sink) == numbers(*range(count))


@pytest.mark.parametrize("count", [1, 999, 1500, 5000])
def test_stopped_within_its_first_batch(world: World, count: int) -> None:
    line = Line(world, send_hwm=10_000, receive_hwm=10_000)
    line.send(*range(count))
    capture = world.make(Caller)
    proxy = Proxy(line.frontend, line.backend, capture)
    stopped: list[Outcomes[None]] = []
    capture.act = lambda: stopped.append(Outcomes(proxy.stop()))
    started = Outcomes(proxy.start())
    assert (started, stopped) == ([None], [[None]])
    assert proxy.statistics.backend_sent_parts == min(count, 1000)
    rest = world.drain(line.frontend)
    assert world.drain(line.sink) + rest == numbers(*range(count))


@pytest.mark.parametrize("count", [1, 999, 1500, 5000])
def test_paused_and_resumed_within_a_batch(world: World, count: int) -> None:
    line = Line(world, send_hwm=10_000, receive_hwm=10_000)
    capture = world.make(Caller)
    proxy = Proxy(line.frontend, line.backend, capture)
    started = Outcomes(proxy.start())

    def act() -> None:
        proxy.pause()
        proxy.resume()

    for _ in range(3):
        capture.act = act
        line.send(*range(count))
        assert world.drain(line.sink) == numbers(*range(count))
    assert started.pending


def test_started_again_by_who_is_told_of_the_stop(world: World) -> None:
    line = Line(world, send_hwm=10_000, receive_hwm=10_000)
    line.send(*range(3500))
    capture = world.make(Caller)
    proxy = Proxy(line.frontend, line.backend, capture)
    again: list[Outcomes[None]] = []
    capture.act = lambda: proxy.stop()
    proxy.start().addCallback(lambda _: again.append(Outcomes(proxy.start())))
    assert world.drain(line.sink) == numbers(*range(3500))
    assert again[0].pending
    assert state(proxy) is ProxyState.RUNNING


def test_paused_stopped_and_started_all_the_time_nothing_is_lost(world: World) -> None:
    service = Service(world, clients=3, workers=2)
    proxy = service.proxy
    started = Outcomes(proxy.start())
    replies = []
    for n in range(60):
        replies += [(n, Outcomes(client.request(b"%d" % n))) for client in service.clients]
        if n % 3 == 0:
            proxy.pause()
        if n % 2 == 0:
            world.settle()
        if n % 3 == 1:
            proxy.resume()
        if n % 7 == 0:
            stopped = Outcomes(proxy.stop())
            assert (stopped, started) == ([None], [None])
            started = Outcomes(proxy.start())
    proxy.resume()
    world.settle()
    assert all(reply == [[b"re", b"%d" % n]] for n, reply in replies)
    counted = proxy.statistics
    assert counted.frontend_received_parts == counted.backend_sent_parts == 180 * 4
    assert counted.backend_received_parts == counted.frontend_sent_parts == 180 * 5
    assert counted.frontend_received_bytes == counted.backend_sent_bytes


# Closing


@pytest.mark.parametrize("which", ["frontend", "backend"])
@pytest.mark.parametrize("paused", [False, True])
@pytest.mark.parametrize("kind", [Line, Service])
def test_it_ends_with_either_socket(world: World, which: str, paused: bool, kind: Any) -> None:
    stage = kind(world)
    started = Outcomes(stage.proxy.start())
    if paused:
        stage.proxy.pause()
    world.run(getattr(stage, which).close())
    assert started == [None]
    assert state(stage.proxy) is ProxyState.STOPPED
    other = stage.backend if which == "frontend" else stage.frontend
    assert not other.closed
    if isinstance(other, ReceivingSocket):
        assert other.try_receive() is None


def test_a_closed_frontend_has_its_last_batch_delivered(world: World) -> None:
    line = Line(world)
    started = Outcomes(line.proxy.start())
    flood(world, line)
    received = line.proxy.statistics.frontend_received_parts
    closed = Outcomes(line.frontend.close(0))
    world.advance(1)
    assert closed == [None]
    assert started.pending
    assert len(world.drain(line.sink)) == received
    assert started == [None]


def test_what_waits_for_a_backend_that_is_closed_is_dropped_and_counted(world: World) -> None:
    line = Line(world)
    started = Outcomes(line.proxy.start())
    flood(world, line)
    Outcomes(line.backend.close(0))
    world.advance(1)
    assert started == [None]
    counted = line.proxy.statistics
    lost = counted.frontend_received_parts - counted.backend_sent_parts
    assert lost == counted.dropped_messages > 0
    assert line.frontend.try_receive() is not None


def test_a_socket_that_only_sends_ends_it_with_the_next_message(world: World) -> None:
    """It does not tell that it is being closed before it has lingered."""
    line = Line(world)
    started = Outcomes(line.proxy.start())
    world.network.kernel_buffer = 1000
    Outcomes(line.backend.send_batch([bytes(100_000)] * 50))
    world.settle()
    closing = Outcomes(line.backend.close(100))
    assert started.pending
    line.send(1)
    assert started == [None]
    assert closing.pending
    assert line.proxy.statistics.dropped_messages == 1
    world.drain(line.sink)


@pytest.mark.parametrize("which", ["frontend", "backend"])
def test_a_closed_socket_cannot_be_started_with(world: World, which: str) -> None:
    line = Line(world)
    world.run(getattr(line, which).close())
    assert isinstance(Outcomes(line.proxy.start()).error, SocketClosed)
    assert state(line.proxy) is ProxyState.STOPPED


@pytest.mark.parametrize("which", ["frontend", "backend"])
def test_closed_within_its_own_first_batch(world: World, which: str) -> None:
    line = Line(world)
    line.send(*range(5))
    capture = world.make(Caller)
    proxy = Proxy(line.frontend, line.backend, capture)
    capture.act = lambda: getattr(line, which).close(0)
    started = Outcomes(proxy.start())
    world.settle()
    assert started == [None]
    assert state(proxy) is ProxyState.STOPPED
    got = world.drain(line.sink)
    assert got == (numbers(*range(5)) if which == "frontend" else [])
    assert proxy.statistics.dropped_messages == 5 - len(got)


# What goes wrong


@pytest.mark.parametrize("which", ["frontend", "backend"])
def test_somebody_else_is_receiving(world: World, which: str) -> None:
    service = Service(world)
    waiting = getattr(service, which).receive()
    waited = Outcomes(waiting)
    assert isinstance(Outcomes(service.proxy.start()).error, WrongState)
    assert state(service.proxy) is ProxyState.STOPPED
    assert waited.pending
    waiting.cancel()
    assert isinstance(waited.error, CancelledError)
    started = Outcomes(service.proxy.start())
    reply = Outcomes(service.clients[0].request(b"x"))
    world.settle()
    assert reply == [[b"re", b"x"]]
    assert started.pending


class Broken(PushSocket):
    """Cannot send any more after so many messages."""

    left = 2

    def try_send(self, message: Any) -> bool:
        self.left -= 1
        if self.left < 0:
            raise LookupError(message)
        return super().try_send(message)


def test_it_fails_with_what_forwarding_fails_with(world: World) -> None:
    line = Line(world)
    backend = world.make(Broken)
    world.link(backend, sink := world.make(PullSocket))
    proxy = Proxy(line.frontend, backend)
    line.send(*range(5))
    started = Outcomes(proxy.start())
    assert isinstance(started.error, LookupError)
    assert state(proxy) is ProxyState.STOPPED
    assert Outcomes(proxy.stop()) == [None]
    assert world.drain(sink) == numbers(0, 1)
    assert proxy.statistics == ProxyStatistics(5, 5, 0, 0, 0, 0, 2, 2, 3, 0)


def test_a_failure_that_nobody_waits_for_is_logged(world: World) -> None:
    line = Line(world)
    backend = world.make(Broken)  # it has no peer: the first message waits
    proxy = Proxy(line.frontend, backend)
    line.send(*range(5))
    starting = proxy.start()
    started = Outcomes(starting)
    starting.cancel()
    assert isinstance(started.error, CancelledError)
    stopped = Outcomes(proxy.stop())
    assert stopped.pending
    world.link(backend, world.make(PullSocket))
    assert stopped == [None]
    assert world.failures.take(LookupError) == 1
    assert proxy.statistics.dropped_messages == 3


def test_a_failure_while_it_stops_is_its_failure(world: World) -> None:
    line = Line(world)
    backend = world.make(Broken)
    proxy = Proxy(line.frontend, backend)
    line.send(*range(5))
    started = Outcomes(proxy.start())
    stopped = Outcomes(proxy.stop())
    world.link(backend, world.make(PullSocket))
    assert isinstance(started.error, LookupError)
    assert stopped == [None]


def test_it_tells_what_it_is(world: World) -> None:
    line = Line(world)
    assert repr(line.proxy).startswith("<Proxy stopped: <PullSocket")
