"""Sockets with policies: who meets whom, what is told on both sides, and what is refused at once."""

from __future__ import annotations

import pickle
from traceback import format_exception
from typing import Any

import pytest
from twisted.internet.defer import Deferred
from twisted.logger import LogEvent, formatEvent, globalLogPublisher

from pyzmtp import (
    AuthenticationFailed,
    AuthenticationRequest,
    ConnectRetried,
    DealerSocket,
    Disconnected,
    Grant,
    HandshakeFailed,
    HandshakeTimeout,
    MechanismMismatch,
    Null,
    PairSocket,
    PlainClient,
    PlainServer,
    PubSocket,
    PullSocket,
    PushSocket,
    Refusal,
    RepSocket,
    ReqSocket,
    RoleMismatch,
    RouterSocket,
    StreamSocket,
    SubSocket,
    UnsupportedVersion,
    UsageError,
    XPubSocket,
    XSubSocket,
    connectZMQ,
    listenZMQ,
)

from .world import GREETING, Outcomes, World, ready, short

SECRET = "correct-horse"
PLAIN = GREETING[:12] + b"PLAIN".ljust(20, b"\0") + GREETING[32:]
HELLO = short(4, b"\x05HELLO\x03ann" + bytes((len(SECRET),)) + SECRET.encode())

PAIRS: list[tuple[Any, Any]] = [
    (PairSocket, PairSocket), (PubSocket, SubSocket), (PubSocket, XSubSocket), (XPubSocket, SubSocket),
    (XPubSocket, XSubSocket), (ReqSocket, RepSocket), (ReqSocket, RouterSocket),
    (DealerSocket, RepSocket), (DealerSocket, RouterSocket), (DealerSocket, DealerSocket),
    (RouterSocket, RouterSocket), (PushSocket, PullSocket),
]  # fmt: skip


def server(check: Any = None) -> PlainServer:
    return PlainServer({"ann": SECRET} if check is None else check)


def client(password: str = SECRET) -> PlainClient:
    return PlainClient("ann", password)


# Who meets whom


@pytest.mark.parametrize(("one", "other"), PAIRS, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("binds", [0, 1])
@pytest.mark.parametrize("serves", ["bind", "connect"])
def test_all_pairs_meet_in_all_roles(
    world: World, one: Any, other: Any, binds: int, serves: str
) -> None:
    policies: dict[str, Any] = {"bind": client(), "connect": client(), serves: server()}
    kinds = (one, other) if binds == 0 else (other, one)
    bound, connected = world.pair(
        kinds[0],
        kinds[1],
        bind={"security": policies["bind"]},
        connect={"security": policies["connect"]},
    )
    asked, asking = (bound, connected) if serves == "bind" else (connected, bound)
    assert [(peer.mechanism, peer.user_id) for peer in asked.peers] == [("PLAIN", "ann")]
    assert [(peer.mechanism, peer.user_id) for peer in asking.peers] == [("PLAIN", None)]


def test_messages_flow(world: World) -> None:
    rep, req = world.pair(
        RepSocket, ReqSocket, bind={"security": server()}, connect={"security": client()}
    )
    rep.serve(lambda request: [b"echo", *request])
    assert world.run(req.request(b"hello")) == [b"echo", b"hello"]


def test_each_bind_has_its_own_policy(world: World) -> None:
    pull = world.make(PullSocket, security=server())
    first = world.bind(pull)
    second = world.run(pull.bind("tcp://127.0.0.1:*", security=PlainServer({"bob": "other"})))
    third = world.run(pull.bind("tcp://127.0.0.1:*", security=Null()))
    push = world.make(PushSocket)
    world.run(push.connect(first, security=client()))
    world.run(push.connect(second, security=PlainClient("bob", "other")))
    world.run(push.connect(third))
    assert sorted((peer.mechanism, peer.user_id or "") for peer in pull.peers) == [
        ("NULL", ""), ("PLAIN", "ann"), ("PLAIN", "bob"),
    ]  # fmt: skip
    wrong = Outcomes(world.make(PushSocket).connect(second, security=client()))
    world.settle()
    assert isinstance(wrong.error, AuthenticationFailed)


def test_inproc_knows_no_mechanism(world: World) -> None:
    bound, connected = world.pair(
        PullSocket,
        PushSocket,
        "inproc",
        bind={"security": server()},
        connect={"security": client()},
    )
    assert [peer.mechanism for peer in (*bound.peers, *connected.peers)] == ["NULL", "NULL"]


# Refusals, on both sides


@pytest.mark.parametrize("status", [400, 500])
def test_a_refusal_is_final_and_told_on_both_sides(world: World, status: int) -> None:
    pull = world.make(PullSocket, security=server(lambda request: Refusal(status, "not you")))
    push = world.make(PushSocket, security=client())
    address = world.bind(pull)
    outcome = Outcomes(push.connect(address))
    world.advance(5)
    for error, reason in [
        (outcome.error, ""),
        (world.of(pull, HandshakeFailed)[0].error, "not you"),
    ]:
        assert isinstance(error, AuthenticationFailed)
        assert (error.status, error.reason) == (status, reason)
        assert (error.mechanism, error.address) == ("PLAIN", address)
    assert world.names(pull) == ["Listening", "Accepted", "HandshakeFailed", "Disconnected"]
    assert world.names(push) == [
        "ConnectDelayed", "Connected", "HandshakeFailed", "Disconnected", "Closed",
    ]  # fmt: skip
    for socket in (pull, push):
        [event] = world.of(socket, HandshakeFailed)
        assert (event.libzmq_event, event.libzmq_code) == (0x4000, status)
        [over] = world.of(socket, Disconnected)
        assert (over.reason, over.connection) == (event.error, event.connection)


def test_a_refusal_may_be_tried_again(world: World) -> None:
    answers: list[Any] = [Refusal(), Refusal(500), True]
    pull = world.make(PullSocket, security=server(lambda request: answers.pop(0)))
    push = world.make(PushSocket, security=client(), reconnect_after_refusal=True)
    outcome = Outcomes(push.connect(world.bind(pull)))
    world.advance(2)
    assert [peer.user_id for peer in pull.peers] == ["ann"]
    assert not outcome.pending
    assert outcome.errors == []


def test_a_refusal_for_now_is_tried_again_ever_more_slowly(world: World) -> None:
    answers: list[Any] = [Refusal(300)] * 4 + [Grant("ann")]
    pull = world.make(PullSocket, security=server(lambda request: answers.pop(0)))
    push = world.make(
        PushSocket, security=client(), reconnect_interval=0.1, reconnect_interval_max=10
    )
    outcome = Outcomes(push.connect(world.bind(pull)))
    world.advance(20)
    assert len(outcome) == 1
    delays = [event.delay for event in world.of(push, ConnectRetried)]
    assert len(delays) == 4
    assert all(delay >= 0.1 * 2**number for number, delay in enumerate(delays))
    assert [event.libzmq_code for event in world.of(pull, HandshakeFailed)] == [300] * 4
    assert [event.libzmq_event for event in world.of(push, HandshakeFailed)] == [0x0800] * 4


@pytest.mark.parametrize(
    ("bound", "connected"), [(server(), None), (None, client()), (None, server()), (client(), None)]
)
def test_another_mechanism_than_the_peers(world: World, bound: Any, connected: Any) -> None:
    pull, push = world.make(PullSocket, security=bound), world.make(PushSocket, security=connected)
    outcome = Outcomes(push.connect(world.bind(pull)))
    world.advance(5)
    assert isinstance(outcome.error, MechanismMismatch)
    for socket in (pull, push):
        [event] = world.of(socket, HandshakeFailed)
        assert isinstance(event.error, MechanismMismatch)
        assert event.libzmq_code == 0x11000002


@pytest.mark.parametrize(("policy", "role"), [(client(), "client"), (server(), "server")])
def test_two_of_the_same_role(world: World, policy: Any, role: str) -> None:
    pull, push = world.make(PullSocket, security=policy), world.make(PushSocket, security=policy)
    outcome = Outcomes(push.connect(world.bind(pull)))
    world.advance(5)
    assert isinstance(outcome.error, RoleMismatch)
    for socket in (pull, push):
        [event] = world.of(socket, HandshakeFailed)
        assert isinstance(event.error, RoleMismatch)
        assert (event.error.role, event.libzmq_code) == (role, 0x10000001)


def test_a_server_of_libzmq_never_speaks_to_another(world: World) -> None:
    pull = world.make(PullSocket, security=server(), handshake_timeout=5.0)
    world.attach_raw(pull, PLAIN)  # libzmq's as-server bit is 0
    world.advance(6)
    [event] = world.of(pull, HandshakeFailed)
    assert isinstance(event.error, HandshakeTimeout)
    assert event.error.expected == "HELLO"
    assert "the peer may be a server too" in str(event.error)


OLD = {
    "2.0": GREETING[:10] + b"\x01\x08\0\0",
    "rev 0": GREETING[:10] + b"\0\x08\0\0",
    "1.0": GREETING[:9] + b"\0\0",
}


@pytest.mark.parametrize("said", OLD.values(), ids=list(OLD))
@pytest.mark.parametrize(
    "options",
    [
        {"security": server()},
        {"security": client()},
        {"security": Null("here")},
        {"security": Null(check=lambda request: True)},
        {"zap_domain": "here"},
    ],
    ids=str,
)
def test_a_peer_too_old_for_any_security(
    world: World, said: bytes, options: dict[str, Any]
) -> None:
    pull = world.make(PullSocket, min_version=(1, 0), **options)
    peer = world.attach_raw(pull, said + short(0, b"x"))
    assert peer.closed is not None
    [event] = world.of(pull, HandshakeFailed)
    assert isinstance(event.error, UnsupportedVersion)
    assert event.error.minimum == (3, 0)
    assert pull.peers == ()


# What is refused at once


@pytest.mark.parametrize("way", ["option", "argument"])
@pytest.mark.parametrize("what", ["bind", "connect"])
def test_a_server_that_lets_nobody_decide(world: World, way: str, what: str) -> None:
    pull = world.make(PullSocket, security=PlainServer() if way == "option" else None)
    argument = {"security": PlainServer()} if way == "argument" else {}
    with pytest.raises(UsageError, match="lets nobody in"):
        getattr(pull, what)("tcp://127.0.0.1:5555", **argument)
    world.settle()
    assert world.names(pull) == []
    assert pull.last_endpoint == ""


@pytest.mark.parametrize("what", ["bind", "connect"])
def test_where_a_policy_does_nothing(world: World, what: str) -> None:
    with pytest.raises(UsageError):
        getattr(world.make(PullSocket), what)("inproc://here", security=server())
    with pytest.raises(UsageError):
        getattr(world.make(StreamSocket), what)("tcp://127.0.0.1:5555", security=server())
    with pytest.raises(UsageError):
        world.make(StreamSocket, security=server())


# Not before READY


def test_a_peer_that_is_being_decided_on_is_no_peer(world: World) -> None:
    asked: Deferred[Any] = Deferred()
    push = world.make(
        PushSocket,
        security=server(lambda request: True if request.username == b"bob" else asked),
        heartbeat_interval=1.0,
    )
    address = world.bind(push)
    waiting = world.make(PullSocket, security=client())
    waiting.connect(address)
    world.settle()
    assert (push.peers, push.writable, push.try_send(b"nobody")) == ((), False, False)
    good = world.make(PullSocket, security=PlainClient("bob", ""))
    world.run(good.connect(address))
    for number in range(4):
        assert push.try_send(b"%d" % number)
    world.advance(5)  # longer than two heartbeats, which the waiting peer must not see
    assert world.drain(good) == [[b"0"], [b"1"], [b"2"], [b"3"]]
    asked.callback(True)
    world.settle()
    assert len(push.peers) == 2


def test_who_a_peer_is_says_the_check_and_not_the_peer(world: World) -> None:
    grant = Grant("ann", {"Role": b"reader", "Team": b"a"})
    pull = world.make(PullSocket, security=server(lambda request: grant))
    own = {"User-Id": b"root", "X-Mine": b"1", "role": b"admin"}
    said = ready("PUSH", **own)[8:]
    peer = world.attach_raw(pull, PLAIN + HELLO)
    peer.send(short(4, b"\x08INITIATE" + said))
    world.settle()
    [known] = pull.peers
    assert known.user_id == "ann"
    assert dict(known.metadata) == {"X-Mine": b"1", "Role": b"reader", "Team": b"a"}


# Secrets

RUNS: dict[str, Any] = {
    "good": lambda request: True,
    "refused": lambda request: False,
    "raising": lambda request: {}[request.password],
    "late": lambda request: Deferred(),
}


@pytest.mark.parametrize("check", RUNS.values(), ids=list(RUNS))
def test_the_password_is_nowhere(world: World, check: Any) -> None:
    told: list[str] = []

    def note(event: LogEvent) -> None:
        told.extend((formatEvent(event), repr(event)))

    seen: list[AuthenticationRequest] = []

    def noting(request: AuthenticationRequest) -> Any:
        seen.append(request)
        return check(request)

    observer: Any = note
    globalLogPublisher.addObserver(observer)
    pull = world.make(PullSocket, security=server(noting), authentication_timeout=1.0)
    push = world.make(PushSocket, security=client(), reconnect_interval=None)
    outcome = Outcomes(push.connect(world.bind(pull)))
    world.advance(3)
    globalLogPublisher.removeObserver(observer)
    assert len(seen) == 1
    assert seen[0].password == SECRET.encode()
    for error in outcome.errors:
        told.append("".join(format_exception(error)))
    for socket in (pull, push):
        told += [repr(socket), repr(socket.options), repr(socket.peers), repr(socket.stats)]
        for event in world.events[socket]:
            told += [repr(event), str(event)]
            why = getattr(event, "error", None) or getattr(event, "reason", None)
            if why is not None:
                told += [
                    "".join(format_exception(error)),
                    repr(vars(error)),
                    repr(pickle.dumps(error.args)),
                ]
        for known in socket.peers:
            told.append(repr(known))
    told.append(repr(seen))
    assert len(told) > 10
    assert not any(SECRET in text for text in told)


# On top


def test_protocols_and_factories_take_a_policy(world: World) -> None:
    class Factory:
        def __init__(self) -> None:
            self.peers: list[Any] = []

        def buildProtocol(self, peer: Any) -> Any:
            self.peers.append((peer.mechanism, peer.user_id))

    there, here = Factory(), Factory()
    hosts: Any = world.network.reactor(), world.network.reactor()
    listening = world.run(
        listenZMQ(hosts[0], "tcp://127.0.0.1:*", there, security=server(), reconnect_interval=None)
    )
    connected = connectZMQ(
        hosts[1], listening.address, here, security=client(), reconnect_interval=None
    )
    world.advance(1)
    assert there.peers == [("PLAIN", "ann")]
    assert here.peers in ([], [("PLAIN", None)])  # the other side parts at once
    for socket in (listening, connected):
        world.run(socket.close(linger=0), 2)
