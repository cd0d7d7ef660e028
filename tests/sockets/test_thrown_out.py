"""A peer that broke the rules is out at once, though its last words may still be on their way."""

from __future__ import annotations

import pytest

from pyzmtp import DealerSocket, PubSocket, PullSocket, PushSocket, RouterSocket
from pyzmtp.engine.events import Disconnected
from pyzmtp.errors import FramingError
from pyzmtp.testing import Conditions, RawPeer

from .world import Outcomes, World, hello, message

BAD_FRAME = b"\x80\x00"


def throw_out(world: World, peer: RawPeer) -> None:
    """Let the peer break the rules, with something in our transport that it does not read."""
    peer.send(BAD_FRAME)
    world.settle()
    assert peer.closed is None


def clog(world: World, peer: RawPeer, push: PushSocket | DealerSocket) -> None:
    """Fill the transport that leads to the peer, which has stopped reading."""
    peer.pause()
    push.try_send(bytes(50_000))
    world.settle()


def test_it_gets_no_share_of_the_messages(world: World) -> None:
    world.network.conditions = Conditions(buffer=1000)
    push = world.make(PushSocket)
    address = world.bind(push)
    slow = world.attach_raw(push, hello("PULL"), address)
    clog(world, slow, push)
    throw_out(world, slow)
    assert push.peers == ()
    [event] = world.of(push, Disconnected)
    assert isinstance(event.reason, FramingError)
    assert not push.try_send(b"nobody is there")
    pull = world.make(PullSocket)
    world.run(pull.connect(address), 0.5)
    for number in range(100):
        assert push.try_send(b"%d" % number)
    assert world.drain(pull) == [[b"%d" % number] for number in range(100)]
    assert push.stats.dropped_sent == 0
    slow.resume()
    world.advance(2)
    assert slow.closed is not None
    assert len(world.of(push, Disconnected)) == 1


def test_its_routing_id_is_free(world: World) -> None:
    world.network.conditions = Conditions(buffer=1000)
    router = world.make(RouterSocket, router_mandatory=True)
    address = world.bind(router)
    slow = world.attach_raw(router, hello("DEALER", Identity=b"A"), address)
    slow.pause()
    router.try_send([b"A", bytes(50_000)])
    world.settle()
    throw_out(world, slow)
    dealer = world.make(DealerSocket, routing_id=b"A")
    world.run(dealer.connect(address), 0.5)
    assert [peer.routing_id for peer in router.peers] == [b"A"]
    router.try_send([b"A", b"x"])
    assert world.drain(dealer) == [[b"x"]]
    world.advance(2)
    assert len(router.peers) == 1


def test_its_topics_are_forgotten(world: World) -> None:
    world.network.conditions = Conditions(buffer=1000)
    pub = world.make(PubSocket)
    slow = world.attach_raw(pub, hello("SUB") + message(b"\x01"))
    slow.pause()
    assert world.run(pub.wait_subscribed(b"")) is None
    pub.try_send(bytes(50_000))
    world.settle()
    throw_out(world, slow)
    assert Outcomes(pub.wait_subscribed(b"")).pending
    assert pub.try_send(b"x")
    assert pub.stats.send_queue == 0


@pytest.mark.parametrize("after", [0.5, 2.0])
def test_a_connecting_socket_gives_up_at_once(world: World, after: float) -> None:
    world.network.conditions = Conditions(buffer=1000)
    push = world.make(PushSocket)
    listener, peer = world.accept_raw(push, hello("PULL"))
    clog(world, peer, push)
    throw_out(world, peer)
    assert push.peers == ()
    assert not push.try_send(b"nobody is there")
    world.advance(after)
    peer.resume()
    world.settle()
    assert peer.closed is not None
    assert len(listener.peers) == 1
    listener.close()
