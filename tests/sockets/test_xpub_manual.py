"""ZMQ_XPUB_MANUAL: the application answers each subscription, and may answer with another."""

from __future__ import annotations

import pytest

from pyzmtp import SubSocket, WrongState, XPubSocket, XSubSocket

from .world import World


def subscriber(world: World, address: str, *topics: bytes) -> SubSocket:
    sub = world.make(SubSocket)
    for topic in topics:
        sub.subscribe(topic)
    world.run(sub.connect(address))
    return sub


def test_a_subscription_can_be_answered_with_another(world: World) -> None:
    xpub = world.make(XPubSocket, xpub_manual=True)
    address = world.bind(xpub)
    xsub = world.make(XSubSocket)
    world.run(xsub.connect(address))
    xsub.try_send(b"\x01A")
    world.settle()
    assert xpub.try_receive() == [b"\x01A"]
    xpub.subscribe(b"XA")
    for text in (b"A", b"XA"):
        xpub.try_send(text)
    assert world.drain(xsub) == [[b"XA"]]
    assert xpub.topics == {b"XA"}
    xsub.try_send(b"\x00A")
    world.settle()
    assert xpub.try_receive() == [b"\x00A"]
    xpub.unsubscribe(b"XA")
    xpub.try_send(b"XA")
    assert world.drain(xsub) == []


def test_without_an_answer_nothing_is_subscribed(world: World) -> None:
    xpub = world.make(XPubSocket, xpub_manual=True)
    sub = subscriber(world, world.bind(xpub), b"A")
    xpub.try_send(b"A")
    assert world.drain(sub) == []


def test_each_request_is_told_even_if_another_has_made_it(world: World) -> None:
    xpub = world.make(XPubSocket, xpub_manual=True)
    address = world.bind(xpub)
    for _ in range(2):
        subscriber(world, address, b"A")
    assert world.drain(xpub) == [[b"\x01A"], [b"\x01A"]]


def test_who_leaves_gives_back_what_was_asked_for_not_what_was_answered(world: World) -> None:
    xpub = world.make(XPubSocket, xpub_manual=True)
    sub = subscriber(world, world.bind(xpub), b"A")
    assert xpub.try_receive() == [b"\x01A"]
    xpub.subscribe(b"XA")
    world.run(sub.close())
    assert world.drain(xpub) == [[b"\x00A"]]
    assert xpub.topics == frozenset()


def test_an_answer_needs_somebody_who_asked(world: World) -> None:
    xpub = world.make(XPubSocket, xpub_manual=True)
    subscriber(world, world.bind(xpub), b"A")
    with pytest.raises(WrongState):
        xpub.subscribe(b"A")
    with pytest.raises(WrongState):
        world.make(XPubSocket).subscribe(b"A")


def test_an_answer_to_who_has_left_does_nothing(world: World) -> None:
    xpub = world.make(XPubSocket, xpub_manual=True)
    sub = subscriber(world, world.bind(xpub), b"A")
    assert xpub.try_receive() == [b"\x01A"]
    world.run(sub.close())
    xpub.subscribe(b"A")
    assert world.drain(xpub) == [[b"\x00A"]]
    xpub.unsubscribe(b"A")
    assert xpub.topics == frozenset()


def test_a_last_value_goes_to_the_new_subscriber_only(world: World) -> None:
    xpub = world.make(XPubSocket, xpub_manual_last_value=True)
    address = world.bind(xpub)
    first = subscriber(world, address, b"A")
    assert xpub.try_receive() == [b"\x01A"]
    xpub.subscribe(b"A")
    xpub.try_send(b"A1")
    second = subscriber(world, address, b"A")
    assert xpub.try_receive() == [b"\x01A"]
    xpub.subscribe(b"A")
    xpub.try_send(b"A1 again")
    xpub.try_send(b"A2")
    assert world.drain(first) == [[b"A1"], [b"A2"]]
    assert world.drain(second) == [[b"A1 again"], [b"A2"]]


def test_a_last_value_for_who_has_left_goes_to_all(world: World) -> None:
    xpub = world.make(XPubSocket, xpub_manual_last_value=True)
    address = world.bind(xpub)
    first, second = (subscriber(world, address, b"A") for _ in range(2))
    for _ in range(2):
        assert xpub.try_receive() == [b"\x01A"]
        xpub.subscribe(b"A")
    world.run(second.close())
    assert world.drain(xpub) == [[b"\x00A"]]
    xpub.try_send(b"A1")
    assert world.drain(first) == [[b"A1"]]
