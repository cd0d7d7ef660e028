"""ZMQ_ONLY_FIRST_SUBSCRIBE: subscriptions in multipart messages (ZMTP.md 7.6; libzmq's test_xpub_manual).

What libzmq tells is the same in both cases where the first frame is a subscription. Without the option
it looks into the others as well, and hands them out in pieces, which is not done here.
"""

from __future__ import annotations

from typing import Any

import pytest

from pyzmtp.patterns.pub import PubPattern
from pyzmtp.patterns.xpub import XPubPattern
from pyzmtp.patterns.xsub import XSubPattern

from .links import Cable, accept, begin_connect, finish_connect, options, queued, receive_all

#: A message of the application's whose later frames look like subscriptions, and one that has some.
PLAIN = [b"ABC", b"\x01BC", b"\x00BC"]
MIXED = [b"\x01A", b"x", b"\x01B", b"y"]


def xpub(**settings: Any) -> XPubPattern:
    return XPubPattern(options(**settings))


@pytest.mark.parametrize("message", [PLAIN, MIXED, [b"\x01BC", b"\x01CD"]])
def test_without_it_a_multipart_message_is_a_message(message: list[bytes]) -> None:
    pattern = xpub()
    pipe = accept(pattern)
    pattern.deliver(pipe, [list(message)])
    assert receive_all(pattern) == [message]
    assert pattern.topics == frozenset()


def test_one_that_does_not_begin_with_a_subscription_is_never_looked_into() -> None:
    pattern = xpub(only_first_subscribe=True)
    pipe = accept(pattern)
    pattern.deliver(pipe, [list(PLAIN)])
    assert receive_all(pattern) == [PLAIN]
    assert pattern.topics == frozenset()


def test_one_that_does_subscribes_and_the_rest_is_one_message() -> None:
    pattern = xpub(only_first_subscribe=True)
    pipe = accept(pattern)
    pattern.deliver(pipe, [list(MIXED), [b"next"]])
    assert receive_all(pattern) == [[b"\x01A"], [b"\x01B"], [b"x", b"y"], [b"next"]]
    assert pattern.topics == {b"A", b"B"}
    pattern.deliver(pipe, [[b"\x01A", b"z"]])  # known already, so not told
    assert receive_all(pattern) == [[b"z"]]
    pattern.deliver(pipe, [[b"\x00A", b"\x00B"]])
    assert receive_all(pattern) == [[b"\x00A"], [b"\x00B"]]
    assert pattern.topics == frozenset()


def test_under_manual_each_is_a_request_of_its_own() -> None:
    pattern = xpub(only_first_subscribe=True, xpub_manual=True)
    pipe = accept(pattern)
    pattern.deliver(pipe, [[b"\x01A", b"\x01B"]])
    for topic in (b"A", b"B"):
        assert pattern.take()[1] == [b"\x01" + topic]
        pattern.answer(b"\x01", b"X" + topic)
    assert pattern.topics == {b"XA", b"XB"}


def test_a_pub_drops_the_rest() -> None:
    pattern = PubPattern(options(only_first_subscribe=True))
    pipe = accept(pattern)
    pattern.deliver(pipe, [list(MIXED)])
    assert pattern.topics == {b"A", b"B"}
    assert pattern.dropped_received == 1


def test_an_xsub_without_it_sends_a_message() -> None:
    pattern = XSubPattern(options())
    pipe = accept(pattern)
    assert pattern.try_send(list(MIXED))
    assert queued(pipe) == [MIXED]
    assert not pattern.topics


def test_an_xsub_notes_what_it_subscribes_to_and_sends_the_rest_on_its_own() -> None:
    pattern = XSubPattern(options(only_first_subscribe=True))
    pipe = accept(pattern)
    assert pattern.try_send(list(PLAIN))
    assert pattern.try_send(list(MIXED))
    assert queued(pipe) == [PLAIN, [b"\x01A"], [b"\x01B"], [b"x", b"y"]]
    assert set(pattern.topics) == {b"A", b"B"}
    late = begin_connect(pattern)  # a publisher that comes later is told of them
    finish_connect(pattern, late)
    assert queued(late) == [b"\x09SUBSCRIBEA", b"\x09SUBSCRIBEB"]


def test_of_a_cancellation_that_is_not_the_last_only_the_rest_is_sent() -> None:
    pattern = XSubPattern(options(only_first_subscribe=True))
    pattern.try_send([b"\x01A"])
    pattern.try_send([b"\x01A"])
    pipe = accept(pattern)
    pattern.try_send([b"\x00A", b"z"])
    assert queued(pipe)[1:] == [[b"z"]]


@pytest.mark.parametrize("receiving", [False, True])
def test_what_an_xsub_takes_apart_any_xpub_understands(receiving: bool) -> None:
    xsub = XSubPattern(options(only_first_subscribe=True))
    pattern = xpub(only_first_subscribe=receiving)
    cable = Cable(xsub, pattern)
    xsub.try_send(list(MIXED))
    cable.carry()
    assert receive_all(pattern) == [[b"\x01A"], [b"\x01B"], [b"x", b"y"]]
