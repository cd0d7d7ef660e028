"""ZMQ_CONFLATE: of each queue only the newest message is kept."""

from __future__ import annotations

import pytest

from pyzmtp import (
    DealerSocket,
    PubSocket,
    PullSocket,
    PushSocket,
    SendingSocket,
    SubSocket,
)

from .world import World, hello, message, short

NOWHERE = "tcp://127.0.0.1:5555"


def test_an_outbox_keeps_the_newest_and_is_never_full(world: World) -> None:
    push = world.make(PushSocket, conflate=True, send_hwm=1)
    push.connect(NOWHERE)
    for number in range(20):
        assert push.try_send(b"%d" % number)
    assert push.stats.send_queue == 1
    pull = world.make(PullSocket)
    world.run(pull.bind(NOWHERE))
    world.advance(1)
    assert world.drain(pull) == [[b"19"]]


def test_a_batch_is_conflated_too(world: World) -> None:
    push = world.make(PushSocket, conflate=True)
    push.connect(NOWHERE)
    push.send_batch([b"a", b"b", b"c"])
    assert push.stats.send_queue == 1


@pytest.mark.parametrize("transport", ["tcp", "inproc"])
def test_an_inbox_keeps_the_newest(world: World, transport: str) -> None:
    pull, push = world.pair(
        PullSocket, PushSocket, transport, bind={"conflate": True, "receive_hwm": 1}
    )
    for number in range(20):
        push.try_send(b"%d" % number)
    world.settle()
    assert pull.stats.receive_queue == 1
    assert world.drain(pull) == [[b"19"]]


def test_of_subscriptions_none_is_lost(world: World) -> None:
    pub, sub = world.make(PubSocket), world.make(SubSocket, conflate=True)
    address = world.bind(pub)
    for topic in (b"a", b"b", b"c"):
        sub.subscribe(topic)
    world.run(sub.connect(address))
    sub.subscribe(b"d")
    sub.subscribe(b"e")
    world.settle()
    assert pub.topics == {b"a", b"b", b"c", b"d", b"e"}


@pytest.mark.parametrize("kind", [PushSocket, PubSocket, DealerSocket])
def test_of_multipart_messages_the_last_is_kept_whole(
    world: World, kind: type[SendingSocket]
) -> None:
    """libzmq would send the last frame alone: a message is atomic here."""
    sender = world.make(kind, conflate=True)
    theirs = {"PUSH": "PULL", "PUB": "SUB"}.get(sender.socket_type.value, "DEALER")
    peer = world.attach_raw(sender, hello(theirs) + short(4, b"\x09SUBSCRIBE"))
    peer.take()
    for number in range(3):
        assert sender.try_send([b"first", b"%d" % number])
    world.settle()
    # The first finds nothing pending and leaves at once.
    assert peer.received == message(b"first", b"0") + message(b"first", b"2")
