"""Whoever is told something may call back at once: cancel others, close, send."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.error import ConnectError as TransportError
from twisted.internet.interfaces import IStreamClientEndpoint
from twisted.python.failure import Failure
from zope.interface import implementer

from pyzmtp import (
    DealerSocket,
    PubSocket,
    PullSocket,
    PushSocket,
    RadioSocket,
    RepSocket,
    ReqSocket,
    Requester,
    RouterSocket,
    Socket,
    XPubSocket,
)
from pyzmtp.engine.events import ConnectDelayed, MessagesDropped
from pyzmtp.errors import ConnectAborted, ConnectError, PeerLost, SocketClosed, WrongState
from pyzmtp.testing import FailureLog

from .world import Outcomes, World, hello, message

#: The names of events that tell of no connect.
NOT_OF_CONNECTS = ("MessagesDropped", "MonitorStopped")

WAITING: dict[str, tuple[type[Any], Callable[[Any], Deferred[Any]]]] = {
    "send": (PushSocket, lambda socket: socket.send(b"x")),
    "send_batch": (PushSocket, lambda socket: socket.send_batch([b"x"])),
    "receive": (PullSocket, lambda socket: socket.receive()),
    "receive_batch": (PullSocket, lambda socket: socket.receive_batch()),
    "wait_subscribed": (PubSocket, lambda socket: socket.wait_subscribed(b"a")),
    "wait_joined": (RadioSocket, lambda socket: socket.wait_joined(b"a")),
    "request": (Requester, lambda socket: socket.request(b"x")),
    "connect": (PushSocket, lambda socket: socket.connect("tcp://127.0.0.1:40001")),
}


@pytest.mark.parametrize("form", WAITING)
def test_who_is_told_of_the_close_may_cancel_others_that_wait(world: World, form: str) -> None:
    kind, wait = WAITING[form]
    socket: Socket = world.make(kind)
    first, second, third = (wait(socket) for _ in range(3))

    def cancel_second(failure: Failure) -> None:
        second.cancel()
        socket.close(0)

    first.addErrback(cancel_second)
    outcomes = Outcomes(second), Outcomes(third)
    assert world.run(socket.close(0)) is None
    assert isinstance(outcomes[0].error, CancelledError | Exception)
    assert len(outcomes[0].errors) == 1
    assert not outcomes[1].pending


@pytest.mark.parametrize("timeout", [0.5, 50.0])
def test_closing_ends_the_clocks_of_all_that_wait(world: World, timeout: float) -> None:
    dealer = world.make(DealerSocket, send_timeout=timeout, receive_timeout=timeout)
    waiting: list[Outcomes[Any]] = [
        Outcomes(dealer.send(b"x")),
        Outcomes(dealer.send_batch([b"x"])),
        Outcomes(dealer.receive()),
    ]
    world.run(dealer.close(0))
    assert all(isinstance(each.error, SocketClosed) for each in waiting)
    world.network.assert_clean()


def test_sends_with_a_timeout_that_go_stop_their_clocks(world: World) -> None:
    pull, push = world.make(PullSocket), world.make(PushSocket, send_timeout=50.0)
    sends = [Outcomes(push.send(b"%d" % number)) for number in range(3)]
    push.connect(world.bind(pull))
    assert len(world.drain(pull)) == 3
    assert all(send == [None] for send in sends)
    world.run(push.close())
    world.run(pull.close())
    world.network.assert_clean()


def test_who_is_told_of_a_lost_peer_may_give_up_other_requests(world: World) -> None:
    router, requester = world.pair(RouterSocket, Requester)
    first, second = requester.request(b"1"), requester.request(b"2")
    told: list[Failure] = []

    def give_up(failure: Failure) -> None:
        told.append(failure)
        second.cancel()

    first.addErrback(give_up)
    other = Outcomes(second)
    world.settle()
    world.run(router.close(0))
    world.settle()
    assert [failure.type for failure in told] == [PeerLost]
    assert isinstance(other.error, CancelledError)
    assert requester.pending == 0


def test_closing_right_after_an_inproc_request_was_given_up(world: World) -> None:
    _, req = world.pair(RouterSocket, ReqSocket, "inproc")
    requesting = req.request(b"1")
    given_up = Outcomes(requesting)
    world.settle()
    requesting.cancel()
    assert isinstance(given_up.error, CancelledError)
    assert world.run(req.close()) is None
    assert req.peers == ()


@pytest.mark.parametrize("timeout", ["x", True, [1]])
@pytest.mark.parametrize("kind", [ReqSocket, Requester])
def test_a_timeout_that_is_none_is_refused_before_anything_is_sent(
    world: World, kind: type[Any], timeout: Any
) -> None:
    router, asking = world.pair(RouterSocket, kind)
    assert refused(lambda: asking.request(b"1", timeout=timeout)) is TypeError
    assert refused(lambda: asking.request(b"1", timeout=-1)) is ValueError
    outcome = Outcomes(asking.request(b"2", timeout=5))
    asked = world.drain(router)
    assert [frames[-1] for frames in asked] == [b"2"]
    router.try_send(asked[0])
    world.settle()
    assert outcome == [[b"2"]]


def refused(call: Callable[[], Deferred[Any]]) -> type[BaseException]:
    """What a call raises or fails with."""
    try:
        return type(Outcomes(call()).error)
    except Exception as error:
        return type(error)


@pytest.mark.parametrize("callback", [None, 5, "text"])
def test_a_callback_that_cannot_be_called_is_refused_at_once(world: World, callback: Any) -> None:
    rep = world.make(RepSocket)
    assert refused(lambda: rep.consume(callback)) is TypeError
    assert refused(lambda: rep.serve(callback)) is TypeError
    with pytest.raises(TypeError):
        rep.on_event(callback)


def test_a_batch_that_fails_after_its_consumer_was_cancelled_is_logged(
    world: World, failures: FailureLog
) -> None:
    pull, push = world.pair(PullSocket, PushSocket)
    gate: Deferred[None] = Deferred()
    consuming = pull.consume(lambda batch: gate)
    done = Outcomes(consuming)
    push.try_send(b"x")
    world.settle()
    consuming.cancel()
    assert isinstance(done.error, CancelledError)
    gate.errback(LookupError())
    assert failures.take(LookupError) == 1


def test_serving_fails_when_somebody_else_receives(world: World) -> None:
    rep, req = world.pair(RepSocket, ReqSocket)
    req.try_send(b"q")
    world.settle()
    assert rep.try_receive() == [b"q"]
    assert isinstance(Outcomes(rep.serve(lambda request: request)).error, WrongState)
    rep.try_send(b"r")
    consuming = rep.consume(lambda batch: None)
    done = Outcomes(consuming)
    assert isinstance(Outcomes(rep.serve(lambda request: request)).error, WrongState)
    consuming.cancel()
    assert done.errors


def test_an_attempt_may_fail_with_anything_when_it_is_cancelled(world: World) -> None:
    @implementer(IStreamClientEndpoint)
    class Slow:
        def connect(self, protocolFactory: Any) -> Deferred[Any]:
            return Deferred(lambda deferred: deferred.errback(TransportError()))

    push, slow = world.make(PushSocket), Slow()
    push.connect(slow)
    world.settle()
    assert world.run(push.disconnect(slow)) is None
    world.advance(5)
    assert "ConnectRetried" not in world.names(push)


@pytest.mark.parametrize("how", ["close", "cancel"])
def test_a_consumer_that_ends_its_own_consuming_and_fails(
    world: World, failures: FailureLog, how: str
) -> None:
    pull, push = world.pair(PullSocket, PushSocket)

    def consume(batch: list[list[bytes]]) -> None:
        if how == "close":
            pull.close()
        else:
            consuming.cancel()
        raise LookupError(batch)

    consuming = pull.consume(consume)
    done = Outcomes(consuming)
    push.try_send(b"1")
    world.settle()
    assert failures.take(LookupError) == 1
    if how == "close":
        assert done == [None]
        assert world.run(pull.close(0)) is None
    else:
        assert isinstance(done.error, CancelledError)
        assert len(pull.peers) == 1
        push.try_send(b"2")
        assert world.drain(pull) == [[b"2"]]


@pytest.mark.parametrize("moment", ["fails at once", "fails at close"])
def test_a_connect_may_be_returned_from_a_callback(world: World, moment: str) -> None:
    push = world.make(PushSocket, reconnect_interval=None if moment == "fails at once" else 0.1)
    chain: Deferred[Any] = Deferred()
    chain.addCallback(lambda _: push.connect("tcp://127.0.0.1:40001"))
    outcome = Outcomes(chain)
    chain.callback(None)
    world.settle()
    world.run(push.close())
    assert isinstance(outcome.error, ConnectError | ConnectAborted)


@pytest.mark.parametrize("attempt", [1, 2])
@pytest.mark.parametrize("how", ["close", "disconnect"])
def test_an_attempt_that_is_announced_to_one_who_closes_is_not_made(
    world: World, how: str, attempt: int
) -> None:
    pull, push = world.make(PullSocket), world.make(PushSocket)
    where = "tcp://127.0.0.1:40001"
    if attempt == 1:
        world.run(pull.bind(where))
    done: list[Outcomes[None]] = []

    def end(event: object) -> None:
        announced = world.names(push).count("ConnectDelayed")
        if isinstance(event, ConnectDelayed) and announced == attempt:
            done.append(Outcomes(push.close(0) if how == "close" else push.disconnect(where)))

    push.on_event(end)
    Outcomes(push.connect(where))
    world.settle()
    if attempt == 2:
        world.run(pull.bind(where))
    world.advance(5)
    assert done == [[None]]
    assert "Accepted" not in world.names(pull)
    names = [name for name in world.names(push) if name != "MonitorStopped"]
    assert names[-1] == "Closed"


@pytest.mark.parametrize("how", ["disconnect", "close"])
def test_a_send_that_waited_for_a_peer_may_end_the_connect(world: World, how: str) -> None:
    """With ``immediate`` it is taken as the peer becomes ready; what was taken is sent all the same."""
    push = world.make(PushSocket, immediate=True)
    listener = world.network.raw_listen()
    address = f"tcp://127.0.0.1:{listener.port}"
    ended: list[Outcomes[None]] = []

    def end(_: object) -> None:
        ended.append(Outcomes(push.disconnect(address) if how == "disconnect" else push.close()))

    push.send(b"x").addCallback(end)
    push.connect(address)
    world.settle()
    listener.peers[0].send(hello("PULL"))
    world.settle()
    assert listener.peers[0].received.endswith(message(b"x"))
    assert ended == [[None]]
    assert push.queues == ()
    assert push.peers == ()
    assert not push.writable
    assert (push.stats.messages_sent, push.stats.dropped_sent) == (1, 0)
    assert world.of(push, MessagesDropped) == []
    world.network.assert_clean()


@pytest.mark.parametrize("how", ["disconnect", "close"])
def test_a_send_that_waited_for_a_connect_may_end_it(world: World, how: str) -> None:
    push = world.make(PushSocket, linger=0)
    address = "tcp://127.0.0.1:40001"

    def end(_: object) -> None:
        Outcomes(push.disconnect(address) if how == "disconnect" else push.close())

    push.send(b"x").addCallback(end)
    connected = Outcomes(push.connect(address))
    world.advance(3)
    assert isinstance(connected.error, ConnectAborted)
    # No ConnectDelayed without its Closed: the attempt was never begun.
    assert [name for name in world.names(push) if name not in NOT_OF_CONNECTS] == []


def test_who_is_told_of_his_send_may_make_room_for_others(world: World) -> None:
    on = world.network.reactor()
    router = world.make(RouterSocket, on=on, router_mandatory=True, send_hwm=1)
    world.run(router.bind("inproc://r"))
    dealers = []
    for name in (b"A", b"B"):
        dealers.append(world.make(DealerSocket, on=on, routing_id=name, receive_hwm=1))
        world.run(dealers[-1].connect("inproc://r"))
        while router.try_send([name, b"x"]):
            world.settle()
    other = Outcomes(router.send([b"B", b"for B"]))
    first = router.send([b"A", b"for A"])
    first.addCallback(lambda _: router.configure(send_hwm=10))
    assert not first.called
    assert other.pending
    world.drain(dealers[0])
    assert first.called
    assert other == [None]


def test_a_consumer_may_go_over_to_receive_and_cause_a_message(world: World) -> None:
    xpub = world.make(XPubSocket)
    address = world.bind(xpub)
    got: list[Outcomes[Any]] = []

    def take(batch: object) -> None:
        consuming.cancel()
        got.append(Outcomes(xpub.receive()))
        Outcomes(xpub.unbind(address))  # the peer's subscription ends: that is a message

    consuming = xpub.consume(take)
    consuming.addErrback(lambda failure: failure.trap(CancelledError) and None)
    world.attach_raw(xpub, hello("SUB") + message(b"\1topic"), address)
    assert got == [[[b"\0topic"]]]
    assert not xpub.readable
