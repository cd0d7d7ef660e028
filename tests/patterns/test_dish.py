"""DISH: what it tells its radios, and what it takes from them (RFC 48; ZMTP.md 7.9)."""

from __future__ import annotations

import pytest
from attrs import evolve

from pyzmtp.errors import FramingError
from pyzmtp.patterns.dish import DishPattern
from pyzmtp.wire.message import Message

from .links import (
    FakeLink,
    accept,
    begin_connect,
    finish_connect,
    link_of,
    lose_connection,
    new_peer,
    options,
    queued,
    receive_all,
    take_out,
)


def test_every_peer_is_told_of_each_group_at_its_coming_and_of_each_change() -> None:
    pattern = DishPattern(options())
    pattern.join(b"a")
    pipe = accept(pattern)
    pattern.join(b"")
    pattern.leave(b"a")
    assert queued(pipe) == [b"\x04JOINa", b"\x04JOIN", b"\x05LEAVEa"]
    assert list(pattern.groups) == [b""]


def test_the_next_connection_is_told_of_the_groups_at_that_time() -> None:
    pattern = DishPattern(options())
    pipe = begin_connect(pattern)
    pattern.join(b"a")
    assert queued(pipe) == []
    finish_connect(pattern, pipe)
    assert take_out(pipe) == [b"\x04JOINa"]
    pattern.join(b"b")
    lose_connection(pattern, pipe)
    pattern.leave(b"a")
    pattern.join(b"c")
    finish_connect(pattern, pipe)
    assert queued(pipe) == [b"\x04JOINb", b"\x04JOINc"]


def test_a_join_passes_the_high_water_mark() -> None:
    pattern = DishPattern(options(send_hwm=1))
    pipe = accept(pattern)
    pattern.join(b"a")
    pattern.join(b"b")
    assert queued(pipe) == [b"\x04JOINa", b"\x04JOINb"]


def test_a_peer_that_knows_no_commands_is_told_nothing() -> None:
    pattern = DishPattern(options())
    pattern.join(b"a")
    pipe = pattern.new_pipe(pattern.options)
    pipe.peer = evolve(new_peer(), version=(2, 0))
    pattern.attach(pipe)
    pattern.ready(pipe)
    pattern.join(b"b")
    assert queued(pipe) == []


def test_only_its_groups_are_received() -> None:
    pattern = DishPattern(options())
    pattern.join(b"grp")
    pipe = accept(pattern)
    pattern.deliver(pipe, [[b"grp", b"1"], [b"grpp", b"2"], [b"gr", b"3"], [b"grp", b""]])
    assert receive_all(pattern) == [[b"grp", b"1"], [b"grp", b""]]
    assert pattern.dropped_received == 2


@pytest.mark.parametrize(
    "bad",
    [[b"lone"], [b"g", b"b", b"c"], [b"g" * 256, b"b"]],
    ids=["a lone frame", "three frames", "a long group"],
)
def test_what_is_no_group_and_body_ends_the_connection(bad: Message) -> None:
    pattern = DishPattern(options())
    pattern.join(b"g")
    pipe = accept(pattern)
    pattern.deliver(pipe, [[b"g", b"before"], bad, [b"g", b"after"]])
    assert receive_all(pattern) == [[b"g", b"before"]]
    [error] = link_of(pipe).errors
    assert type(error) is FramingError


def test_a_group_of_255_bytes_is_a_group() -> None:
    pattern = DishPattern(options())
    pattern.join(b"g" * 255)
    pipe = accept(pattern)
    assert isinstance(pipe.link, FakeLink)
    pattern.deliver(pipe, [[b"g" * 255, b"b"]])
    assert receive_all(pattern) == [[b"g" * 255, b"b"]]
    assert pipe.link.errors == []
