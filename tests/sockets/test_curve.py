"""CURVE between sockets: messages, subscriptions, heartbeats, and who is not let in (ZMTP.md 4.3)."""

from __future__ import annotations

from typing import Any

import pytest

from pyzmtp import (
    ALLOW_ANY,
    AuthenticationFailed,
    CommandError,
    CommandTooLarge,
    CryptographicError,
    CurveClient,
    CurveServer,
    DealerSocket,
    Disconnected,
    HandshakeFailed,
    HandshakeSucceeded,
    HeartbeatTimeout,
    IncompatibleSocketType,
    KeyPair,
    PeerRefused,
    ProtocolError,
    PubSocket,
    PullSocket,
    PushSocket,
    RepSocket,
    ReqSocket,
    RoleMismatch,
    RouterSocket,
    SequenceError,
    SubSocket,
    UnexpectedCommand,
    curve_keypair,
)
from pyzmtp.testing import RawPeer

from ..mechanisms.curve_peers import (
    Long,
    ReferenceClient,
    body_of,
)
from .world import Outcomes, World, short

_GREETING = b"\xff" + bytes(7) + b"\x01\x7f\x03\x01CURVE" + bytes(47)


@pytest.fixture
def keys() -> KeyPair:
    return curve_keypair()


@pytest.fixture
def client_keys() -> KeyPair:
    return curve_keypair()


@pytest.fixture
def sides(keys: KeyPair, client_keys: KeyPair) -> tuple[dict[str, Any], dict[str, Any]]:
    """The options of a server and of a client that it lets in."""
    server = CurveServer(keys.secret, {client_keys.public: "me"})
    return {"security": server}, {"security": CurveClient(keys.public, client_keys)}


@pytest.mark.parametrize("server_binds", [True, False])
@pytest.mark.parametrize("transport", ["tcp", "ipc"])
def test_messages_both_ways(
    world: World,
    sides: tuple[dict[str, Any], dict[str, Any]],
    server_binds: bool,
    transport: str,
) -> None:
    server, client = sides
    bind, connect = (server, client) if server_binds else (client, server)
    first, second = world.pair(DealerSocket, DealerSocket, transport, bind, connect)
    message = [b"hello", b"", bytes(70_000)]
    assert first.try_send(message)
    assert second.try_send(message)
    assert world.drain(first) == [message]
    assert world.drain(second) == [message]
    serving, asking = (first, second) if server_binds else (second, first)
    [peer] = serving.peers
    assert (peer.mechanism, peer.user_id) == ("CURVE", "me")
    [peer] = asking.peers
    assert (peer.mechanism, peer.user_id) == ("CURVE", None)


def test_what_travels_is_not_the_message(
    world: World, sides: tuple[dict[str, Any], dict[str, Any]]
) -> None:
    server, client = sides
    push = world.make(PushSocket, **client)
    listener = world.network.raw_listen()
    push.connect(f"tcp://127.0.0.1:{listener.port}")
    world.settle()
    [raw] = listener.peers
    pull = world.make(PullSocket, **server)
    other = world.attach_raw(pull, b"")
    for _ in range(6):  # in the middle, and listening
        other.send(raw.take())
        world.settle()
        raw.send(other.take())
        world.settle()
    assert len(push.peers) == 1
    assert push.try_send([b"secret", b"x"])
    world.settle()
    seen = raw.take()
    assert b"secret" not in seen
    assert seen[:10] == b"\x00\x27\x07MESSAGE"
    other.send(seen)
    assert world.drain(pull) == [[b"secret", b"x"]]
    other.send(seen)  # and once more
    world.settle()
    [lost] = world.of(pull, Disconnected)
    assert isinstance(lost.reason, SequenceError)


def test_ten_thousand_messages(world: World, sides: tuple[dict[str, Any], dict[str, Any]]) -> None:
    server, client = sides
    pull, push = world.pair(PullSocket, PushSocket, "tcp", server, client)
    received: list[list[bytes]] = []
    pull.consume(received.extend)
    messages = [[b"%d" % number, bytes(number % 300)] for number in range(10_000)]
    sent = Outcomes(push.send_batch(messages))
    world.until(lambda: len(received) == 10_000, 60)
    assert received == messages
    assert not sent.errors


def test_requests_and_replies(world: World, sides: tuple[dict[str, Any], dict[str, Any]]) -> None:
    server, client = sides
    rep, req = world.pair(RepSocket, ReqSocket, "tcp", server, client)
    rep.serve(lambda request: [b"echo", *request])
    for number in range(200):
        reply = world.run(req.request([b"%d" % number]), 5)
        assert reply == [b"echo", b"%d" % number]


def test_subscriptions_travel_inside(
    world: World, sides: tuple[dict[str, Any], dict[str, Any]]
) -> None:
    server, client = sides
    pub, sub = world.pair(PubSocket, SubSocket, "tcp", server, client)
    sub.subscribe(b"a")
    world.settle()
    for topic in (b"a1", b"b1", b"a2"):
        assert pub.try_send([topic, b"x"])
    assert world.drain(sub) == [[b"a1", b"x"], [b"a2", b"x"]]
    sub.unsubscribe(b"a")
    world.settle()
    pub.try_send([b"a3"])
    assert world.drain(sub) == []


def test_heartbeats_travel_inside(
    world: World, sides: tuple[dict[str, Any], dict[str, Any]]
) -> None:
    server, client = sides
    beating = {"heartbeat_interval": 1.0, "heartbeat_timeout": 2.0}
    pull, push = world.pair(PullSocket, PushSocket, "tcp", server | beating, client | beating)
    world.advance(30)
    assert not world.of(pull, Disconnected)
    assert not world.of(push, Disconnected)
    assert push.try_send([b"still"])
    assert world.drain(pull) == [[b"still"]]


# Who is not let in


def test_a_key_that_is_not_allowed_is_refused_on_both_sides(world: World, keys: KeyPair) -> None:
    pull = world.make(PullSocket, security=CurveServer(keys.secret, [curve_keypair().public]))
    push = world.make(PushSocket, security=CurveClient(keys.public))
    outcome = Outcomes(push.connect(world.bind(pull)))
    world.advance(1)
    error = outcome.error
    assert isinstance(error, AuthenticationFailed)
    assert (error.status, error.mechanism, error.reason) == (400, "CURVE", "")
    for socket, reason in ((pull, "no such key"), (push, "")):
        [failed] = world.of(socket, HandshakeFailed)
        assert isinstance(failed.error, AuthenticationFailed)
        assert (failed.error.status, failed.error.reason) == (400, reason)
        assert not world.of(socket, HandshakeSucceeded)
    assert not pull.peers


def test_the_key_of_another_server_is_noticed(world: World, keys: KeyPair) -> None:
    pull = world.make(PullSocket, security=CurveServer(keys.secret, ALLOW_ANY))
    push = world.make(PushSocket, security=CurveClient(curve_keypair().public))
    outcome = Outcomes(push.connect(world.bind(pull)))
    world.advance(1)
    failed = world.of(pull, HandshakeFailed)
    assert failed
    assert all(isinstance(event.error, CryptographicError) for event in failed)
    assert not push.peers
    assert outcome.pending  # libzmq's server closes silently too, and its client tries on


@pytest.mark.parametrize("role", ["client", "server"])
def test_two_of_a_kind_are_told_so(world: World, keys: KeyPair, role: str) -> None:
    def policy() -> Any:
        if role == "client":
            return CurveClient(keys.public)
        return CurveServer(keys.secret, ALLOW_ANY)

    first = world.make(DealerSocket, security=policy())
    second = world.make(DealerSocket, security=policy())
    outcome = Outcomes(second.connect(world.bind(first)))
    world.advance(1)
    faults = [event.error for event in world.of(first, HandshakeFailed)]
    faults += [event.error for event in world.of(second, HandshakeFailed)]
    assert any(isinstance(fault, RoleMismatch) for fault in faults)
    assert not outcome


def test_types_that_do_not_match_are_refused(
    world: World, sides: tuple[dict[str, Any], dict[str, Any]]
) -> None:
    server, client = sides
    pull = world.make(PullSocket, **server)
    sub = world.make(SubSocket, **client)
    outcome = Outcomes(sub.connect(world.bind(pull)))
    world.advance(1)
    assert isinstance(outcome.error, PeerRefused)
    assert outcome.error.reason == "IncompatibleSocketType"
    reasons = [type(event.error) for event in world.of(pull, HandshakeFailed)]
    assert reasons == [IncompatibleSocketType]


# A client that speaks bytes


class RawClient:
    """A client of the reference at a bound socket, up to WELCOME."""

    def __init__(self, world: World, socket: Any, keys: Long) -> None:
        self.world = world
        self.reference = ReferenceClient(keys)
        self.peer: RawPeer = world.attach_raw(socket, _GREETING)
        self.peer.take()
        self.say(4, self.reference.hello())
        self.reference.read_welcome(body_of(self.peer.take()))

    def initiate(self) -> bytes:
        body = self.reference.initiate()
        return b"\x06" + len(body).to_bytes(8, "big") + body

    def say(self, flags: int, body: bytes) -> None:
        self.peer.send(short(flags, body))
        self.world.settle()


@pytest.fixture
def long_keys() -> Long:
    return Long()


@pytest.fixture
def pull(world: World, long_keys: Long) -> PullSocket:
    return world.make(PullSocket, security=CurveServer(long_keys.s, ALLOW_ANY))


def test_a_message_glued_to_initiate_arrives(
    world: World, pull: PullSocket, long_keys: Long
) -> None:
    client = RawClient(world, pull, long_keys)
    glued = short(0, client.reference.message(3, b"\x00hello"))
    client.peer.send(client.initiate() + glued)
    assert world.drain(pull) == [[b"hello"]]


@pytest.fixture
def client(world: World, pull: PullSocket, long_keys: Long) -> RawClient:
    """One whose handshake is done."""
    client = RawClient(world, pull, long_keys)
    client.peer.send(client.initiate())
    world.settle()
    assert client.reference.read_ready(body_of(client.peer.take()))
    return client


def test_the_frames_of_libzmq(world: World, pull: PullSocket, client: RawClient) -> None:
    body = client.reference.message(3, b"\x00hello")
    assert len(body) == 0x26
    client.say(0, body)
    client.say(0, client.reference.message(10, b"\x01a"))
    client.say(0, client.reference.message(11, b"\x02\x04PING\x00\x00ctx"))
    client.say(0, client.reference.message(12, b"\xfcb"))
    assert world.drain(pull) == [[b"hello"], [b"a", b"b"]]
    pong = client.peer.take()
    assert pong[0] == 0
    assert client.reference.read_message(pong[2:]) == (2, b"\x02\x04PONGctx")


@pytest.mark.parametrize(
    ("flags", "number", "plain", "error", "code"),
    [
        (0, 2, b"\x00x", SequenceError, 0x10000002),
        (4, 3, b"\x00x", UnexpectedCommand, 0x10000001),
    ],
)
def test_a_bad_message_ends_the_connection_and_no_other(
    world: World,
    pull: PullSocket,
    client: RawClient,
    long_keys: Long,
    flags: int,
    number: int,
    plain: bytes,
    error: type[ProtocolError],
    code: int,
) -> None:
    push = world.make(PushSocket, security=CurveClient(long_keys.S))
    world.run(push.connect(world.bind(pull)), 1)
    client.say(flags, client.reference.message(number, plain))
    [lost] = world.of(pull, Disconnected)
    assert isinstance(lost.reason, error)
    assert lost.reason.libzmq_code == code
    assert push.try_send([b"undisturbed"])
    assert world.drain(pull) == [[b"undisturbed"]]


@pytest.mark.parametrize("body", [b"\x05ERROR\x03400", b"\x04PING\x00\x00", b"hello"])
def test_nothing_is_taken_in_clear(
    world: World, pull: PullSocket, client: RawClient, body: bytes
) -> None:
    client.say(0, body)
    [lost] = world.of(pull, Disconnected)
    assert isinstance(lost.reason, CommandError)
    assert world.drain(pull) == []


def test_a_long_hello_is_refused_at_its_head(world: World, pull: PullSocket) -> None:
    peer = world.attach_raw(pull, _GREETING)
    peer.send(b"\x06" + (263).to_bytes(8, "big"))
    world.settle()
    [failed] = world.of(pull, HandshakeFailed)
    assert isinstance(failed.error, CommandTooLarge)
    assert failed.error.limit == 262
    assert failed.libzmq_code == 0x10000013


def test_keys_are_zeroed_when_the_connection_ends(
    world: World, sides: tuple[dict[str, Any], dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    from pyzmtp.mechanisms import curve_boxes

    kept: list[bytearray] = []
    original = curve_boxes.Secret.__init__

    def remember(self: curve_boxes.Secret, data: bytes | bytearray) -> None:
        original(self, data)
        if data is not self._data:  # not the policy's
            kept.append(self._data)

    monkeypatch.setattr(curve_boxes.Secret, "__init__", remember)
    server, client = sides
    pull, push = world.pair(PullSocket, PushSocket, "tcp", server, client)
    assert len(kept) == 9  # HELLO, c', s', cookie key, and for each side vouch and transport
    assert sum(map(any, kept)) == 2
    for socket in (pull, push):
        world.run(socket.close(linger=0), 2)
    assert not any(map(any, kept))


def test_a_peer_that_vanishes_is_noticed(world: World, long_keys: Long) -> None:
    pull = world.make(
        PullSocket,
        security=CurveServer(long_keys.s, ALLOW_ANY),
        heartbeat_interval=1.0,
        heartbeat_timeout=1.0,
    )
    client = RawClient(world, pull, long_keys)
    client.peer.send(client.initiate())
    world.advance(5)
    [lost] = world.of(pull, Disconnected)
    assert isinstance(lost.reason, HeartbeatTimeout)


def test_a_router_answers_each_of_many_clients(world: World, keys: KeyPair) -> None:
    router = world.make(RouterSocket, security=CurveServer(keys.secret, ALLOW_ANY))
    address = world.bind(router)
    dealers = [
        world.make(DealerSocket, security=CurveClient(keys.public), routing_id=b"%d" % number)
        for number in range(5)
    ]
    for dealer in dealers:
        world.run(dealer.connect(address), 1)
        assert dealer.try_send([b"who"])
    for routing_id, _ in world.drain(router):
        assert router.try_send([routing_id, routing_id])
    for number, dealer in enumerate(dealers):
        assert world.drain(dealer) == [[b"%d" % number]]
