"""RADIO: who joined what, and what goes to whom (RFC 48; ZMTP.md 7.9)."""

from __future__ import annotations

from pyzmtp.errors import TooManySubscriptions
from pyzmtp.patterns.hot import Pipe
from pyzmtp.patterns.radio import RadioPattern
from pyzmtp.wire.membership import JOIN, LEAVE, Membership
from pyzmtp.wire.message import Message

from .links import (
    Calls,
    accept,
    begin_connect,
    finish_connect,
    leave,
    link_of,
    lose_connection,
    options,
    queued,
    take_out,
)


def told(pattern: RadioPattern, pipe: Pipe, *members: tuple[bytes, bytes]) -> None:
    """The peer of a pipe has sent JOINs and LEAVEs."""
    messages: list[Message] = [Membership(member) for member in members]
    pattern.deliver(pipe, messages)


def test_a_message_goes_to_those_who_joined_exactly_its_group() -> None:
    pattern = RadioPattern(options())
    one, two, other = (accept(pattern) for _ in range(3))
    told(pattern, one, (JOIN, b"grp"))
    told(pattern, two, (JOIN, b"grp"), (JOIN, b""))
    told(pattern, other, (JOIN, b"gr"), (JOIN, b"grpp"))
    assert pattern.try_send([b"grp", b"m1"])
    assert pattern.try_send([b"", b"m2"])
    assert [queued(pipe) for pipe in (one, two, other)] == [
        [[b"grp", b"m1"]],
        [[b"grp", b"m1"], [b"", b"m2"]],
        [],
    ]


def test_two_joins_need_two_leaves() -> None:
    pattern = RadioPattern(options())
    pipe = accept(pattern)
    told(pattern, pipe, (JOIN, b"g"), (JOIN, b"g"), (LEAVE, b"g"))
    assert pattern.members(b"g") == [pipe]
    told(pattern, pipe, (LEAVE, b"g"), (LEAVE, b"g"), (LEAVE, b"never"))
    assert pattern.members(b"g") == []
    told(pattern, pipe, (JOIN, b"g"))
    assert pattern.members(b"g") == [pipe]


def test_nobody_in_the_group_and_a_full_peer_are_no_reason_to_wait() -> None:
    pattern = RadioPattern(options(send_hwm=1))
    pipe = accept(pattern)
    assert pattern.try_send([b"g", b"nobody"])
    told(pattern, pipe, (JOIN, b"g"))
    assert pattern.try_send([b"g", b"1"])
    assert pattern.try_send([b"g", b"2"])
    assert queued(pipe) == [[b"g", b"1"]]
    assert pattern.dropped_sent == 1


def test_with_nodrop_it_waits_for_room_or_until_the_full_peer_leaves() -> None:
    pattern = RadioPattern(options(send_hwm=1, xpub_nodrop=True))
    full, free = accept(pattern), accept(pattern)
    told(pattern, full, (JOIN, b"g"))
    told(pattern, free, (JOIN, b"g"), (JOIN, b"h"))
    assert pattern.try_send([b"g", b"1"])
    take_out(free)
    assert not pattern.try_send([b"g", b"2"])
    assert pattern.try_send([b"h", b"free"])
    take_out(free)
    pattern.on_writable = writable = Calls()
    told(pattern, full, (LEAVE, b"g"))
    assert writable.count == 1
    assert pattern.try_send([b"g", b"2"])
    assert pattern.dropped_sent == 0


def test_what_a_peer_sends_besides_is_dropped_even_if_it_looks_like_a_join() -> None:
    pattern = RadioPattern(options())
    pipe = accept(pattern)
    pattern.deliver(pipe, [[JOIN, b"g"], [b"\x01g"], [b"junk"]])
    assert pattern.members(b"g") == []
    assert pattern.dropped_received == 3


def test_who_has_left_is_in_no_group() -> None:
    pattern = RadioPattern(options())
    gone, stays = accept(pattern), accept(pattern)
    told(pattern, gone, (JOIN, b"g"), (JOIN, b"h"))
    told(pattern, stays, (JOIN, b"g"))
    leave(pattern, gone)
    told(pattern, gone, (JOIN, b"h"))
    assert (pattern.members(b"g"), pattern.members(b"h")) == ([stays], [])


def test_a_lost_connection_keeps_its_groups_and_the_next_counts_anew() -> None:
    pattern = RadioPattern(options())
    pipe = begin_connect(pattern)
    finish_connect(pattern, pipe)
    told(pattern, pipe, (JOIN, b"g"))
    lose_connection(pattern, pipe)
    pattern.try_send([b"g", b"meanwhile"])
    assert queued(pipe) == [[b"g", b"meanwhile"]]
    finish_connect(pattern, pipe)
    told(pattern, pipe, (JOIN, b"g"), (LEAVE, b"g"))
    assert pattern.members(b"g") == []


def test_a_peer_may_be_in_so_many_groups_and_no_more() -> None:
    pattern = RadioPattern(options(max_subscriptions=2))
    pipe = accept(pattern)
    told(pattern, pipe, (JOIN, b"a"), (JOIN, b"b"), (JOIN, b"a"))
    assert link_of(pipe).errors == []
    told(pattern, pipe, (JOIN, b"c"))
    [error] = link_of(pipe).errors
    assert isinstance(error, TooManySubscriptions)
    assert pattern.members(b"c") == []
