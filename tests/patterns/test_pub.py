"""PUB: XPUB for an application that only sends (RFC 29; ZMTP.md 7.6)."""

from __future__ import annotations

import pytest

from pyzmtp.options import SocketOptions
from pyzmtp.patterns.pub import PubPattern

from .links import Calls, accept, leave, options, queued


@pytest.fixture
def pub() -> PubPattern:
    return PubPattern(SocketOptions(send_hwm=2))


def test_subscriptions_are_followed_and_told_to_nobody(pub: PubPattern) -> None:
    pub.on_readable = readable = Calls()
    pipe = accept(pub)
    pub.deliver(pipe, [[b"\x01A"], [b"\x01B"], [b"\x00B"]])
    pub.try_send([b"A"])
    pub.try_send([b"B"])
    assert queued(pipe) == [[b"A"]]
    leave(pub, pipe)
    assert readable.count == 0
    assert not pub.readable
    assert pub.dropped_received == 0


@pytest.mark.parametrize("message", [
    [b"hello"],
    [b""],
    [b"hello", b"\x01A"],
    [b"\x01A", b"more"],
    [b"\x00A", b"more"],
])  # fmt: skip
def test_messages_from_below_are_dropped_and_counted(pub: PubPattern, message: list[bytes]) -> None:
    pub.deliver(accept(pub), [message, [b"\x01topic"]])
    assert pub.queued == 0
    assert not pub.readable
    assert pub.dropped_received == 1
    assert pub.subscribers(b"topic")


def test_one_slow_subscriber_misses_messages_and_the_publisher_never_waits(
    pub: PubPattern,
) -> None:
    slow, quick = accept(pub), accept(pub, takes=100)
    pub.deliver(slow, [[b"\x01"]])
    pub.deliver(quick, [[b"\x01"]])
    assert pub.try_send_batch([[b"%d" % number] for number in range(50)]) == 50
    assert queued(slow) == [[b"0"], [b"1"]]
    assert quick.sent == 50
    assert pub.dropped_sent == 48


def test_waiting_instead_of_dropping_can_be_asked_for() -> None:
    pub = PubPattern(options(send_hwm=2, xpub_nodrop=True))
    pub.deliver(accept(pub), [[b"\x01"]])
    assert pub.try_send_batch([[b"%d" % number] for number in range(50)]) == 2
    assert pub.dropped_sent == 0


def test_inverted_matching_needs_no_subscription() -> None:
    pub = PubPattern(options(invert_matching=True))
    pipe = accept(pub)
    pub.deliver(pipe, [[b"\x01A"]])
    pub.try_send([b"A"])
    pub.try_send([b"B"])
    assert queued(pipe) == [[b"B"]]
