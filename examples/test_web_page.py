"""The web page in memory: browsers that are slow, and such as go."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from twisted.internet.defer import Deferred

from examples.web_page import main
from pyzmtp import PubSocket
from pyzmtp.testing import MemoryNetwork
from pyzmtp.testing.raw_peer import RawPeer


class Stage:
    """A publisher, the page and browsers."""

    def __init__(self, network: MemoryNetwork) -> None:
        self.network = network
        self.pub = PubSocket(network.reactor("publisher"), send_hwm=100)
        network.run(self.pub.bind("tcp://*:5556"))
        self.host = network.reactor()  # the page is for browsers on its host
        Deferred.fromCoroutine(main(self.host, "8080", "tcp://publisher:5556"))

    def browser(self, topic: str = "") -> RawPeer:
        """One that looks at a topic, and has got its first line."""
        browser = self.network.raw_connect(8080)
        browser.send(f"GET /events?topic={topic} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        self.network.settle()
        assert browser.take().endswith(b": welcome\n\n\r\n"), "no stream"
        return browser

    def publish(self, *frames: bytes) -> None:
        self.pub.try_send(frames)
        self.network.settle()

    def close(self) -> None:
        self.host.kill()
        self.network.run(self.pub.close(), within=10)


@pytest.fixture
def stage(memory_network: MemoryNetwork) -> Iterator[Stage]:
    stage = Stage(memory_network)
    yield stage
    stage.close()


def shown(browser: RawPeer) -> list[list[str]]:
    """The messages that it has been sent since it was last asked."""
    lines = browser.take().splitlines()
    return [json.loads(line[6:]) for line in lines if line.startswith(b"data: ")]


def test_each_browser_has_its_topic(stage: Stage) -> None:
    everything, some = stage.browser(), stage.browser("minute")
    for topic in (b"second", b"minute"):
        stage.publish(topic, b"12:00:00")
    assert shown(everything) == [["second", "12:00:00"], ["minute", "12:00:00"]]
    assert shown(some) == [["minute", "12:00:00"]]


def test_a_slow_browser_misses_some_and_holds_up_nobody(stage: Stage) -> None:
    slow, fast = stage.browser(), stage.browser()
    slow.pause()
    for number in range(5000):
        stage.publish(b"%d" % number, b"x" * 900)
    assert len(shown(fast)) == 5000
    slow.resume()
    stage.network.settle()
    numbers = [int(number) for number, _ in shown(slow)]
    assert numbers == list(range(len(numbers)))  # what was kept; then the publisher gave it no more
    assert len(numbers) + stage.pub.stats.dropped_sent == 5000
    assert 1000 < len(numbers) < 2500
    stage.publish(b"after")
    assert shown(slow) == shown(fast) == [["after"]]


def test_who_goes_is_forgotten(stage: Stage) -> None:
    stays, closes, aborts, slow = (stage.browser() for _ in range(4))
    slow.pause()
    closes.close()
    aborts.abort()
    for number in range(5000):
        stage.publish(b"%d" % number, b"x" * 900)
    assert len(stage.pub.peers) == 2
    slow.abort()  # while there is more for it than it has taken
    stage.network.settle()
    assert len(stage.pub.peers) == 1
    assert len(shown(stays)) == 5000
