"""SocketCollector: what it collects, by Prometheus' rules for names, and what it must not tell."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterable
from typing import Any

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families
from twisted.python import threadable

from pyzmtp import (
    DealerSocket,
    PlainClient,
    PlainServer,
    PubSocket,
    PullSocket,
    PushSocket,
    RouterSocket,
    SocketClosed,
    SubSocket,
    UsageError,
)
from pyzmtp.engine import events
from pyzmtp.metrics import SocketCollector

from .sockets.world import World

Sample = tuple[str, frozenset[tuple[str, str]]]


class Scrape:
    """A registry with one collector, and what a server would see of it."""

    def __init__(self, world: World) -> None:
        reactor: Any = world.network.reactor()
        self.collector = SocketCollector(reactor)
        self.registry = CollectorRegistry()
        self.registry.register(self.collector)

    @property
    def text(self) -> str:
        """The exposition."""
        return generate_latest(self.registry).decode()

    def value(self, name: str, **labels: str) -> float | None:
        """One value, or ``None`` if there is no such series."""
        return self.registry.get_sample_value(name, labels)

    def labels(self) -> Iterable[tuple[str, str]]:
        """All labels and their values."""
        for family in text_string_to_metric_families(self.text):
            for sample in family.samples:
                yield from sample.labels.items()


def test_messages_queues_and_peers(world: World) -> None:
    scrape = Scrape(world)
    router, one = world.pair(RouterSocket, DealerSocket)
    other = world.make(DealerSocket)
    other.connect(router.last_endpoint)
    scrape.collector.add("front", router)
    for dealer, number in ((one, 3), (other, 1)):
        for _ in range(number):
            dealer.send(b"x")
    world.advance(1)
    router.try_send([b"nobody", b"x"])
    router.try_receive()
    of_front = {"socket": "front", "socket_type": "ROUTER"}
    for name, value in {
        "messages_received_total": 4,
        "messages_sent_total": 0,
        "receive_queue_messages": 3,
        "longest_receive_queue_messages": 2,
        "send_queue_messages": 0,
        "longest_send_queue_messages": 0,
        "peers": 2,
        "events_dropped_total": 0,
    }.items():
        assert scrape.value(f"pyzmtp_{name}", **of_front) == value, name
    for direction, value in {"send": 1, "receive": 0}.items():
        labels = {**of_front, "direction": direction}
        assert scrape.value("pyzmtp_messages_dropped_total", **labels) == value


def test_a_queue_to_nobody(world: World) -> None:
    scrape = Scrape(world)
    push = world.make(PushSocket)
    push.connect("tcp://127.0.0.1:1")
    push.connect("tcp://127.0.0.1:2")
    for _ in range(4):
        push.send(b"x")
    push.disconnect("tcp://127.0.0.1:2")
    scrape.collector.add("out", push)
    labels = {"socket": "out", "socket_type": "PUSH"}
    assert scrape.value("pyzmtp_send_queue_messages", **labels) == 4
    assert scrape.value("pyzmtp_longest_send_queue_messages", **labels) == 2


def test_events_and_failed_handshakes(world: World) -> None:
    scrape = Scrape(world)
    pull = world.make(PullSocket, handshake_timeout=1.0)
    scrape.collector.add("in", pull)
    labels = {"socket": "in", "socket_type": "PULL"}
    kinds = set(events.__all__) - {"Event", "MonitorStopped"}
    for kind in kinds:
        assert scrape.value("pyzmtp_events_total", **labels, event=kind) == 0
    world.attach_raw(pull, b"GET / HTTP/1.1\r\n")
    world.attach_raw(pull, b"")
    world.make(SubSocket).connect(pull.last_endpoint)
    world.make(PushSocket).connect(pull.last_endpoint)
    world.advance(2)
    reasons = {"NotZMTP": 1, "HandshakeTimeout": 1, "IncompatibleSocketType": 1}
    for reason, value in reasons.items():
        name = "pyzmtp_handshake_failures_total"
        assert scrape.value(name, **labels, reason=reason) == value
    for event, value in {"HandshakeFailed": 3, "HandshakeSucceeded": 1, "Accepted": 4}.items():
        assert scrape.value("pyzmtp_events_total", **labels, event=event) == value
    assert {value for name, value in scrape.labels() if name == "event"} == kinds


def test_names_as_prometheus_wants_them(world: World) -> None:
    scrape = Scrape(world)
    scrape.collector.add("x", world.make(PubSocket))
    described = {metric.name: metric for metric in scrape.collector.describe()}
    collected = {metric.name: metric for metric in scrape.collector.collect()}
    assert described.keys() == collected.keys()
    for metric in collected.values():
        assert re.fullmatch(r"pyzmtp_[a-z]+(_[a-z]+)*", metric.name)
        assert metric.type in ("counter", "gauge")
        assert metric.documentation.endswith(".")
        for sample in metric.samples:
            assert sample.name == metric.name + ("_total" if metric.type == "counter" else "")
            assert list(sample.labels)[:2] == ["socket", "socket_type"]
    assert described["pyzmtp_peers"].samples == []
    assert "# TYPE pyzmtp_messages_sent_total counter\n" in scrape.text


def test_no_address_no_name_and_no_secret_is_told(world: World) -> None:
    scrape = Scrape(world)
    server = world.make(PullSocket, security=PlainServer({"anne": "s3cret"}))
    client = world.make(PushSocket, security=PlainClient("anne", "s3cret"))
    intruder = world.make(PushSocket, security=PlainClient("mallory", "guessed"))
    for name, socket in (("server", server), ("client", client), ("intruder", intruder)):
        scrape.collector.add(name, socket)
    world.link(server, client)
    intruder.connect(server.last_endpoint)
    world.advance(1)
    assert scrape.value(
        "pyzmtp_handshake_failures_total",
        socket="server",
        socket_type="PULL",
        reason="AuthenticationFailed",
    )
    for word in ("anne", "s3cret", "mallory", "guessed", "127.0.0.1", "tcp"):
        assert word not in scrape.text


def test_a_closed_socket_is_forgotten_and_its_name_is_free(world: World) -> None:
    scrape = Scrape(world)
    first, second = world.make(PullSocket), world.make(PullSocket)
    scrape.collector.add("in", first)
    with pytest.raises(UsageError, match="a socket in already"):
        scrape.collector.add("in", second)
    world.run(first.close())
    assert 'socket="in"' not in scrape.text
    scrape.collector.add("in", second)
    assert 'socket="in"' in scrape.text
    with pytest.raises(SocketClosed):
        scrape.collector.add("more", first)


def test_a_name_is_text(world: World) -> None:
    scrape = Scrape(world)
    name: Any = 5
    with pytest.raises(TypeError, match="a name is str, not int"):
        scrape.collector.add(name, world.make(PullSocket))
    assert "PULL" not in scrape.text


def test_several_collectors_cannot_be_in_one_registry(world: World) -> None:
    scrape = Scrape(world)
    reactor: Any = world.network.reactor()
    with pytest.raises(ValueError, match="pyzmtp_peers"):
        scrape.registry.register(SocketCollector(reactor))


class Answering:
    """A reactor that answers another thread at once, or never."""

    def __init__(self, answers: bool) -> None:
        self.answers = answers

    def callFromThread(self, call: Any) -> None:
        if self.answers:
            call()


def test_another_thread_asks_the_reactor(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    reactor: Any = Answering(True)
    collector = SocketCollector(reactor)
    collector.add("in", world.make(PullSocket))
    monkeypatch.setattr(threadable, "ioThread", -1)
    monkeypatch.setattr("pyzmtp.metrics._PATIENCE", 0.0)
    assert len(list(collector.collect())) == 11
    reactor.answers = False
    with pytest.raises(TimeoutError):
        collector.collect()


def test_without_prometheus_it_says_what_to_install() -> None:
    code = "import sys; sys.modules['prometheus_client'] = None; import pyzmtp.metrics"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "pip install pyzmtp[metrics]" in done.stderr
