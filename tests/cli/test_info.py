"""``pyzmtp info``: what it finds out of pyzmtp's own sockets, and of peers that speak bytes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from click.testing import CliRunner
from twisted.internet.defer import Deferred

from pyzmtp import (
    ALLOW_ANY,
    CurveClient,
    CurveServer,
    PlainClient,
    PlainServer,
    RepSocket,
    Socket,
    SocketOptions,
    curve_keypair,
)
from pyzmtp.cli import info
from pyzmtp.cli.group import group
from pyzmtp.cli.info import tell
from pyzmtp.cli.info.joining import SAFE_TYPES, UNSAFE_NAMES, type_to_join
from pyzmtp.cli.sockets.kinds import KINDS
from pyzmtp.constants import SocketType, compatible
from pyzmtp.security.policy import Policy
from tests.cli.stage import DONE, FAILED, HERE, TIMEOUT, USAGE, MemorySink, MemorySource, Running
from tests.helpers import command, frame, greeting, ready
from tests.sockets.world import Outcomes, World

KEYS = curve_keypair()
ZMTP_TYPES = [kind for kind in SocketType if not kind.is_raw]
SAFE = [kind for kind in ZMTP_TYPES if kind.value not in UNSAFE_NAMES]
UNSAFE = [kind for kind in ZMTP_TYPES if kind.value in UNSAFE_NAMES]

#: Each mechanism, on the side of the server and on ours.
POLICIES: dict[str, tuple[Policy | None, Policy | None]] = {
    "NULL": (None, None),
    "PLAIN": (PlainServer({"admin": "secret"}), PlainClient("admin", "secret")),
    "CURVE": (CurveServer(KEYS.secret, ALLOW_ANY), CurveClient(KEYS.public)),
}


def start(
    world: World,
    address: str = HERE,
    *,
    policy: Policy | None = None,
    joins: bool = False,
    as_json: bool = False,
    timeout: float = 5.0,
    **options: Any,
) -> Running:
    """Start to ask who is at an address."""
    reactor: Any = world.network.reactor()
    settings = SocketOptions(**options)
    running = Running(
        MemorySource(),
        MemorySink(),
        lambda streams: tell(
            reactor, address, settings, lambda _: policy, joins, timeout, as_json, streams
        ),
    )
    world.settle()
    world.advance(0.01)
    return running


def serve(world: World, kind: SocketType, address: str = HERE, **options: Any) -> Socket:
    """A socket of that type that is bound there."""
    socket = world.make(KINDS[kind.value.lower()].socket, **options)
    world.run(socket.bind(address))
    return socket


@pytest.mark.parametrize("mechanism", POLICIES)
@pytest.mark.parametrize("kind", SAFE, ids=lambda kind: kind.value)
def test_a_peer_that_is_safe_to_join(world: World, kind: SocketType, mechanism: str) -> None:
    theirs, ours = POLICIES[mechanism]
    server = serve(world, kind, security=theirs, metadata={"X-Team": b"a\0"})
    running = start(world, policy=ours)
    assert running.status == DONE, running.said
    assert running.said == []
    assert running.lines[0] == f"address:     {HERE}"
    assert running.lines[1] == "version:     ZMTP 3.1"
    assert running.lines[2].startswith(f"mechanism:   {mechanism}")
    assert running.lines[3] == f"socket type: {kind.value}"
    assert running.lines[-2] == "metadata:    X-Team: a\\x00"
    assert running.lines[-1] == "round trip:  0.00 ms (PING)"
    world.advance(1)
    assert server.peers == ()


@pytest.mark.parametrize("kind", UNSAFE, ids=lambda kind: kind.value)
def test_a_peer_that_would_send_us_something(world: World, kind: SocketType) -> None:
    server: Any = serve(world, kind)
    events = world.events[server]
    running = start(world, as_json=True)
    assert running.status == DONE
    found = json.loads(running.stdout.data)
    assert found["socket_type"] == kind.value
    assert "joined_as" not in found
    assert "ping_seconds" not in found
    assert found["handshake_seconds"] == 0.0
    assert "HandshakeSucceeded" not in [type(event).__name__ for event in events]
    running = start(world, joins=True, as_json=True)
    found = json.loads(running.stdout.data)
    assert found["ping_seconds"] == 0.0
    assert compatible(SocketType(found["joined_as"]), kind)
    assert "HandshakeSucceeded" in [type(event).__name__ for event in events]


@pytest.mark.parametrize("mechanism", ["PLAIN", "CURVE"])
@pytest.mark.parametrize("kind", UNSAFE, ids=lambda kind: kind.value)
def test_such_a_peer_that_wants_credentials(world: World, kind: SocketType, mechanism: str) -> None:
    theirs, ours = POLICIES[mechanism]
    server = serve(world, kind, security=theirs)
    running = start(world, policy=ours)
    assert running.status == FAILED
    assert "it refuses every type that is safe to try" in running.said[0]
    assert kind.value in running.said[0]
    assert "HandshakeSucceeded" not in world.names(server)
    running = start(world, policy=ours, joins=True)
    assert running.status == DONE
    assert running.lines[3] == f"socket type: {kind.value}"
    assert running.lines[-1].endswith("(PING)")


@pytest.mark.parametrize(
    ("mechanism", "advice"),
    [("PLAIN", "--plain-username NAME"), ("CURVE", "--curve-server KEY")],
)
def test_without_the_credentials(world: World, mechanism: str, advice: str) -> None:
    serve(world, SocketType.REP, security=POLICIES[mechanism][0])
    other = {"PLAIN": "CURVE", "CURVE": "PLAIN"}[mechanism]
    for policy in (None, POLICIES[other][1]):
        running = start(world, policy=policy)
        assert running.status == FAILED
        assert running.lines[2] == f"mechanism:   {mechanism}, as server"
        assert running.lines[-1].startswith("round trip:  0.00 ms (connecting")
        assert running.said == [f"{HERE}: it wants {mechanism}: to hear more, say {advice}"]


def test_interrupted_it_leaves_nothing(world: World) -> None:
    listener = world.network.raw_listen(5000)
    running = start(world)
    assert running.outcome.pending
    running.cancel()
    world.settle()
    assert listener.peers[0].closed is not None


def test_a_peer_that_wants_nothing_of_what_we_have(world: World) -> None:
    serve(world, SocketType.REP)
    running = start(world, policy=POLICIES["CURVE"][1])
    assert running.status == DONE
    assert running.lines[2] == "mechanism:   NULL"


def test_wrong_credentials(world: World) -> None:
    serve(world, SocketType.REP, security=POLICIES["PLAIN"][0])
    running = start(world, policy=PlainClient("admin", "wrong"))
    assert running.status == FAILED
    assert running.said == [f"{HERE}: PLAIN authentication at {HERE} failed with 400"]
    assert "mechanism:   PLAIN, as server" in running.lines


def test_the_key_of_another_server(world: World) -> None:
    serve(world, SocketType.REP, security=POLICIES["CURVE"][0])
    running = start(world, policy=CurveClient(curve_keypair().public))
    assert running.status == FAILED
    assert running.said[0].endswith(
        "the peer closed the connection before the end of the handshake. "
        "It may have another key than that"
    )


def test_nobody_is_there(world: World) -> None:
    running = start(world)
    assert running.status == FAILED
    assert running.said[0].startswith(f"{HERE}: Connection was refused")
    assert running.stdout.writes == []


def test_nobody_answers(world: World) -> None:
    world.network.blackhole("127.0.0.1")
    running = start(world, timeout=3)
    world.advance(3)
    assert running.status == TIMEOUT
    assert running.said == [f"{HERE}: nobody answered within 3 s"]


def test_no_such_name(world: World) -> None:
    running = start(world, "tcp://no.such.name:1")
    assert running.status == FAILED
    assert "no address of 'no.such.name'" in running.said[0]


@pytest.mark.parametrize("address", ["inproc://x", "udp://127.0.0.1:5", "foo://x", "nonsense"])
def test_what_is_no_address(world: World, address: str) -> None:
    running = start(world, address)
    assert running.status == USAGE
    assert address in running.said[0]


def test_ipc(world: World) -> None:
    reactor: Any = world.network.reactor()
    rep = world.make(RepSocket, on=reactor)
    world.run(rep.bind("ipc:///run/x"))
    running = start(world, "ipc:///run/x")
    assert running.status == DONE
    assert running.lines[0] == "address:     ipc:///run/x"


class TestBytes:
    """Peers that speak bytes; each is asked, and answers with what the test makes it say."""

    def ask(self, world: World, *said: bytes, **settings: Any) -> tuple[Running, Any]:
        """Ask a peer that says one thing after the other, whatever it hears."""
        listener = world.network.raw_listen(5000)
        running = start(world, timeout=3, **settings)
        [peer] = listener.peers
        for data in said:
            peer.send(data)
            world.settle()
        return running, peer

    @pytest.mark.parametrize("size", [1, 7, 1000])
    def test_in_pieces_of_any_size(self, world: World, size: int) -> None:
        data = greeting() + ready("PUB", (b"X-a", b"b"))
        pieces = [data[start : start + size] for start in range(0, len(data), size)]
        running, peer = self.ask(world, *pieces)
        heard = peer.take()
        assert heard.startswith(greeting())
        assert heard.endswith(ready("SUB") + command(b"PING", b"\0\0pyzmtp info"))
        # What is not for us: a message, another PING, and a PONG that answers somebody else.
        peer.send(frame(0, b"news") + command(b"PING", b"\0\0") + command(b"PONG", b"other"))
        world.advance(1.5)
        assert running.outcome.pending
        peer.send(command(b"PONG", b"pyzmtp info"))
        world.settle()
        assert running.status == DONE
        assert running.lines[-1] == "round trip:  1500.00 ms (PING)"

    def test_nothing_is_said_before_the_peer_has(self, world: World) -> None:
        running, peer = self.ask(world)
        assert peer.take() == greeting()[:10]
        peer.send(greeting()[:10])
        world.settle()
        assert peer.take() == greeting()[10:11]
        peer.send(greeting()[10:])
        world.settle()
        assert peer.take() == greeting()[11:]
        peer.send(ready("PULL"))
        world.settle()
        assert peer.take().startswith(ready("PUSH"))
        running.cancel()
        world.settle()

    def test_it_never_joins_who_would_send_it_something(self, world: World) -> None:
        running, peer = self.ask(world, greeting() + ready("PUSH"))
        assert peer.take() == greeting()
        assert running.status == DONE

    @pytest.mark.parametrize(
        ("data", "text"),
        [
            (b"HTTP/1.1 400 Bad Request\r\n", "does not speak ZMTP: it began with b'HTTP/1.1 4'"),
            (b"\x01\x00", "it began with b'\\x01\\x00'. That may be ZMTP 1.0, of libzmq 2"),
            (
                greeting() + command(b"ERROR", b"\x04nope"),
                "the peer refused the connection: 'nope'",
            ),
            (greeting() + frame(0, b"message"), "got 'a message' where a handshake command"),
            (greeting() + command(b"WHAT"), "got 'WHAT' where READY was expected"),
            (greeting() + command(b"READY", b"\x01"), "malformed READY"),
        ],
    )
    def test_what_is_no_zmtp(self, world: World, data: bytes, text: str) -> None:
        running, _ = self.ask(world, data)
        assert running.status == FAILED
        assert text in running.said[0]

    @pytest.mark.parametrize("name", [b"GSSAPI", b"\x1b[2J"])
    def test_another_mechanism(self, world: World, name: bytes) -> None:
        running, _ = self.ask(world, greeting(name))
        assert running.status == FAILED
        assert running.said == [f"{HERE}: its mechanism {name.decode()!r} is unknown here"]
        assert "\x1b" not in running.stdout.data.decode()

    def test_zmtp_2_0(self, world: World) -> None:
        running, peer = self.ask(world, b"\xff\0\0\0\0\0\0\0\1\x7f\x01\x08")
        assert running.status == DONE
        assert running.lines[1:3] == ["version:     ZMTP 2.0", "socket type: PUSH"]
        assert peer.closed is not None

    def test_zmtp_2_0_of_a_type_that_nobody_knows(self, world: World) -> None:
        running, _ = self.ask(world, b"\xff\0\0\0\0\0\0\0\1\x7f\x01\xee")
        assert running.status == DONE
        assert running.lines[1].endswith("2.0")
        assert running.lines[2].startswith("round trip")

    def test_a_peer_that_says_nothing(self, world: World) -> None:
        running, peer = self.ask(world)
        world.advance(3)
        assert running.status == TIMEOUT
        assert running.said == [f"{HERE}: the greeting did not come within 3 s"]
        assert peer.closed is not None

    def test_a_peer_that_says_no_more(self, world: World) -> None:
        running, _ = self.ask(world, greeting())
        world.advance(3)
        assert running.status == TIMEOUT
        assert running.said == [f"{HERE}: the end of the handshake did not come within 3 s"]
        assert "mechanism:   NULL" in running.lines

    def test_a_peer_that_does_not_answer_a_ping(self, world: World) -> None:
        running, _ = self.ask(world, greeting() + ready("PUB"))
        world.advance(3)
        assert running.status == TIMEOUT
        assert running.said == [f"{HERE}: the PONG did not come within 3 s"]
        assert running.lines[-1] == "round trip:  0.00 ms (handshake, without PING)"

    @pytest.mark.parametrize(
        ("said", "what"), [(b"", "the greeting"), (greeting(), "the end of the handshake")]
    )
    def test_a_peer_that_closes(self, world: World, said: bytes, what: str) -> None:
        running, peer = self.ask(world, said)
        peer.close()
        world.settle()
        assert running.status == FAILED
        assert running.said == [f"{HERE}: the peer closed the connection before {what}"]

    def test_properties_of_every_kind(self, world: World) -> None:
        properties = [(b"Identity", b"\0one"), (b"socket-type", b"x"), (b"X-B", b"\xff")]
        running, peer = self.ask(world, greeting() + command(b"READY", _block(properties)))
        assert running.status == DONE
        assert running.lines[3:6] == [
            "socket type: x",
            "identity:    \\x00one",
            "metadata:    X-B: \\xff",
        ]
        assert peer.take() == greeting()

    def test_what_it_says_cannot_move_the_cursor(self, world: World) -> None:
        evil = command(b"READY", _block([(b"Socket-Type", b"\x1b[2J")]))
        running, _ = self.ask(world, greeting() + evil)
        assert running.lines[3] == "socket type: \\x1b[2J"

    def test_no_type_at_all(self, world: World) -> None:
        running, _ = self.ask(world, greeting() + command(b"READY"))
        assert running.status == DONE
        assert running.lines[3].startswith("round trip")


def _block(properties: list[tuple[bytes, bytes]]) -> bytes:
    return b"".join(
        bytes((len(name),)) + name + len(value).to_bytes(4, "big") + value
        for name, value in properties
    )


class TestWebsockets:
    @pytest.mark.parametrize("kind", [SocketType.REP, SocketType.SUB], ids=lambda kind: kind.value)
    def test_a_safe_peer(self, world: World, kind: SocketType) -> None:
        serve(world, kind, "ws://127.0.0.1:5000/x")
        running = start(world, "ws://127.0.0.1:5000/x")
        world.advance(1)
        assert running.status == DONE
        assert f"socket type: {kind.value}" in running.lines
        assert running.lines[-1] == "round trip:  0.00 ms (handshake, without PING)"

    def test_an_unsafe_peer(self, world: World) -> None:
        server = serve(world, SocketType.PUSH, "ws://127.0.0.1:5000/x")
        running = start(world, "ws://127.0.0.1:5000/x", as_json=True)
        world.advance(1)
        assert json.loads(running.stdout.data)["socket_type"] == "PUSH"
        assert running.status == DONE
        assert "HandshakeSucceeded" not in world.names(server)
        running = start(world, "ws://127.0.0.1:5000/x", joins=True, as_json=True)
        world.advance(1)
        assert json.loads(running.stdout.data)["joined_as"] == "PULL"

    def test_a_router_with_a_name(self, world: World) -> None:
        serve(world, SocketType.ROUTER, "ws://127.0.0.1:5000/x", routing_id=b"me")
        running = start(world, "ws://127.0.0.1:5000/x", as_json=True)
        world.advance(1)
        assert json.loads(running.stdout.data)["identity"] == "me"

    def test_nobody(self, world: World) -> None:
        running = start(world, "ws://127.0.0.1:5000/x")
        world.advance(1)
        assert running.status == FAILED
        assert "cannot connect" in running.said[0]

    def test_no_websocket(self, world: World) -> None:
        listener = world.network.raw_listen(5000)
        running = start(world, "ws://127.0.0.1:5000/x")
        listener.peers[0].send(b"HTTP/1.1 404 Not Found\r\n\r\n")
        world.advance(1)
        assert running.status == FAILED
        assert "no websocket" in running.said[0]

    def test_a_peer_that_closes_at_every_type(self, world: World) -> None:
        listener = world.network.raw_listen(5000)
        running = start(world, "ws://127.0.0.1:5000/x")
        for number in range(len(SAFE_TYPES)):
            listener.peers[number].close()
            world.advance(1)
        assert running.status == FAILED
        assert "it refuses every type that is safe to try" in running.said[0]

    def test_a_peer_that_is_silent(self, world: World) -> None:
        world.network.raw_listen(5000)
        running = start(world, "ws://127.0.0.1:5000/x", timeout=2)
        world.advance(3)
        assert running.status == TIMEOUT
        assert "nobody became ready within 2 s" in running.said[0]


def test_what_is_joined_fits() -> None:
    for kind in ZMTP_TYPES:
        safe, unsafe = type_to_join(kind.value, False), type_to_join(kind.value, True)
        assert unsafe is not None
        assert compatible(unsafe, kind)
        assert safe == (None if kind in UNSAFE else unsafe)
    assert type_to_join("BOGUS", True) is None
    assert {kind for ours in SAFE_TYPES for kind in ZMTP_TYPES if compatible(ours, kind)} >= set(
        SAFE
    )


class TestCommand:
    def test_its_help(self) -> None:
        done = CliRunner().invoke(group, ["info", "--help"])
        assert done.exit_code == 0
        for text in ("--join", "--json", "--timeout", "--curve-server", "Exit status"):
            assert text in done.output
        assert "--curve-clients" not in done.output

    def test_it_runs(self, monkeypatch: pytest.MonkeyPatch) -> None:
        ran: list[Any] = []

        async def fake_tell(*details: Any) -> int:
            ran.append(details)
            return 0

        monkeypatch.setattr(info, "run", lambda main: Outcomes(Deferred.fromCoroutine(main("it"))))
        monkeypatch.setattr(info, "tell", fake_tell)
        monkeypatch.setattr(info, "standard_streams", lambda *details: "streams")
        arguments = ["-t", "2", "--join", "--json", "-o", "ipv6=yes", "--curve-server"]
        done = CliRunner().invoke(group, ["info", HERE, *arguments, KEYS.public])
        assert done.exit_code == 0, done.output
        [(reactor, address, options, make_policy, joins, timeout, as_json, streams)] = ran
        assert (reactor, address, joins, timeout, as_json) == ("it", HERE, True, 2.0, True)
        assert options == SocketOptions(ipv6=True)
        assert isinstance(make_policy(None), CurveClient)
        assert streams == "streams"

    @pytest.mark.parametrize("arguments", [["-o", "x"], ["--curve-key", "x"]])
    def test_what_makes_no_sense(self, arguments: list[str]) -> None:
        done = CliRunner().invoke(group, ["info", HERE, *arguments])
        assert done.exit_code == 2
        assert "Error: " in done.output
