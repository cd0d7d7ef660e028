"""pyzmtp.net.protocol: where a transport meets a connection."""

from __future__ import annotations

import socket as kernel
from typing import Any

import pytest
from twisted.internet.error import ConnectionDone, ConnectionLost
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
from pyzmtp.engine.events import Disconnected, HandshakeFailed
from pyzmtp.errors import HandshakeTimeout, NotZMTP
from pyzmtp.net.protocol import exception_of

from ..memory.transport import new_failure
from ..sockets.plain_transport import PlainTransport, To
from ..sockets.world import GREETING, World, hello, message


class Stage:
    """A socket whose only connection runs over a :class:`PlainTransport`."""

    def __init__(self, world: World, kind: type[Any], **options: Any) -> None:
        self.world = world
        self.socket = world.make(kind, reconnect_interval=None, **options)
        self.transport = PlainTransport()
        endpoint = To(self.transport)
        self.socket.connect(endpoint)
        self.protocol = endpoint.protocol

    def lose(self, error: BaseException | None = None) -> None:
        """The transport is gone."""
        self.protocol.connectionLost(new_failure(error or ConnectionDone()))


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
        endpoint.protocol.connectionLost(new_failure(ConnectionDone()))


def test_a_handshake_that_ends_while_the_transport_is_paused_is_done(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A TLS transport, for one, pauses its producer; nothing may spin meanwhile."""
    calls = 0
    receive = Connection.receive_data

    def counted(*args: Any) -> Any:
        nonlocal calls
        calls += 1
        assert calls < 100, "it spins"
        return receive(*args)

    monkeypatch.setattr(Connection, "receive_data", counted)
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
    assert exception_of(new_failure(error)) is error
    try:
        raise KeyboardInterrupt
    except KeyboardInterrupt:
        made = exception_of(Failure())
    assert isinstance(made, RuntimeError)
    assert "KeyboardInterrupt" in str(made)


@pytest.mark.parametrize("segment", [1, 2, 63, 64, 65, 100])
def test_bytes_may_be_cut_anywhere(world: World, segment: int) -> None:
    world.network.segment_size = segment
    pull, push = world.pair(PullSocket, PushSocket)
    sent = [[b"a" * size, b"", b"b" * (300 - size)] for size in range(0, 300, 7)]
    world.run(push.send_batch(sent))
    assert world.drain(pull) == sent
