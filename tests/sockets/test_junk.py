"""Attackers: the worst that any bytes get is disconnected, with one event that says why."""

from __future__ import annotations

import random
import tracemalloc

import pytest

from pyzmtp import PullSocket, PushSocket
from pyzmtp.engine.events import Disconnected, HandshakeFailed
from pyzmtp.errors import (
    CommandError,
    CommandTooLarge,
    FrameTooLarge,
    FramingError,
    HandshakeTimeout,
    MechanismMismatch,
    MetadataError,
    NotZMTP,
    ProtocolError,
    TooManyPeers,
    UnexpectedCommand,
    UnsupportedVersion,
)
from pyzmtp.testing import Conditions

from .world import GREETING, World, hello, message, ready, short

HTTP = b"GET / HTTP/1.1\r\nHost: example.org\r\nUser-Agent: curl/8.5.0\r\nAccept: */*\r\n\r\n"
TLS = bytes.fromhex("16030100c8010000c40303") + bytes(190)
NOISE = b"\x00" + random.Random(1).randbytes(1_000_000)

CASES: list[tuple[str, bytes, type[ProtocolError]]] = [
    ("http request", HTTP, NotZMTP),
    ("tls hello", TLS, NotZMTP),
    ("1 MB of noise", NOISE, NotZMTP),
    ("zmtp 1.0", b"\x01\x00", NotZMTP),
    ("zmtp 1.0, the long form", GREETING[:9] + b"\0", UnsupportedVersion),
    ("noise behind a signature", GREETING[:10] + b"\x03" + NOISE, MechanismMismatch),
    ("noise behind a greeting", GREETING + b"\xfc" + NOISE, FramingError),
    ("message before READY", GREETING + message(b"too early"), UnexpectedCommand),
    ("PING before READY", GREETING + short(4, b"\x04PING\0\0"), UnexpectedCommand),
    ("an endless command", GREETING + b"\x06" + (2**40).to_bytes(8, "big"), CommandTooLarge),
    ("an empty command", GREETING + short(4, b""), CommandError),
    ("READY cut short", GREETING + short(4, b"\x05READY\x0bSocket"), MetadataError),
    ("the same property twice", hello("PUSH", **{"X-a": b"", "x-A": b""}), MetadataError),
]  # fmt: skip


@pytest.mark.parametrize(("junk", "kind"), [case[1:] for case in CASES], ids=[c[0] for c in CASES])
@pytest.mark.parametrize("segment", [None, 1000])
def test_junk_is_dropped_with_one_event_and_a_good_peer_is_not_disturbed(
    world: World, junk: bytes, kind: type[ProtocolError], segment: int | None
) -> None:
    world.network.conditions = Conditions(segment_size=segment)
    pull = world.make(PullSocket)
    address = world.bind(pull)
    push = world.make(PushSocket)
    world.run(push.connect(address))
    attacker = world.attach_raw(pull, junk, address)
    push.try_send(b"before")
    world.advance(2)
    push.try_send(b"after")
    assert world.drain(pull) == [[b"before"], [b"after"]]
    assert attacker.closed is not None
    [event] = world.of(pull, HandshakeFailed)
    assert type(event.error) is kind
    assert event.address == address
    assert event.libzmq_code == event.error.libzmq_code
    [over] = world.of(pull, Disconnected)
    assert (over.peer, over.reason) == (None, event.error)
    assert len(pull.peers) == 1
    assert pull.stats.messages_received == 2


@pytest.mark.parametrize("size", [0, 1, 9, 10, 11, 12, 32, 63, 64, 70])
def test_half_a_handshake_and_silence_ends_with_the_time(world: World, size: int) -> None:
    pull = world.make(PullSocket)
    attacker = world.attach_raw(pull, hello("PUSH")[:size])
    allowed = 5 if size < 64 else 30  # the greeting has a limit of its own
    world.advance(allowed - 1)
    assert attacker.closed is None
    world.advance(2)
    assert attacker.closed is not None
    [event] = world.of(pull, HandshakeFailed)
    assert isinstance(event.error, HandshakeTimeout)


def test_an_attacker_that_does_not_read_is_dropped_all_the_same(world: World) -> None:
    world.network.conditions = Conditions(buffer=1)
    pull = world.make(PullSocket)
    address = world.bind(pull)
    attacker = world.attach_raw(pull, b"", address)
    attacker.pause()
    attacker.send(b"GET")
    world.settle()
    [connection] = world.network.connections
    world.advance(1.5)
    assert connection.server_end.closed
    assert isinstance(world.of(pull, HandshakeFailed)[0].error, NotZMTP)


def test_the_largest_ready_may_be_dripped_byte_by_byte(world: World) -> None:
    properties = {f"X-{number}": bytes(200) for number in range(63)}
    said = GREETING + b"\x06" + long_ready(properties)
    pull = world.make(PullSocket)
    peer = world.attach_raw(pull, b"")
    tracemalloc.start()
    for number in range(len(said)):
        peer.send(said[number : number + 1])
        if number % 100 == 0:
            world.settle()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    world.settle()
    assert len(pull.peers) == 1
    assert len(pull.peers[0].metadata) == 63
    assert peak < 2_000_000


def long_ready(properties: dict[str, bytes]) -> bytes:
    """Size and body of a long READY."""
    body = b"\x05READY\x0bSocket-Type\x00\x00\x00\x04PUSH"
    for name, value in properties.items():
        body += bytes((len(name),)) + name.encode() + len(value).to_bytes(4, "big") + value
    return len(body).to_bytes(8, "big") + body


def test_a_larger_ready_is_refused_at_its_header(world: World) -> None:
    pull = world.make(PullSocket)
    attacker = world.attach_raw(pull, GREETING + b"\x06" + (16 * 1024 + 1).to_bytes(8, "big"))
    assert attacker.closed is not None
    [event] = world.of(pull, HandshakeFailed)
    assert isinstance(event.error, FrameTooLarge)
    assert event.error.size == 16 * 1024 + 1


def test_memory_before_ready_is_bounded_whatever_is_sent(world: World) -> None:
    pull = world.make(PullSocket)
    address = world.bind(pull)
    world.settle()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    attackers = [world.network.raw_connect(int(address.rpartition(":")[2])) for _ in range(20)]
    for attacker in attackers:
        attacker.send(GREETING + b"\x06" + (16 * 1024).to_bytes(8, "big") + bytes(1000))
    world.settle()
    after = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert (after - before) / len(attackers) < 40_000
    assert pull.peers == ()


@pytest.mark.parametrize(
    ("junk", "kind"),
    [
        (b"\x80\x00", FramingError),
        (short(5, b"\x04PING\0\0"), FramingError),
        (b"\x06" + (2**20).to_bytes(8, "big"), FrameTooLarge),
        (b"\x02" + (2**63).to_bytes(8, "big"), FrameTooLarge),
        (b"\x02" + (1001).to_bytes(8, "big"), FrameTooLarge),
        (short(1, bytes(200)) * 6, FrameTooLarge),
        (short(1, b"") * 11, FramingError),
        (short(4, b"\x04PING"), CommandError),
        (short(4, b""), CommandError),
    ],
)
def test_junk_after_the_handshake_ends_the_connection_and_keeps_what_came_before(
    world: World, junk: bytes, kind: type[ProtocolError]
) -> None:
    pull = world.make(PullSocket, max_message_size=1000, max_message_parts=10)
    attacker = world.attach_raw(pull, hello("PUSH") + message(b"good") + junk + message(b"more"))
    world.advance(2)
    assert attacker.closed is not None
    [event] = world.of(pull, Disconnected)
    assert type(event.reason) is kind
    assert world.drain(pull) == [[b"good"]]
    assert world.of(pull, HandshakeFailed) == []


@pytest.mark.parametrize("seed", range(30))
def test_random_bytes_at_any_stage_never_raise(world: World, seed: int) -> None:
    random_bytes = random.Random(seed)
    pull, said = world.make(PullSocket), hello("PUSH") + message(b"x")
    address = world.bind(pull)
    for _ in range(10):
        start = said[: random_bytes.randrange(len(said))]
        noise = random_bytes.randbytes(random_bytes.randrange(200))
        attacker = world.attach_raw(pull, start + noise, address)
        attacker.close()
        world.advance(2)
    assert len(world.of(pull, Disconnected)) == 10
    handshakes = [name for name in world.names(pull) if name.startswith("Handshake")]
    assert len(handshakes) == 10
    assert len(world.names(pull)) == 1 + 10 + 10 + 10


def test_half_open_connections_are_limited_and_those_that_hold_up_give_way(world: World) -> None:
    pull = world.make(PullSocket, max_half_open=5)
    address = world.bind(pull)
    attackers = [world.attach_raw(pull, GREETING, address) for _ in range(5)]
    world.advance(1)
    attackers += [world.attach_raw(pull, GREETING, address) for _ in range(3)]
    assert [attacker.closed is None for attacker in attackers] == [False] * 3 + [True] * 5
    dropped = world.of(pull, HandshakeFailed)
    assert len(dropped) == 3
    assert all(isinstance(event.error, TooManyPeers) for event in dropped)
    attackers[-1].send(ready("PUSH"))
    world.settle()
    assert len(pull.peers) == 1


def test_of_a_crowd_that_comes_at_once_the_last_have_to_come_again(world: World) -> None:
    """To turn away those who are nearly done would make all of them begin anew."""
    pull = world.make(PullSocket, max_half_open=5)
    address = world.bind(pull)
    crowd = [world.attach_raw(pull, GREETING, address) for _ in range(8)]
    assert [peer.closed is None for peer in crowd] == [True] * 5 + [False] * 3
    for peer in crowd[:5]:
        peer.send(ready("PUSH"))
    world.settle()
    assert len(pull.peers) == 5


def test_half_open_connections_from_one_address_are_limited(world: World) -> None:
    pull = world.make(PullSocket, max_half_open_per_address=3)
    address = world.run(pull.bind("tcp://*:*"))
    port = int(address.rpartition(":")[2])
    other = world.network.raw_connect(port, "10.0.0.9")
    world.settle()
    attackers = [world.attach_raw(pull, GREETING, address) for _ in range(3)]
    world.advance(1)
    attackers += [world.attach_raw(pull, GREETING, address) for _ in range(2)]
    assert [attacker.closed is None for attacker in attackers] == [False] * 2 + [True] * 3
    assert other.closed is None


def test_ready_peers_do_not_count_as_half_open(world: World) -> None:
    pull = world.make(PullSocket, max_half_open=2, max_half_open_per_address=2)
    address = world.bind(pull)
    for _ in range(10):
        world.attach_raw(pull, hello("PUSH"), address)
    assert len(pull.peers) == 10
    assert world.of(pull, HandshakeFailed) == []


def test_ipc_connections_share_only_the_whole_limit(world: World) -> None:
    pull = world.make(PullSocket, max_half_open_per_address=2, max_half_open=4)
    world.run(pull.bind("ipc:///run/busy"))
    attackers = [world.network.raw_connect("/run/busy") for _ in range(5)]
    world.settle()
    assert sum(attacker.closed is None for attacker in attackers) == 4
