"""XPUB: matching, notices, and what happens at the mark (RFC 29; ZMTP.md 7.6)."""

from __future__ import annotations

import pytest

from pyzmtp.options import SocketOptions
from pyzmtp.patterns.hot import Pipe
from pyzmtp.patterns.xpub import XPubPattern
from pyzmtp.wire.message import SharedMessage

from .links import (
    Calls,
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
def xpub() -> XPubPattern:
    return XPubPattern(SocketOptions())


def _subscriber(xpub: XPubPattern, *topics: bytes) -> Pipe:
    pipe = accept(xpub)
    _subscribe(xpub, pipe, *topics)
    return pipe


def _subscribe(xpub: XPubPattern, pipe: Pipe, *topics: bytes) -> None:
    for topic in topics:
        xpub.deliver(pipe, [[b"\x01" + topic]])


def _cancel(xpub: XPubPattern, pipe: Pipe, *topics: bytes) -> None:
    for topic in topics:
        xpub.deliver(pipe, [[b"\x00" + topic]])


# Matching


@pytest.mark.parametrize(("topic", "wanted"), [
    (b"", [[b""], [b"A"], [b"AB", b"C"], [b"B"]]),
    (b"A", [[b"A"], [b"AB", b"C"]]),
    (b"AB", [[b"AB", b"C"]]),
    (b"C", []),
])  # fmt: skip
def test_a_message_goes_to_who_subscribed_to_the_beginning_of_its_first_frame(
    xpub: XPubPattern, topic: bytes, wanted: list[list[bytes]]
) -> None:
    pipe = _subscriber(xpub, topic)
    for message in ([b""], [b"A"], [b"AB", b"C"], [b"B"]):
        assert xpub.try_send(message)
    assert queued(pipe) == wanted
    assert xpub.dropped_sent == 0


def test_a_peer_gets_one_copy_however_many_of_its_topics_match(xpub: XPubPattern) -> None:
    pipe = _subscriber(xpub, b"", b"A", b"AB")
    xpub.try_send([b"ABC"])
    assert queued(pipe) == [[b"ABC"]]


def test_without_subscribers_a_message_goes_nowhere_and_nothing_waits(xpub: XPubPattern) -> None:
    accept(xpub)
    assert xpub.try_send([b"A"])
    assert xpub.try_send_batch([[b"A"], [b"B"]]) == 2


def test_all_subscribers_share_one_encoding(xpub: XPubPattern) -> None:
    pipes = [_subscriber(xpub, b"A"), _subscriber(xpub, b""), _subscriber(xpub, b"AB")]
    xpub.try_send([b"ABC", b"body"])
    messages = [pipe.outbox[0] for pipe in pipes]
    assert isinstance(messages[0], SharedMessage)
    assert messages[0] is messages[1] is messages[2]


def test_a_message_stays_whole(xpub: XPubPattern) -> None:
    pipe = _subscriber(xpub, b"A")
    xpub.try_send([b"A", b"", b"\x01A", b"\x00"])
    assert queued(pipe) == [[b"A", b"", b"\x01A", b"\x00"]]


def test_it_can_be_asked_who_would_get_a_message(xpub: XPubPattern) -> None:
    first, second = _subscriber(xpub, b"A"), _subscriber(xpub, b"")
    assert set(xpub.subscribers(b"AB")) == {first, second}
    assert set(xpub.subscribers(b"B")) == {second}


def test_inverted_a_message_goes_to_all_whom_it_does_not_match() -> None:
    xpub = XPubPattern(options(invert_matching=True))
    subscriber, other = _subscriber(xpub, b"A"), accept(xpub)
    xpub.try_send([b"AB"])
    xpub.try_send([b"B"])
    assert queued(subscriber) == [[b"B"]]
    assert queued(other) == [[b"AB"], [b"B"]]
    leave(xpub, other)
    xpub.try_send([b"AB"])
    assert queued(other) == []


# Subscriptions are a set per peer


def test_two_subscriptions_to_a_topic_need_one_cancellation(xpub: XPubPattern) -> None:
    pipe = _subscriber(xpub, b"A", b"A")
    _cancel(xpub, pipe, b"A")
    xpub.try_send([b"A"])
    assert queued(pipe) == []


def test_a_cancellation_ends_no_other_topic_and_no_other_peers(xpub: XPubPattern) -> None:
    first, second = _subscriber(xpub, b"A", b"AB"), _subscriber(xpub, b"A")
    _cancel(xpub, first, b"A")
    xpub.try_send([b"A"])
    xpub.try_send([b"AB"])
    assert queued(first) == [[b"AB"]]
    assert queued(second) == [[b"A"], [b"AB"]]


def test_the_subscriptions_of_one_who_left_are_forgotten(xpub: XPubPattern) -> None:
    pipe = _subscriber(xpub, b"A")
    leave(xpub, pipe)
    xpub.try_send([b"A"])
    assert queued(pipe) == []
    assert xpub.dropped_sent == 0
    assert not xpub.subscribers(b"A")


def test_a_connects_subscriptions_outlive_the_connection(xpub: XPubPattern) -> None:
    pipe = begin_connect(xpub)
    finish_connect(xpub, pipe)
    _subscribe(xpub, pipe, b"A")
    lose_connection(xpub, pipe)
    xpub.try_send([b"A"])
    finish_connect(xpub, pipe)
    assert queued(pipe) == [[b"A"]]
    assert receive_all(xpub) == [[b"\x01A"]]


def test_each_subscription_is_told_to_who_waits_for_one(xpub: XPubPattern) -> None:
    counts = []
    xpub.on_subscribed = lambda: counts.append(len(xpub.subscribers(b"A")))
    first = _subscriber(xpub, b"A")
    _subscriber(xpub, b"")
    _cancel(xpub, first, b"A")
    assert counts == [1, 2]


# Notices


def test_only_the_first_subscription_and_the_last_cancellation_are_told(xpub: XPubPattern) -> None:
    first, second = _subscriber(xpub, b"A", b"A"), _subscriber(xpub, b"A")
    assert receive_all(xpub) == [[b"\x01A"]]
    _cancel(xpub, first, b"A")
    assert receive_all(xpub) == []
    _cancel(xpub, second, b"A")
    assert receive_all(xpub) == [[b"\x00A"]]


def test_topics_are_told_apart_though_one_begins_with_the_other(xpub: XPubPattern) -> None:
    pipe = _subscriber(xpub, b"", b"A", b"AB")
    _cancel(xpub, pipe, b"A")
    assert receive_all(xpub) == [[b"\x01"], [b"\x01A"], [b"\x01AB"], [b"\x00A"]]


def test_verbose_tells_every_subscription_but_only_the_last_cancellation() -> None:
    xpub = XPubPattern(options(xpub_verbose=True))
    first, second = _subscriber(xpub, b"A", b"A"), _subscriber(xpub, b"A")
    assert receive_all(xpub) == [[b"\x01A"]] * 3
    _cancel(xpub, first, b"A")
    assert receive_all(xpub) == []
    _cancel(xpub, second, b"A")
    assert receive_all(xpub) == [[b"\x00A"]]


def test_verboser_tells_every_subscription_and_every_cancellation() -> None:
    xpub = XPubPattern(options(xpub_verboser=True))
    first, second = _subscriber(xpub, b"A"), _subscriber(xpub, b"A")
    assert receive_all(xpub) == [[b"\x01A"]] * 2
    _cancel(xpub, first, b"A")
    assert receive_all(xpub) == [[b"\x00A"]]
    _cancel(xpub, second, b"A")
    assert receive_all(xpub) == [[b"\x00A"]]


def test_of_one_who_leaves_the_topics_that_it_alone_held_are_told(xpub: XPubPattern) -> None:
    leaver, _ = _subscriber(xpub, b"A", b"B", b"C"), _subscriber(xpub, b"B")
    receive_all(xpub)
    xpub.on_readable = readable = Calls()
    leave(xpub, leaver)
    assert readable.count == 1
    assert receive_all(xpub) == [[b"\x00A"], [b"\x00C"]]


def test_verboser_tells_all_topics_of_one_who_leaves() -> None:
    xpub = XPubPattern(options(xpub_verboser=True))
    leaver, _ = _subscriber(xpub, b"A", b"B"), _subscriber(xpub, b"B")
    receive_all(xpub)
    leave(xpub, leaver)
    assert receive_all(xpub) == [[b"\x00A"], [b"\x00B"]]


def test_of_one_who_held_nothing_nothing_is_told(xpub: XPubPattern) -> None:
    xpub.on_readable = readable = Calls()
    leave(xpub, accept(xpub))
    assert readable.count == 0
    assert not xpub.readable


@pytest.mark.parametrize("held_by_another", [False, True])
@pytest.mark.parametrize("setting", ["default", "xpub_verbose", "xpub_verboser"])
def test_a_cancellation_of_what_the_peer_did_not_hold_is_not_told(
    setting: str, held_by_another: bool
) -> None:
    xpub = XPubPattern(options(**{} if setting == "default" else {setting: True}))
    if held_by_another:
        other = _subscriber(xpub, b"A")
    pipe = _subscriber(xpub, b"B")
    receive_all(xpub)
    _cancel(xpub, pipe, b"A", b"A", b"")
    assert receive_all(xpub) == []
    xpub.try_send([b"A"])
    assert queued(pipe) == []
    if held_by_another:
        assert queued(other) == [[b"A"]]


def test_an_application_is_told_of_what_it_can_receive(xpub: XPubPattern) -> None:
    xpub.on_readable = readable = Calls()
    pipe = _subscriber(xpub, b"A")
    assert readable.count == 1
    _subscribe(xpub, pipe, b"A")
    assert readable.count == 1
    assert xpub.queued == 1


def test_notices_and_messages_of_one_peer_keep_their_order(xpub: XPubPattern) -> None:
    pipe = accept(xpub)
    xpub.deliver(pipe, [[b"\x01A"], [b"hello"], [b"\x00A"], [b"\x01A", b"more"]])
    assert receive_all(xpub) == [[b"\x01A"], [b"hello"], [b"\x00A"], [b"\x01A", b"more"]]


def test_the_cancellations_of_one_who_is_disconnected_reach_the_application(
    xpub: XPubPattern,
) -> None:
    pipe = begin_connect(xpub)
    finish_connect(xpub, pipe)
    _subscribe(xpub, pipe, b"A")
    receive_all(xpub)
    _subscribe(xpub, pipe, b"B")
    xpub.deliver(pipe, [[b"unread"], [b"\x01B", b"unread"]])
    xpub.detach(pipe)  # what disconnect() does, in this order
    assert xpub.discard(pipe) == 2
    assert receive_all(xpub) == [[b"\x01B"], [b"\x00A"], [b"\x00B"]]


# Messages from below


@pytest.mark.parametrize("message", [
    [b"hello"],
    [b""],
    [b"\x02A"],
    [b"hello", b"\x01A"],
    [b"\x01A", b"\x01B"],
    [b"\x00", b""],
])  # fmt: skip
def test_what_is_no_subscription_is_received_whole(xpub: XPubPattern, message: list[bytes]) -> None:
    xpub.deliver(accept(xpub), [list(message)])
    assert receive_all(xpub) == [message]
    assert not xpub.subscribers(b"A")


# The high-water mark


def test_a_full_subscriber_misses_messages_and_others_do_not() -> None:
    xpub = XPubPattern(SocketOptions(send_hwm=2))
    slow, quick = _subscriber(xpub, b"A"), _subscriber(xpub, b"A")
    for number in range(4):
        assert xpub.try_send([b"A%d" % number])
        take_out(quick)
    assert queued(slow) == [[b"A0"], [b"A1"]]
    assert quick.sent == 4
    assert xpub.dropped_sent == 2


def test_without_dropping_a_message_waits_until_all_who_want_it_have_room() -> None:
    xpub = XPubPattern(options(send_hwm=2, xpub_nodrop=True))
    slow, quick = _subscriber(xpub, b"A"), _subscriber(xpub, b"")
    assert xpub.try_send_batch([[b"A0"], [b"A1"], [b"A2"]]) == 2
    take_out(quick)
    assert not xpub.try_send([b"A2"])
    assert queued(quick) == []
    assert xpub.try_send([b"B"])  # the full one does not want it
    xpub.on_writable = writable = Calls()
    take_out(slow, 1)
    assert writable.count == 1
    assert xpub.try_send([b"A2"])
    assert queued(slow) == [[b"A1"], [b"A2"]]
    assert queued(quick) == [[b"B"], [b"A2"]]
    assert xpub.dropped_sent == 0


def test_a_full_subscriber_that_leaves_holds_nothing_up_any_more() -> None:
    xpub = XPubPattern(options(send_hwm=1, xpub_nodrop=True))
    slow, other = _subscriber(xpub, b"A"), _subscriber(xpub, b"A")
    xpub.try_send([b"A0"])
    take_out(other)
    assert not xpub.try_send([b"A1"])
    xpub.on_writable = writable = Calls()
    leave(xpub, slow)
    assert writable.count >= 1
    assert xpub.try_send([b"A1"])
    assert queued(other) == [[b"A1"]]


def test_a_full_subscriber_that_cancels_holds_nothing_up_any_more() -> None:
    xpub = XPubPattern(options(send_hwm=1, xpub_nodrop=True))
    slow = _subscriber(xpub, b"A")
    xpub.try_send([b"A0"])
    assert not xpub.try_send([b"A1"])
    xpub.on_writable = writable = Calls()
    _cancel(xpub, slow, b"A")
    assert writable.count >= 1
    assert xpub.try_send([b"A1"])
