"""PUB and SUB, ROUTER and DEALER, and what travels between them."""

from __future__ import annotations

from typing import Any

import pytest

from pyzmtp import PubSocket, SubSocket
from pyzmtp.txzmq import ZmqDealerConnection, ZmqFactory, ZmqPubConnection
from pyzmtp.txzmq.router_dealer import ZmqBase

from ..sockets.world import World
from .connections import ADDRESS, Dealer, Router, Sub, bound, connected


def test_tags(world: World, factory: ZmqFactory) -> None:
    sub = bound(Sub, factory)
    pub = connected(ZmqPubConnection, factory)
    sub.subscribe(b"tag")
    sub.subscribe(b"tag")
    sub.subscribe(b"other")
    sub.unsubscribe(b"other")
    sub.unsubscribe(b"tag")  # one of two
    world.advance(1)
    for message, tag in ((b"1", b"tag1"), (b"2", b"other"), (b"", b"tag"), (b"3\x004", b"tag2")):
        pub.publish(message, tag)
    pub.publish(b"untagged")
    world.advance(1)
    assert sub.messages == [(b"1", b"tag1"), (b"", b"tag"), (b"3\x004", b"tag2")]


def test_the_tag_is_in_the_frame(world: World, factory: ZmqFactory) -> None:
    pub = bound(ZmqPubConnection, factory)
    sub = world.make(SubSocket)
    sub.subscribe(b"")
    world.run(sub.connect(ADDRESS), 1)
    world.settle()
    pub.publish(b"message", b"tag")
    pub.publish(b"message")
    assert world.drain(sub) == [[b"tag\0message"], [b"\0message"]]


def test_a_tag_of_its_own_frame_and_none_at_all(world: World, factory: ZmqFactory) -> None:
    sub = bound(Sub, factory)
    sub.subscribe(b"")
    pub = world.make(PubSocket)
    world.run(pub.connect(ADDRESS), 1)
    world.settle()
    for message in ([b"tag", b"mess\0age"], [b"bare"], [b"tag\0message", b"more", b"frames"]):
        pub.send(message)
    world.settle()
    assert sub.messages == [(b"mess\0age", b"tag"), (b"bare",), (b"message", b"tag")]


@pytest.mark.parametrize("tag", ["text", None])
def test_tags_are_bytes(factory: ZmqFactory, tag: Any) -> None:
    sub = Sub(factory)
    for call in (sub.subscribe, sub.unsubscribe):
        with pytest.raises(TypeError):
            call(tag)
    with pytest.raises(TypeError):
        ZmqPubConnection(factory).publish(b"x", tag)


def test_router_and_dealer(world: World, factory: ZmqFactory) -> None:
    router = bound(Router, factory)
    dealer = connected(Dealer, factory, identity=b"dealer")
    dealer.sendMsg(b"one")
    dealer.sendMultipart([b"two", b"", b"frames"])
    world.advance(1)
    assert router.messages == [(b"dealer", b"one"), (b"dealer", b"two", b"", b"frames")]
    router.sendMsg(b"dealer", b"back")
    router.sendMultipart(b"dealer", (b"and", b"again"))
    router.sendMsg(b"nobody", b"dropped, as by libzmq")
    world.advance(1)
    assert dealer.messages == [(b"back",), (b"and", b"again")]


def test_arguments_have_the_names_that_txzmq_gives_them(world: World, factory: ZmqFactory) -> None:
    router = bound(Router, factory)
    dealer = connected(Dealer, factory, identity=b"dealer")
    dealer.sendMsg(message=b"one")
    dealer.sendMultipart(parts=[b"two", b"three"])
    world.advance(1)
    assert router.messages == [(b"dealer", b"one"), (b"dealer", b"two", b"three")]
    router.sendMsg(recipientId=b"dealer", message=b"one")
    router.sendMultipart(recipientId=b"dealer", parts=[b"two", b"three"])
    world.advance(1)
    assert dealer.messages == [(b"one",), (b"two", b"three")]


def test_a_dealer_that_overrides_nothing(factory: ZmqFactory) -> None:
    with pytest.raises(NotImplementedError):
        ZmqDealerConnection(factory).messageReceived([b"x"])
    assert issubclass(ZmqDealerConnection, ZmqBase)
