"""PUB, SUB, XPUB and XSUB through whole sockets (ZMTP.md 7.6, 7.7)."""

from __future__ import annotations

from typing import Any

import pytest
from twisted.internet.defer import CancelledError

from pyzmtp import PubSocket, SubSocket, XPubSocket, XSubSocket
from pyzmtp.errors import SocketClosed
from pyzmtp.testing import Conditions

from .world import GREETING_3_0, Outcomes, World, hello, message, ready, short

TRANSPORTS = ["tcp", "ipc", "inproc"]


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_subscriber_gets_what_begins_with_its_topics(world: World, transport: str) -> None:
    pub, sub = world.pair(PubSocket, SubSocket, transport)
    sub.subscribe(b"a")
    sub.subscribe(bytearray(b"bc"))
    world.run(pub.wait_subscribed(b"bc"))
    for topic in (b"a", b"ab", b"b", b"bcd", b"c", b""):
        pub.try_send([topic, b"body"])
    assert world.drain(sub) == [[b"a", b"body"], [b"ab", b"body"], [b"bcd", b"body"]]


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_all_subscribers_get_the_same(world: World, transport: str) -> None:
    on = world.network.reactor()
    pub = world.make(PubSocket, on=on)
    address = world.bind(pub, transport)
    subs = [world.make(SubSocket, on=on) for _ in range(3)]
    for sub in subs:
        sub.subscribe(b"")
        world.run(sub.connect(address))
    world.run(pub.wait_subscribed(b"x", 3))
    assert pub.try_send([b"x", bytes(300)])
    pub.send_batch([[b"y"], [b"z", b""]])
    assert [world.drain(sub) for sub in subs] == [[[b"x", bytes(300)], [b"y"], [b"z", b""]]] * 3


def test_a_subscription_to_all_is_the_empty_topic(world: World) -> None:
    pub, sub = world.pair(PubSocket, SubSocket)
    sub.subscribe()
    world.settle()
    pub.try_send(b"anything")
    assert world.drain(sub) == [[b"anything"]]
    sub.unsubscribe()
    world.settle()
    pub.try_send(b"anything")
    assert world.drain(sub) == []


def test_subscriptions_are_counted_on_the_subscribers_side(world: World) -> None:
    pub, sub = world.pair(PubSocket, SubSocket)
    sub.subscribe(b"a")
    sub.subscribe(b"a")
    sub.unsubscribe(b"a")
    sub.unsubscribe(b"never")
    assert sub.topics == frozenset({b"a"})
    world.settle()
    pub.try_send(b"a")
    assert world.drain(sub) == [[b"a"]]
    sub.unsubscribe(b"a")
    assert sub.topics == frozenset()
    world.settle()
    pub.try_send(b"a")
    assert world.drain(sub) == []


@pytest.mark.parametrize("topic", ["text", 5, None])
def test_a_topic_is_bytes(world: World, topic: Any) -> None:
    sub = world.make(SubSocket)
    with pytest.raises(TypeError, match="bytes"):
        sub.subscribe(topic)
    with pytest.raises(TypeError, match="bytes"):
        sub.unsubscribe(topic)
    if topic is not None:
        with pytest.raises(TypeError, match="bytes"):
            world.make(PubSocket).wait_subscribed(topic)


def test_a_closed_sub_subscribes_to_nothing(world: World) -> None:
    sub = world.make(SubSocket)
    world.run(sub.close())
    with pytest.raises(SocketClosed):
        sub.subscribe(b"a")
    with pytest.raises(SocketClosed):
        sub.unsubscribe(b"a")


def test_a_pub_without_subscribers_drops_and_never_waits(world: World) -> None:
    pub = world.make(PubSocket)
    assert world.run(pub.send_batch([b"x"] * 5000)) is None
    assert pub.try_send(b"x")
    assert pub.stats.send_queue == 0


@pytest.mark.parametrize("kind", [PubSocket, XPubSocket])
def test_wait_subscribed_fires_when_enough_are_there(world: World, kind: type[PubSocket]) -> None:
    pub = world.make(kind)
    address = world.bind(pub)
    one, two = Outcomes(pub.wait_subscribed(b"a")), Outcomes(pub.wait_subscribed(b"abc", 2))
    world.settle()
    subs = [world.make(SubSocket) for _ in range(2)]
    for sub in subs:
        world.run(sub.connect(address))
    subs[0].subscribe(b"b")
    world.settle()
    assert one.pending
    subs[0].subscribe(b"a")
    world.settle()
    assert (one, two.pending) == ([None], True)
    subs[1].subscribe(b"ab")
    world.settle()
    assert two == [None]
    assert world.run(pub.wait_subscribed(b"abcd", 2)) is None


@pytest.mark.parametrize("kind", [PubSocket, XPubSocket])
def test_wait_subscribed_to_anything_counts_peers(world: World, kind: type[PubSocket]) -> None:
    pub = world.make(kind)
    address = world.bind(pub)
    one, two = Outcomes(pub.wait_subscribed(None)), Outcomes(pub.wait_subscribed(None, 2))
    subs = [world.make(SubSocket) for _ in range(2)]
    for sub in subs:
        world.run(sub.connect(address))
    world.settle()
    assert one.pending
    subs[0].subscribe(b"a")
    subs[0].subscribe(b"b")
    world.settle()
    assert one == [None]
    assert two.pending
    subs[1].subscribe(b"c")
    world.settle()
    assert two == [None]
    subs[0].unsubscribe(b"a")
    world.settle()
    assert world.run(pub.wait_subscribed(None, 2)) is None
    subs[0].unsubscribe(b"b")
    world.settle()
    assert Outcomes(pub.wait_subscribed(None, 2)).pending


def test_where_matching_is_inverted_everybody_wants_something(world: World) -> None:
    pub = world.make(PubSocket, invert_matching=True)
    address = world.bind(pub)
    world.run(world.make(SubSocket, invert_matching=True).connect(address))
    world.settle()
    assert world.run(pub.wait_subscribed(None)) is None


def test_waiting_for_subscribers_can_be_cancelled_and_ends_with_the_socket(world: World) -> None:
    pub, sub = world.pair(PubSocket, SubSocket)
    waits = [pub.wait_subscribed(b"a") for _ in range(3)]
    outcomes = [Outcomes(wait) for wait in waits]
    waits[0].cancel()
    assert isinstance(outcomes[0].error, CancelledError)
    waits[1].addCallback(lambda _: waits[2].cancel())
    sub.subscribe(b"a")
    world.settle()
    assert outcomes[1] == [None]
    assert isinstance(outcomes[2].error, CancelledError)
    last = Outcomes(pub.wait_subscribed(b"none"))
    world.run(pub.close())
    assert isinstance(last.error, SocketClosed)
    assert isinstance(Outcomes(pub.wait_subscribed(b"a")).error, SocketClosed)


def test_a_subscriber_that_reconnects_gets_its_topics_again(world: World) -> None:
    pub, sub = world.pair(PubSocket, SubSocket)
    sub.subscribe(b"a")
    world.settle()
    world.network.connections[0].reset()
    world.settle()
    sub.subscribe(b"b")
    world.run(pub.wait_subscribed(b"b"), 1)
    pub.try_send(b"a")
    pub.try_send(b"b")
    assert world.drain(sub) == [[b"a"], [b"b"]]


def test_a_connected_pub_keeps_topics_and_queue_while_its_subscriber_is_away(world: World) -> None:
    """Connect-side PUB keeps a peer's subscriptions across disconnects: matching messages queue."""
    sub, pub = world.pair(SubSocket, PubSocket)
    sub.subscribe(b"a")
    world.settle()
    world.network.connections[0].reset()
    world.settle()
    pub.try_send(b"a while away")
    pub.try_send(b"b while away")
    assert pub.stats.send_queue == 1
    world.advance(1)
    assert world.drain(sub) == [[b"a while away"]]


def test_a_bound_pub_forgets_the_topics_of_who_left(world: World) -> None:
    pub = world.make(XPubSocket)
    peer = world.attach_raw(pub, hello("SUB") + short(4, b"\x09SUBSCRIBEa"))
    assert world.drain(pub) == [[b"\x01a"]]
    peer.close()
    assert world.drain(pub) == [[b"\x00a"]]
    pub.try_send(b"a")
    assert pub.stats.send_queue == 0


@pytest.mark.parametrize("form", [message(b"\x01a"), short(4, b"\x09SUBSCRIBEa")])
@pytest.mark.parametrize("greeting", ["3.1", "3.0"])
def test_both_forms_of_a_subscription_are_understood(
    world: World, form: bytes, greeting: str
) -> None:
    """T13: accept both forms always, on any connection."""
    pub = world.make(PubSocket)
    said = hello("SUB") if greeting == "3.1" else GREETING_3_0 + ready("SUB")
    peer = world.attach_raw(pub, said + form)
    peer.take()
    pub.try_send(b"a1")
    pub.try_send(b"b1")
    world.settle()
    assert peer.take() == message(b"a1")


@pytest.mark.parametrize(
    ("minor", "form"), [(1, short(4, b"\x09SUBSCRIBEa")), (0, message(b"\x01a"))]
)
def test_the_form_that_is_sent_is_the_one_the_peer_reads(
    world: World, minor: int, form: bytes
) -> None:
    sub = world.make(SubSocket)
    sub.subscribe(b"a")
    said = hello("PUB") if minor else GREETING_3_0 + ready("PUB")
    listener, peer = world.accept_raw(sub, said)
    assert peer.received.endswith(form)
    listener.close()


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_xpub_receives_what_xsub_sends(world: World, transport: str) -> None:
    xpub, xsub = world.pair(XPubSocket, XSubSocket, transport)
    for upstream in ([b"\x01a"], [b"\x01a"], [b"plain"], [b"\x01", b"multipart"], [b"\x00a"]):
        xsub.try_send(upstream)
    got = world.drain(xpub)
    assert got[0] == [b"\x01a"]
    assert [b"plain"] in got
    assert [b"\x01", b"multipart"] in got
    xpub.try_send(b"a1")
    assert world.drain(xsub) == [[b"a1"]]
    xsub.try_send(b"\x00a")
    world.settle()
    assert world.drain(xpub)[-1:] == [[b"\x00a"]]
    xpub.try_send(b"a2")
    assert world.drain(xsub) == []


def test_pub_drops_what_its_peers_send(world: World) -> None:
    """GHSA-4p5v-h92w-6wxw: user messages from below are dropped at PUB, and counted."""
    pub, xsub = world.pair(PubSocket, XSubSocket)
    for _ in range(3):
        xsub.try_send(b"upstream")
    world.settle()
    assert pub.stats.dropped_received == 3
    assert pub.stats.receive_queue == 0


def test_sub_drops_what_it_did_not_subscribe_to(world: World) -> None:
    sub = world.make(SubSocket)
    sub.subscribe(b"a")
    listener, _ = world.accept_raw(sub, hello("PUB") + message(b"a") + message(b"b"))
    assert world.drain(sub) == [[b"a"]]
    assert sub.stats.dropped_received == 1
    listener.close()


def test_nodrop_waits_for_the_slowest(world: World) -> None:
    world.network.conditions = Conditions(buffer=1000)
    pub = world.make(PubSocket, xpub_nodrop=True, send_hwm=2)
    address = world.bind(pub)
    peer = world.attach_raw(pub, hello("SUB") + message(b"\x01"), address)
    sub = world.make(SubSocket)
    sub.subscribe(b"")
    world.run(sub.connect(address))
    world.run(pub.wait_subscribed(b"", 2))
    peer.pause()
    count = 0
    while pub.try_send(bytes(10_000)):
        count += 1
    waiting = Outcomes(pub.send(b"waiting"))
    assert len(world.drain(sub)) == count
    assert waiting.pending
    peer.resume()
    world.settle()
    assert waiting == [None]
    assert world.drain(sub) == [[b"waiting"]]
    assert pub.stats.dropped_sent == 0


def test_many_topics_reach_a_publisher_past_the_high_water_mark(world: World) -> None:
    """T18: subscriptions bypass the high-water mark."""
    sub = world.make(SubSocket, send_hwm=1)
    for number in range(3000):
        sub.subscribe(b"%04d" % number)
    pub = world.make(PubSocket)
    world.run(sub.connect(world.bind(pub)))
    world.settle()
    for number in range(3000):
        pub.try_send(b"%04d" % number)
        if number % 500 == 499:
            assert len(world.drain(sub)) == 500


@pytest.mark.parametrize("transport", ["tcp", "inproc"])
def test_a_subscription_is_noticed_beside_a_cancellation(world: World, transport: str) -> None:
    """Both arrive at once, and the peer has as many topics as before."""
    pub, sub = world.pair(PubSocket, SubSocket, transport)
    sub.subscribe(b"a")
    world.run(pub.wait_subscribed(b"a"))
    waiting = pub.wait_subscribed(b"b")
    subscribed = Outcomes(waiting)
    sub.unsubscribe(b"a")
    sub.subscribe(b"b")
    world.settle()
    assert len(pub._pattern.subscribers(b"b")) == 1
    assert subscribed == [None]
