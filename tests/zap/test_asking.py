"""What a socket asks a ZAP handler, and what becomes of the answer (ZMTP.md 5, RFC 27)."""

from __future__ import annotations

from typing import Any, Final

import pytest
from twisted.internet.defer import Deferred

from pyzmtp import (
    ZAP,
    AuthenticationFailed,
    AuthenticationRequest,
    AuthenticationUnavailable,
    DealerSocket,
    Disconnected,
    Grant,
    HandshakeFailed,
    HandshakeSucceeded,
    Null,
    PlainClient,
    PlainServer,
    PullSocket,
    PushSocket,
    ReceivingSocket,
    Refusal,
    RouterSocket,
    ZapError,
)
from pyzmtp.zap import ask_zap

from ..sockets.world import Outcomes, World
from .handlers import ADDRESS, GRANTED, TCP, Handler, RepHandler, plain_client, plain_server, reply

HANDSHAKE_FAILED_NO_DETAIL: Final = 0x0800
HANDSHAKE_FAILED_PROTOCOL: Final = 0x2000
HANDSHAKE_FAILED_AUTH: Final = 0x4000


def property_of(name: bytes, value: bytes) -> bytes:
    """A property (RFC 37, "Metadata")."""
    return bytes((len(name),)) + name + len(value).to_bytes(4, "big") + value


def failure_of(world: World, server: Any) -> HandshakeFailed:
    """The one failed handshake."""
    [event] = world.of(server, HandshakeFailed)
    return event


# The request


def test_the_frames_of_a_request(world: World) -> None:
    server, address = plain_server(world, RouterSocket, zap_domain="dom", routing_id=b"SRVID")
    handler = Handler(world, server._reactor, GRANTED)
    client = world.make(DealerSocket, security=PlainClient("admin", "secret"), routing_id=b"CLIENT")
    world.run(client.connect(address), 1)
    assert handler.requests == [
        [b"", b"1.0", b"1", b"dom", b"127.0.0.1", b"SRVID", b"PLAIN", b"admin", b"secret"]
    ]


def test_a_rep_handler(world: World) -> None:
    server, address = plain_server(world)
    handler = RepHandler(world, server._reactor, GRANTED)
    world.run(plain_client(world).connect(address), 1)
    assert handler.requests == [
        [b"1.0", b"1", b"", b"127.0.0.1", b"", b"PLAIN", b"admin", b"secret"]
    ]


def test_null_has_no_credentials(world: World) -> None:
    server = world.make(PullSocket, zap_domain="dom")
    handler = Handler(world, server._reactor, GRANTED)
    address = world.run(server.bind(TCP))
    world.run(world.make(PushSocket).connect(address), 1)
    assert handler.requests == [[b"", b"1.0", b"1", b"dom", b"127.0.0.1", b"", b"NULL"]]


def test_curve_has_the_key(world: World) -> None:
    reactor: Any = world.network.reactor()
    handler = Handler(world, reactor, GRANTED)
    request = AuthenticationRequest("CURVE", "d", "::1", credentials=(b"k" * 32,))
    assert world.run(ask_zap(reactor, True, request)) == Grant()
    assert handler.requests == [[b"", b"1.0", b"1", b"d", b"::1", b"", b"CURVE", b"k" * 32]]


def test_the_domain_of_the_policy_goes_before_that_of_the_socket(world: World) -> None:
    server = world.make(PullSocket, zap_domain="socket")
    handler = Handler(world, server._reactor, GRANTED)
    address = world.run(server.bind(TCP, security=PlainServer(ZAP, domain="policy")))
    world.run(plain_client(world).connect(address), 1)
    assert handler.requests[0][3] == b"policy"


def test_an_empty_domain_is_asked_all_the_same(world: World) -> None:
    server, address = plain_server(world, zap_enforce_domain=True)
    handler = Handler(world, server._reactor, GRANTED)
    world.run(plain_client(world).connect(address), 1)
    assert handler.requests[0][3] == b""


def test_handlers_belong_to_their_reactor(world: World) -> None:
    server, address = plain_server(world)
    handler = Handler(world, world.network.reactor(), GRANTED)
    plain_client(world).connect(address)
    world.settle()
    assert handler.requests == []
    assert isinstance(failure_of(world, server).error, AuthenticationUnavailable)


# The reply


def test_who_the_handler_says_it_is(world: World) -> None:
    server, address = plain_server(world)
    metadata = property_of(b"X-Role", b"operator") + property_of(b"Identity", b"other")
    Handler(world, server._reactor, reply(b"200", b"OK", b"Ann", metadata))
    client = plain_client(world, metadata={"X-ROLE": b"root", "X-Own": b"1"})
    world.run(client.connect(address), 1)
    client.send(b"hello")
    peer, message = world.run(server.receive_from())
    assert message == [b"hello"]
    assert peer.user_id == "Ann"
    assert dict(peer.metadata) == {"X-Role": b"operator", "X-Own": b"1"}


FAULTS: Final = {
    "no frames but one": ([b""], 0x20000001),
    "six frames": (reply(b"200")[:-1], 0x20000001),
    "eight frames": ([*reply(b"200"), b""], 0x20000001),
    "delimiter": ([b"x", *reply(b"200")[1:]], 0x20000000),
    "version": ([b"", b"2.0", *reply(b"200")[2:]], 0x20000003),
    "id": ([b"", b"1.0", b"2", *reply(b"200")[3:]], 0x20000002),
    "status 201": (reply(b"201"), 0x20000004),
    "status 600": (reply(b"600"), 0x20000004),
    "status empty": (reply(b""), 0x20000004),
    "status long": (reply(b"2000"), 0x20000004),
    "metadata cut short": (reply(b"200", metadata=b"\x05Rol"), 0x20000005),
    "metadata of a refusal": (reply(b"400", metadata=b"\x00"), 0x20000005),
    # Of several, the one that libzmq finds first.
    "count before delimiter": ([b"x"] * 6, 0x20000001),
    "delimiter before version": ([b"x"] * 7, 0x20000000),
    "version before id": ([b"", *[b"x"] * 6], 0x20000003),
    "id before status": ([b"", b"1.0", *[b"x"] * 5], 0x20000002),
    "status before metadata": ([b"", b"1.0", b"1", *[b"x"] * 4], 0x20000004),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_reply_with_a_fault(world: World, name: str) -> None:
    answer, code = FAULTS[name]
    server, address = plain_server(world)
    Handler(world, server._reactor, answer)
    client = plain_client(world)
    outcome = Outcomes(client.connect(address))
    world.settle()
    event = failure_of(world, server)
    assert isinstance(event.error, ZapError)
    assert (event.libzmq_event, event.libzmq_code) == (HANDSHAKE_FAILED_PROTOCOL, code)
    # The client sees the end of the connection, and tries again.
    assert outcome.pending
    [lost] = world.of(client, Disconnected)
    assert not isinstance(lost.reason, AuthenticationFailed)
    world.until(lambda: len(world.of(server, HandshakeFailed)) == 2)


@pytest.mark.parametrize("status", [400, 500])
def test_a_final_refusal_is_told_to_the_client(world: World, status: int) -> None:
    server, address = plain_server(world)
    Handler(world, server._reactor, reply(str(status).encode(), b"go away"))
    client = plain_client(world)
    outcome = Outcomes(client.connect(address))
    world.advance(5)
    event = failure_of(world, server)
    assert isinstance(event.error, AuthenticationFailed)
    assert (event.libzmq_event, event.libzmq_code) == (HANDSHAKE_FAILED_AUTH, status)
    assert event.error.reason == "go away"
    assert isinstance(outcome.error, AuthenticationFailed)
    told = failure_of(world, client)
    assert (told.libzmq_event, told.libzmq_code) == (HANDSHAKE_FAILED_AUTH, status)


def test_a_refusal_for_now_is_silent_and_tried_again(world: World) -> None:
    server, address = plain_server(world)
    handler = Handler(world, server._reactor, reply(b"300", b"later"))
    outcome = Outcomes(plain_client(world).connect(address))
    world.settle()
    event = failure_of(world, server)
    assert (event.libzmq_event, event.libzmq_code) == (HANDSHAKE_FAILED_AUTH, 300)
    assert outcome.pending
    handler.answer = GRANTED
    world.until(lambda: not outcome.pending)
    assert not outcome.errors


# No handler, and handlers that do not do what they should


def test_without_a_handler_plain_lets_nobody_in(world: World) -> None:
    server, address = plain_server(world, zap_enforce_domain=False)
    outcome = Outcomes(plain_client(world).connect(address))
    world.settle()
    event = failure_of(world, server)
    assert isinstance(event.error, AuthenticationUnavailable)
    assert event.libzmq_event == HANDSHAKE_FAILED_NO_DETAIL
    assert outcome.pending


def test_a_handler_that_never_answers(world: World) -> None:
    server, address = plain_server(world, authentication_timeout=3)
    handler = Handler(world, server._reactor, None)
    plain_client(world, reconnect_interval=100).connect(address)
    world.advance(2.9)
    assert world.of(server, HandshakeFailed) == []
    world.advance(0.2)
    assert isinstance(failure_of(world, server).error, AuthenticationUnavailable)
    assert not handler.socket.peers


def test_a_handler_that_goes_away(world: World) -> None:
    server, address = plain_server(world)
    handler = Handler(world, server._reactor, None)
    plain_client(world).connect(address)
    world.settle()
    assert len(handler.requests) == 1
    handler.socket.close()
    world.settle()
    assert isinstance(failure_of(world, server).error, AuthenticationUnavailable)


def test_a_handler_that_does_not_receive(world: World) -> None:
    server, address = plain_server(world, authentication_timeout=3)
    silent = world.make(RouterSocket, on=server._reactor, receive_hwm=1)
    world.run(silent.bind(ADDRESS))
    plain_client(world, reconnect_interval=100).connect(address)
    world.advance(3.1)
    assert isinstance(failure_of(world, server).error, AuthenticationUnavailable)
    assert silent.peers == ()


@pytest.mark.parametrize("kind", [PullSocket, DealerSocket])
def test_a_socket_that_cannot_be_a_handler(world: World, kind: type[ReceivingSocket]) -> None:
    server, address = plain_server(world)
    world.run(world.make(kind, on=server._reactor).bind(ADDRESS))
    plain_client(world).connect(address)
    world.settle()
    assert isinstance(failure_of(world, server).error, AuthenticationUnavailable)


def test_a_peer_that_leaves_while_it_is_asked_about(world: World) -> None:
    server, address = plain_server(world)
    handler = Handler(world, server._reactor, None)
    client = plain_client(world)
    client.connect(address)
    world.settle()
    assert len(handler.socket.peers) == 1
    world.run(client.close(), 1)
    world.settle()
    assert not handler.socket.peers


def test_cancelling_frees_all(world: World) -> None:
    reactor: Any = world.network.reactor()
    handler = Handler(world, reactor, None)
    asked: Deferred[Any] = ask_zap(reactor, True, AuthenticationRequest("NULL", "d"))
    outcome = Outcomes(asked)
    world.settle()
    assert len(handler.socket.peers) == 1
    asked.cancel()
    world.settle()
    assert len(outcome.errors) == 1
    assert not handler.socket.peers


# NULL (ZMTP.md 4.1)


def null_server(world: World, domain: str, enforce: bool) -> tuple[PullSocket, str]:
    server = world.make(PullSocket, zap_domain=domain, zap_enforce_domain=enforce)
    return server, world.run(server.bind(TCP))


@pytest.mark.parametrize("enforce", [False, True])
@pytest.mark.parametrize("bound", [False, True])
def test_null_without_a_domain_asks_nobody(world: World, enforce: bool, bound: bool) -> None:
    server, address = null_server(world, "", enforce)
    handler = Handler(world, server._reactor, reply(b"400")) if bound else None
    world.run(world.make(PushSocket).connect(address), 1)
    assert handler is None or handler.requests == []


def test_null_with_a_domain_but_no_handler(world: World) -> None:
    server, address = null_server(world, "dom", False)
    world.run(world.make(PushSocket).connect(address), 1)
    assert len(world.of(server, HandshakeSucceeded)) == 1


def test_null_with_a_domain_that_is_enforced_but_no_handler(world: World) -> None:
    server, address = null_server(world, "dom", True)
    outcome = Outcomes(world.make(PushSocket, linger=0).connect(address))
    world.settle()
    event = failure_of(world, server)
    assert isinstance(event.error, AuthenticationUnavailable)
    assert event.libzmq_event == HANDSHAKE_FAILED_NO_DETAIL
    assert outcome.pending


@pytest.mark.parametrize("enforce", [False, True])
@pytest.mark.parametrize("status", [200, 300, 400, 500])
def test_null_with_a_domain_and_a_handler(world: World, enforce: bool, status: int) -> None:
    server, address = null_server(world, "dom", enforce)
    Handler(world, server._reactor, reply(str(status).encode()))
    client = world.make(PushSocket, linger=0)
    outcome = Outcomes(client.connect(address))
    world.settle()
    if status == 200:
        assert len(outcome) == 1
        return
    assert failure_of(world, server).libzmq_code == status
    assert outcome.pending == (status == 300)
    if status != 300:
        assert isinstance(outcome.error, AuthenticationFailed)
        assert outcome.error.status == status


def test_a_connecting_socket_with_a_domain_asks_as_well(world: World) -> None:
    server = world.make(PullSocket)
    address = world.run(server.bind(TCP))
    client = world.make(PushSocket, security=Null("dom"), linger=0)
    handler = Handler(world, client._reactor, reply(b"400"))
    outcome = Outcomes(client.connect(address))
    world.settle()
    assert [request[3] for request in handler.requests] == [b"dom"]
    assert isinstance(outcome.error, AuthenticationFailed)


def test_a_refusal_has_the_text_of_the_reply(world: World) -> None:
    reactor: Any = world.network.reactor()
    Handler(world, reactor, reply(b"500", b"\xff no", b"Ann"))
    verdict = world.run(ask_zap(reactor, True, AuthenticationRequest("NULL", "d")))
    assert verdict == Refusal(500, "\\xff no")
