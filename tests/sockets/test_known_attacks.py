"""One test for each kind of attack that other implementations fell to (TRAPS.md 3, item 10)."""

from __future__ import annotations

import gc
import tracemalloc

import pytest

from pyzmtp import (
    AuthenticationRequest,
    CommandError,
    Disconnected,
    DishSocket,
    FrameTooLarge,
    HandshakeFailed,
    MetadataError,
    Null,
    PlainServer,
    PubSocket,
    PullSocket,
    PushSocket,
    UnsupportedVersion,
)
from pyzmtp.errors import FramingError

from .world import GREETING, World, hello, message, short

PLAIN = GREETING[:12] + b"PLAIN".ljust(20, b"\0") + GREETING[32:]
HELLO = short(4, b"\x05HELLO\x01u\x01p")


def long(flags: int, size: int) -> bytes:
    """The head of a long frame."""
    return bytes((flags | 2,)) + size.to_bytes(8, "big")


def test_an_old_version_does_not_get_round_the_mechanism(world: World) -> None:
    """CVE-2014-7202, CVE-2014-9721."""
    asked: list[AuthenticationRequest] = []
    for security in (PlainServer(asked.append), Null("here", check=asked.append)):
        pull = world.make(PullSocket, security=security, min_version=(1, 0))
        address = world.bind(pull)
        for said in (GREETING[:10] + b"\x01\x08\0\0", GREETING[:10] + b"\0\x08\0\0"):
            peer = world.attach_raw(pull, said + message(b"hi"), address)
            assert peer.closed is not None
        errors = [type(event.error) for event in world.of(pull, HandshakeFailed)]
        assert errors == [UnsupportedVersion, UnsupportedVersion]
        assert pull.try_receive() is None
    assert asked == []


@pytest.mark.parametrize("size", [2**31, 2**32 + 5, 2**63 - 1, 2**63, 2**64 - 9, 2**64 - 1])
@pytest.mark.parametrize("before", [GREETING, hello("PUSH")], ids=["early", "ready"])
def test_no_size_overflows(world: World, size: int, before: bytes) -> None:
    """CVE-2019-6250."""
    tracemalloc.start()
    try:
        pull = world.make(PullSocket, max_message_size=1000)
        peer = world.attach_raw(
            pull, before + long(0 if before != GREETING else 4, size) + bytes(100)
        )
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peer.closed is not None
    assert peak < 1_000_000
    assert pull.try_receive() is None


@pytest.mark.parametrize("size", [16 * 1024 + 1, 2**20, 2**40])
@pytest.mark.parametrize("stage", [GREETING, PLAIN], ids=["READY", "HELLO"])
def test_metadata_of_a_handshake_is_bounded(world: World, size: int, stage: bytes) -> None:
    """CVE-2019-13132."""
    security = None if stage == GREETING else PlainServer(lambda request: True)
    pull = world.make(PullSocket, security=security)
    peer = world.attach_raw(pull, stage + long(4, size) + bytes(500))
    assert peer.closed is not None
    [event] = world.of(pull, HandshakeFailed)
    assert isinstance(event.error, FrameTooLarge)
    assert event.error.size == size


def test_lengths_within_metadata_do_not_reach_beyond_it(world: World) -> None:
    """CVE-2019-13132."""
    pull = world.make(PullSocket, security=PlainServer(lambda request: True))
    address = world.bind(pull)
    for lie in (b"\xff", b"\x01a\xff\xff\xff\xff", b"\x01a\0\0\0\x05four", b"\x01a\0\0"):
        peer = world.attach_raw(pull, PLAIN + HELLO, address)
        peer.send(short(4, b"\x08INITIATE" + lie))
        world.settle()
        assert peer.closed is not None
        assert isinstance(world.of(pull, HandshakeFailed)[-1].error, MetadataError)
    for lie in (b"\xff", b"\x01", b"\x01u\xffp"):
        peer = world.attach_raw(pull, PLAIN + short(4, b"\x05HELLO" + lie), address)
        assert peer.closed is not None
        assert type(world.of(pull, HandshakeFailed)[-1].error) is CommandError


@pytest.mark.parametrize("said", [b"", GREETING[:10], GREETING])
def test_a_connection_without_handshake_is_no_peer(world: World, said: bytes) -> None:
    """CVE-2020-15166."""
    push = world.make(PushSocket)
    address = world.bind(push)
    for _ in range(10):
        world.attach_raw(push, said, address)
    assert (push.peers, push.try_send(b"lost")) == ((), False)
    pull = world.make(PullSocket)
    world.run(pull.connect(address))
    for _ in range(20):
        assert push.try_send(b"kept")
    assert len(world.drain(pull)) == 20


@pytest.mark.parametrize("form", ["command", "message"])
def test_long_topics_are_no_recursion_and_bounded(world: World, form: str) -> None:
    """CVE-2021-20236."""
    pub = world.make(PubSocket)
    address = world.bind(pub)
    peer = world.attach_raw(pub, hello("SUB"), address)
    topic = b"x" * 4000
    for end in range(1, len(topic), 50):
        body = b"\x09SUBSCRIBE" + topic[:end] if form == "command" else b"\x01" + topic[:end]
        flags = 4 if form == "command" else 0
        peer.send(long(flags, len(body)) + body if len(body) > 255 else short(flags, body))
    world.settle()
    assert peer.closed is None
    peer.take()
    assert pub.try_send(topic)
    world.settle()
    assert peer.take() == long(0, len(topic)) + topic
    peer.close()
    world.settle()
    assert pub.peers == ()


def test_what_a_publisher_is_sent_is_not_kept(world: World) -> None:
    """CVE-2021-20237."""
    pub = world.make(PubSocket)
    peer = world.attach_raw(pub, hello("XSUB"))
    junk = message(b"\x02" + bytes(200), bytes(200))
    peer.send(junk * 10)
    world.settle()
    gc.collect()
    tracemalloc.start()
    try:
        for _ in range(50):
            peer.send(junk * 100)
            world.settle()
        gc.collect()
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < 200_000  # of two million bytes


def test_half_a_message_is_forgotten_with_its_connection(world: World) -> None:
    """CVE-2021-20234."""
    pull = world.make(PullSocket)
    address = world.bind(pull)
    world.attach_raw(pull, hello("PUSH"), address).close()
    world.settle()
    gc.collect()
    tracemalloc.start()
    try:
        for _ in range(20):
            body = bytes(100_000)
            peer = world.attach_raw(pull, hello("PUSH") + (long(1, len(body)) + body) * 3, address)
            peer.send(long(1, len(body)) + body[:50_000])
            world.settle()
            peer.close()
            world.settle()
        del body, peer
        world.events[pull].clear()
        world.network.connections.clear()
        gc.collect()
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert pull.try_receive() is None
    assert pull.stats.receive_queue == 0
    assert kept < 350_000  # less than one of twenty


@pytest.mark.parametrize(
    "frame",
    [
        b"\0\0",
        b"\0\0\0\0",
        b"\xff" + bytes(8) + b"\0",
        b"\xff" + b"\xff" * 8 + b"\0",
    ],
    ids=bytes.hex,
)
def test_a_malformed_frame_of_1_0(world: World, frame: bytes) -> None:
    """CVE-2021-20235."""
    pull = world.make(PullSocket, min_version=(1, 0), max_message_size=1000)
    peer = world.attach_raw(pull, b"\x01\0")
    peer.send(b"\x03\0hi" + frame)
    world.settle()
    assert peer.closed is not None
    [over] = world.of(pull, Disconnected)
    assert isinstance(over.reason, FramingError)
    assert world.drain(pull) == [[b"hi"]]


@pytest.mark.parametrize("size", [0, 1, 127, 128, 254, 255])
def test_the_group_of_a_datagram_ends_with_it(world: World, size: int) -> None:
    """The 2026 overrun of libzmq's UDP engine."""
    dish, peer = world.make(DishSocket), world.network.raw_datagrams()
    world.run(dish.bind("udp://127.0.0.1:5555"))
    group = b"g" * min(size, 255)
    dish.join(group)
    for length in range(size):  # each is cut short
        peer.send(bytes((size,)) + group[:length], 5555)
    assert world.drain(dish) == []
    peer.send(bytes((size,)) + group + b"body", 5555)
    assert world.drain(dish) == [[group, b"body"]]
