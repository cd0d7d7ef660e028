"""Subscribers that want too much: long topics, many topics (DESIGN.md 4; TRAPS.md)."""

from __future__ import annotations

import pytest

from pyzmtp import PubSocket, SubSocket, XPubSocket
from pyzmtp.constants import MAX_TOPIC
from pyzmtp.engine.events import Disconnected
from pyzmtp.errors import FrameTooLarge, ProtocolError, TooManySubscriptions
from pyzmtp.testing import Conditions, RawPeer

from .world import GREETING_3_0, Outcomes, World, hello, ready


def as_message(prefix: bytes, topic: bytes) -> bytes:
    """A subscription in the form of ZMTP 3.0 (ZMTP.md 5)."""
    return frame(0, prefix + topic)


def as_command(prefix: bytes, topic: bytes) -> bytes:
    """A subscription in the form of ZMTP 3.1."""
    return frame(4, {b"\x01": b"\x09SUBSCRIBE", b"\x00": b"\x06CANCEL"}[prefix] + topic)


def frame(flags: int, body: bytes) -> bytes:
    """A frame in the long form."""
    return bytes((flags | 2,)) + len(body).to_bytes(8, "big") + body


FORMS = [as_message, as_command]
VERSIONS = {"3.0": GREETING_3_0 + ready("SUB"), "3.1": hello("SUB")}
form = pytest.mark.parametrize("subscription", FORMS)
version = pytest.mark.parametrize("said", VERSIONS.values(), ids=list(VERSIONS))


class Stage:
    """A publisher with a good subscriber and one that wants much."""

    def __init__(self, world: World, said: bytes, pub: PubSocket | XPubSocket) -> None:
        self.world, self.pub = world, pub
        address = world.bind(pub)
        self.good = world.make(SubSocket)
        self.good.subscribe(b"good")
        world.run(self.good.connect(address))
        self.peer: RawPeer = world.attach_raw(pub, said, address)

    def check_thrown_out(self, kind: type[ProtocolError]) -> ProtocolError:
        """It is gone for a reason, and the good one is as well off as before."""
        self.world.advance(2)
        assert self.peer.closed is not None
        [event] = self.world.of(self.pub, Disconnected)
        assert type(event.reason) is kind
        self.check_good()
        assert len(self.pub.peers) == 1
        return event.reason

    def check_good(self) -> None:
        """The good subscriber still gets what it wants."""
        assert self.pub.try_send(b"good news")
        assert self.world.drain(self.good) == [[b"good news"]]


@form
@version
@pytest.mark.parametrize("size", [MAX_TOPIC + 1, 60_000])
def test_a_topic_that_is_too_long(world: World, said: bytes, subscription: type, size: int) -> None:
    stage = Stage(world, said, world.make(PubSocket))
    stage.peer.send(subscription(b"\x01", b"a") + subscription(b"\x01", bytes(size)))
    error = stage.check_thrown_out(FrameTooLarge)
    assert isinstance(error, FrameTooLarge)
    assert error.limit == MAX_TOPIC
    assert Outcomes(stage.pub.wait_subscribed(b"a")).pending  # its topics went with it


def test_a_topic_of_megabytes_in_a_message(world: World) -> None:
    stage = Stage(world, VERSIONS["3.0"], world.make(PubSocket))
    stage.peer.send(as_message(b"\x01", b"a" * 2**21))
    stage.check_thrown_out(FrameTooLarge)


@form
@version
def test_the_longest_topic(world: World, said: bytes, subscription: type) -> None:
    stage = Stage(world, said, world.make(PubSocket))
    topic = b"a" * MAX_TOPIC
    stage.peer.send(subscription(b"\x01", topic))
    world.settle()
    assert world.run(stage.pub.wait_subscribed(topic)) is None
    stage.peer.take()
    stage.pub.try_send([topic, b"x"])
    world.settle()
    assert stage.peer.take().endswith(b"\x00\x01x")
    stage.peer.send(subscription(b"\x00", topic))
    world.settle()
    assert Outcomes(stage.pub.wait_subscribed(topic)).pending
    assert stage.peer.closed is None


@form
@version
def test_a_cancellation_of_a_longer_topic_does_no_harm(
    world: World, said: bytes, subscription: type
) -> None:
    stage = Stage(world, said, world.make(PubSocket))
    stage.peer.send(subscription(b"\x00", bytes(MAX_TOPIC + 1)))
    world.settle()
    assert stage.peer.closed is None
    stage.check_good()


@form
@version
@pytest.mark.parametrize("at_once", [True, False])
def test_more_topics_than_a_peer_may_have(
    world: World, said: bytes, subscription: type, at_once: bool
) -> None:
    stage = Stage(world, said, world.make(PubSocket, max_subscriptions=3))
    topics = [subscription(b"\x01", b"%d" % number) for number in range(4)]
    for chunk in [b"".join(topics)] if at_once else topics:
        assert stage.peer.closed is None
        stage.peer.send(chunk)
        world.settle()
    error = stage.check_thrown_out(TooManySubscriptions)
    assert isinstance(error, TooManySubscriptions)
    assert error.limit == 3


@form
def test_as_many_topics_as_a_peer_may_have(world: World, subscription: type) -> None:
    stage = Stage(world, hello("SUB"), world.make(PubSocket, max_subscriptions=3))
    for number in range(20):
        stage.peer.send(subscription(b"\x01", b"%d" % number))
        stage.peer.send(subscription(b"\x01", b"%d" % number))  # twice is once
        if number >= 2:
            stage.peer.send(subscription(b"\x00", b"%d" % (number - 2)))
        world.settle()
    assert stage.peer.closed is None
    stage.check_good()


def test_each_peer_has_its_own_limit(world: World) -> None:
    stage = Stage(world, hello("SUB"), world.make(PubSocket, max_subscriptions=1))
    others = [world.make(SubSocket) for _ in range(3)]
    [address] = [bind.address for bind in stage.pub._binds]
    for other in others:
        other.subscribe(b"same")
        world.run(other.connect(address))
    world.settle()
    assert len(stage.pub.peers) == 5


@pytest.mark.parametrize("none", [0])
def test_without_a_limit_any_number_will_do(world: World, none: int) -> None:
    stage = Stage(world, hello("SUB"), world.make(PubSocket, max_subscriptions=none))
    stage.peer.send(b"".join(as_command(b"\x01", b"%d" % number) for number in range(2000)))
    world.settle()
    assert stage.peer.closed is None


def test_what_came_before_is_told_by_an_xpub(world: World) -> None:
    xpub = world.make(XPubSocket, max_subscriptions=2)
    stage = Stage(world, hello("SUB"), xpub)
    stage.peer.send(b"".join(as_command(b"\x01", each) for each in (b"a", b"b", b"c", b"d")))
    world.advance(2)
    assert world.drain(xpub) == [[b"\x01good"], [b"\x01a"], [b"\x01b"], [b"\x00a"], [b"\x00b"]]
    stage.check_good()


@pytest.mark.parametrize("nodrop", [True, False])
def test_a_topic_that_comes_behind_the_end_keeps_nothing(world: World, nodrop: bool) -> None:
    """Whoever is told of the first subscription may part from the peer; the second is in its chunk."""
    pub = world.make(PubSocket, linger=0, xpub_nodrop=nodrop, send_hwm=3)
    listener = world.network.raw_listen()
    address = f"tcp://127.0.0.1:{listener.port}"
    pub.connect(address)
    world.settle()
    [peer] = listener.peers
    pub.wait_subscribed(b"a").addCallback(lambda _: pub.disconnect(address))
    peer.send(hello("SUB") + as_command(b"\x01", b"a") + as_command(b"\x01", b"b"))
    world.advance(6)
    assert pub.peers == ()
    assert not pub._pattern.subscribers(b"b")
    assert all(pub.try_send([b"b", b"x"]) for _ in range(10))
    assert pub.stats.dropped_sent == pub.stats.send_queue == 0
    listener.close()


@pytest.mark.parametrize("nodrop", [True, False])
def test_a_topic_that_comes_while_the_end_lingers_keeps_nothing(world: World, nodrop: bool) -> None:
    world.network.conditions = Conditions(buffer=1000)
    pub = world.make(PubSocket, linger=5, xpub_nodrop=nodrop, send_hwm=3)
    listener, peer = world.accept_raw(pub, hello("SUB") + as_command(b"\x01", b"a"))
    peer.pause()
    for _ in range(10):
        pub.try_send([b"a", bytes(100_000)])
        world.settle()
    parting = Outcomes(pub.disconnect(f"tcp://127.0.0.1:{listener.port}"))
    peer.send(as_command(b"\x01", b"b"))
    world.settle()
    assert parting.pending
    assert not pub._pattern.subscribers(b"b")
    assert all(pub.try_send([b"b", b"x"]) for _ in range(10))
    peer.resume()
    world.settle()
    assert parting == [None]
    listener.close()
