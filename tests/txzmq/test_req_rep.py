"""REQ and REP: ids, replies in any order, timeouts, cancellation, and other peers."""

from __future__ import annotations

from typing import Any

import pytest
from twisted.internet.defer import CancelledError

from pyzmtp import DealerSocket, ReqSocket, RouterSocket, WouldBlock
from pyzmtp.txzmq import ZmqEndpoint, ZmqFactory, ZmqREQConnection, ZmqRequestTimeoutError
from pyzmtp.txzmq.req_rep import ZmqREPConnection, ZmqXREPConnection, ZmqXREQConnection

from ..sockets.world import Outcomes, World
from .connections import ADDRESS, Rep, bound, connected


def test_replies_in_any_order(world: World, factory: ZmqFactory) -> None:
    rep = bound(Rep, factory)
    req = connected(ZmqREQConnection, factory)
    replies = [Outcomes(req.sendMsg(b"%d" % number, b"")) for number in range(20)]
    world.advance(1)
    assert [parts[1:] for parts in rep.messages] == [(b"%d" % n, b"") for n in range(20)]
    for messageId, *parts in reversed(rep.messages):
        rep.reply(messageId, b"re", *parts)
    world.advance(1)
    assert replies == [[[b"re", b"%d" % number, b""]] for number in range(20)]
    assert (req._requests, rep._routingInfo) == ({}, {})


def test_what_travels(world: World, factory: ZmqFactory) -> None:
    router = world.make(RouterSocket)
    world.run(router.bind(ADDRESS))
    req = connected(ZmqREQConnection, factory, identity=b"me")
    reply = Outcomes(req.sendMsg(b"a", b"b"))
    world.advance(1)
    [[routing_id, number, *rest]] = world.drain(router)
    assert (routing_id, len(number), rest) == (b"me", 16, [b"", b"a", b"b"])
    router.try_send([b"me", number, b"", b"c", b""])
    world.advance(1)
    assert reply == [[b"c", b""]]


def test_a_plain_req_is_served_too(world: World, factory: ZmqFactory) -> None:
    rep = bound(Rep, factory)
    req = world.make(ReqSocket)
    req.connect(ADDRESS)
    reply = Outcomes(req.request(b"hello"))
    world.advance(1)
    [(messageId, body)] = rep.messages
    assert body == b"hello"
    rep.reply(messageId, b"world")
    world.advance(1)
    assert reply == [[b"world"]]


def test_what_is_no_request_is_dropped_and_the_next_is_served(
    world: World, factory: ZmqFactory
) -> None:
    rep = bound(Rep, factory)
    dealer = world.make(DealerSocket)
    dealer.connect(ADDRESS)
    for message in ([b"no", b"empty", b"frame"], [b"1", b"", b"request"], [b"2", b""]):
        dealer.send(message)
    world.advance(1)
    assert rep.messages == [(b"1", b"request"), (b"2",)]


def test_a_request_can_be_replied_to_once(world: World, factory: ZmqFactory) -> None:
    rep = bound(Rep, factory)
    connected(ZmqREQConnection, factory).sendMsg(b"x")
    world.advance(1)
    [(messageId, _)] = rep.messages
    rep.reply(messageId)
    with pytest.raises(KeyError):
        rep.reply(messageId)


def test_ids_are_drawn_from_a_pool(factory: ZmqFactory) -> None:
    req = ZmqREQConnection(factory)
    drawn = [req._getNextId() for _ in range(1000)]
    assert len(set(drawn)) == 1000
    for messageId in drawn:
        req._releaseId(messageId)
    assert len(req._uuids) == 2 * req.UUID_POOL_GEN_SIZE


def test_ids_of_ones_own(world: World, factory: ZmqFactory) -> None:
    class Counting(ZmqREQConnection):
        number = 0

        def _getNextId(self) -> bytes:
            self.number += 1
            return b"id %d" % self.number

    rep = bound(Rep, factory)
    req = connected(Counting, factory)
    req.sendMsg(b"a")
    req.sendMsg(b"b")
    world.advance(1)
    assert rep.messages == [(b"id 1", b"a"), (b"id 2", b"b")]


# Timeouts and cancellation


def test_timeout(world: World, factory: ZmqFactory) -> None:
    rep = bound(Rep, factory)
    req = connected(ZmqREQConnection, factory)
    reply = Outcomes(req.sendMsg(b"x", timeout=2))
    patient = Outcomes(req.sendMsg(b"y"))
    world.advance(1.99)
    assert reply.pending
    world.advance(0.02)
    assert isinstance(reply.error, ZmqRequestTimeoutError)
    [(messageId, _), (other, _)] = rep.messages
    assert reply.error.args == (messageId,)
    rep.reply(messageId, b"too late")
    rep.reply(other, b"in time")
    world.advance(1)
    assert patient == [[b"in time"]]


def test_a_reply_in_time(world: World, factory: ZmqFactory) -> None:
    rep = bound(Rep, factory)
    req = connected(ZmqREQConnection, factory)
    req.defaultRequestTimeout = 5.0
    reply = Outcomes(req.sendMsg(b"x"))
    world.advance(1)
    rep.reply(rep.messages[0][0], b"y")
    world.advance(10)
    assert reply == [[b"y"]]


def test_the_default_timeout(world: World, factory: ZmqFactory) -> None:
    req = connected(ZmqREQConnection, factory)
    req.defaultRequestTimeout = 1.0
    replies = [Outcomes(req.sendMsg(b"x")), Outcomes(req.sendMsg(b"y", timeout=3))]
    world.advance(2)
    assert isinstance(replies[0].error, ZmqRequestTimeoutError)
    assert replies[1].pending
    world.advance(2)
    assert isinstance(replies[1].error, ZmqRequestTimeoutError)


@pytest.mark.parametrize("timeout", ["5", -1, True])
def test_a_timeout_that_is_none(factory: ZmqFactory, timeout: Any) -> None:
    req = connected(ZmqREQConnection, factory)
    with pytest.raises((TypeError, ValueError)):
        req.sendMsg(b"x", timeout=timeout)
    assert req._requests == {}


@pytest.mark.parametrize("how", ["timeout", "cancel"])
def test_requests_that_nobody_waits_for_are_not_sent_when_the_server_comes_back(
    world: World, factory: ZmqFactory, how: str
) -> None:
    req = connected(ZmqREQConnection, factory)
    given_up = [req.sendMsg(b"old", timeout=0.5) for _ in range(3)]
    kept = Outcomes(req.sendMsg(b"kept"))
    outcomes = [Outcomes(reply) for reply in given_up]
    if how == "cancel":
        for reply in given_up:
            reply.cancel()
    else:
        world.advance(1)
    error = CancelledError if how == "cancel" else ZmqRequestTimeoutError
    assert [type(each.error) for each in outcomes] == [error] * 3
    rep = bound(Rep, factory)
    world.advance(2)
    [(messageId, body)] = rep.messages
    assert body == b"kept"
    rep.reply(messageId, b"new")
    world.advance(1)
    assert kept == [[b"new"]]


def test_a_request_that_cannot_be_sent_leaves_nothing(world: World, factory: ZmqFactory) -> None:
    req = bound(ZmqREQConnection, factory)
    with pytest.raises(WouldBlock):
        req.sendMsg(b"x", timeout=1)
    with pytest.raises(TypeError):
        req.sendMsg("text", timeout=1)  # type: ignore[arg-type]  # the mistake that is meant
    assert req._requests == {}


def test_shutdown_is_the_time_limit_of_those_that_have_one(world: World) -> None:
    factory = ZmqFactory(world.network.reactor())
    req = connected(ZmqREQConnection, factory)
    first, second = req.sendMsg(b"x", timeout=60), req.sendMsg(b"y", timeout=60)
    without = Outcomes(req.sendMsg(b"z"))
    told: Outcomes[Any] = Outcomes(first.addErrback(lambda _: second.cancel()))
    cancelled = Outcomes(second)
    world.run(factory.shutdown(), 1)
    assert told == [None]
    assert isinstance(cancelled.error, CancelledError)
    assert without.pending


def test_a_reply_that_comes_within_the_call(world: World, factory: ZmqFactory) -> None:
    class Echo(ZmqREPConnection):
        def gotMessage(self, messageId: bytes, *parts: bytes) -> None:
            self.reply(messageId, *parts)

    bound(Echo, factory, "inproc://x")
    req = connected(ZmqREQConnection, factory, "inproc://x")
    world.settle()
    reply = Outcomes(req.sendMsg(b"x", timeout=1))
    world.advance(5)
    assert reply == [[b"x"]]


# Deprecated


@pytest.mark.parametrize("kind", [ZmqXREPConnection, ZmqXREQConnection])
def test_deprecated_names_take_any_number_of_endpoints(factory: ZmqFactory, kind: Any) -> None:
    with pytest.warns(DeprecationWarning, match=f"{kind.__name__} is deprecated") as warned:
        connection = kind(factory, ZmqEndpoint("bind", ADDRESS), ZmqEndpoint("bind", "inproc://x"))
    assert warned[0].filename == __file__
    assert len(connection.endpoints) == 2
