"""Peers that are being decided on: only so many at a time, and only for so long (ZMTP.md 10.3)."""

from __future__ import annotations

import tracemalloc

import pytest

from pyzmtp.engine.events import HandshakeFailed
from pyzmtp.errors import AuthenticationUnavailable, HandshakeTimeout, TooManyPeers

from .strangers import PLAIN, Attacked, hello_of
from .world import World

CROWD = PLAIN + hello_of(b"stranger")


def test_of_a_thousand_peers_a_hundred_are_asked_for_at_a_time(world: World) -> None:
    attacked = Attacked(world, plain=True, max_half_open_per_address=1000)
    strangers = attacked.crowd(1000, CROWD)
    door = attacked.door
    assert len(door.asked) == 100
    assert all(stranger.closed is None for stranger in strangers)
    world.advance(9.9)
    assert len(door.asked) == 100
    world.advance(0.2)  # the time of the first hundred is over
    assert len(door.asked) == 200
    assert door.given_up == 100
    assert [stranger.closed is None for stranger in strangers] == [False] * 100 + [True] * 900
    failed = world.of(attacked.pull, HandshakeFailed)
    assert [type(event.error) for event in failed] == [AuthenticationUnavailable] * 100
    world.advance(20)  # and of all that waited
    assert [stranger for stranger in strangers if stranger.closed is None] == []
    assert len(door.asked) == door.given_up
    assert door.most == 100
    failed = world.of(attacked.pull, HandshakeFailed)
    assert len(failed) == 1000
    assert {type(event.error) for event in failed} == {AuthenticationUnavailable, HandshakeTimeout}
    attacked.good_peer_is_served()


def test_a_good_peer_comes_in_as_long_as_there_is_room_to_decide(world: World) -> None:
    attacked = Attacked(world, plain=True, max_authentications=1001, max_half_open_per_address=1000)
    attacked.crowd(1000, CROWD)
    assert len(attacked.door.asked) == 1000
    world.advance(1)  # who comes then makes the longest of them give way
    attacked.good_peer_is_served()
    [event] = world.of(attacked.pull, HandshakeFailed)
    assert isinstance(event.error, TooManyPeers)
    assert attacked.door.given_up == 1


def test_whoever_leaves_is_not_asked_for_any_more_and_makes_room(world: World) -> None:
    attacked = Attacked(world, plain=True, max_authentications=3)
    strangers = attacked.crowd(6, CROWD)
    door = attacked.door
    assert len(door.asked) == 3
    strangers[4].close()  # while it waits for its turn
    world.settle()
    assert (len(door.asked), door.given_up) == (3, 0)
    strangers[0].close()
    world.settle()
    assert (len(door.asked), door.given_up) == (4, 1)
    strangers[1].abort()
    world.settle()
    assert (len(door.asked), door.given_up) == (5, 2)
    for stranger in strangers:
        stranger.close()
    world.settle()
    assert (len(door.asked), door.given_up) == (5, 5)
    attacked.good_peer_is_served()


def test_one_that_breaks_the_rules_makes_room_as_well(world: World) -> None:
    attacked = Attacked(world, plain=True, max_authentications=1)
    first, second = attacked.crowd(2, CROWD)
    assert len(attacked.door.asked) == 1
    first.send(b"\x04\x02\x01A")
    world.advance(2)
    assert first.closed is not None
    assert second.closed is None
    assert (len(attacked.door.asked), attacked.door.given_up) == (2, 1)


@pytest.mark.parametrize("seconds", [0.5, 20.0])
def test_the_time_to_decide_is_an_option(world: World, seconds: float) -> None:
    attacked = Attacked(world, plain=True, authentication_timeout=seconds)
    stranger = attacked.attacker(CROWD)
    world.advance(seconds - 0.1)
    assert stranger.closed is None
    world.advance(0.2)
    assert stranger.closed is not None
    assert isinstance(attacked.refusal(), AuthenticationUnavailable)
    attacked.good_peer_is_served()


def test_what_a_crowd_in_line_costs_is_bounded(world: World) -> None:
    attacked = Attacked(world, plain=True, max_half_open_per_address=1000)
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    attacked.crowd(1000, CROWD)
    kept = (tracemalloc.get_traced_memory()[0] - before) / 1000
    tracemalloc.stop()
    assert kept < 15_000  # 8,600 as measured, with the stranger's own part and the network's
