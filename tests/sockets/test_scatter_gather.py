"""SCATTER and GATHER (RFC 49; ZMTP.md 7.9; libzmq's test_scatter_gather.cpp)."""

from __future__ import annotations

import pytest

from pyzmtp import GatherSocket, IncompatibleSocketType, ScatterSocket, UsageError
from pyzmtp.engine.events import HandshakeFailed

from .world import GREETING, Outcomes, World, hello, message

#: READY carries no Identity (ZMTP.md 3.1).
READY_SCATTER = b"\x04\x1d\x05READY\x0bSocket-Type\0\0\0\x07SCATTER"
READY_GATHER = b"\x04\x1c\x05READY\x0bSocket-Type\0\0\0\x06GATHER"


@pytest.mark.parametrize("transport", ["tcp", "ipc", "inproc"])
def test_messages_go_to_each_in_turn(world: World, transport: str) -> None:
    host = world.network.reactor()
    scatter, first, second = (
        world.make(ScatterSocket, on=host),
        world.make(GatherSocket, on=host),
        world.make(GatherSocket, on=host),
    )
    address = world.link(scatter, first, transport)
    world.run(second.connect(address), 1)
    world.settle()
    for body in (b"1", b"2", b"", b"4"):
        assert scatter.try_send(body)
    assert world.drain(first) == [[b"1"], [b""]]
    assert world.drain(second) == [[b"2"], [b"4"]]


def test_what_crosses_the_wire(world: World) -> None:
    scatter, gather = world.make(ScatterSocket), world.make(GatherSocket)
    reader = world.attach_raw(scatter, hello("GATHER"))
    scatter.try_send(b"1")
    world.settle()
    assert reader.received == GREETING + READY_SCATTER + b"\x00\x011"
    writer = world.attach_raw(gather, hello("SCATTER") + b"\x00\x011")
    assert writer.received == GREETING + READY_GATHER
    assert world.drain(gather) == [[b"1"]]


@pytest.mark.parametrize("frames", [[b"1", b"2"], [b"", b"", b""]])
def test_a_message_of_more_frames_is_not_sent(world: World, frames: list[bytes]) -> None:
    """libzmq: EINVAL."""
    scatter, gather = world.pair(ScatterSocket, GatherSocket)
    with pytest.raises(
        UsageError, match=f"SCATTER socket a message has one frame, not {len(frames)}"
    ):
        scatter.send(frames)
    with pytest.raises(UsageError, match="one frame"):
        scatter.try_send(frames)
    with pytest.raises(UsageError, match="one frame"):
        scatter.send_batch([b"good", frames])
    assert world.drain(gather) == []
    assert scatter.try_send([b"good"])
    assert world.drain(gather) == [[b"good"]]


def test_a_message_of_more_frames_is_dropped_and_the_connection_kept(world: World) -> None:
    gather = world.make(GatherSocket)
    waiting = Outcomes(gather.receive())
    peer = world.attach_raw(gather, hello("SCATTER") + message(b"a", b"b"))
    assert waiting.pending
    peer.send(message(b"c") + message(b"d", b"e", b"f") + message(b"g"))
    assert world.drain(gather) == [[b"g"]]
    assert waiting == [[b"c"]]
    assert gather.stats.dropped_received == 2
    assert peer.closed is None


def test_dropped_messages_take_no_room(world: World) -> None:
    gather = world.make(GatherSocket, receive_hwm=1)
    peer = world.attach_raw(gather, hello("SCATTER") + 5 * message(b"a", b"b") + message(b"c"))
    assert world.drain(gather) == [[b"c"]]
    peer.send(message(b"d"))
    assert world.drain(gather) == [[b"d"]]


def test_at_its_mark_a_scatter_waits(world: World) -> None:
    scatter = world.make(ScatterSocket, send_hwm=2)
    scatter.connect("tcp://127.0.0.1:40002")
    assert [scatter.try_send(b"x") for _ in range(3)] == [True, True, False]
    waiting = Outcomes(scatter.send(b"last"))
    gather = world.make(GatherSocket)
    world.run(gather.bind("tcp://127.0.0.1:40002"))
    world.advance(1)
    assert waiting == [None]
    assert world.drain(gather) == [[b"x"], [b"x"], [b"last"]]


def test_a_connection_that_is_made_again_goes_on(world: World) -> None:
    scatter = world.make(ScatterSocket)
    listener, peer = world.accept_raw(scatter, hello("GATHER"))
    peer.close()
    world.settle()
    assert scatter.try_send(b"later")
    world.advance(1)
    again = listener.peers[-1]
    assert again is not peer
    again.send(hello("GATHER"))
    world.settle()
    assert again.received.endswith(b"\x00\x05later")


def test_what_was_sent_leaves_before_the_end(world: World) -> None:
    scatter, gather = world.pair(ScatterSocket, GatherSocket)
    scatter.try_send(b"last")
    closed = Outcomes(scatter.close())
    world.advance(1)
    assert closed == [None]
    assert world.drain(gather) == [[b"last"]]


@pytest.mark.parametrize(
    ("ours", "theirs"), [(GatherSocket, "PUSH"), (ScatterSocket, "PULL"), (GatherSocket, "GATHER")]
)
def test_other_types_are_refused(world: World, ours: type[GatherSocket], theirs: str) -> None:
    socket = world.make(ours)
    peer = world.attach_raw(socket, hello(theirs))
    assert peer.closed is not None
    [event] = world.of(socket, HandshakeFailed)
    assert isinstance(event.error, IncompatibleSocketType)
    assert socket.peers == ()


def test_each_goes_one_way() -> None:
    assert not hasattr(GatherSocket, "send")
    assert not hasattr(ScatterSocket, "receive")


def test_options_of_other_types_are_refused(world: World) -> None:
    for kind in (GatherSocket, ScatterSocket):
        for option in ({"conflate": True}, {"routing_id": b"x"}, {"hello_message": b"x"}):
            with pytest.raises(UsageError, match="does nothing on a"):
                world.make(kind, **option)
