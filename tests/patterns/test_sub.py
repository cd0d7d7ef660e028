"""SUB: counted subscriptions, and a second look at what comes (RFC 29; ZMTP.md 7.7)."""

from __future__ import annotations

import pytest

from pyzmtp.options import SocketOptions
from pyzmtp.patterns.pub import PubPattern
from pyzmtp.patterns.sub import SubPattern

from .links import Cable, Calls, accept, options, queued, receive_all, take_out

_SUBSCRIBE, _CANCEL = b"\x09SUBSCRIBE", b"\x06CANCEL"


@pytest.fixture
def sub() -> SubPattern:
    return SubPattern(SocketOptions())


def test_without_a_subscription_nothing_is_received(sub: SubPattern) -> None:
    sub.on_readable = readable = Calls()
    sub.deliver(accept(sub), [[b"A"], [b""]])
    assert readable.count == 0
    assert receive_all(sub) == []
    assert sub.queued == 0


def test_what_does_not_match_is_not_received_even_if_it_comes(sub: SubPattern) -> None:
    sub.subscribe(b"A")
    sub.deliver(accept(sub), [[b"AB", b"x"], [b"B", b"A"], [b"A"], [b""]])
    assert receive_all(sub) == [[b"AB", b"x"], [b"A"]]
    assert sub.dropped_received == 2


def test_the_empty_topic_matches_everything(sub: SubPattern) -> None:
    sub.subscribe(b"")
    sub.deliver(accept(sub), [[b""], [b"A"]])
    assert receive_all(sub) == [[b""], [b"A"]]


def test_as_many_cancellations_as_subscriptions_are_needed(sub: SubPattern) -> None:
    pipe = accept(sub)
    sub.subscribe(b"A")
    sub.subscribe(b"A")
    sub.unsubscribe(b"A")
    sub.deliver(pipe, [[b"A1"]])
    sub.unsubscribe(b"A")
    sub.deliver(pipe, [[b"A2"]])
    assert receive_all(sub) == [[b"A1"]]


def test_a_cancellation_takes_effect_at_once(sub: SubPattern) -> None:
    pipe = accept(sub)
    sub.subscribe(b"A")
    sub.subscribe(b"AB")
    sub.unsubscribe(b"A")
    sub.deliver(pipe, [[b"A"], [b"ABC"]])
    assert receive_all(sub) == [[b"ABC"]]


def test_each_subscription_goes_to_all_publishers_and_only_the_last_cancellation(
    sub: SubPattern,
) -> None:
    pipes = [accept(sub), accept(sub)]
    sub.subscribe(b"A")
    sub.subscribe(b"A")
    assert [take_out(pipe) for pipe in pipes] == [[_SUBSCRIBE + b"A", _SUBSCRIBE + b"A"]] * 2
    sub.unsubscribe(b"A")
    assert [queued(pipe) for pipe in pipes] == [[]] * 2
    sub.unsubscribe(b"A")
    assert [queued(pipe) for pipe in pipes] == [[_CANCEL + b"A"]] * 2


def test_topics_may_have_any_length(sub: SubPattern) -> None:
    pipe = accept(sub)
    topic = b"x" * 100_000
    sub.subscribe(topic)
    sub.deliver(pipe, [[topic + b"!"], [topic[:-1]]])
    assert receive_all(sub) == [[topic + b"!"]]


def test_inverted_what_matches_is_not_received() -> None:
    sub = SubPattern(options(invert_matching=True))
    sub.subscribe(b"A")
    sub.deliver(accept(sub), [[b"AB"], [b"B"], [b""]])
    assert receive_all(sub) == [[b"B"], [b""]]


@pytest.mark.parametrize(("inverted", "received"), [
    (False, [[b"A1"]]),
    (True, [[b"B1"]]),
])  # fmt: skip
def test_publisher_and_subscriber_agree_on_what_matches(
    inverted: bool, received: list[list[bytes]]
) -> None:
    settings = options(invert_matching=inverted)
    sub, pub = SubPattern(settings), PubPattern(settings)
    cable = Cable(sub, pub)
    sub.subscribe(b"A")
    cable.carry()
    pub.try_send([b"A1"])
    pub.try_send([b"B1"])
    cable.carry()
    assert receive_all(sub) == received
