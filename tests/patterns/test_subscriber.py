"""What SUB and XSUB share: counted topics, and who is told of them when (ZMTP.md 1.5, 7.7, 8.3)."""

from __future__ import annotations

import pytest

from pyzmtp.options import SocketOptions
from pyzmtp.patterns.sub import SubPattern
from pyzmtp.patterns.subscriber import Subscriber
from pyzmtp.patterns.xsub import XSubPattern
from pyzmtp.wire.message import Message

from .links import (
    accept,
    begin_connect,
    finish_connect,
    leave,
    link_of,
    lose_connection,
    queued,
    receive_all,
    take_out,
)

#: "SUBSCRIBE" and "CANCEL" as commands, after the byte that tells how long the name is.
_SUBSCRIBE, _CANCEL = b"\x09SUBSCRIBE", b"\x06CANCEL"

_KINDS = ["SUB", "XSUB"]


def _new(kind: str, send_hwm: int = 1000) -> Subscriber:
    options = SocketOptions(send_hwm=send_hwm)
    return SubPattern(options) if kind == "SUB" else XSubPattern(options)


def _subscribe(subscriber: Subscriber, topic: bytes) -> None:
    if isinstance(subscriber, SubPattern):
        subscriber.subscribe(topic)
    else:
        assert isinstance(subscriber, XSubPattern)
        assert subscriber.try_send([b"\x01" + topic])


def _unsubscribe(subscriber: Subscriber, topic: bytes) -> None:
    if isinstance(subscriber, SubPattern):
        subscriber.unsubscribe(topic)
    else:
        assert isinstance(subscriber, XSubPattern)
        assert subscriber.try_send([b"\x00" + topic])


@pytest.mark.parametrize("kind", _KINDS)
def test_topics_are_counted(kind: str) -> None:
    subscriber = _new(kind)
    for topic in (b"A", b"A", b"B", b""):
        _subscribe(subscriber, topic)
    assert subscriber.topics == {b"A": 2, b"B": 1, b"": 1}
    _unsubscribe(subscriber, b"A")
    _unsubscribe(subscriber, b"B")
    assert subscriber.topics == {b"A": 1, b"": 1}


@pytest.mark.parametrize("kind", _KINDS)
def test_a_cancellation_of_what_is_not_held_changes_nothing(kind: str) -> None:
    subscriber = _new(kind)
    pipe = accept(subscriber)
    _unsubscribe(subscriber, b"A")
    assert queued(pipe) == []
    assert subscriber.topics == {}
    _subscribe(subscriber, b"A")
    assert subscriber.topics == {b"A": 1}


@pytest.mark.parametrize("kind", _KINDS)
def test_a_new_peer_is_told_each_topic_once(kind: str) -> None:
    subscriber = _new(kind)
    for topic in (b"A", b"A", b"B", b""):
        _subscribe(subscriber, topic)
    _unsubscribe(subscriber, b"B")
    assert queued(accept(subscriber)) == [_SUBSCRIBE + b"A", _SUBSCRIBE]


@pytest.mark.parametrize("kind", _KINDS)
def test_a_peer_of_an_old_version_is_told_in_messages(kind: str) -> None:
    subscriber = _new(kind)
    _subscribe(subscriber, b"A")
    pipe = begin_connect(subscriber)
    pipe.reads_commands = False
    finish_connect(subscriber, pipe)
    _subscribe(subscriber, b"B")
    _unsubscribe(subscriber, b"A")
    assert queued(pipe) == [[b"\x01A"], [b"\x01B"], [b"\x00A"]]


@pytest.mark.parametrize("kind", _KINDS)
def test_a_peer_is_told_nothing_before_its_handshake_is_done(kind: str) -> None:
    subscriber = _new(kind)
    pipe = begin_connect(subscriber)
    _subscribe(subscriber, b"A")
    _subscribe(subscriber, b"B")
    _unsubscribe(subscriber, b"B")
    assert queued(pipe) == []
    finish_connect(subscriber, pipe)
    assert queued(pipe) == [_SUBSCRIBE + b"A"]


@pytest.mark.parametrize("kind", _KINDS)
def test_a_reconnection_is_told_the_topics_of_now_and_nothing_that_was_queued(kind: str) -> None:
    subscriber = _new(kind)
    pipe = begin_connect(subscriber)
    finish_connect(subscriber, pipe)
    for topic in (b"A", b"B", b"B"):
        _subscribe(subscriber, topic)
    lose_connection(subscriber, pipe)
    assert queued(pipe) == []
    _unsubscribe(subscriber, b"A")
    _subscribe(subscriber, b"C")
    assert queued(pipe) == []
    finish_connect(subscriber, pipe)
    assert queued(pipe) == [_SUBSCRIBE + b"B", _SUBSCRIBE + b"C"]


@pytest.mark.parametrize("kind", _KINDS)
def test_one_who_left_is_told_nothing_more(kind: str) -> None:
    subscriber = _new(kind)
    pipe = accept(subscriber)
    leave(subscriber, pipe)
    _subscribe(subscriber, b"A")
    assert queued(pipe) == []


@pytest.mark.parametrize("kind", _KINDS)
def test_subscriptions_pass_the_high_water_mark(kind: str) -> None:
    subscriber = _new(kind, send_hwm=2)
    pipe = accept(subscriber)
    for number in range(10):
        _subscribe(subscriber, b"%d" % number)
    assert len(queued(pipe)) == 10
    newcomer = accept(subscriber)
    assert len(queued(newcomer)) == 10
    _unsubscribe(subscriber, b"0")
    assert len(queued(pipe)) == 11


@pytest.mark.parametrize("kind", _KINDS)
@pytest.mark.parametrize("reads_commands", [False, True])
def test_subscriptions_that_were_not_sent_are_no_lost_messages(
    kind: str, reads_commands: bool
) -> None:
    subscriber = _new(kind)
    pipe = begin_connect(subscriber)
    pipe.reads_commands = reads_commands
    _subscribe(subscriber, b"A")
    finish_connect(subscriber, pipe)
    _subscribe(subscriber, b"B")
    _unsubscribe(subscriber, b"B")
    assert len(queued(pipe)) == 3
    lose_connection(subscriber, pipe)
    assert subscriber.dropped_sent == 0
    finish_connect(subscriber, pipe)
    subscriber.detach(pipe)
    assert subscriber.clear(pipe) == 0


@pytest.mark.parametrize("kind", _KINDS)
def test_what_came_before_the_connection_was_lost_can_be_received(kind: str) -> None:
    subscriber = _new(kind)
    _subscribe(subscriber, b"")
    pipe = begin_connect(subscriber)
    finish_connect(subscriber, pipe)
    messages: list[Message] = [[b"a"], [b"b"]]
    subscriber.deliver(pipe, messages)
    lose_connection(subscriber, pipe)
    assert receive_all(subscriber) == [[b"a"], [b"b"]]


@pytest.mark.parametrize("kind", _KINDS)
def test_publishers_are_received_from_in_turn(kind: str) -> None:
    subscriber = _new(kind)
    _subscribe(subscriber, b"")
    first, second = accept(subscriber), accept(subscriber)
    subscriber.deliver(first, [[b"a0"], [b"a1"]])
    subscriber.deliver(second, [[b"b0"]])
    assert receive_all(subscriber) == [[b"a0"], [b"b0"], [b"a1"]]


def test_a_subscription_wakes_a_connection_that_had_nothing_to_send() -> None:
    subscriber = SubPattern(SocketOptions())
    pipe = accept(subscriber)
    subscriber.subscribe(b"A")
    assert link_of(pipe).calls == ["wake"]
    assert take_out(pipe) == [_SUBSCRIBE + b"A"]
    subscriber.unsubscribe(b"A")
    assert take_out(pipe) == [_CANCEL + b"A"]
