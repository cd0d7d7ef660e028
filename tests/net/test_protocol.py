"""pyzmtp.net.protocol: where a transport meets a connection."""

from __future__ import annotations

import socket as kernel
from typing import Any

import pytest
from twisted.internet.error import ConnectionAborted, ConnectionDone, ConnectionLost
from twisted.internet.interfaces import (
    IConsumer,
    IPushProducer,
    ISystemHandle,
    ITransport,
)
from twisted.python.failure import Failure
from zope.interface import directlyProvides

from pyzmtp import DealerSocket, PullSocket, PushSocket
from pyzmtp.engine.connection import Connection
from pyzmtp.engine.events import CloseFailed, Disconnected, HandshakeFailed
from pyzmtp.errors import HandshakeTimeout, NotZMTP
from pyzmtp.net.outcome import exception_of
from pyzmtp.testing import Conditions

from ..sockets.plain_transport import PlainTransport, To
from ..sockets.world import GREETING, Outcomes, World, hello, message
from .stage import Stage


def test_any_transport_will_do(world: World) -> None:
    stage = Stage(world, DealerSocket)
    assert stage.transport.written == GREETING[:10]
    stage.protocol.dataReceived(hello("DEALER") + message(b"in"))
    assert stage.socket.try_receive() == [b"in"]
    stage.transport.written = b""
    stage.socket.try_send(b"out")
    assert stage.transport.written == message(b"out")
    assert stage.socket.peers[0].peer_address == "10.0.0.2:2"
    stage.lose()
    assert stage.socket.peers == ()


def test_a_transport_that_cannot_abort_is_closed(world: World) -> None:
    stage = Stage(world, PushSocket)
    stage.socket.close(0)
    assert set(stage.transport.calls) == {"lose"}
    stage.lose()


def test_buffers_are_set_on_a_transport_with_a_handle(world: World) -> None:
    with kernel.socket() as handle:
        transport: Any = PlainTransport()
        transport.getHandle = lambda: handle
        directlyProvides(transport, ITransport, IConsumer, IPushProducer, ISystemHandle)
        push = world.make(PushSocket, send_buffer=20_000, reconnect_interval=None)
        endpoint = To(transport)
        push.connect(endpoint)
        assert handle.getsockopt(kernel.SOL_SOCKET, kernel.SO_SNDBUF) in (20_000, 40_000)
        endpoint.protocol.connectionLost(Failure(ConnectionDone()))


@pytest.fixture
def _bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Connections that are asked for messages too often are asked no more."""
    calls = 0
    receive = Connection.receive_data

    def counted(*args: Any) -> Any:
        nonlocal calls
        calls += 1
        assert calls < 100, "it spins"
        return receive(*args)

    monkeypatch.setattr(Connection, "receive_data", counted)


@pytest.mark.usefixtures("_bounded")
def test_a_handshake_that_ends_while_the_transport_is_paused_is_done(world: World) -> None:
    """A TLS transport, for one, pauses its producer; nothing may spin meanwhile."""
    stage = Stage(world, DealerSocket)
    stage.transport.producer.pauseProducing()
    stage.protocol.dataReceived(hello("DEALER") + message(b"in"))
    stage.transport.producer.resumeProducing()
    assert stage.socket.try_receive() == [b"in"]
    assert len(stage.socket.peers) == 1
    stage.lose()


def test_messages_wait_while_the_transport_is_paused(world: World) -> None:
    stage = Stage(world, DealerSocket)
    stage.protocol.dataReceived(hello("DEALER"))
    stage.transport.written = b""
    stage.transport.producer.pauseProducing()
    for number in range(3):
        stage.socket.try_send(b"%d" % number)
    world.settle()
    assert stage.transport.written == b""
    assert stage.socket.stats.send_queue == 3
    stage.transport.producer.resumeProducing()
    assert stage.transport.written == message(b"0") + message(b"1") + message(b"2")
    stage.lose()


def test_a_reactor_that_is_late_reads_before_it_judges(world: World) -> None:
    stage = Stage(world, DealerSocket, heartbeat_interval=2, heartbeat_timeout=1)
    stage.protocol.dataReceived(hello("DEALER"))
    world.advance(2.5)
    stage.reactor.callLater(0.5, stage.protocol.dataReceived, message(b"it was there"))
    world.advance(0.6)
    assert stage.transport.calls == []
    assert stage.socket.try_receive() == [b"it was there"]
    stage.lose()


def test_the_greeting_waits_while_the_transport_is_paused(world: World) -> None:
    stage = Stage(world, DealerSocket)
    stage.transport.producer.pauseProducing()
    stage.protocol.dataReceived(GREETING)
    assert stage.transport.written == GREETING[:10]
    stage.transport.producer.resumeProducing()
    assert stage.transport.written[:64] == GREETING
    stage.lose()


def test_an_error_is_acted_on_while_the_transport_is_paused(world: World) -> None:
    stage = Stage(world, DealerSocket)
    stage.transport.producer.pauseProducing()
    stage.protocol.dataReceived(b"GET")
    assert stage.transport.calls == ["lose"]
    stage.lose()
    [event] = world.of(stage.socket, HandshakeFailed)
    assert isinstance(event.error, NotZMTP)


def test_the_handshake_timeout_runs_while_the_transport_is_paused(world: World) -> None:
    stage = Stage(world, DealerSocket, handshake_timeout=1.0)
    stage.transport.producer.pauseProducing()
    world.advance(1.1)
    assert "lose" in stage.transport.calls
    stage.lose()
    assert isinstance(world.of(stage.socket, HandshakeFailed)[0].error, HandshakeTimeout)


def test_last_words_that_do_not_leave_are_cut_off(world: World) -> None:
    stage = Stage(world, DealerSocket)
    transport: Any = stage.transport
    transport.abortConnection = lambda: transport.calls.append("abort")
    stage.protocol.dataReceived(b"GET")
    assert transport.calls == ["lose"]
    world.advance(1.1)
    assert transport.calls == ["lose", "abort"]
    stage.lose()


def test_messages_behind_a_full_queue_are_kept_when_the_transport_is_lost(world: World) -> None:
    """A TLS transport goes on delivering, its end included, when it is paused."""
    stage = Stage(world, PullSocket, receive_hwm=10)
    sent = [b"%d" % number for number in range(100)]
    stage.protocol.dataReceived(hello("PUSH") + b"".join(map(message, sent)))
    assert stage.transport.calls == ["pause"]
    stage.lose()
    assert world.drain(stage.socket) == [[each] for each in sent]


def test_a_transport_may_pause_and_resume_within_write(world: World) -> None:
    stage = Stage(world, DealerSocket)
    stage.protocol.dataReceived(hello("DEALER"))
    transport: Any = stage.transport
    written: list[bytes] = []

    def write(data: bytes) -> None:
        written.append(data)
        assert len(written) < 100, "the same again and again"
        stage.transport.producer.pauseProducing()
        stage.transport.producer.resumeProducing()

    transport.write = write
    for number in range(5):
        stage.socket.try_send(b"%d" % number)
    world.settle()
    assert b"".join(written) == b"".join(message(b"%d" % number) for number in range(5))
    stage.lose()


def test_what_a_lost_transport_says_is_the_reason(world: World) -> None:
    stage = Stage(world, DealerSocket)
    stage.protocol.dataReceived(hello("DEALER"))
    stage.lose(ConnectionLost())
    [event] = world.of(stage.socket, Disconnected)
    assert isinstance(event.reason, ConnectionLost)


def test_what_arrives_behind_an_error_is_ignored(world: World) -> None:
    stage = Stage(world, DealerSocket)
    stage.protocol.dataReceived(hello("DEALER") + b"\x80\x00")
    stage.protocol.dataReceived(message(b"too late"))
    assert stage.socket.try_receive() is None
    assert stage.transport.calls == ["lose"]
    stage.lose()


def test_a_stopped_producer_writes_no_more(world: World) -> None:
    stage = Stage(world, DealerSocket)
    stage.protocol.dataReceived(hello("DEALER"))
    stage.transport.written = b""
    stage.transport.producer.stopProducing()
    stage.socket.try_send(b"x")
    stage.transport.producer and stage.transport.producer.resumeProducing()
    world.settle()
    assert stage.transport.written == b""
    stage.lose()


def test_an_exception_is_made_of_whatever_a_failure_holds() -> None:
    error = LookupError()
    assert exception_of(Failure(error)) is error
    try:
        raise KeyboardInterrupt
    except KeyboardInterrupt:
        made = exception_of(Failure())
    assert isinstance(made, RuntimeError)
    assert "KeyboardInterrupt" in str(made)


@pytest.mark.parametrize("segment", [1, 2, 63, 64, 65, 100])
def test_bytes_may_be_cut_anywhere(world: World, segment: int) -> None:
    world.network.conditions = Conditions(segment_size=segment)
    pull, push = world.pair(PullSocket, PushSocket)
    sent = [[b"a" * size, b"", b"b" * (300 - size)] for size in range(0, 300, 7)]
    world.run(push.send_batch(sent))
    assert world.drain(pull) == sent


def test_closing_without_abort_ends_when_the_peer_has_read_everything(world: World) -> None:
    """Twisted does not close a connection under a producer that is paused."""
    world.network.conditions = Conditions(buffer=1000)
    push = world.make(PushSocket)
    listener, peer = world.accept_raw(push, hello("PULL"))
    peer.pause()
    [connection] = world.network.connections
    transport: Any = connection.client
    for _ in range(10):
        push.try_send(bytes(50_000))
        world.settle()
    transport.abortConnection = None  # as those of processes and of standard input and output
    closed = Outcomes(push.close(0))
    world.advance(5)
    assert closed.pending
    assert transport.producer is None
    peer.resume()
    world.settle()
    assert peer.closed is not None
    assert closed == [None]
    listener.close()


def test_to_abort_twice_closes_once(world: World) -> None:
    stage = Stage(world, PushSocket)
    stage.protocol.abort()
    stage.protocol.abort()
    assert stage.transport.calls == ["lose"]
    assert stage.transport.producer is None
    stage.lose()


@pytest.mark.parametrize("faster", [True, False], ids=["the peer is faster", "we are"])
def test_close_waits_for_the_call_of_an_abort(world: World, faster: bool) -> None:
    """Twisted aborts in a timed call. Where it reads on meanwhile (IOCP), the peer's end may come first."""
    stage = Stage(world, PushSocket)
    transport: Any = stage.transport
    lost: list[str] = []

    def end() -> None:
        if not lost:
            lost.append("by us")
            stage.lose(ConnectionAborted())

    transport.abortConnection = lambda: stage.reactor.callLater(0, end)
    closed = Outcomes(stage.socket.close(0))
    if faster:
        lost.append("by the peer")
        stage.lose()
        assert stage.reactor.getDelayedCalls()
        assert closed.pending
    world.settle()
    assert closed == [None]
    assert not stage.reactor.getDelayedCalls()


class Deadlines:
    """A connection's deadline, set by hand."""

    def __init__(self, stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
        self.stage = stage
        self.when: float | None = None
        self.called: list[float] = []
        monkeypatch.setattr(Connection, "next_deadline", lambda connection: self.when)
        monkeypatch.setattr(Connection, "handle_timer", lambda connection, now: self._due(now))

    def _due(self, now: float) -> None:
        self.called.append(now)
        self.when = None

    def set(self, when: float | None) -> None:
        """The connection asks for it, and for its owner's attention."""
        self.when = when
        self.stage.protocol._attend()


@pytest.mark.parametrize("paused", [False, True])
def test_a_timer_may_move_either_way(
    world: World, monkeypatch: pytest.MonkeyPatch, paused: bool
) -> None:
    """After the handshake's 30 s a heartbeat's single second, for one; and also to a stalled peer."""
    stage = Stage(world, DealerSocket)
    stage.protocol.dataReceived(hello("DEALER"))
    if paused:
        stage.transport.producer.pauseProducing()
    deadlines = Deadlines(stage, monkeypatch)
    deadlines.set(30.0)
    deadlines.set(1.0)
    world.advance(1.5)
    assert deadlines.called == [1.0]
    deadlines.set(2.0)
    deadlines.set(4.0)
    world.advance(2)  # it is 3.5
    assert deadlines.called == [1.0]
    world.advance(1)
    assert deadlines.called == [1.0, 4.0]
    deadlines.set(5.0)
    deadlines.set(None)
    world.advance(10)
    assert deadlines.called == [1.0, 4.0]
    deadlines.set(2.0)  # long ago
    world.settle()
    assert len(deadlines.called) == 3
    stage.lose()


@pytest.mark.parametrize("paused", [False, True])
def test_a_timer_may_set_the_next(
    world: World, monkeypatch: pytest.MonkeyPatch, paused: bool
) -> None:
    stage = Stage(world, DealerSocket)
    stage.protocol.dataReceived(hello("DEALER"))
    if paused:
        stage.transport.producer.pauseProducing()
    called: list[float] = []
    deadlines = Deadlines(stage, monkeypatch)

    def due(connection: Connection, now: float) -> None:
        called.append(now)
        deadlines.when = now + 1.0

    monkeypatch.setattr(Connection, "handle_timer", due)
    deadlines.set(1.0)
    world.advance(3.5)
    assert called == [1.0, 2.0, 3.0]
    stage.lose()
    world.advance(3)
    assert len(called) == 3


def test_a_port_that_cannot_be_closed_is_told_and_holds_up_nobody(world: World) -> None:
    pull = world.make(PullSocket)
    address = world.bind(pull)
    binds: list[Any] = [*pull._binds]
    port = binds[0]._listening.port
    stop = port.stopListening

    def fail() -> None:
        stop()
        raise LookupError

    port.stopListening = fail
    assert world.run(pull.close()) is None
    assert world.names(pull) == ["Listening", "CloseFailed", "Closed", "MonitorStopped"]
    [event] = world.of(pull, CloseFailed)
    assert event.address == address
    assert isinstance(event.error, LookupError)


def test_a_transport_may_be_lost_within_lose_connection(world: World) -> None:
    """Nothing may wait for the last words to leave then."""
    stage = Stage(world, DealerSocket)
    transport: Any = stage.transport

    def lose() -> None:
        transport.calls.append("lose")
        stage.lose()

    transport.loseConnection = lose
    stage.protocol.dataReceived(b"GET")
    assert transport.calls == ["lose"]
    [event] = world.of(stage.socket, HandshakeFailed)
    assert isinstance(event.error, NotZMTP)
    assert world.run(stage.socket.close()) is None
    world.network.assert_clean()


@pytest.mark.parametrize("rest", [b"\0", b"\0\5par"])
def test_half_a_frame_that_is_left_at_the_end_is_no_message(world: World, rest: bytes) -> None:
    """It stands behind a full inbox, where whole messages would have been kept."""
    pull = world.make(PullSocket, receive_hwm=2)
    address = world.bind(pull)
    said = message(b"1") + message(b"2") + rest
    world.attach_raw(pull, hello("PUSH") + said, address)
    Outcomes(pull.unbind(address))
    assert [pull.try_receive(), pull.try_receive()] == [[b"1"], [b"2"]]
    world.settle()
    assert not pull.readable
    assert pull.try_receive() is None


def test_close_does_not_stumble_over_half_a_frame(world: World) -> None:
    pull = world.make(PullSocket, receive_hwm=2)
    addresses = [world.bind(pull), world.bind(pull)]
    said = hello("PUSH") + message(b"1") + message(b"2")
    world.attach_raw(pull, said + b"\0", addresses[0])
    Outcomes(pull.unbind(addresses[0]))
    assert pull.try_receive() == [b"1"]
    assert pull.try_receive() == [b"2"]
    world.attach_raw(pull, said, addresses[1])
    assert world.run(pull.close(0)) is None


@pytest.mark.parametrize("said", [b"", GREETING])
def test_what_arrives_behind_our_own_end_of_a_handshake_is_nobodys(
    world: World, monkeypatch: pytest.MonkeyPatch, said: bytes
) -> None:
    """A transport that cannot abort may go on reading until its peer has closed, too."""
    stage = Stage(world, PullSocket)
    stage.protocol.dataReceived(said)
    closed = Outcomes(stage.socket.close(0))
    calls: list[object] = []

    def note(*args: object) -> list[object]:  # not the real one, which may never come to an end
        calls.append(args)
        return []

    monkeypatch.setattr(Connection, "receive_data", note)
    stage.protocol.dataReceived(hello("PUSH")[len(said) :] + message(b"x"))
    assert calls == []
    stage.lose()
    assert closed == [None]


def test_what_arrives_behind_our_own_end_is_not_kept(world: World) -> None:
    """TLS, for one, reads on until the peer says that it closes."""
    stage = Stage(world, PullSocket, receive_hwm=2)
    stage.protocol.dataReceived(hello("PUSH"))
    parted = Outcomes(stage.socket.disconnect(world.events[stage.socket][0].address))
    for _ in range(10):
        stage.protocol.dataReceived(message(b"x" * 200))
    assert stage.socket.stats.receive_queue == 0
    assert stage.socket.stats.messages_received == 0
    assert not stage.protocol.connection.more
    stage.lose()
    assert parted == [None]


@pytest.mark.usefixtures("_bounded")
def test_an_end_within_the_handshake_ends_the_reading_of_the_same_chunk(world: World) -> None:
    """The greeting of a chunk is answered at once: whoever sees the answer may end it all."""
    stage = Stage(world, PullSocket)
    transport: Any = stage.transport
    write = transport.write
    closed: list[Outcomes[None]] = []

    def close_within(data: bytes) -> None:
        write(data)
        transport.write = write
        closed.append(Outcomes(stage.socket.close(0)))

    transport.write = close_within
    stage.protocol.dataReceived(hello("PUSH") + message(b"x"))
    assert stage.transport.calls == ["lose"]
    stage.lose()
    assert closed == [[None]]
