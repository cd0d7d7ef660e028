"""Each limit before READY, and an attacker that tries to pass it (ZMTP.md 10.3)."""

from __future__ import annotations

import tracemalloc
from typing import Any

import pytest

from pyzmtp import (
    ALLOW_ANY,
    CurveClient,
    CurveServer,
    Null,
    PlainClient,
    PlainServer,
    PullSocket,
    PushSocket,
    RepSocket,
    curve_keypair,
)
from pyzmtp.authentication import Verdict
from pyzmtp.engine.events import HandshakeFailed
from pyzmtp.errors import (
    CommandError,
    CommandTooLarge,
    HandshakeTimeout,
    MetadataError,
    ProtocolError,
    UnexpectedCommand,
)
from pyzmtp.mechanisms.base import Cipher, Properties
from pyzmtp.testing import Conditions

from .strangers import (
    LONGEST_HELLO,
    PLAIN,
    Attacked,
    announced,
    hello_of,
    long,
    ready_of,
)
from .world import GREETING, World, hello, ready, short

KEYS = curve_keypair()
SIXTEEN = 16 * 1024
INITIATE = ready_of({}, b"INITIATE")
TINY = short(4, b"\x01A")
PING = short(4, b"\x04PING\0\0")

#: Under NULL: what is set, what is said behind the greeting, and what becomes of it.
NULL_ATTACKS: dict[str, tuple[dict[str, Any], bytes, type[ProtocolError], str]] = {
    "a huge announced length": ({}, announced(4, 2**40), CommandTooLarge, "at most 16384"),
    "one byte more": ({}, announced(4, SIXTEEN + 1), CommandTooLarge, "at most 16384"),
    "one more than is set": (
        {"max_handshake_size": 100}, announced(4, 101), CommandTooLarge, "at most 100",
    ),
    "the same, in the short form": (
        {"max_handshake_size": 100}, b"\x04\x65", CommandTooLarge, "at most 100",
    ),
    "65 properties": (
        {}, ready_of({f"X-{n}": b"" for n in range(64)}), MetadataError,
        "65 properties, at most 64",
    ),
    "one more than are set": (
        {"max_properties": 2}, ready_of({"X-a": b"", "X-b": b""}), MetadataError,
        "3 properties, at most 2",
    ),
    "as many as the command holds": (
        {}, ready_of({f"X{n:04d}": b"" for n in range(1600)}), MetadataError, "at most 64",
    ),
    "a value of 8193 bytes": (
        {}, ready_of({"X-a": bytes(8193)}), MetadataError, "8193 bytes in 'X-a', at most 8192",
    ),
    "a value longer than is set": (
        {"max_property_size": 4}, ready_of({"X-a": bytes(5)}), MetadataError, "at most 4",
    ),
    "a value that is longer than the command": (
        {}, long(4, b"\x05READY\x03X-a" + (2**32 - 1).to_bytes(4, "big")), MetadataError, "X-a",
    ),
    "PINGs": ({}, PING * 10_000, UnexpectedCommand, "PING"),
    "ten thousand tiny commands": ({}, TINY * 10_000, UnexpectedCommand, "A"),
    "HELLO, as if it were PLAIN": ({}, hello_of(b"u"), UnexpectedCommand, "HELLO"),
    "a message": ({}, short(0, b"now"), UnexpectedCommand, "message"),
}  # fmt: skip

#: Under PLAIN, with a check that never answers: the same.
PLAIN_ATTACKS: dict[str, tuple[dict[str, Any], bytes, type[ProtocolError], str]] = {
    "HELLO of 519 bytes": ({}, long(4, LONGEST_HELLO + b"!"), CommandTooLarge, "518"),
    "a byte behind the password": (
        {}, short(4, b"\x05HELLO\x01u\x01p!"), CommandError, "HELLO",
    ),
    "INITIATE, with nothing before it": ({}, INITIATE, UnexpectedCommand, "INITIATE"),
    "INITIATE behind HELLO": ({}, hello_of(b"u") + INITIATE, UnexpectedCommand, "INITIATE"),
    "INITIATEs without end": ({}, hello_of(b"u") + INITIATE * 10_000, UnexpectedCommand, "INITIATE"),
    "HELLOs without end": ({}, hello_of(b"u") * 10_000, UnexpectedCommand, "HELLO"),
    "tiny commands": ({}, hello_of(b"u") + TINY * 10_000, UnexpectedCommand, "A"),
    "PINGs": ({}, hello_of(b"u") + PING * 10_000, UnexpectedCommand, "PING"),
    "a flood announced": (
        {}, hello_of(b"u") + announced(4, 2**30) + bytes(1_000_000), CommandTooLarge, "518",
    ),
    "a message": ({}, hello_of(b"u") + short(0, bytes(200)), UnexpectedCommand, "message"),
}  # fmt: skip


def _refused(
    world: World, attack: tuple[dict[str, Any], bytes, type[ProtocolError], str], plain: bool
) -> None:
    options, say, kind, text = attack
    attacked = Attacked(world, plain, **options)
    stranger = attacked.attacker((PLAIN if plain else GREETING) + say)
    world.advance(2)
    assert stranger.closed is not None
    error = attacked.refusal()
    assert type(error) is kind
    assert text in str(error)
    attacked.good_peer_is_served()


@pytest.mark.parametrize("attack", NULL_ATTACKS.values(), ids=NULL_ATTACKS)
@pytest.mark.parametrize("segment", [None, 700])
def test_under_null(
    world: World,
    attack: tuple[dict[str, Any], bytes, type[ProtocolError], str],
    segment: int | None,
) -> None:
    world.network.conditions = Conditions(segment_size=segment)
    _refused(world, attack, plain=False)


@pytest.mark.parametrize("attack", PLAIN_ATTACKS.values(), ids=PLAIN_ATTACKS)
@pytest.mark.parametrize("segment", [None, 700])
def test_under_plain_while_nobody_decides(
    world: World,
    attack: tuple[dict[str, Any], bytes, type[ProtocolError], str],
    segment: int | None,
) -> None:
    world.network.conditions = Conditions(segment_size=segment)
    _refused(world, attack, plain=True)


@pytest.mark.parametrize(
    ("options", "properties"),
    [
        ({}, {f"X-{number}": b"" for number in range(63)}),
        ({}, {"X-a": bytes(8192)}),
        ({"max_properties": 65}, {f"X-{number}": b"" for number in range(64)}),
        ({"max_property_size": 9000}, {"X-a": bytes(8193)}),
        ({"max_handshake_size": 100_000, "max_property_size": 90_000}, {"X-a": bytes(90_000)}),
        ({"max_properties": 2, "max_property_size": 4}, {"X-a": b"1234"}),
    ],
)
def test_what_is_just_allowed_comes_in(
    world: World, options: dict[str, Any], properties: dict[str, bytes]
) -> None:
    attacked = Attacked(world, **options)
    attacked.attacker(GREETING + ready_of(properties))
    assert len(attacked.pull.peers) == 2
    assert dict(attacked.pull.peers[1].metadata) == properties


def test_a_command_may_be_as_long_as_is_set(world: World) -> None:
    said = ready("PUSH")
    assert len(said) == 28
    for size, peers in ((26, 1), (25, 0)):
        pull = world.make(PullSocket, max_handshake_size=size)
        world.attach_raw(pull, GREETING + said)
        assert len(pull.peers) == peers


def test_the_limits_hold_where_we_connect_too(world: World) -> None:
    push = world.make(PushSocket, max_properties=2, reconnect_interval=None)
    _, server = world.accept_raw(push, GREETING)
    server.send(short(4, ready_of({"X-a": b"", "X-b": b""})[9:].replace(b"PUSH", b"PULL")))
    world.advance(2)
    [event] = world.of(push, HandshakeFailed)
    assert isinstance(event.error, MetadataError)


@pytest.mark.parametrize(
    ("server", "client"),
    [
        (PlainServer({"u": "p"}), PlainClient("u", "p")),
        (CurveServer(KEYS.secret, ALLOW_ANY), CurveClient(KEYS.public)),
    ],
    ids=["PLAIN", "CURVE"],
)
def test_who_has_proved_who_it_is_may_say_no_more_of_itself(
    world: World, server: object, client: object
) -> None:
    pull = world.make(PullSocket, security=server, max_properties=2)
    address = world.bind(pull)
    good = world.make(PushSocket, security=client, metadata={"X-a": b""})
    world.run(good.connect(address), 1)
    bad = world.make(PushSocket, security=client, metadata={"X-a": b"", "X-b": b""})
    bad.connect(address).addErrback(lambda failure: None)
    world.settle()
    assert isinstance(world.of(pull, HandshakeFailed)[0].error, MetadataError)
    assert len(pull.peers) == 1


def test_the_longest_hello_is_heard(world: World) -> None:
    attacked = Attacked(world, plain=True)
    attacked.attacker(PLAIN + long(4, LONGEST_HELLO))
    [request] = attacked.door.asked
    assert (request.username, request.password) == (b"u" * 255, b"p" * 255)


def test_under_null_ready_comes_once_though_nobody_has_decided(world: World) -> None:
    attacked = Attacked(world, plain=True)  # for its door
    asking = world.make(PullSocket, security=Null(check=attacked.door))
    address = world.bind(asking)
    early = world.attach_raw(asking, hello("PUSH"), address)
    assert early.closed is None
    twice = world.attach_raw(asking, hello("PUSH") + ready("PUSH") * 1000, address)
    world.advance(2)
    assert (early.closed is None, twice.closed is None) == (True, False)
    [event] = world.of(asking, HandshakeFailed)
    assert isinstance(event.error, UnexpectedCommand)


# How many commands


class Talkative:
    """A mechanism of somebody else, that never has enough."""

    def __init__(self) -> None:
        self.name = b"TALK"
        self.min_version = (3, 0)
        self.as_server = False
        self.expected = "anything"
        self.max_command: int | None = None
        self.question: tuple[bytes, ...] | None = None
        self.done = False
        self.peer_properties: dict[str, bytes] | None = None
        self.cipher: Cipher | None = None

    def start(self) -> bytes:
        return b""

    def receive(self, name: bytes, data: bytes) -> bytes:
        return b""

    def answer(self, verdict: Verdict) -> bytes:
        raise NotImplementedError

    def wipe(self) -> None:
        """There are no secrets."""


class Talk:
    """The policy of :class:`Talkative`."""

    mechanism = "TALK"
    domain = None
    check = None
    needs_check = False

    def new_mechanism(self, properties: Properties, domain: str) -> Talkative:
        return Talkative()


@pytest.mark.parametrize(("options", "most"), [({}, 10), ({"max_handshake_commands": 3}, 3)])
def test_a_handshake_has_only_so_many_commands(
    world: World, options: dict[str, Any], most: int
) -> None:
    pull = world.make(PullSocket, security=Talk(), **options)
    stranger = world.attach_raw(pull, GREETING[:12] + b"TALK" + GREETING[16:] + TINY * most)
    assert stranger.closed is None
    stranger.send(TINY)
    world.advance(2)
    assert stranger.closed is not None
    [event] = world.of(pull, HandshakeFailed)
    assert isinstance(event.error, UnexpectedCommand)
    assert f"at most {most} commands" in str(event.error)


# How long


@pytest.mark.parametrize(
    ("options", "said", "seconds", "what"),
    [
        ({}, b"", 5.0, "greeting"),
        ({}, GREETING[:63], 5.0, "greeting"),
        ({"greeting_timeout": 2}, GREETING[:11], 2.0, "greeting"),
        ({"greeting_timeout": None}, GREETING[:63], 30.0, "greeting"),
        ({"greeting_timeout": 60}, b"", 30.0, "greeting"),
        ({"handshake_timeout": None}, GREETING[:63], 5.0, "greeting"),
        ({"handshake_timeout": 2}, GREETING[:63], 2.0, "greeting"),
        ({}, GREETING, 30.0, "READY"),
        ({"greeting_timeout": 2, "handshake_timeout": 7}, hello("PUSH")[:-1], 7.0, "READY"),
    ],
)
def test_the_time_that_a_silent_peer_has(
    world: World, options: dict[str, Any], said: bytes, seconds: float, what: str
) -> None:
    attacked = Attacked(world, **options)
    stranger = attacked.attacker(said)
    world.advance(seconds - 0.1)
    assert stranger.closed is None
    world.advance(0.2)
    assert stranger.closed is not None
    error = attacked.refusal()
    assert isinstance(error, HandshakeTimeout)
    assert error.seconds == seconds
    assert str(error) == f"no complete handshake within {error.seconds} s: no {what} came"
    attacked.good_peer_is_served()


@pytest.mark.parametrize(("ahead", "seconds"), [(b"", 5), (GREETING, 30)])
def test_a_byte_a_second_buys_no_time(world: World, ahead: bytes, seconds: int) -> None:
    attacked = Attacked(world)
    stranger = attacked.attacker(ahead)
    said = hello("PUSH", **{"X-a": bytes(100)})[len(ahead) :]
    for second in range(seconds):
        assert stranger.closed is None
        stranger.send(said[second : second + 1])
        world.advance(1)
    world.advance(0.1)
    assert stranger.closed is not None
    attacked.good_peer_is_served()


@pytest.mark.parametrize("options", [{}, {"greeting_timeout": 1}])
def test_who_is_connected_to_has_the_time_of_the_whole_handshake(
    world: World, options: dict[str, Any]
) -> None:
    """A server that is stopped for a while shall not find a pile of dead connections."""
    push = world.make(PushSocket, **options)
    _, server = world.accept_raw(push, GREETING[:10])
    world.advance(29)
    assert server.closed is None
    server.send(hello("PULL")[10:])
    world.settle()
    assert len(push.peers) == 1


def test_an_old_peer_has_the_time_for_its_identity(world: World) -> None:
    """ZMTP 2.0: the greeting is whole with the socket type, the identity follows."""
    rep = world.make(RepSocket)
    old = world.attach_raw(rep, GREETING[:10] + b"\x01\x03")
    world.advance(29)
    assert old.closed is None
    old.send(b"\0\0")
    world.settle()
    assert len(rep.peers) == 1


def test_the_handshake_ends_in_time_though_nobody_decides(world: World) -> None:
    attacked = Attacked(world, plain=True, authentication_timeout=None)
    stranger = attacked.attacker(PLAIN + hello_of(b"u"))
    world.advance(29.9)
    assert stranger.closed is None
    world.advance(0.2)
    assert stranger.closed is not None
    assert isinstance(attacked.refusal(), HandshakeTimeout)
    assert attacked.door.given_up == 1


# How much is kept


@pytest.mark.parametrize("plain", [False, True])
@pytest.mark.parametrize("drips", [False, True])
def test_a_stranger_is_kept_no_more_of_than_one_command(
    world: World, plain: bool, drips: bool
) -> None:
    """All but the last byte of the longest command. For PLAIN, while somebody decides on it, that is
    another HELLO.
    """
    attacked = Attacked(world, plain)
    ahead = PLAIN + long(4, LONGEST_HELLO) if plain else GREETING
    strangers = attacked.crowd(20, ahead)
    longest = len(LONGEST_HELLO) if plain else SIXTEEN
    said = announced(4, longest) + bytes(longest - 1)
    step = 16 if drips else len(said)
    pieces = [said[start : start + step] for start in range(0, len(said), step)]
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for piece in pieces:
        for stranger in strangers:
            stranger.send(piece)
        world.settle()
    kept = (tracemalloc.get_traced_memory()[0] - before) / len(strangers)
    tracemalloc.stop()
    assert all(stranger.closed is None for stranger in strangers)
    assert longest <= kept < longest * 1.25 + 1000
    for stranger in strangers:
        stranger.send(bytes(2))
    world.advance(2)
    assert all(stranger.closed is not None for stranger in strangers)
    attacked.good_peer_is_served()


def test_nothing_is_kept_of_what_is_too_much(world: World) -> None:
    attacked = Attacked(world, plain=True)
    strangers = attacked.crowd(20, PLAIN + hello_of(b"u"))
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for stranger in strangers:
        stranger.send(announced(4, 2**30))
    world.settle()
    for _ in range(100):  # each of them goes on for as long as it is read
        for stranger in strangers:
            if stranger.closed is None:
                stranger.send(bytes(65536))
        world.settle()
    kept = (tracemalloc.get_traced_memory()[0] - before) / len(strangers)
    tracemalloc.stop()
    assert kept < 65536 / 4  # of the first chunk: what is left is the event that tells of it
    attacked.good_peer_is_served()
