"""pyzmtp.net.protocol: a large message leaves as the transport has room, and in one piece."""

from __future__ import annotations

import pytest

from pyzmtp import DealerSocket
from pyzmtp.engine.events import MessagesDropped

from ..sockets.world import Outcomes, World, hello, message, short
from .stage import Stage

#: A message of three megabytes on the wire, and a PING with its answer.
SIZE = 3 << 20
LARGE = b"\x02" + SIZE.to_bytes(8, "big") + bytes(SIZE)
PING, PONG = short(4, b"\x04PING\0\0"), short(4, b"\x04PONG")


def in_a_large_message(world: World, heartbeat_interval: float | None = None) -> Stage:
    """A connection whose transport has no more room after the first part of a message."""
    stage = Stage(world, DealerSocket, heartbeat_interval=heartbeat_interval)
    stage.protocol.dataReceived(hello("DEALER"))
    stage.transport.written = b""
    stage.transport.takes_one_write = True
    stage.socket.try_send(bytes(SIZE))
    assert stage.transport.written == LARGE[:9]
    stage.transport.producer.resumeProducing()
    return stage


@pytest.mark.parametrize(("heartbeat_interval", "part"), [(100.0, 128 << 10), (None, 1 << 20)])
def test_a_large_message_goes_out_as_the_transport_has_room(
    world: World, heartbeat_interval: float | None, part: int
) -> None:
    """In smaller parts where a heartbeat has to see that the peer still reads."""
    stage = in_a_large_message(world, heartbeat_interval)
    assert len(stage.transport.written) == 9 + part
    stage.socket.try_send(b"next")
    stage.transport.producer.resumeProducing()
    assert len(stage.transport.written) == 9 + 2 * part
    stage.transport.takes_one_write = False
    stage.transport.producer.resumeProducing()
    assert stage.transport.written == LARGE + message(b"next")
    stage.lose()


def test_nothing_gets_into_the_middle_of_a_large_message(world: World) -> None:
    stage = in_a_large_message(world)
    stage.socket.try_send(b"next")
    stage.protocol.dataReceived(PING)
    stage.transport.takes_one_write = False
    stage.transport.producer.resumeProducing()
    assert stage.transport.written == LARGE + PONG + message(b"next")
    stage.lose()


def test_a_large_message_leaves_before_the_connection_ends(world: World) -> None:
    stage = in_a_large_message(world)
    closed = Outcomes(stage.socket.close(None))
    assert "lose" not in stage.transport.calls
    stage.transport.takes_one_write = False
    stage.transport.producer.resumeProducing()
    assert stage.transport.written == LARGE
    assert "lose" in stage.transport.calls
    stage.lose()
    assert closed == [None]


def test_an_error_in_the_middle_of_a_large_message_adds_nothing_to_it(world: World) -> None:
    stage = in_a_large_message(world)
    stage.protocol.dataReceived(PING + b"\xff" * 9)
    assert "lose" in stage.transport.calls
    assert LARGE.startswith(stage.transport.written)
    stage.lose()


@pytest.mark.parametrize("how", ["lost", "given up", "an error"])
def test_a_large_message_that_has_left_in_part_is_not_sent_but_dropped(
    world: World, how: str
) -> None:
    stage = in_a_large_message(world)
    assert stage.socket.stats.messages_sent == 1
    if how == "given up":
        stage.socket.close(linger=1)
        world.advance(1)
    elif how == "an error":
        stage.protocol.dataReceived(b"\xff" * 9)
    stage.lose()
    [dropped] = world.of(stage.socket, MessagesDropped)
    assert (dropped.count, dropped.unsent) == (1, True)
    stats = stage.socket.stats
    assert (stats.messages_sent, stats.dropped_sent, stats.send_queue) == (0, 1, 0)
