"""connect(): when it fires, what it retries, what it gives up for (ZMTP.md 8.1, 8.2)."""

from __future__ import annotations

from typing import Any

import pytest

from pyzmtp import (
    DealerSocket,
    PairSocket,
    PubSocket,
    PullSocket,
    PushSocket,
    RepSocket,
    ReqSocket,
    RouterSocket,
    Socket,
    SubSocket,
    XSubSocket,
)
from pyzmtp.engine.events import ConnectRetried, HandshakeFailed
from pyzmtp.errors import (
    ConnectAborted,
    HandshakeTimeout,
    IncompatibleSocketType,
    MechanismMismatch,
    MetadataError,
    NotZMTP,
    PeerRefused,
    ProtocolError,
    UnexpectedCommand,
    UnsupportedVersion,
    UsageError,
)

from .world import GREETING, Outcomes, World, hello, message, port_of, ready, short

NOWHERE = "tcp://127.0.0.1:40001"


@pytest.mark.parametrize("transport", ["tcp", "ipc", "inproc"])
def test_it_fires_with_the_peer_when_the_handshake_is_done(world: World, transport: str) -> None:
    on = world.network.reactor()
    router, dealer = world.make(RouterSocket, on=on), world.make(DealerSocket, on=on)
    address = world.bind(router, transport)
    peer = world.run(dealer.connect(address))
    assert peer.address == address
    assert peer.socket_type is router.socket_type
    assert not peer.incoming
    assert peer.mechanism == "NULL"
    assert peer.version == (3, 1)
    assert peer in dealer.peers
    world.settle()
    [seen] = router.peers
    assert seen.incoming
    assert seen.socket_type is dealer.socket_type


def test_it_does_not_fire_before_ready(world: World) -> None:
    push = world.make(PushSocket)
    listener = world.network.raw_listen()
    connected = Outcomes(push.connect(f"tcp://127.0.0.1:{listener.port}"))
    world.settle()
    listener.peers[0].send(GREETING)
    world.settle()
    assert connected.pending
    assert push.peers == ()
    listener.peers[0].send(ready("PULL"))
    world.settle()
    assert connected == list(push.peers)


def test_it_retries_in_the_background_until_somebody_is_there(world: World) -> None:
    push = world.make(PushSocket)
    connected = Outcomes(push.connect(NOWHERE))
    world.advance(60)
    assert connected.pending
    pull = world.make(PullSocket)
    world.run(pull.bind(NOWHERE))
    world.advance(0.2)
    assert len(connected) == 1


def test_a_dropped_deferred_never_logs_an_error(world: World) -> None:
    """The fixture looks for unhandled errors when the test is over."""
    push = world.make(PushSocket)
    push.connect(NOWHERE)
    refusing = world.make(PushSocket, reconnect_interval=None)
    refusing.connect(NOWHERE)
    mismatched, sub = world.make(PushSocket), world.make(SubSocket)
    mismatched.connect(world.bind(sub))
    pair = world.make(PairSocket)
    pair.connect(NOWHERE)
    pair.connect(NOWHERE)
    world.advance(1)
    world.run(push.close(0))


def test_a_deferred_that_is_looked_at_late_still_tells(world: World) -> None:
    push = world.make(PushSocket, reconnect_interval=None)
    connecting = push.connect(NOWHERE)
    world.advance(1)
    assert str(Outcomes(connecting).error).startswith(f"cannot connect to {NOWHERE}")


def test_cancelling_the_deferred_leaves_the_connecting_alone(world: World) -> None:
    push = world.make(PushSocket)
    connecting = push.connect(NOWHERE)
    connecting.cancel()
    pull = world.make(PullSocket)
    world.run(pull.bind(NOWHERE))
    world.advance(1)
    assert len(push.peers) == 1


MISMATCH = GREETING[:12] + b"PLAIN" + GREETING[17:]
FINAL: list[tuple[str, bytes, type[ProtocolError]]] = [
    ("mechanism", MISMATCH, MechanismMismatch),
    ("type", hello("SUB"), IncompatibleSocketType),
    ("unknown type", hello("NONSENSE"), IncompatibleSocketType),
    ("refusal", GREETING + short(4, b"\x05ERROR\x04NoNo"), PeerRefused),
    ("not zmtp", b"HTTP/1.1 400 Bad Request\r\n\r\n", NotZMTP),
    ("version", GREETING[:9] + b"\0", UnsupportedVersion),
    ("early message", GREETING + message(b"x"), UnexpectedCommand),
    ("metadata", GREETING + short(4, b"\x05READY\x05Name"), MetadataError),
]


@pytest.mark.parametrize(("said", "kind"), [case[1:] for case in FINAL], ids=[c[0] for c in FINAL])
def test_a_protocol_error_is_final(world: World, said: bytes, kind: type[ProtocolError]) -> None:
    push = world.make(PushSocket)
    listener = world.network.raw_listen()
    connected = Outcomes(push.connect(f"tcp://127.0.0.1:{listener.port}"))
    world.settle()
    listener.peers[0].send(said)
    world.advance(600)
    assert isinstance(connected.error, kind)
    [event] = world.of(push, HandshakeFailed)
    assert event.error is connected.error
    assert event.libzmq_code == kind.libzmq_code
    assert len(listener.peers) == 1
    assert listener.peers[0].closed is not None
    assert world.of(push, ConnectRetried) == []
    assert not push.try_send(b"nobody is there")
    listener.close()


def test_both_sides_of_a_type_mismatch_are_told(world: World) -> None:
    sub, push = world.make(SubSocket), world.make(PushSocket)
    connected = Outcomes(push.connect(world.bind(sub)))
    world.advance(10)
    assert isinstance(connected.error, IncompatibleSocketType | PeerRefused)
    assert len(world.of(push, HandshakeFailed)) == 1
    [event] = world.of(sub, HandshakeFailed)
    assert isinstance(event.error, IncompatibleSocketType)
    assert event.libzmq_code == 0x10000018


@pytest.mark.parametrize("before", [b"", GREETING[:20], GREETING, hello("PULL")])
def test_an_end_at_any_stage_is_retried(world: World, before: bytes) -> None:
    push = world.make(PushSocket)
    listener, peer = world.accept_raw(push, before)
    peer.close()
    world.advance(1)
    assert len(listener.peers) == 2
    assert len(world.of(push, ConnectRetried)) == 1
    listener.peers[1].send(hello("PULL"))
    world.settle()
    assert len(push.peers) == 1
    listener.close()


def test_a_silent_server_runs_into_the_handshake_timeout_and_is_retried(world: World) -> None:
    push = world.make(PushSocket, handshake_timeout=2.0)
    listener, peer = world.accept_raw(push, GREETING[:30])
    world.advance(1.9)
    assert peer.closed is None
    world.advance(0.2)
    assert peer.closed is not None
    [event] = world.of(push, HandshakeFailed)
    assert isinstance(event.error, HandshakeTimeout)
    assert event.error.seconds == 2.0
    world.advance(1)
    assert len(listener.peers) == 2
    listener.close()


def test_a_silent_client_runs_into_the_handshake_timeout(world: World) -> None:
    pull = world.make(PullSocket)
    peer = world.attach_raw(pull, GREETING)
    world.advance(29.9)
    assert peer.closed is None
    world.advance(0.2)
    assert peer.closed is not None
    [event] = world.of(pull, HandshakeFailed)
    assert isinstance(event.error, HandshakeTimeout)


def test_without_a_handshake_timeout_a_silent_client_may_stay(world: World) -> None:
    pull = world.make(PullSocket, handshake_timeout=None)
    peer = world.attach_raw(pull, GREETING)
    world.advance(100_000)
    assert peer.closed is None
    peer.send(ready("PUSH"))
    world.settle()
    assert len(pull.peers) == 1


def test_connect_timeout_ends_an_attempt(world: World) -> None:
    world.network.blackhole("10.0.0.1")
    push = world.make(PushSocket, connect_timeout=1.5)
    push.connect("tcp://10.0.0.1:40001")
    world.advance(1.4)
    assert world.of(push, ConnectRetried) == []
    world.advance(0.2)
    assert len(world.of(push, ConnectRetried)) == 1


def test_names_are_resolved_at_each_attempt(world: World) -> None:
    pull, push = world.make(PullSocket), world.make(PushSocket)
    world.run(pull.bind("tcp://10.0.0.7:40001"))
    connected = Outcomes(push.connect("tcp://moving.example:40001"))
    world.advance(1)
    assert connected.pending
    world.network.names["moving.example"] = ["10.0.0.6"]
    world.advance(1)
    assert connected.pending
    world.network.names["moving.example"] = ["10.0.0.7"]
    world.advance(1)
    assert connected[0].peer_address == "10.0.0.7:40001"


def test_every_address_of_a_name_is_tried(world: World) -> None:
    pull, push = world.make(PullSocket), world.make(PushSocket)
    world.run(pull.bind("tcp://10.0.0.3:40001"))
    world.network.names["many.example"] = ["10.0.0.1", "10.0.0.2", "10.0.0.3"]
    push.connect("tcp://many.example:40001")
    world.settle()
    assert len(push.peers) == 1


def test_closing_while_a_name_with_several_addresses_is_dialled(world: World) -> None:
    world.network.names["many.example"] = ["10.0.0.1", "10.0.0.2"]
    for host in world.network.names["many.example"]:
        world.network.blackhole(host)
    push = world.make(PushSocket)
    push.connect("tcp://many.example:40001")
    world.settle()
    assert world.run(push.close()) is None
    world.network.assert_clean()


ONCE: list[tuple[type[Socket], type[Socket]]] = [
    (DealerSocket, RouterSocket), (SubSocket, PubSocket), (PubSocket, SubSocket), (ReqSocket, RepSocket)
]  # fmt: skip
TWICE: list[tuple[type[Socket], type[Socket]]] = [
    (PushSocket, PullSocket), (PullSocket, PushSocket), (RepSocket, ReqSocket), (XSubSocket, PubSocket)
]  # fmt: skip


@pytest.mark.parametrize(("kind", "server_kind"), ONCE)
def test_connecting_twice_is_one_connection_for_dealer_sub_pub_and_req(
    world: World, kind: type[Socket], server_kind: type[Socket]
) -> None:
    server, client = world.make(server_kind), world.make(kind)
    address = world.bind(server)
    outcomes = [Outcomes(client.connect(address)) for _ in range(2)]
    world.advance(1)
    assert outcomes[0] == outcomes[1] == list(client.peers)
    assert len(server.peers) == 1
    assert world.run(client.connect(address)) is client.peers[0]


@pytest.mark.parametrize(("kind", "server_kind"), TWICE)
def test_connecting_twice_is_two_connections_for_the_others(
    world: World, kind: type[Socket], server_kind: type[Socket]
) -> None:
    server, client = world.make(server_kind), world.make(kind)
    address = world.bind(server)
    for _ in range(2):
        client.connect(address)
    world.advance(1)
    assert len(client.peers) == len(server.peers) == 2


def test_a_connection_to_itself_is_given_up_and_tried_again(world: World) -> None:
    """T35: retrying a local port in the ephemeral range can connect a socket to itself."""
    dealer = world.make(DealerSocket)
    dealer.connect(NOWHERE)
    world.settle()
    reactor: Any = dealer._reactor
    dial = reactor.connectTCP

    def connect_to_itself(host: str, port: int, factory: Any, **kwargs: Any) -> Any:
        """What simultaneous open makes: one socket that is both ends."""
        from pyzmtp.testing import MemoryConnection
        from pyzmtp.testing.connector import MemoryTCPConnector
        from pyzmtp.testing.host import ip_address

        class Itself(MemoryTCPConnector):
            def dial(self) -> None:
                here = ip_address(host, port)
                connection = MemoryConnection(reactor, reactor, here, here)
                end = connection.client_end
                connection.server_end.closed = True
                end.peer = end
                self.established(end, here)

        connector = Itself(reactor, host, port, factory, None, None)
        connector.connect()
        return connector

    reactor.connectTCP = connect_to_itself
    world.advance(0.2)
    assert "HandshakeFailed" in world.names(dealer)
    assert "HandshakeSucceeded" not in world.names(dealer)
    reactor.connectTCP = dial
    world.advance(1)
    router = world.make(RouterSocket)
    world.run(router.bind(NOWHERE))
    world.advance(1)
    assert len(dealer.peers) == 1


def test_only_a_router_names_its_peers(world: World) -> None:
    with pytest.raises(UsageError, match="routing_id"):
        world.make(DealerSocket).connect(NOWHERE, routing_id=b"x")


def test_a_second_peer_of_a_pair_fails_at_once(world: World) -> None:
    pair = world.make(PairSocket)
    pair.connect(NOWHERE)
    failed = Outcomes(pair.connect("tcp://127.0.0.1:40002"))
    assert "more than 1" in str(failed.error)
    world.run(pair.disconnect(NOWHERE))
    again = Outcomes(pair.connect("tcp://127.0.0.1:40002"))
    world.advance(1)
    assert again.pending
    world.run(pair.close(0))
    assert isinstance(again.error, ConnectAborted)


def test_a_server_that_comes_later_gets_what_was_queued_first(world: World) -> None:
    push, pull = world.make(PushSocket), world.make(PullSocket)
    address = world.bind(pull)
    world.run(pull.unbind(address))
    push.connect(address)
    for number in range(10):
        push.try_send(b"%d" % number)
    world.advance(3)
    world.run(pull.bind(address))
    world.advance(1)
    assert world.drain(pull) == [[b"%d" % number] for number in range(10)]
    assert port_of(address) == port_of(push.peers[0].peer_address)
