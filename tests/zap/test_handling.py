"""An Authenticator with sockets: as a policy's check, and as a ZAP handler."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest
from twisted.internet.defer import Deferred

from pyzmtp import (
    ALLOW_ANY,
    ZAP,
    AddressInUse,
    AuthenticationFailed,
    AuthenticationRevoked,
    Authenticator,
    CurveClient,
    CurveServer,
    DealerSocket,
    Disconnected,
    Grant,
    HandshakeFailed,
    PlainClient,
    PlainServer,
    PullSocket,
    PushSocket,
    Refusal,
    UsageError,
    WrongState,
    curve_keypair,
)

from ..sockets.world import Outcomes, World
from .handlers import ADDRESS, TCP
from .requests import KEY, OTHER_KEY


def serve_plain(world: World, authenticator: Authenticator, check: Any) -> tuple[PullSocket, str]:
    reactor: Any = authenticator._reactor
    server = world.make(PullSocket, on=reactor, security=PlainServer(check))
    return server, world.run(server.bind(TCP))


@pytest.mark.parametrize("way", ["check", "zap"])
def test_a_peer_is_parted_from_when_its_password_changes(
    world: World, authenticator: Authenticator, way: str
) -> None:
    authenticator.configure_plain(passwords={"ann": "a", "bob": "b"})
    if way == "zap":
        world.run(authenticator.start())
    server, address = serve_plain(world, authenticator, ZAP if way == "zap" else authenticator)
    ann = world.make(PushSocket, security=PlainClient("ann", "a"), linger=0)
    bob = world.make(PushSocket, security=PlainClient("bob", "b"), linger=0)
    world.run(ann.connect(address), 1)
    world.run(bob.connect(address), 1)
    assert {peer.user_id for peer in server.peers} == {"ann", "bob"}
    authenticator.configure_plain(passwords={"ann": "new", "bob": "b"})
    world.settle()
    [lost] = world.of(server, Disconnected)
    assert isinstance(lost.reason, AuthenticationRevoked)
    assert [peer.user_id for peer in server.peers] == ["bob"]
    world.advance(1)  # it comes again, and learns that it need not
    assert isinstance(world.of(ann, HandshakeFailed)[0].error, AuthenticationFailed)
    assert world.of(bob, Disconnected) == []


@pytest.mark.parametrize("way", ["check", "zap"])
def test_a_denied_peer_learns_it(world: World, authenticator: Authenticator, way: str) -> None:
    authenticator.configure_plain(passwords={"ann": "a"})
    authenticator.deny("127.0.0.0/8")
    if way == "zap":
        world.run(authenticator.start())
    server, address = serve_plain(world, authenticator, ZAP if way == "zap" else authenticator)
    ann = world.make(PushSocket, security=PlainClient("ann", "a"), linger=0)
    outcome = Outcomes(ann.connect(address))
    world.settle()
    assert isinstance(outcome.error, AuthenticationFailed)
    assert outcome.error.status == 400
    [event] = world.of(server, HandshakeFailed)
    assert isinstance(event.error, AuthenticationFailed)
    assert event.error.reason == "the address is denied"


def ask_raw(world: World, authenticator: Authenticator) -> DealerSocket:
    """A peer of the ZAP handler that is none of our sockets."""
    reactor: Any = authenticator._reactor
    dealer = world.make(DealerSocket, on=reactor)
    world.run(dealer.connect(ADDRESS))
    return dealer


def test_as_a_handler_it_answers_several_at_a_time(
    world: World, authenticator: Authenticator
) -> None:
    waiting: dict[bytes, Deferred[Any]] = {KEY: Deferred(), OTHER_KEY: Deferred()}
    authenticator.configure_curve_callback(provider=lambda request: waiting[request.public_key])
    world.run(authenticator.start())
    dealer = ask_raw(world, authenticator)
    for number, key in ((b"1", KEY), (b"2", OTHER_KEY)):
        dealer.send([b"", b"1.0", number, b"d", b"::1", b"", b"CURVE", key])
    assert world.drain(dealer) == []
    waiting[OTHER_KEY].callback(Grant("Ann", {"X-Role": b"op"}))
    metadata = b"\x06X-Role\x00\x00\x00\x02op"
    assert world.drain(dealer) == [[b"", b"1.0", b"2", b"200", b"OK", b"Ann", metadata]]
    waiting[KEY].callback(Refusal(300, "later"))
    assert world.drain(dealer) == [[b"", b"1.0", b"1", b"300", b"later", b"", b""]]


@pytest.mark.parametrize(
    "request_",
    [
        [b"2.0", b"7", b"", b"::1", b"", b"NULL"],
        [b"1.0", b"7", b"", b"::1", b""],
        [b"1.0", b"7", b"", b"::1", b"", b"NULL", b"more"],
        [b"1.0", b"7", b"", b"::1", b"", b"PLAIN", b"admin"],
        [b"1.0", b"7", b"", b"::1", b"", b"CURVE", b"short"],
    ],
)
def test_a_malformed_request_is_not_granted(
    world: World, authenticator: Authenticator, request_: list[bytes]
) -> None:
    authenticator.configure_curve(location=ALLOW_ANY)
    world.run(authenticator.start())
    dealer = ask_raw(world, authenticator)
    dealer.send([b"", *request_])
    [reply] = world.drain(dealer)
    assert len(reply) == 7
    assert reply[:4] == [b"", b"1.0", b"7", b"500"]


def test_a_request_that_cannot_be_answered_does_no_harm(
    world: World, authenticator: Authenticator
) -> None:
    world.run(authenticator.start())
    dealer = ask_raw(world, authenticator)
    for junk in ([b"x"], [b""], [b"", b"1.0"]):
        dealer.send(junk)
    dealer.send([b"", b"1.0", b"1", b"d", b"::1", b"", b"NULL"])
    assert world.drain(dealer) == [[b"", b"1.0", b"1", b"200", b"OK", b"", b""]]


def test_who_asked_and_left_is_not_decided_on_any_more(
    world: World, authenticator: Authenticator
) -> None:
    cancelled: list[object] = []
    authenticator.configure_curve_callback(provider=lambda _: Deferred(cancelled.append))
    world.run(authenticator.start())
    dealer = ask_raw(world, authenticator)
    dealer.send([b"", b"1.0", b"1", b"d", b"::1", b"", b"CURVE", KEY])
    world.settle()
    assert cancelled == []
    world.run(dealer.close())
    world.settle()
    assert len(cancelled) == 1


def test_stopping_ends_what_is_being_decided(world: World, authenticator: Authenticator) -> None:
    cancelled: list[object] = []
    authenticator.configure_curve_callback(provider=lambda _: Deferred(cancelled.append))
    world.run(authenticator.start())
    ask_raw(world, authenticator).send([b"", b"1.0", b"1", b"", b"", b"", b"CURVE", KEY])
    world.settle()
    world.run(authenticator.stop())
    assert len(cancelled) == 1


def test_start_and_stop(world: World, authenticator: Authenticator) -> None:
    reactor: Any = authenticator._reactor
    world.run(authenticator.stop())  # there is nothing to stop
    world.run(authenticator.start())
    with pytest.raises(WrongState):
        authenticator.start()
    with pytest.raises(AddressInUse):
        world.run(Authenticator(reactor).start())
    world.run(authenticator.stop())

    async def with_another() -> None:
        async with Authenticator(reactor) as another:
            with pytest.raises(WrongState):
                another.start()

    world.run(with_another())
    world.run(authenticator.start())


def test_secrets_stay_where_they_are(authenticator: Authenticator) -> None:
    authenticator.configure_plain(passwords={"admin": "hush"})
    assert "hush" not in repr(authenticator)
    with pytest.raises(TypeError):
        pickle.dumps(authenticator)
    assert copy.deepcopy(authenticator) is authenticator


@pytest.mark.parametrize("wrong", [0, -1, None, "1"])
def test_an_interval_takes_time(world: World, wrong: Any) -> None:
    reactor: Any = world.network.reactor()
    with pytest.raises(UsageError):
        Authenticator(reactor, reload_interval=wrong)


@pytest.mark.parametrize("way", ["check", "zap"])
def test_a_curve_peer_is_parted_from_when_its_key_is_revoked(
    world: World, authenticator: Authenticator, way: str
) -> None:
    server_keys, ann_keys = curve_keypair(), curve_keypair()
    authenticator.configure_curve(location={ann_keys.public: "ann"})
    if way == "zap":
        world.run(authenticator.start())
    reactor: Any = authenticator._reactor
    allow = ZAP if way == "zap" else authenticator
    policy = CurveServer(server_keys.secret, allow=allow)
    server = world.make(PullSocket, on=reactor, security=policy)
    address = world.run(server.bind(TCP))
    ann = world.make(PushSocket, security=CurveClient(server_keys.public, ann_keys), linger=0)
    eve = world.make(PushSocket, security=CurveClient(server_keys.public), linger=0)
    world.run(ann.connect(address), 1)
    outcome = Outcomes(eve.connect(address))
    world.advance(1)
    assert isinstance(outcome.error, AuthenticationFailed)
    assert [peer.user_id for peer in server.peers] == ["ann"]
    authenticator.revoke_key(ann_keys.public)
    world.settle()
    assert not server.peers
    lost = world.of(server, Disconnected)[-1]
    assert isinstance(lost.reason, AuthenticationRevoked)
