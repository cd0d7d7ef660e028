"""PUSH: to one worker after the other, and never away (RFC 30; ZMTP.md 7.1, 7.8)."""

from __future__ import annotations

import pytest

from pyzmtp.options import SocketOptions
from pyzmtp.patterns.push import PushPattern

from .links import (
    Calls,
    accept,
    begin_connect,
    finish_connect,
    leave,
    lose_connection,
    queued,
    take_out,
)


@pytest.fixture
def push() -> PushPattern:
    return PushPattern(SocketOptions(send_hwm=5))


def test_messages_go_round_even_to_peers_that_are_not_there_yet(push: PushPattern) -> None:
    first, second = begin_connect(push), begin_connect(push)
    for number in range(6):
        assert push.try_send([b"m%d" % number])
    assert queued(first) == [[b"m0"], [b"m2"], [b"m4"]]
    assert queued(second) == [[b"m1"], [b"m3"], [b"m5"]]


def test_a_connect_takes_exactly_its_mark_of_multipart_messages(push: PushPattern) -> None:
    begin_connect(push)
    assert push.try_send_batch([[b"a", b"b", b"c"]] * 9) == 5
    assert not push.try_send([b"a", b"b", b"c"])


def test_messages_are_not_changed(push: PushPattern) -> None:
    pipe = accept(push)
    push.try_send([b"", b"\x00x", b""])
    assert queued(pipe) == [[b"", b"\x00x", b""]]


def test_without_workers_it_waits_and_goes_on_with_the_first(push: PushPattern) -> None:
    push.on_writable = writable = Calls()
    assert not push.try_send([b"a"])
    assert push.dropped_sent == 0
    accept(push)
    assert writable.count == 1
    assert push.try_send([b"a"])


def test_a_slow_worker_gets_less_and_loses_nothing(push: PushPattern) -> None:
    slow, quick = accept(push), accept(push, takes=100)
    assert push.try_send_batch([[b"%d" % number] for number in range(50)]) == 50
    assert len(queued(slow)) == 5
    assert push.dropped_sent == 0
    take_out(slow)
    assert quick.sent == 45


def test_a_worker_that_left_takes_its_queue_with_it(push: PushPattern) -> None:
    leaver, stayer = accept(push), accept(push)
    push.try_send_batch([[b"m0"], [b"m1"]])
    leave(push, leaver)
    assert queued(leaver) == []
    push.try_send_batch([[b"m2"], [b"m3"]])
    assert queued(stayer) == [[b"m1"], [b"m2"], [b"m3"]]


def test_a_connects_queue_outlives_the_connection(push: PushPattern) -> None:
    pipe = begin_connect(push)
    finish_connect(push, pipe)
    push.try_send([b"a"])
    lose_connection(push, pipe)
    push.try_send([b"b"])
    finish_connect(push, pipe)
    assert take_out(pipe) == [[b"a"], [b"b"]]


def test_what_a_worker_sends_is_dropped_and_counted(push: PushPattern) -> None:
    push.deliver(accept(push), [[b"a"], [b"b", b"c"]])
    assert push.dropped_received == 2
    assert push.queued == 0
