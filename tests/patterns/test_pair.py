"""PAIR: exactly one peer (RFC 31; ZMTP.md 7.8)."""

from __future__ import annotations

import pytest

from pyzmtp.errors import TooManyPeers
from pyzmtp.options import SocketOptions
from pyzmtp.patterns.pair import PairPattern

from .links import (
    Calls,
    accept,
    begin_connect,
    finish_connect,
    leave,
    lose_connection,
    queued,
    receive_all,
    take_out,
)


@pytest.fixture
def pair() -> PairPattern:
    return PairPattern(SocketOptions(send_hwm=2))


def test_messages_go_to_and_come_from_the_one_peer_unchanged(pair: PairPattern) -> None:
    pipe = accept(pair)
    assert pair.try_send([b"", b"a"])
    assert queued(pipe) == [[b"", b"a"]]
    pair.deliver(pipe, [[b"b", b""], [b"c"]])
    assert receive_all(pair) == [[b"b", b""], [b"c"]]


def test_without_a_peer_messages_wait(pair: PairPattern) -> None:
    assert not pair.try_send([b"a"])
    assert pair.try_send_batch([[b"a"]]) == 0
    assert pair.dropped_sent == 0


def test_a_second_peer_is_refused_and_the_first_not_disturbed(pair: PairPattern) -> None:
    first = accept(pair)
    second = pair.new_pipe(pair.options)
    with pytest.raises(TooManyPeers) as raised:
        pair.attach(second)
    assert raised.value.limit == 1
    assert not second.attached
    pair.detach(second)  # what the net layer does with one that was refused
    pair.try_send([b"a"])
    assert queued(first) == [[b"a"]]
    assert queued(second) == []


def test_a_connect_that_waits_for_its_peer_is_the_one_peer(pair: PairPattern) -> None:
    pipe = begin_connect(pair)
    assert pair.try_send([b"early"])
    with pytest.raises(TooManyPeers):
        pair.attach(pair.new_pipe(pair.options))
    finish_connect(pair, pipe)
    lose_connection(pair, pipe)
    with pytest.raises(TooManyPeers):
        pair.attach(pair.new_pipe(pair.options))
    assert queued(pipe) == [[b"early"]]


def test_a_new_peer_is_taken_when_the_first_has_left(pair: PairPattern) -> None:
    first = accept(pair)
    pair.deliver(first, [[b"old"]])
    leave(pair, first)
    assert not pair.try_send([b"a"])
    pair.on_writable = writable = Calls()
    second = accept(pair)
    assert writable.count == 1
    assert pair.try_send([b"b"])
    pair.deliver(second, [[b"new"]])
    assert queued(first) == []
    assert queued(second) == [[b"b"]]
    assert receive_all(pair) == [[b"old"], [b"new"]]


def test_a_full_peer_is_waited_for(pair: PairPattern) -> None:
    pipe = accept(pair)
    assert pair.try_send_batch([[b"a"], [b"b"], [b"c"]]) == 2
    assert not pair.try_send([b"c"])
    assert pair.dropped_sent == 0
    pair.on_writable = writable = Calls()
    take_out(pipe, 1)
    assert writable.count == 1
    assert pair.try_send([b"c"])
