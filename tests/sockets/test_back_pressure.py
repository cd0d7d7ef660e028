"""A slow reader stops its peers through the transport, in bounded memory (DESIGN.md 4)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pyzmtp import DealerSocket, PubSocket, PullSocket, PushSocket, SubSocket
from pyzmtp.testing import Conditions, MemoryTransport

from .world import Outcomes, World, hello, message

KERNEL = 10_000


@pytest.fixture(autouse=True)
def _small_kernel_buffers(world: World) -> None:
    world.network.conditions = Conditions(buffer=KERNEL)


def held(world: World, side: str) -> int:
    """Bytes in a transport and in the kernel, on their way to the other side."""
    [connection] = world.network.connections
    transport = getattr(connection, side)
    assert isinstance(transport, MemoryTransport)
    data: Any = transport
    written: int = len(data.dataBuffer) - data.offset + data._tempDataLen
    return written + len(transport._end.peer.received)


@pytest.mark.parametrize("transport", ["tcp", "ipc"])
def test_a_reader_that_takes_nothing_stops_the_sender(world: World, transport: str) -> None:
    pull, push = world.pair(
        PullSocket, PushSocket, transport, bind={"receive_hwm": 10}, connect={"send_hwm": 20}
    )
    sent = 0
    for _ in range(1000):
        while push.try_send(bytes(1000)):
            sent += 1
        world.settle()
    assert pull.stats.receive_queue == 10
    assert push.stats.send_queue == 20
    # What is under way fills the kernel's buffer, what one read takes, and what one write does.
    assert held(world, "client") <= KERNEL + 2 * 65536 + 2000
    under_way = KERNEL + 65536 + 2 * 65536 + 4000
    assert sent <= 10 + 20 + under_way // 1000
    assert len(world.drain(pull)) == sent


def test_the_sender_goes_on_when_half_of_the_queue_was_read(world: World) -> None:
    pull, push = world.pair(PullSocket, PushSocket, bind={"receive_hwm": 10})
    done = Outcomes(push.send_batch([b"%d" % number for number in range(9000)]))
    world.settle()
    arrived = pull.stats.messages_received
    assert pull.stats.receive_queue == 10
    for _ in range(4):
        pull.try_receive()
    world.settle()
    assert pull.stats.messages_received == arrived
    pull.try_receive()
    world.settle()
    assert pull.stats.messages_received == arrived + 5
    assert world.drain(pull) == [[b"%d" % number] for number in range(5, 9000)]
    assert done == [None]


def test_the_transport_is_paused_while_the_queue_is_full(world: World) -> None:
    pull = world.make(PullSocket, receive_hwm=5)
    peer = world.attach_raw(pull, hello("PUSH"))
    peer.send(message(b"x") * 100_000)
    world.settle()
    [connection] = world.network.connections
    assert len(connection.server_end.received) == KERNEL
    assert pull.stats.receive_queue == 5
    assert len(world.drain(pull)) == 100_000


def test_one_slow_reader_does_not_hold_up_another(world: World) -> None:
    push = world.make(PushSocket, send_hwm=5)
    address = world.bind(push)
    slow, fast = world.make(PullSocket, receive_hwm=1), world.make(PullSocket)
    for pull in (slow, fast):
        world.run(pull.connect(address))
    got = 0
    for _ in range(50):
        push.try_send(bytes(100_000))
        got += len(world.drain(fast))
    assert got >= 40
    assert slow.stats.receive_queue == 1


def test_a_slow_subscriber_misses_messages_and_no_one_else_does(world: World) -> None:
    """T37: one slow SUB must not block others."""
    pub = world.make(PubSocket, send_hwm=5)
    address = world.bind(pub)
    slow, fast = world.make(SubSocket, receive_hwm=1), world.make(SubSocket)
    for sub in (slow, fast):
        sub.subscribe(b"")
        world.run(sub.connect(address))
    world.run(pub.wait_subscribed(b"", 2))
    for number in range(100):
        assert pub.try_send([b"%d" % number, bytes(50_000)])
        world.settle()
    assert len(world.drain(fast)) == 100
    dropped = pub.stats.dropped_sent
    assert dropped > 80
    got = [int(frames[0]) for frames in world.drain(slow)]
    assert got == list(range(100 - dropped))


def test_both_directions_push_back_by_themselves(world: World) -> None:
    """A dealer whose output is clogged still reads, and the other way round."""
    one, other = world.pair(DealerSocket, DealerSocket, bind={"receive_hwm": 3})
    clogged = Outcomes(other.send_batch([bytes(1000)] * 3000))
    world.settle()
    assert clogged.pending
    for number in range(500):
        world.run(one.send(b"%d" % number))
    assert len(world.drain(other)) == 500
    assert len(world.drain(one)) == 3000
    assert clogged == [None]


def test_a_large_message_passes_small_buffers(world: World) -> None:
    pull, push = world.pair(PullSocket, PushSocket)
    large = [b"head", bytes(5_000_000), b"tail"]
    push.try_send(large)
    assert world.drain(pull) == [large]


def test_what_arrived_before_the_end_is_read_after_the_pause(world: World) -> None:
    """A paused reader does not see that its peer has left: nothing that was sent is lost."""
    pull, push = world.pair(PullSocket, PushSocket, bind={"receive_hwm": 2})
    world.run(push.send_batch([b"%d" % number for number in range(100)]))
    closing = Outcomes(push.close())
    world.settle()
    assert closing == [None]
    assert len(pull.peers) == 1
    assert world.drain(pull) == [[b"%d" % number] for number in range(100)]
    assert not pull.peers


def test_unbind_of_a_paused_connection_ends(world: World) -> None:
    pull, push = world.pair(PullSocket, PushSocket, bind={"receive_hwm": 2})
    world.run(push.send_batch([b"%d" % number for number in range(100)]))
    world.settle()
    assert world.run(pull.close()) is None


def test_pause_and_resume_are_balanced(world: World) -> None:
    """The transport is told only of changes."""
    pull = world.make(PullSocket, receive_hwm=2)
    peer = world.attach_raw(pull, hello("PUSH"))
    [connection] = world.network.connections
    transport: Any = connection.server
    calls: list[str] = []

    def count(name: str, call: Callable[[], None]) -> Callable[[], None]:
        def counted() -> None:
            calls.append(name)
            call()

        return counted

    transport.pauseProducing = count("pause", transport.pauseProducing)
    transport.resumeProducing = count("resume", transport.resumeProducing)
    for _ in range(3):
        peer.send(message(b"x") * 2)
        world.settle()
        world.drain(pull)
    peer.send(message(b"x"))
    world.drain(pull)
    assert calls == ["pause", "resume"] * 3
