"""XSUB: subscriptions are messages (RFC 29; ZMTP.md 1.5, 7.7)."""

from __future__ import annotations

import pytest

from pyzmtp.options import SocketOptions
from pyzmtp.patterns.pub import PubPattern
from pyzmtp.patterns.sub import SubPattern
from pyzmtp.patterns.xpub import XPubPattern
from pyzmtp.patterns.xsub import XSubPattern
from pyzmtp.wire.message import SharedMessage

from .links import (
    Cable,
    accept,
    begin_connect,
    finish_connect,
    leave,
    lose_connection,
    options,
    queued,
    receive_all,
    take_out,
)


@pytest.fixture
def xsub() -> XSubPattern:
    return XSubPattern(SocketOptions(send_hwm=2))


def test_subscriptions_are_forwarded_as_the_messages_that_they_are(xsub: XSubPattern) -> None:
    pipes = [accept(xsub), accept(xsub)]
    assert xsub.try_send([b"\x01A"])
    assert xsub.try_send([b"\x01A"])
    assert [take_out(pipe) for pipe in pipes] == [[[b"\x01A"], [b"\x01A"]]] * 2


def test_only_the_last_cancellation_of_a_topic_is_forwarded(xsub: XSubPattern) -> None:
    pipe = accept(xsub)
    for _ in range(2):
        xsub.try_send([b"\x01A"])
    take_out(pipe)
    assert xsub.try_send([b"\x00A"])
    assert queued(pipe) == []
    assert xsub.try_send([b"\x00A"])
    assert queued(pipe) == [[b"\x00A"]]
    assert xsub.try_send([b"\x00A"])
    assert queued(pipe) == [[b"\x00A"]]


def test_verbose_every_cancellation_is_forwarded() -> None:
    xsub = XSubPattern(options(xsub_verbose_unsubscribe=True))
    pipe = accept(xsub)
    for _ in range(2):
        xsub.try_send([b"\x01A"])
    take_out(pipe)
    for _ in range(3):
        xsub.try_send([b"\x00A"])
    assert queued(pipe) == [[b"\x00A"]] * 3
    assert not xsub.topics


@pytest.mark.parametrize("message", [
    [b"hello"],
    [b""],
    [b"\x02A"],
    [b"hello", b"\x01A"],
    [b"\x01A", b"more"],
    [b"\x00A", b""],
])  # fmt: skip
def test_any_other_message_goes_to_all_publishers_whole(
    xsub: XSubPattern, message: list[bytes]
) -> None:
    pipes = [accept(xsub), accept(xsub)]
    assert xsub.try_send(list(message))
    assert [queued(pipe) for pipe in pipes] == [[message]] * 2
    assert not xsub.topics


def test_messages_to_all_share_one_encoding(xsub: XSubPattern) -> None:
    pipes = [accept(xsub), accept(xsub)]
    xsub.try_send([b"hello"])
    assert isinstance(pipes[0].outbox[0], SharedMessage)
    assert pipes[0].outbox[0] is pipes[1].outbox[0]


def test_a_full_publisher_misses_messages_but_no_subscription(xsub: XSubPattern) -> None:
    full, other = accept(xsub), accept(xsub, takes=100)
    for number in range(5):
        assert xsub.try_send([b"m%d" % number])
    assert queued(full) == [[b"m0"], [b"m1"]]
    assert xsub.dropped_sent == 3
    assert other.sent == 5
    xsub.try_send([b"\x01A"])
    assert queued(full) == [[b"m0"], [b"m1"], [b"\x01A"]]


def test_one_who_left_gets_nothing_more_and_misses_nothing(xsub: XSubPattern) -> None:
    pipe = accept(xsub)
    leave(xsub, pipe)
    for _ in range(5):
        assert xsub.try_send([b"hello"])
    assert queued(pipe) == []
    assert xsub.dropped_sent == 0


def test_nothing_is_filtered(xsub: XSubPattern) -> None:
    xsub.try_send([b"\x01A"])
    xsub.deliver(accept(xsub), [[b"A"], [b"B"], [b""]])
    assert receive_all(xsub) == [[b"A"], [b"B"], [b""]]


def test_messages_that_a_lost_connection_takes_with_it_are_counted(xsub: XSubPattern) -> None:
    pipe = begin_connect(xsub)
    finish_connect(xsub, pipe)
    xsub.try_send([b"\x01A"])
    xsub.try_send([b"hello"])
    lose_connection(xsub, pipe)
    finish_connect(xsub, pipe)
    assert queued(pipe) == [b"\x09SUBSCRIBEA"]
    assert xsub.dropped_sent == 1


def test_messages_to_one_who_left_are_counted_and_subscriptions_not() -> None:
    xsub = XSubPattern(SocketOptions())
    pipe = accept(xsub)
    for message in ([b"\x01A"], [b"hello"], [b"\x01A", b"more"]):
        xsub.try_send(message)
    xsub.detach(pipe)
    assert xsub.clear(pipe) == 2


def test_what_was_queued_before_the_handshake_comes_after_the_subscriptions(
    xsub: XSubPattern,
) -> None:
    pipe = begin_connect(xsub)
    xsub.try_send([b"hello"])
    xsub.try_send([b"\x01A"])
    finish_connect(xsub, pipe)
    assert queued(pipe) == [b"\x09SUBSCRIBEA", [b"hello"]]


def _forward(xpub: XPubPattern, xsub: XSubPattern) -> None:
    """What a proxy does, in both directions."""
    for notice in receive_all(xpub):
        xsub.try_send(notice)
    for message in receive_all(xsub):
        xpub.try_send(message)


def test_a_proxy_forwards_subscriptions_up_and_messages_down() -> None:
    plain = SocketOptions()
    pub, xsub, xpub = PubPattern(plain), XSubPattern(plain), XPubPattern(plain)
    subs = [SubPattern(plain), SubPattern(plain)]
    above, below = Cable(xsub, pub), [Cable(sub, xpub) for sub in subs]

    def settle() -> None:
        for _ in range(3):
            for cable in (*below, above):
                cable.carry()
            _forward(xpub, xsub)

    for sub in subs:
        sub.subscribe(b"A")
    settle()
    pub.try_send([b"A1"])
    pub.try_send([b"B1"])
    settle()
    assert [receive_all(sub) for sub in subs] == [[[b"A1"]]] * 2
    subs[0].unsubscribe(b"A")
    settle()
    assert pub.subscribers(b"A")
    pub.try_send([b"A2"])
    settle()
    assert [receive_all(sub) for sub in subs] == [[], [[b"A2"]]]
    subs[1].unsubscribe(b"A")
    settle()
    assert not pub.subscribers(b"A")
