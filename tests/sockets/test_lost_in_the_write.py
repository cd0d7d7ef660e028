"""Transports that end, or answer, from within write(), as synchronous ones of all sorts may."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from twisted.internet.error import ConnectionDone
from twisted.python.failure import Failure

from pyzmtp import (
    DealerSocket,
    PubSocket,
    PullSocket,
    PushSocket,
    ReqSocket,
    Requester,
    SubSocket,
    XSubSocket,
)
from pyzmtp.errors import PeerLost
from pyzmtp.testing import FailureLog

from .plain_transport import PlainTransport, To
from .world import Outcomes, World, hello, message


class Acting(PlainTransport):
    """Does something, once, from within the next write."""

    act: Callable[[bytes], object] | None = None

    def write(self, data: bytes) -> None:
        super().write(data)
        act, self.act = self.act, None
        if act is not None:
            act(data)


class Line:
    """One connection of a socket over such a transport."""

    def __init__(self, socket: Any, peer: str) -> None:
        self.transport = Acting()
        self.endpoint = To(self.transport)
        socket.connect(self.endpoint)
        self.protocol = self.endpoint.protocol
        self.protocol.dataReceived(hello(peer))
        self.transport.written = b""
        self.lost = False

    def lose(self, data: bytes = b"") -> None:
        """The connection is gone."""
        if not self.lost:
            self.lost = True
            self.protocol.connectionLost(Failure(ConnectionDone()))

    def lose_in_write(self) -> None:
        """Be gone with the next write."""
        self.transport.act = self.lose

    def answer_in_write(self, answer: Callable[[bytes], bytes]) -> None:
        """Receive something from within the next write."""
        self.transport.act = lambda data: self.protocol.dataReceived(answer(data))


@pytest.mark.parametrize("options", [{"reconnect_interval": None}, {"immediate": True}, {}])
def test_a_request_whose_connection_is_lost_in_the_write(
    world: World, options: dict[str, Any]
) -> None:
    req = world.make(ReqSocket, **options)
    line = Line(req, "REP")
    line.lose_in_write()
    outcome = Outcomes(req.request(b"x"))
    world.settle()
    assert isinstance(outcome.error, PeerLost)
    assert message(b"", b"x") in line.transport.written
    again = req.request(b"y")  # no WrongState
    assert not again.called
    again.addErrback(lambda _: None).cancel()
    world.run(req.close(0)) if options.get("reconnect_interval", 1) is None else None
    finish(world, req, line)


def test_a_request_that_is_answered_in_the_write(world: World) -> None:
    req = world.make(ReqSocket, reconnect_interval=None)
    line = Line(req, "REP")
    line.answer_in_write(lambda data: message(b"", b"reply"))
    assert world.run(req.request(b"x")) == [b"reply"]
    assert req.stats.dropped_received == 0
    line.lose()


@pytest.mark.parametrize("relaxed", [{}, {"req_relaxed": True, "req_correlate": True}])
def test_plain_sends_that_are_answered_in_the_write(world: World, relaxed: Any) -> None:
    req = world.make(ReqSocket, reconnect_interval=None, **relaxed)
    line = Line(req, "REP")
    for number in range(3):
        line.answer_in_write(lambda data: data)  # an echo
        assert req.try_send(b"%d" % number)
        assert req.try_receive() == [b"%d" % number]
        world.settle()
    line.lose()


def test_many_requests_that_are_answered_in_the_write(world: World) -> None:
    requester = world.make(Requester, reconnect_interval=None)
    line = Line(requester, "REP")
    line.answer_in_write(lambda data: data)
    assert Outcomes(requester.request(b"x")) == [[b"x"]]
    assert requester.pending == 0
    assert requester.stats.dropped_received == 0
    line.lose()


def test_many_requests_that_are_lost_in_the_write(world: World) -> None:
    requester = world.make(Requester, reconnect_interval=None)
    line = Line(requester, "REP")
    line.lose_in_write()
    outcome = Outcomes(requester.request(b"x"))
    world.settle()
    assert isinstance(outcome.error, PeerLost)
    assert requester.pending == 0


def test_a_publisher_that_is_lost_in_the_write_keeps_a_topic_from_nobody(world: World) -> None:
    sub = world.make(SubSocket, immediate=True)
    lines = [Line(sub, "PUB") for _ in range(3)]
    lines[0].lose_in_write()
    sub.subscribe(b"topic")
    world.settle()
    for line in lines[1:]:
        assert b"SUBSCRIBEtopic" in line.transport.written
    lines[1].lose_in_write()
    sub.unsubscribe(b"topic")
    world.settle()
    assert b"CANCELtopic" in lines[2].transport.written
    finish(world, sub, *lines)


def test_an_xsubs_topics_reach_all_whom_nobody_lost(world: World) -> None:
    xsub = world.make(XSubSocket, immediate=True)
    lines = [Line(xsub, "PUB") for _ in range(3)]
    lines[0].lose_in_write()
    assert xsub.try_send(b"\x01topic")
    world.settle()
    lines[1].lose_in_write()
    assert xsub.try_send(b"no topic")
    world.settle()
    assert lines[2].transport.written == message(b"\x01topic") + message(b"no topic")
    finish(world, xsub, *lines)


def test_a_subscriber_that_is_lost_in_the_write_keeps_a_message_from_nobody(world: World) -> None:
    pub = world.make(PubSocket, immediate=True)
    lines = [Line(pub, "SUB") for _ in range(3)]
    for line in lines:
        line.protocol.dataReceived(message(b"\x01"))
    for line in lines[:2]:
        line.lose_in_write()
    assert pub.try_send(b"x")
    world.settle()
    assert [line.transport.written for line in lines] == [message(b"x")] * 3
    finish(world, pub, *lines)


@pytest.mark.parametrize("immediate", [True, False])
@pytest.mark.parametrize("lost", [0, 1, 2])
def test_a_pipe_that_is_lost_in_its_own_push_costs_nobody_a_turn(
    world: World, immediate: bool, lost: int
) -> None:
    push = world.make(PushSocket, immediate=immediate)
    lines = [Line(push, "PULL") for _ in range(3)]
    lines[lost].lose_in_write()
    for number in range(9):
        assert push.try_send(b"%d" % number)
        world.settle()
    written = [line.transport.written for line in lines]
    left = [text for index, text in enumerate(written) if index != lost]
    assert written[lost].count(b"\x00\x01") == 1
    assert all(text.count(b"\x00\x01") >= 3 for text in left)
    total = sum(text.count(b"\x00\x01") for text in written)
    assert total == 9 if immediate else total + push.stats.send_queue == 9
    finish(world, push, *lines)


def test_who_sends_from_within_a_write_comes_next_in_the_round(world: World) -> None:
    push = world.make(PushSocket, reconnect_interval=None)
    lines = [Line(push, "PULL") for _ in range(3)]
    lines[0].transport.act = lambda data: push.try_send(b"b")
    push.try_send(b"a")
    push.try_send(b"c")
    world.settle()
    assert [line.transport.written for line in lines] == [
        message(b"a"),
        message(b"b"),
        message(b"c"),
    ]
    for line in lines:
        line.lose()


def test_a_write_that_raises_does_not_close_the_way_for_good(
    world: World, failures: FailureLog
) -> None:
    dealer = world.make(DealerSocket, reconnect_interval=None)
    line = Line(dealer, "DEALER")

    def fail(data: bytes) -> None:
        raise LookupError

    line.transport.act = fail
    with pytest.raises(LookupError):
        dealer.try_send(b"1")
    line.protocol.resumeProducing()
    dealer.try_send(b"2")
    world.settle()
    assert line.transport.written.endswith(message(b"2"))
    line.lose()


def test_a_hand_over_that_raises_does_not_close_the_way_for_good(world: World) -> None:
    dealer = world.make(DealerSocket, reconnect_interval=None, receive_hwm=2)
    line = Line(dealer, "DEALER")
    deliver = line.protocol._deliver

    def fail(*args: object) -> None:
        raise LookupError

    line.protocol._deliver = fail
    with pytest.raises(LookupError):
        line.protocol.dataReceived(message(b"lost"))
    line.protocol._deliver = deliver
    line.protocol.dataReceived(b"".join(message(b"%d" % number) for number in range(6)))
    assert [dealer.try_receive() for _ in range(6)] == [[b"%d" % number] for number in range(6)]
    line.lose()


def finish(world: World, socket: Any, *lines: Line) -> None:
    """Close a socket whose endpoints have been dialled again meanwhile."""
    done = Outcomes(socket.close(0))
    for line in lines:
        line.lose()
        if line.endpoint.protocol is not line.protocol:
            line.endpoint.protocol.connectionLost(Failure(ConnectionDone()))
    world.settle()
    assert done == [None]


@pytest.mark.parametrize("before", [0, 10, 11, 12])
def test_a_connection_that_is_lost_in_a_write_of_its_handshake(world: World, before: int) -> None:
    """The chunk that is answered holds a message already, for which there is no pipe."""
    pull = world.make(PullSocket, reconnect_interval=None)
    transport = Acting()
    endpoint = To(transport)
    pull.connect(endpoint)
    said = hello("PUSH") + message(b"x")
    endpoint.protocol.dataReceived(said[:before])
    transport.act = lambda _: endpoint.protocol.connectionLost(Failure(ConnectionDone()))
    endpoint.protocol.dataReceived(said[before:])
    assert world.names(pull)[-3:] == ["HandshakeFailed", "Disconnected", "Closed"]
    assert pull.try_receive() is None
    assert world.run(pull.close(0)) is None
