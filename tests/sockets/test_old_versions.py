"""Sockets and peers of ZMTP 2.0 and 1.0, on both sides (RFC 15, 13 and 28 to 30; ZMTP.md 1.4, 1.5)."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import frozen

from pyzmtp import (
    DealerSocket,
    HandshakeFailed,
    HandshakeSucceeded,
    NotZMTP,
    PubSocket,
    PullSocket,
    PushSocket,
    RepSocket,
    ReqSocket,
    RouterSocket,
    Socket,
    SubSocket,
    UnsupportedVersion,
    XPubSocket,
    XSubSocket,
)
from pyzmtp.testing import RawPeer

from .world import GREETING, World, ready, short

SIGNATURE = GREETING[:10]
NUMBERS = {"PUB": 1, "SUB": 2, "REQ": 3, "REP": 4, "DEALER": 5, "ROUTER": 6, "PULL": 7, "PUSH": 8}


@frozen
class Old:
    """A version of ZMTP below 3.0: what its peers say."""

    name: str
    minimum: tuple[int, int]

    def hello(self, kind: str, routing_id: bytes = b"") -> bytes:
        """All before the first message."""
        if self.name == "1.0":
            return self.message(routing_id)
        revision = {"2.0": b"\x01", "rev 0": b"\x00"}[self.name]
        return SIGNATURE + revision + bytes((NUMBERS[kind],)) + self.message(routing_id)

    def answer(self, kind: str, routing_id: bytes = b"") -> bytes:
        """What such a peer hears before the first message, from a socket of ``kind``."""
        signature = b"\xff" + (len(routing_id) + 1).to_bytes(8, "big") + b"\x7f"
        if self.name == "1.0":
            return signature + routing_id
        return signature + b"\x03" + bytes((NUMBERS[kind],)) + self.message(routing_id)

    def message(self, *frames: bytes) -> bytes:
        """A message of short frames."""
        flags = [1] * (len(frames) - 1) + [0]
        if self.name == "2.0":
            return b"".join(map(short, flags, frames))
        return b"".join(
            bytes((len(f) + 1, more)) + f for more, f in zip(flags, frames, strict=True)
        )


OLD = [Old("2.0", (2, 0)), Old("rev 0", (2, 0)), Old("1.0", (1, 0))]
every_version = pytest.mark.parametrize("old", OLD, ids=lambda old: old.name)
every_side = pytest.mark.parametrize("side", ["bind", "connect"])


def meet(
    world: World, old: Old, side: str, socket: Socket, kind: str, routing_id: bytes = b""
) -> RawPeer:
    """A peer that binds or connects, and has said what it says first."""
    said = old.hello(kind, routing_id)
    if side == "bind":
        return world.attach_raw(socket, said)
    return world.accept_raw(socket, said)[1]


def make(world: World, kind: type[Any], old: Old, **options: Any) -> Any:
    """A socket that serves this version: 2.0 by default, 1.0 when told to."""
    if old.minimum < (2, 0):
        options["min_version"] = old.minimum
    return world.make(kind, **options)


@every_version
@every_side
def test_push_and_pull(world: World, old: Old, side: str) -> None:
    push, pull = make(world, PushSocket, old), make(world, PullSocket, old)
    to_push = meet(world, old, side, push, "PULL")
    to_pull = meet(world, old, side, pull, "PUSH")
    [event] = world.of(push, HandshakeSucceeded)
    assert event.peer.version == old.minimum
    assert push.try_send([b"one", b"", b"three"])
    world.settle()
    assert to_push.received == old.answer("PUSH") + old.message(b"one", b"", b"three")
    to_pull.send(old.message(b"a", b"b") + old.message(b"c"))
    assert world.drain(pull) == [[b"a", b"b"], [b"c"]]
    assert to_pull.received == old.answer("PULL")


@every_version
@every_side
def test_req_and_rep(world: World, old: Old, side: str) -> None:
    req, rep = make(world, ReqSocket, old), make(world, RepSocket, old)
    to_req = meet(world, old, side, req, "REP")
    to_rep = meet(world, old, side, rep, "REQ")
    reply = req.request(b"question")
    world.settle()
    assert to_req.received == old.answer("REQ") + old.message(b"", b"question")
    to_req.send(old.message(b"", b"answer"))
    assert world.run(reply) == [b"answer"]
    rep.serve(lambda message: [b"echo", *message])
    to_rep.send(old.message(b"", b"question"))
    world.settle()
    assert to_rep.received == old.answer("REP") + old.message(b"", b"echo", b"question")


@every_version
@every_side
def test_a_router_knows_it_by_its_identity_and_tells_its_own(
    world: World, old: Old, side: str
) -> None:
    router = make(world, RouterSocket, old, routing_id=b"srv", router_mandatory=True)
    peer = meet(world, old, side, router, "DEALER", b"cli")
    peer.send(old.message(b"hello"))
    assert world.drain(router) == [[b"cli", b"hello"]]
    assert router.try_send([b"cli", b"back"])
    world.settle()
    assert peer.received == old.answer("ROUTER", b"srv") + old.message(b"back")


@every_version
def test_a_nameless_one_gets_an_id_drawn(world: World, old: Old) -> None:
    router = make(world, RouterSocket, old)
    peer = meet(world, old, "bind", router, "DEALER")
    peer.send(old.message(b"hello"))
    [[routing_id, body]] = world.drain(router)
    assert (len(routing_id), routing_id[0], body) == (5, 0, b"hello")


@every_version
@every_side
def test_a_dealer_tells_its_routing_id(world: World, old: Old, side: str) -> None:
    dealer = make(world, DealerSocket, old, routing_id=b"me")
    peer = meet(world, old, side, dealer, "ROUTER")
    assert peer.received == old.answer("DEALER", b"me")


# Subscriptions


@every_version
@every_side
def test_the_subscriptions_of_a_sub_are_messages(world: World, old: Old, side: str) -> None:
    sub = make(world, SubSocket, old)
    sub.subscribe(b"AB")
    peer = meet(world, old, side, sub, "PUB")
    sub.subscribe(b"C")
    sub.unsubscribe(b"C")
    world.settle()
    told = b"".join(map(old.message, [b"\x01AB", b"\x01C", b"\x00C"]))
    assert peer.received == old.answer("SUB") + told
    peer.send(old.message(b"ABC", b"body") + old.message(b"X"))
    assert world.drain(sub) == [[b"ABC", b"body"]]


@every_version
@every_side
def test_the_subscriptions_of_an_xsub_are_messages(world: World, old: Old, side: str) -> None:
    xsub = make(world, XSubSocket, old)
    assert xsub.try_send(b"\x01AB")
    peer = meet(world, old, side, xsub, "PUB")
    assert xsub.try_send(b"\x01C")
    assert xsub.try_send(b"\x00C")
    world.settle()
    told = b"".join(map(old.message, [b"\x01AB", b"\x01C", b"\x00C"]))
    # libzmq sends XSUB's own number, 10, where RFC 15 folds it into SUB.
    expected = old.answer("SUB").replace(b"\x7f\x03\x02", b"\x7f\x03\x0a")
    assert peer.received == expected + told
    peer.send(old.message(b"ABC", b"body") + old.message(b"X"))
    assert world.drain(xsub) == [[b"ABC", b"body"], [b"X"]]


@pytest.mark.parametrize("old", OLD[:2], ids=lambda old: old.name)
@every_side
def test_a_publisher_takes_subscriptions_as_messages(world: World, old: Old, side: str) -> None:
    xpub = world.make(XPubSocket)
    peer = meet(world, old, side, xpub, "SUB")
    peer.send(old.message(b"\x01AB"))
    assert world.drain(xpub) == [[b"\x01AB"]]
    peer.take()
    assert xpub.try_send([b"ABC", b"1"])
    assert xpub.try_send([b"X", b"2"])
    peer.send(old.message(b"\x00AB"))
    assert world.drain(xpub) == [[b"\x00AB"]]
    assert xpub.try_send([b"ABC", b"3"])
    world.settle()
    assert peer.received == old.message(b"ABC", b"1")


@every_side
@pytest.mark.parametrize("kind", [PubSocket, XPubSocket])
def test_a_1_0_subscriber_gets_everything_for_it_sends_no_subscriptions(
    world: World, side: str, kind: type[Any]
) -> None:
    """libzmq puts a subscription to everything in the place of those that never come."""
    old = OLD[2]
    pub = make(world, kind, old)
    peer = meet(world, old, side, pub, "SUB")
    if kind is XPubSocket:
        assert world.drain(pub) == [[b"\x01"]]
    assert pub.topics == {b""}
    peer.take()
    assert pub.try_send([b"anything", b"at all"])
    world.settle()
    assert peer.received == old.message(b"anything", b"at all")
    peer.close()
    world.advance(0.01)
    if (
        kind is XPubSocket and side == "bind"
    ):  # who connects keeps what its peer wanted, as in libzmq
        assert world.drain(pub) == [[b"\x00"]]


def test_under_xpub_manual_that_subscription_is_only_told(world: World) -> None:
    old = OLD[2]
    xpub = make(world, XPubSocket, old, xpub_manual=True)
    peer = meet(world, old, "bind", xpub, "SUB")
    peer.take()
    assert world.drain(xpub) == [[b"\x01"]]
    assert xpub.try_send(b"nobody gets it")
    xpub.subscribe(b"news")
    assert xpub.try_send(b"news")
    world.settle()
    assert peer.received == old.message(b"news")


def test_one_publication_goes_to_peers_of_all_versions(world: World) -> None:
    pub = world.make(PubSocket, min_version=(1, 0))
    address = world.bind(pub)
    peers = [world.attach_raw(pub, old.hello("SUB") + old.message(b"\x01"), address) for old in OLD]
    new = world.attach_raw(pub, GREETING + ready("SUB") + short(4, b"\x09SUBSCRIBE"), address)
    for peer in (*peers, new):
        peer.take()
    assert pub.try_send([b"topic", b"body"])
    world.settle()
    assert [peer.received for peer in peers] == [old.message(b"topic", b"body") for old in OLD]
    assert new.received == OLD[0].message(b"topic", b"body")


def test_a_peer_that_comes_back_as_another_version_is_told_anew(world: World) -> None:
    sub = world.make(SubSocket, min_version=(1, 0))
    sub.subscribe(b"AB")
    listener, first = world.accept_raw(sub, GREETING + ready("PUB"))
    assert first.received.endswith(b"\x04\x0c\x09SUBSCRIBEAB")
    for number, old in enumerate(OLD, 1):
        listener.peers[-1].close()
        world.until(lambda number=number: len(listener.peers) > number)  # type: ignore[misc]
        listener.peers[-1].send(old.hello("PUB"))
        world.settle()
        assert listener.peers[-1].received == old.answer("SUB") + old.message(b"\x01AB")
    listener.close()


# Refusals


def test_1_0_is_not_served_unless_it_is_asked_for(world: World) -> None:
    pub = world.make(PubSocket)
    address = world.bind(pub)
    short_form = world.attach_raw(pub, b"\x01\x00", address)
    long_form = world.attach_raw(pub, b"\xff" + bytes(7) + b"\x01\x00", address)
    world.advance(1.5)
    failures = [event.error for event in world.of(pub, HandshakeFailed)]
    assert [type(error) for error in failures] == [NotZMTP, UnsupportedVersion]
    assert short_form.closed is not None
    assert long_form.closed is not None
    assert not pub.peers


@pytest.mark.parametrize("old", OLD[:2], ids=lambda old: old.name)
@every_side
def test_2_0_is_refused_where_min_version_says_so(world: World, old: Old, side: str) -> None:
    push = world.make(PushSocket, min_version=(3, 0))
    peer = meet(world, old, side, push, "PULL")
    world.advance(1.5)
    [event] = world.of(push, HandshakeFailed)
    assert isinstance(event.error, UnsupportedVersion)
    assert (event.error.version, event.error.minimum) == ((2, 0), (3, 0))
    assert peer.closed is not None
