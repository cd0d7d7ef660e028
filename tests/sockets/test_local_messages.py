"""Messages that a socket makes by itself: hello, hiccup, disconnect, notices of a ROUTER, welcome."""

from __future__ import annotations

import pytest

from pyzmtp import (
    DealerSocket,
    PullSocket,
    PushSocket,
    RouterNotify,
    RouterSocket,
    SubSocket,
    XPubSocket,
)

from .world import World, hello, message


@pytest.mark.parametrize("transport", ["tcp", "inproc"])
def test_hello_comes_first_and_with_each_connection(world: World, transport: str) -> None:
    router, dealer = world.pair(
        RouterSocket, DealerSocket, transport, connect={"hello_message": b"hi", "routing_id": b"d"}
    )
    dealer.try_send(b"x")
    assert world.drain(router) == [[b"d", b"hi"], [b"d", b"x"]]
    if transport == "tcp":
        world.network.connections[0].reset()
        world.settle()
        dealer.try_send(b"queued")
        world.advance(1)
        assert world.drain(router) == [[b"d", b"hi"], [b"d", b"queued"]]


def test_a_router_greets_each_peer_too(world: World) -> None:
    _, dealer = world.pair(RouterSocket, DealerSocket, bind={"hello_message": b"welcome"})
    assert world.drain(dealer) == [[b"welcome"]]


def test_a_hiccup_is_told_to_the_dealer_whose_connection_will_be_dialled_again(
    world: World,
) -> None:
    _, dealer = world.pair(RouterSocket, DealerSocket, connect={"hiccup_message": b"oops"})
    world.network.connections[0].reset()
    world.settle()
    assert world.drain(dealer) == [[b"oops"]]


@pytest.mark.parametrize("transport", ["tcp", "inproc"])
def test_a_router_hears_that_an_accepted_peer_has_left(world: World, transport: str) -> None:
    router, dealer = world.pair(
        RouterSocket,
        DealerSocket,
        transport,
        bind={"disconnect_message": b"gone"},
        connect={"routing_id": b"d"},
    )
    dealer.try_send(b"last")
    world.run(dealer.close())
    assert world.drain(router) == [[b"d", b"last"], [b"d", b"gone"]]


def test_a_router_that_parts_by_itself_is_told_nothing(world: World) -> None:
    router = world.make(RouterSocket, disconnect_message=b"gone")
    address = world.bind(router)
    world.attach_raw(router, hello("DEALER"), address)
    world.run(router.unbind(address))
    assert world.drain(router) == []


@pytest.mark.parametrize(
    ("notify", "told"),
    [
        (RouterNotify.NOTHING, []),
        (RouterNotify.CONNECT, [[b"d", b""]]),
        (RouterNotify.DISCONNECT, [[b"d", b""]]),
        (RouterNotify.CONNECT | RouterNotify.DISCONNECT, [[b"d", b""], [b"d", b""]]),
    ],
)
def test_router_notify(world: World, notify: RouterNotify, told: list[list[bytes]]) -> None:
    router = world.make(RouterSocket, router_notify=notify)
    address = world.bind(router)
    peer = world.attach_raw(router, hello("DEALER", Identity=b"d") + message(b"x"), address)
    peer.close()
    world.settle()
    received = world.drain(router)
    received.remove([b"d", b"x"])
    assert received == told


def test_no_notice_of_a_peer_whose_handshake_failed(world: World) -> None:
    both = RouterNotify.CONNECT | RouterNotify.DISCONNECT
    router = world.make(RouterSocket, router_notify=both)
    world.attach_raw(router, hello("PUB"))
    assert world.drain(router) == []


def test_the_part_of_a_message_that_came_is_rolled_back_before_the_notice(world: World) -> None:
    router = world.make(RouterSocket, router_notify=RouterNotify.DISCONNECT)
    peer = world.attach_raw(router, hello("DEALER", Identity=b"d") + b"\x01\x01a")
    peer.close()
    world.settle()
    assert world.drain(router) == [[b"d", b""]]


def test_the_welcome_of_an_xpub_is_seen_by_who_subscribed_to_it(world: World) -> None:
    xpub = world.make(XPubSocket, xpub_welcome_message=b"W")
    address = world.bind(xpub)
    sub, deaf = world.make(SubSocket), world.make(SubSocket)
    sub.subscribe(b"W")
    deaf.subscribe(b"other")
    for each in (sub, deaf):
        world.run(each.connect(address))
    assert world.drain(sub) == [[b"W"]]
    assert world.drain(deaf) == []


def test_messages_of_options_do_nothing_where_they_are_not_set(world: World) -> None:
    pull, push = world.pair(PullSocket, PushSocket)
    push.try_send(b"x")
    assert world.drain(pull) == [[b"x"]]
