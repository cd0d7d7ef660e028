"""ZMQ_TOPICS_COUNT: which topics are subscribed to (libzmq's test_pubsub_topics_count)."""

from __future__ import annotations

from typing import Any

import pytest

from pyzmtp import PubSocket, SubSocket, XPubSocket, XSubSocket

from .world import World


def change(subscriber: Any, prefix: bytes, *topics: bytes) -> None:
    """Subscribe, or cancel, as this type of socket does it."""
    for topic in topics:
        if isinstance(subscriber, XSubSocket):
            assert subscriber.try_send([prefix + topic])
        elif prefix == b"\x01":
            subscriber.subscribe(topic)
        else:
            subscriber.unsubscribe(topic)


@pytest.mark.parametrize("receiving", [SubSocket, XSubSocket])
@pytest.mark.parametrize("sending", [PubSocket, XPubSocket])
def test_both_sides_count_the_same(world: World, sending: Any, receiving: Any) -> None:
    publisher, subscriber = world.pair(sending, receiving)

    def check(*topics: bytes) -> None:
        world.settle()
        assert set(subscriber.topics) == set(publisher.topics) == set(topics)
        assert len(subscriber.topics) == len(publisher.topics) == len(topics)

    check()
    change(subscriber, b"\x01", b"A", b"B")
    check(b"A", b"B")
    change(subscriber, b"\x01", b"A")  # once more: no further topic
    check(b"A", b"B")
    change(subscriber, b"\x01", b"AB", b"ABC", b"")  # nested ones count each for itself
    check(b"A", b"B", b"AB", b"ABC", b"")
    change(subscriber, b"\x00", b"A")  # it was subscribed to twice
    check(b"A", b"B", b"AB", b"ABC", b"")
    change(subscriber, b"\x00", b"A", b"B")
    check(b"AB", b"ABC", b"")
    change(subscriber, b"\x00", b"none", b"AB", b"ABC", b"")
    check()


def test_a_publisher_counts_what_several_want_once(world: World) -> None:
    publisher, first = world.pair(XPubSocket, XSubSocket)
    second = world.make(SubSocket)
    world.link(publisher, second)
    change(first, b"\x01", b"A", b"B")
    change(second, b"\x01", b"A", b"C")
    world.settle()
    assert publisher.topics == {b"A", b"B", b"C"}
    world.run(second.close())
    world.settle()
    assert publisher.topics == {b"A", b"B"}


def test_a_subscriber_without_publishers_has_topics_too(world: World) -> None:
    xsub = world.make(XSubSocket)
    change(xsub, b"\x01", b"A", b"AB")
    assert xsub.topics == {b"A", b"AB"}
