"""PULL: from all producers in turn (RFC 30; ZMTP.md 7.1)."""

from __future__ import annotations

import pytest

from pyzmtp.options import SocketOptions
from pyzmtp.patterns.pull import PullPattern

from .links import Calls, accept, leave, link_of, receive_all


@pytest.fixture
def pull() -> PullPattern:
    return PullPattern(SocketOptions(receive_hwm=4))


def test_producers_are_served_one_message_a_turn(pull: PullPattern) -> None:
    greedy, modest = accept(pull), accept(pull)
    pull.deliver(greedy, [[b"a0"], [b"a1"], [b"a2"]])
    pull.deliver(modest, [[b"b0"]])
    assert receive_all(pull) == [[b"a0"], [b"b0"], [b"a1"], [b"a2"]]


def test_batches_are_fair_too(pull: PullPattern) -> None:
    greedy, modest = accept(pull), accept(pull)
    pull.deliver(greedy, [[b"a0"], [b"a1"], [b"a2"]])
    pull.deliver(modest, [[b"b0"]])
    assert pull.take_batch(2) == [[b"a0"], [b"b0"]]
    assert pull.take_batch(2) == [[b"a1"], [b"a2"]]
    assert pull.take_batch(2) == []


def test_messages_are_not_changed(pull: PullPattern) -> None:
    pull.deliver(accept(pull), [[b"", b"\x01a", b""]])
    assert receive_all(pull) == [[b"", b"\x01a", b""]]


def test_each_producer_has_a_high_water_mark_of_its_own(pull: PullPattern) -> None:
    full, other = accept(pull), accept(pull)
    pull.deliver(full, [[b"a"]] * 4)
    full.block()
    assert full.room() <= 0
    assert other.room() == 4
    pull.take()
    assert link_of(full).calls == []
    pull.take()
    assert link_of(full).calls == ["resume"]


def test_what_a_producer_sent_before_it_left_stays_readable(pull: PullPattern) -> None:
    pull.on_readable = readable = Calls()
    pipe = accept(pull)
    pull.deliver(pipe, [[b"a"], [b"b"]])
    leave(pull, pipe)
    assert readable.count == 1
    assert pull.queued == 2
    assert receive_all(pull) == [[b"a"], [b"b"]]
    assert pull.queued == 0
