"""Who decides on a peer: every way to answer, to fail, to be late, and to end it all (ZMTP.md 10.3)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from os import getgid, getpid, getuid
from socket import socket, socketpair
from typing import Any

import pytest
from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.internet.defer import CancelledError, Deferred, TimeoutError, fail, succeed
from twisted.internet.interfaces import ISystemHandle
from twisted.logger import LogEvent, formatEvent, globalLogPublisher
from zope.interface import implementer

from pyzmtp import (
    AuthenticationFailed,
    AuthenticationRequest,
    AuthenticationUnavailable,
    Grant,
    HandshakeFailed,
    HandshakeSucceeded,
    Null,
    PlainClient,
    PlainServer,
    PullSocket,
    PushSocket,
    Refusal,
    RouterSocket,
    UnexpectedCommand,
)
from pyzmtp.net.authentication import zap_address
from pyzmtp.testing import RawPeer

from ..sockets.world import GREETING, World, hello, ready, short

PLAIN = GREETING[:12] + b"PLAIN".ljust(20, b"\0") + GREETING[32:]
HELLO = short(4, b"\x05HELLO\x03ann\x06secret")
INITIATE = short(4, b"\x08INITIATE\x0bSocket-Type\0\0\0\x04PUSH")
WELCOME = short(4, b"\x07WELCOME")


async def coroutine(result: Any) -> Any:
    return result


async def raising(error: BaseException) -> Any:
    raise error


def never(request: AuthenticationRequest) -> Deferred[Any]:
    return Deferred()


def make(world: World, check: Callable[[AuthenticationRequest], Any], **options: Any) -> PullSocket:
    return world.make(PullSocket, security=PlainServer(check), **options)


def come(world: World, pull: PullSocket, address: str | None = None, say: bytes = HELLO) -> RawPeer:
    """A peer that says HELLO."""
    return world.attach_raw(pull, PLAIN + say, address)


@pytest.fixture
def lines() -> Any:
    """All that is logged."""
    lines: list[str] = []

    def note(event: LogEvent) -> None:
        lines.append(formatEvent(event))

    observer: Any = note
    globalLogPublisher.addObserver(observer)
    yield lines
    globalLogPublisher.removeObserver(observer)


# Answers

GRANTS: dict[str, tuple[Any, str | None]] = {
    "Grant": (Grant("who"), "who"),
    "Grant of nobody": (Grant(), None),
    "str": ("who", "who"),
    "True": (True, "ann"),
}
REFUSALS: dict[str, tuple[Any, int]] = {
    "Refusal": (Refusal(reason="no"), 400),
    "Refusal for now": (Refusal(300), 300),
    "Refusal of ours": (Refusal(500), 500),
    "False": (False, 400),
    "None": (None, 500),
    "1": (1, 500),
    "bytes": (b"ann", 500),
    "a mapping": ({"user_id": "ann"}, 500),
    "a class": (Grant, 500),
}
WAYS: dict[str, Callable[[Any], Any]] = {
    "at once": lambda r: r,
    "Deferred": succeed,
    "coroutine": coroutine,
}
every_way = pytest.mark.parametrize("way", WAYS.values(), ids=list(WAYS))


@every_way
@pytest.mark.parametrize(("answer", "user_id"), GRANTS.values(), ids=list(GRANTS))
def test_who_is_let_in(
    world: World, way: Callable[[Any], Any], answer: Any, user_id: str | None
) -> None:
    pull = make(world, lambda request: way(answer))
    peer = come(world, pull)
    assert peer.received.endswith(WELCOME)
    peer.send(INITIATE)
    world.settle()
    [known] = pull.peers
    assert (known.user_id, known.mechanism) == (user_id, "PLAIN")


@every_way
@pytest.mark.parametrize(("answer", "status"), REFUSALS.values(), ids=list(REFUSALS))
def test_who_is_not(world: World, way: Callable[[Any], Any], answer: Any, status: int) -> None:
    pull = make(world, lambda request: way(answer))
    peer = come(world, pull)
    told = b"" if status == 300 else short(4, b"\x5eRROR\x03" + str(status).encode())
    assert peer.received[64:] == told
    assert peer.closed is not None
    [event] = world.of(pull, HandshakeFailed)
    assert isinstance(event.error, AuthenticationFailed)
    assert (event.libzmq_event, event.libzmq_code) == (0x4000, status)
    assert world.names(pull) == ["Listening", "Accepted", "HandshakeFailed", "Disconnected"]


FAILURES: dict[str, Callable[[BaseException], Any]] = {
    "raised": lambda error: (_ for _ in ()).throw(error),
    "Deferred": lambda error: fail(error),
    "coroutine": raising,
}


@pytest.mark.parametrize("way", FAILURES.values(), ids=list(FAILURES))
@pytest.mark.parametrize(
    "error", [ValueError("secret"), TimeoutError("secret"), KeyError("secret")]
)
def test_an_error_never_opens_the_door_and_its_text_is_not_told(
    world: World, lines: list[str], way: Callable[[Exception], Any], error: Exception
) -> None:
    pull = make(world, lambda request: way(error))
    peer = come(world, pull)
    assert peer.received[64:] == short(4, b"\x5eRROR\x03500")
    [event] = world.of(pull, HandshakeFailed)
    assert isinstance(event.error, AuthenticationFailed)
    assert event.error.reason == f"the check failed with {type(error).__name__}"
    told = [line for line in lines if "The check of a PLAIN peer at" in line]
    assert len(told) == 1
    assert type(error).__name__ in told[0]
    assert not any("secret" in line for line in lines)


@pytest.mark.parametrize(
    ("result", "what"), [(None, "NoneType"), ("", "an empty user id"), (200, "int")]
)
def test_what_is_no_answer_is_told_as_it_is(
    world: World, lines: list[str], result: object, what: str
) -> None:
    pull = make(world, lambda request: result)
    assert come(world, pull).received[64:] == short(4, b"\x5eRROR\x03500")
    [event] = world.of(pull, HandshakeFailed)
    assert isinstance(event.error, AuthenticationFailed)
    assert event.error.reason == f"the check returned {what}, not a Grant or Refusal"
    assert any(event.error.reason.removeprefix("the check ") in line for line in lines)


def test_a_check_that_means_to_end_the_process_ends_the_connection(world: World) -> None:
    def check(request: AuthenticationRequest) -> Any:
        raise SystemExit(1)

    assert come(world, make(world, check)).received[64:] == short(4, b"\x5eRROR\x03500")


def test_a_name_that_can_be_no_user_id_is_refused(world: World) -> None:
    """Two names would else become one user id; a check may give another."""
    say = short(4, b"\x05HELLO\x01\xff\x00")
    assert come(world, make(world, lambda _: True), say=say).received[64:] == short(
        4, b"\x5eRROR\x03400"
    )
    assert come(world, make(world, lambda _: "ann"), say=say).received[64:] == WELCOME


def test_what_ended_a_handshake_does_not_keep_what_was_said(world: World) -> None:
    """Reporters of errors show the variables of each frame that an error went through."""
    pull = make(world, lambda request: True)
    come(world, pull, say=short(4, b"\x05HELLO\x03ann\x06secretmore"))
    [event] = world.of(pull, HandshakeFailed)
    assert (event.error.__traceback__, event.error.__context__) == (None, None)


def test_the_limits_are_judged_before_the_peer_is_told_that_it_is_in(world: World) -> None:
    pull = make(world, lambda request: True, max_properties=2)
    properties = b"".join(b"\x03X-%c\0\0\0\0" % letter for letter in b"abc")
    peer = come(world, pull, say=HELLO + short(4, b"\x08INITIATE" + properties))
    assert peer.received[64:] == WELCOME + short(4, b"\x05ERROR\x0dMetadataError")


def test_a_grants_metadata_do_not_say_who_the_peer_is(world: World) -> None:
    metadata = {"User-Id": b"eve", "identity": b"eve", "__fd": b"5", "X-Role": b"op"}
    pull = make(world, lambda request: Grant("ann", metadata))
    come(world, pull, say=HELLO + INITIATE)
    [peer] = pull.peers
    assert (peer.user_id, peer.metadata) == ("ann", {"X-Role": b"op"})


@pytest.mark.parametrize(
    "metadata",
    [{1: b""}, {"X": "text"}, {"": b""}, {"X" * 256: b""}, {"a b": b""}, {"x": b"", "X": b""}],
)
def test_what_can_be_no_metadata(metadata: Any) -> None:
    with pytest.raises((TypeError, ValueError)):
        Grant("ann", metadata)


@pytest.mark.parametrize("cancelled", [CancelledError, asyncio.CancelledError])
@pytest.mark.parametrize("way", FAILURES.values(), ids=list(FAILURES))
def test_a_check_that_was_cancelled_refuses_for_now(
    world: World, way: Callable[[BaseException], Any], cancelled: type[BaseException]
) -> None:
    pull = make(world, lambda request: way(cancelled()))
    peer = come(world, pull)
    assert peer.received[64:] == b""
    assert peer.closed is not None
    [event] = world.of(pull, HandshakeFailed)
    assert isinstance(event.error, AuthenticationUnavailable)


# Time


def test_no_answer_in_time(world: World) -> None:
    pull = make(world, never, authentication_timeout=3.0)
    peer = come(world, pull)
    world.advance(2.9)
    assert peer.closed is None
    world.advance(0.2)
    assert peer.received[64:] == b""
    assert peer.closed is not None
    [event] = world.of(pull, HandshakeFailed)
    assert isinstance(event.error, AuthenticationUnavailable)
    assert "3.0 s" in event.error.problem
    assert (event.libzmq_event, event.libzmq_code) == (0x0800, 0)


def test_without_a_timeout_the_handshakes_is_left(world: World) -> None:
    pull = make(world, never, authentication_timeout=None, handshake_timeout=20.0)
    come(world, pull)
    world.advance(19)
    assert world.of(pull, HandshakeFailed) == []
    world.advance(2)
    [event] = world.of(pull, HandshakeFailed)
    assert "no verdict came" in str(event.error)


def test_a_peer_that_leaves_ends_the_question(world: World, lines: list[str]) -> None:
    cancelled: list[object] = []
    pull = make(world, lambda request: Deferred(cancelled.append))
    peer = come(world, pull)
    peer.close()
    world.settle()
    assert len(cancelled) == 1
    assert world.names(pull) == ["Listening", "Accepted", "HandshakeFailed", "Disconnected"]
    assert not any("The check" in line for line in lines)


def test_an_answer_that_comes_too_late_changes_nothing(world: World) -> None:
    asked: list[Deferred[Any]] = []

    def check(request: AuthenticationRequest) -> Deferred[Any]:
        asked.append(Deferred())
        return asked[-1]

    pull = make(world, check)
    come(world, pull).close()
    world.settle()
    asked[0].callback(True)
    world.settle()
    assert pull.peers == ()
    assert world.of(pull, HandshakeSucceeded) == []


# Turns


def test_only_so_many_are_decided_on_at_a_time(world: World) -> None:
    asked: list[Deferred[Any]] = []

    def check(request: AuthenticationRequest) -> Deferred[Any]:
        asked.append(Deferred())
        return asked[-1]

    pull = make(world, check, max_authentications=2)
    address = world.bind(pull)
    peers = [come(world, pull, address) for _ in range(5)]
    assert len(asked) == 2
    peers[2].close()  # it waits, and leaves
    world.settle()
    asked[0].callback(True)
    world.settle()
    assert len(asked) == 3
    peers[1].abort()  # it is being decided on
    world.settle()
    assert len(asked) == 4
    for answer in asked[2:]:
        answer.callback(True)
    world.settle()
    assert [peer.received.endswith(WELCOME) for peer in peers] == [True, False, False, True, True]


# Early commands


@pytest.mark.parametrize("early", [INITIATE, HELLO, short(0, b"hi")])
@pytest.mark.parametrize("glued", [True, False])
def test_whoever_does_not_wait_for_the_answer_is_dropped(
    world: World, early: bytes, glued: bool
) -> None:
    cancelled: list[object] = []
    pull = make(world, lambda request: Deferred(cancelled.append))
    peer = come(world, pull, say=HELLO + early if glued else HELLO)
    if not glued:
        peer.send(early)
        world.settle()
    assert peer.closed is not None
    [event] = world.of(pull, HandshakeFailed)
    assert isinstance(event.error, UnexpectedCommand)
    assert len(cancelled) == 1
    assert pull.peers == ()


@pytest.mark.parametrize("at_once", [True, False])
def test_under_null_the_peers_ready_may_come_at_any_time(world: World, at_once: bool) -> None:
    """It does not wait for ours (ZMTP.md 4.1)."""
    asked: Deferred[Any] = Deferred()
    seen: list[AuthenticationRequest] = []

    def check(request: AuthenticationRequest) -> Any:
        seen.append(request)
        return True if at_once else asked

    pull = world.make(PullSocket, security=Null("here", check=check))
    peer = world.attach_raw(pull, hello("PUSH"))
    if not at_once:
        assert peer.received == GREETING
        asked.callback("who")
        world.settle()
    assert peer.received == GREETING + ready("PULL")
    [known] = pull.peers
    assert known.user_id == (None if at_once else "who")
    [request] = seen
    assert (request.mechanism, request.domain, request.credentials) == ("NULL", "here", ())
    assert (request.username, request.password, request.public_key) == (b"", b"", b"")


# The request


def test_what_is_asked(world: World) -> None:
    seen: list[AuthenticationRequest] = []
    router = world.make(
        RouterSocket, security=PlainServer(seen.append), zap_domain="here", routing_id=b"me"
    )
    world.attach_raw(router, PLAIN + HELLO)
    [request] = seen
    assert (request.mechanism, request.domain, request.address) == ("PLAIN", "here", "127.0.0.1")
    assert (request.routing_id, request.credentials) == (b"me", (b"ann", b"secret"))


def test_the_domain_of_the_policy_goes_before_that_of_the_socket(world: World) -> None:
    seen: list[AuthenticationRequest] = []
    security = PlainServer(seen.append, domain="there")
    come(world, world.make(PullSocket, security=security, zap_domain="here"))
    assert seen[0].domain == "there"


class At:
    """A transport that is connected to an address."""

    def __init__(self, address: object) -> None:
        self._address = address

    def getPeer(self) -> object:
        return self._address


@pytest.mark.parametrize(
    ("address", "told"),
    [
        (IPv4Address("TCP", "10.0.0.1", 5555), "10.0.0.1"),
        (IPv6Address("TCP", "fe80::1%eth0", 5555), "fe80::1%eth0"),
        (UNIXAddress(None), ""),
    ],
)
def test_where_a_peer_is(address: object, told: str) -> None:
    transport: Any = At(address)
    assert zap_address(transport) == told


@implementer(ISystemHandle)
class Handle(At):
    """One that has a descriptor."""

    def __init__(self, handle: socket) -> None:
        super().__init__(UNIXAddress(None))
        self.getHandle = lambda: handle


def test_who_a_process_is() -> None:
    """libzmq: ``localhost:uid:gid:pid`` (ZMTP.md 5)."""
    ours, theirs = socketpair()
    with ours, theirs:
        transport: Any = Handle(ours)
        assert zap_address(transport) == f"localhost:{getuid()}:{getgid()}:{getpid()}"


def test_a_connecting_socket_asks_as_well(world: World) -> None:
    """ZMTP.md 4.1: a connecting socket with a domain asks too."""
    seen: list[AuthenticationRequest] = []

    def check(request: AuthenticationRequest) -> bool:
        seen.append(request)
        return True

    push = world.make(PushSocket, security=Null(check=check))
    pull = world.make(PullSocket)
    world.link(pull, push)
    assert [request.address for request in seen] == ["127.0.0.1"]


def test_nothing_is_asked_of_a_client(world: World) -> None:
    pull = make(world, lambda request: True)
    push = world.make(PushSocket, security=PlainClient("ann", "pw"))
    world.link(pull, push)
    assert len(pull.peers) == len(push.peers) == 1
