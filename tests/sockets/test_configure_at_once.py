"""Options that take effect at once, each shown on a socket whose peer is there already.

The high-water marks have a file of their own.
"""

from __future__ import annotations

import pytest

from pyzmtp import (
    DealerSocket,
    HostUnreachable,
    MessagesDropped,
    PubSocket,
    PullSocket,
    PushSocket,
    ReceiveTimeout,
    RepSocket,
    ReqSocket,
    RouterSocket,
    SendTimeout,
    SubSocket,
    TooManySubscriptions,
    WrongState,
    XPubSocket,
    XSubSocket,
)
from pyzmtp.engine.events import Disconnected

from .world import Outcomes, World, hello, message

NOWHERE = "tcp://127.0.0.1:40001"


# Times


@pytest.mark.parametrize(("linger", "lasts"), [(0, 0), (2, 2)])
def test_linger(world: World, linger: float, lasts: float) -> None:
    push = world.make(PushSocket, linger=60)
    push.connect(NOWHERE)
    push.try_send(b"x")
    push.configure(linger=linger)
    closed = Outcomes(push.close())
    if lasts:
        world.advance(lasts - 0.1)
        assert closed.pending
        world.advance(0.2)
    world.settle()
    assert closed == [None]
    assert len(world.of(push, MessagesDropped)) == 1


def test_linger_of_a_disconnect(world: World) -> None:
    push = world.make(PushSocket, linger=60)
    push.connect(NOWHERE)
    push.try_send(b"x")
    push.configure(linger=1)
    gone = Outcomes(push.disconnect(NOWHERE))
    push.configure(linger=0)  # what has begun keeps its time
    world.advance(0.9)
    assert gone.pending
    world.advance(0.2)
    assert gone == [None]


def test_send_timeout(world: World) -> None:
    push = world.make(PushSocket)
    for_ever = Outcomes(push.send(b"x"))
    push.configure(send_timeout=1)
    short_wait = Outcomes(push.send(b"x"))
    push.configure(send_timeout=0)
    assert isinstance(Outcomes(push.send(b"x")).error, SendTimeout)
    push.configure(send_timeout=None)
    world.advance(1.1)
    assert isinstance(short_wait.error, SendTimeout)
    assert for_ever.pending
    for_ever_too = Outcomes(push.send(b"x"))
    world.advance(1000)
    assert for_ever_too.pending


def test_receive_timeout(world: World) -> None:
    pull = world.make(PullSocket)
    for_ever = Outcomes(pull.receive())
    pull.configure(receive_timeout=1)
    forms = [Outcomes(wait()) for wait in (pull.receive, pull.receive_from, pull.receive_batch)]
    pull.configure(receive_timeout=0)
    assert isinstance(Outcomes(pull.receive()).error, ReceiveTimeout)
    world.advance(1.1)
    assert all(isinstance(outcome.error, ReceiveTimeout) for outcome in forms)
    assert for_ever.pending


# ROUTER


def test_router_mandatory(world: World) -> None:
    router = world.make(RouterSocket)
    assert router.try_send([b"nobody", b"x"])
    router.configure(router_mandatory=True)
    with pytest.raises(HostUnreachable):
        router.try_send([b"nobody", b"x"])
    router.configure(router_mandatory=False)
    assert router.try_send([b"nobody", b"x"])
    assert router.stats.dropped_sent == 2


def test_who_waits_for_a_full_peer_waits_no_more_when_it_may_be_dropped(world: World) -> None:
    router = world.make(RouterSocket, router_mandatory=True, send_hwm=1)
    router.connect(NOWHERE, routing_id=b"A")
    router.try_send([b"A", b"x"])
    waiting = Outcomes(router.send([b"A", b"y"]))
    assert waiting.pending
    router.configure(router_mandatory=False)
    assert waiting == [None]
    assert router.stats.dropped_sent == 1


@pytest.mark.parametrize("handover", [False, True])
def test_router_handover(world: World, handover: bool) -> None:
    router = world.make(RouterSocket, router_handover=not handover)
    address = world.bind(router)
    old = world.attach_raw(router, hello("DEALER", Identity=b"A"), address)
    router.configure(router_handover=handover)
    new = world.attach_raw(router, hello("DEALER", Identity=b"A"), address)
    assert (old.closed is not None) is handover
    assert (new.closed is None) is handover


@pytest.mark.parametrize("kind", [RouterSocket, DealerSocket, ReqSocket])
def test_probe_router(
    world: World, kind: type[RouterSocket] | type[DealerSocket] | type[ReqSocket]
) -> None:
    socket = world.make(kind)
    address = world.bind(socket)
    first = world.attach_raw(socket, hello("ROUTER"), address)
    socket.configure(probe_router=True)
    second = world.attach_raw(socket, hello("ROUTER"), address)
    socket.configure(probe_router=False)
    third = world.attach_raw(socket, hello("ROUTER"), address)
    greeting = first.received
    assert second.received == greeting + message(b"")
    assert third.received == greeting


# REQ


def test_req_relaxed(world: World) -> None:
    rep, req = world.pair(RepSocket, ReqSocket)
    req.try_send(b"1")
    with pytest.raises(WrongState):
        req.try_send(b"2")
    req.configure(req_relaxed=True)
    assert req.try_send(b"2")
    req.configure(req_relaxed=False)
    with pytest.raises(WrongState):
        req.try_send(b"3")
    assert rep.stats.peers == 1


def test_req_correlate(world: World) -> None:
    req = world.make(ReqSocket)
    peer = world.attach_raw(req, hello("ROUTER"))
    peer.take()
    req.try_send(b"plain")
    world.settle()
    assert peer.take() == message(b"", b"plain")
    req.configure(req_correlate=True)
    # The request that is out has no number, and its reply needs none. (libzmq throws it away.)
    peer.send(message(b"", b"reply"))
    world.settle()
    assert req.try_receive() == [b"reply"]
    req.try_send(b"numbered")
    world.settle()
    request = peer.take()
    number = request[2:6]
    assert request == message(number, b"", b"numbered")
    req.configure(req_correlate=False)
    peer.send(message(b"", b"without") + message(number, b"", b"with"))
    world.settle()
    assert req.try_receive() == [b"with"]


@pytest.mark.parametrize("numbered", [False, True])
def test_what_an_abandoned_request_costs_is_decided_by_how_it_was_sent(
    world: World, numbered: bool
) -> None:
    """The connection is closed for one whose late reply could be taken for the next one's."""
    req = world.make(ReqSocket, req_correlate=numbered)
    peer = world.attach_raw(req, hello("ROUTER"))
    reply = Outcomes(req.request(b"x", timeout=1))
    world.settle()
    req.configure(req_correlate=not numbered)
    world.advance(1.1)
    assert not reply.pending
    assert (peer.closed is None) is numbered


# PUB, XPUB, SUB, XSUB


def subscription(topic: bytes) -> bytes:
    return message(b"\x01" + topic)


def cancellation(topic: bytes) -> bytes:
    return message(b"\x00" + topic)


def test_xpub_verbose_and_verboser(world: World) -> None:
    xpub = world.make(XPubSocket)
    address = world.bind(xpub)
    one, two = (world.attach_raw(xpub, hello("SUB"), address) for _ in range(2))

    def told() -> list[bytes]:
        """What is told when both subscribe, and when both cancel."""
        for request in (subscription(b"A"), cancellation(b"A")):
            for peer in (one, two):
                peer.send(request)
                world.settle()
        return [frame for [frame] in world.drain(xpub)]

    assert told() == [b"\x01A", b"\x00A"]
    xpub.configure(xpub_verbose=True)
    assert told() == [b"\x01A"] * 2 + [b"\x00A"]
    xpub.configure(xpub_verboser=True)
    assert told() == [b"\x01A"] * 2 + [b"\x00A"] * 2
    xpub.configure(xpub_verbose=False, xpub_verboser=False)
    assert told() == [b"\x01A", b"\x00A"]


def test_xpub_nodrop(world: World) -> None:
    pub = world.make(PubSocket, send_hwm=1)
    peer = world.attach_raw(pub, hello("SUB") + subscription(b""))
    peer.pause()
    big = bytes(world.network.conditions.buffer + 200_000)
    while not pub.stats.dropped_sent:
        pub.try_send(big)
        world.settle()
    pub.configure(xpub_nodrop=True)
    assert not pub.try_send(big)
    waiting = Outcomes(pub.send(big))
    assert waiting.pending
    pub.configure(xpub_nodrop=False)
    assert waiting == [None]
    assert pub.stats.dropped_sent == 2


def test_xpub_welcome_message(world: World) -> None:
    xpub = world.make(XPubSocket)
    address = world.bind(xpub)
    first = world.attach_raw(xpub, hello("SUB"), address)
    xpub.configure(xpub_welcome_message=b"hi")
    second = world.attach_raw(xpub, hello("SUB"), address)
    xpub.configure(xpub_welcome_message=b"")
    third = world.attach_raw(xpub, hello("SUB"), address)
    assert [peer.received.endswith(message(b"hi")) for peer in (first, second, third)] == [
        False, True, False,
    ]  # fmt: skip


def test_xpub_manual(world: World) -> None:
    xpub = world.make(XPubSocket)
    xsub = world.make(XSubSocket)
    world.link(xpub, xsub)
    xsub.try_send(b"\x01A")
    assert world.drain(xpub) == [[b"\x01A"]]
    with pytest.raises(WrongState):
        xpub.subscribe(b"B")
    xpub.configure(xpub_manual=True)
    assert xpub.topics == {b"A"}  # what there was stays
    xsub.try_send(b"\x01B")
    assert world.drain(xpub) == [[b"\x01B"]]
    assert xpub.topics == {b"A"}
    xpub.subscribe(b"C")
    assert xpub.topics == {b"A", b"C"}
    xpub.configure(xpub_manual=False)
    with pytest.raises(WrongState):
        xpub.subscribe(b"D")
    xsub.try_send(b"\x01E")
    assert world.drain(xpub) == [[b"\x01E"]]
    assert xpub.topics == {b"A", b"C", b"E"}


@pytest.mark.parametrize("manual_at_last", [False, True])
def test_who_leaves_after_a_change_of_xpub_manual_leaves_nothing(
    world: World, manual_at_last: bool
) -> None:
    """libzmq keeps requests that were made under it, and their dead pipe with them."""
    xpub = world.make(XPubSocket, xpub_manual=not manual_at_last)
    address = world.bind(xpub)
    peer = world.attach_raw(xpub, hello("SUB") + subscription(b"A"), address)
    world.drain(xpub)
    xpub.configure(xpub_manual=manual_at_last)
    peer.send(subscription(b"B"))
    world.drain(xpub)
    peer.close()
    world.settle()
    assert world.drain(xpub) == [[b"\x00B"]]
    xpub.configure(xpub_manual=not manual_at_last)
    assert xpub.topics == frozenset()
    world.attach_raw(xpub, hello("SUB") + subscription(b"A"), address).close()
    assert world.drain(xpub) == [[b"\x01A"], [b"\x00A"]]


def test_xpub_manual_last_value(world: World) -> None:
    xpub = world.make(XPubSocket)
    address = world.bind(xpub)
    old, new = world.make(XSubSocket), world.make(XSubSocket)
    for xsub in (old, new):
        world.run(xsub.connect(address))
    old.try_send(b"\x01A")
    world.drain(xpub)
    xpub.configure(xpub_manual_last_value=True)
    new.try_send(b"\x01A")
    world.drain(xpub)
    xpub.subscribe(b"A")
    xpub.try_send(b"A1")
    xpub.try_send(b"A2")
    assert world.drain(old) == [[b"A2"]]
    assert world.drain(new) == [[b"A1"], [b"A2"]]


def test_max_subscriptions(world: World) -> None:
    pub = world.make(PubSocket)
    peer = world.attach_raw(pub, hello("SUB") + subscription(b"A") + subscription(b"B"))
    pub.configure(max_subscriptions=2)
    world.settle()
    assert pub.topics == {b"A", b"B"}
    peer.send(subscription(b"C"))
    world.settle()
    [event] = world.of(pub, Disconnected)
    assert isinstance(event.reason, TooManySubscriptions)


def test_invert_matching(world: World) -> None:
    pub, sub = world.pair(PubSocket, SubSocket)
    sub.subscribe(b"A")
    world.settle()
    other_topic = Outcomes(pub.wait_subscribed(b"B"))
    assert other_topic.pending
    for socket in (pub, sub):
        socket.configure(invert_matching=True)
    assert other_topic == [None]
    for text in (b"A", b"B"):
        pub.try_send(text)
    assert world.drain(sub) == [[b"B"]]
    for socket in (pub, sub):
        socket.configure(invert_matching=False)
    for text in (b"A", b"B"):
        pub.try_send(text)
    assert world.drain(sub) == [[b"A"]]


def test_xsub_verbose_unsubscribe(world: World) -> None:
    xsub = world.make(XSubSocket)
    peer = world.attach_raw(xsub, hello("XPUB"))
    peer.take()

    def sent() -> bytes:
        for request in (b"\x01A", b"\x01A", b"\x00A", b"\x00A"):
            xsub.try_send(request)
        world.settle()
        return peer.take()

    assert sent() == subscription(b"A") * 2 + cancellation(b"A")
    xsub.configure(xsub_verbose_unsubscribe=True)
    assert sent() == subscription(b"A") * 2 + cancellation(b"A") * 2
    xsub.configure(xsub_verbose_unsubscribe=False)
    assert sent() == subscription(b"A") * 2 + cancellation(b"A")
