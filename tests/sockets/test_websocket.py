"""``ws://``: ZMTP over websockets (RFC 45), against ourselves and against a peer that speaks bytes."""

from __future__ import annotations

import base64
import hashlib
import sys
from typing import Any

import pytest

from pyzmtp import (
    AddressError,
    ConnectRetried,
    Disconnected,
    FrameTooLarge,
    FramingError,
    HandshakeFailed,
    HandshakeTimeout,
    HeartbeatTimeout,
    LibraryMissing,
    PairSocket,
    ProtocolError,
    PubSocket,
    PullSocket,
    PushSocket,
    RepSocket,
    ReqSocket,
    StreamSocket,
    SubSocket,
    UpgradeFailed,
    WebsocketClosed,
    XPubSocket,
)
from pyzmtp.testing import Conditions, RawListener, RawPeer

from .world import Outcomes, World, hello

#: RFC 6455, section 1.3: the key of its example, and the answer.
KEY = b"dGhlIHNhbXBsZSBub25jZQ=="
ACCEPT = b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
MASK = b"\x37\xfa\x21\x3d"


def request(**changes: bytes) -> bytes:
    """The head of a client's request; an empty header is left out."""
    headers = {
        "Host": b"127.0.0.1",
        "Upgrade": b"websocket",
        "Connection": b"Upgrade",
        "Sec_WebSocket_Key": KEY,
        "Sec_WebSocket_Protocol": b"ZWS2.0/NULL,ZWS2.0",
        "Sec_WebSocket_Version": b"13",
    } | changes
    lines = [
        name.replace("_", "-").encode() + b": " + value for name, value in headers.items() if value
    ]
    return b"\r\n".join([b"GET /any/path HTTP/1.1", *lines, b"\r\n"])


def response(key: bytes, **changes: bytes) -> bytes:
    """The head of a server's answer to ``key``, as libzmq writes it."""
    token = hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest()
    headers = {
        "Upgrade": b"websocket",
        "Connection": b"Upgrade",
        "Sec_WebSocket_Accept": base64.b64encode(token),
        "Sec_WebSocket_Protocol": b"ZWS2.0/NULL",
    } | changes
    lines = [
        name.replace("_", "-").encode() + b": " + value for name, value in headers.items() if value
    ]
    return b"\r\n".join([b"HTTP/1.1 101 Switching Protocols", *lines, b"\r\n"])


def frame(payload: bytes, opcode: int = 0x82, mask: bytes = MASK) -> bytes:
    """A websocket frame (RFC 6455, section 5.2): masked as a client's, or with an empty mask not."""
    size = len(payload)
    bit = 0x80 if mask else 0
    if size < 126:
        head = bytes((opcode, bit | size))
    elif size < 65536:
        head = bytes((opcode, bit | 126)) + size.to_bytes(2, "big")
    else:
        head = bytes((opcode, bit | 127)) + size.to_bytes(8, "big")
    if mask:
        payload = bytes(byte ^ mask[place % 4] for place, byte in enumerate(payload))
    return head + mask + payload


def served(payload: bytes, opcode: int = 0x82) -> bytes:
    """A frame of a server."""
    return frame(payload, opcode, b"")


def ready(socket_type: bytes) -> bytes:
    """READY (RFC 37) behind the flags byte of a command (RFC 45)."""
    return b"\x02\x05READY\x0bSocket-Type" + len(socket_type).to_bytes(4, "big") + socket_type


def unmasked(data: bytes) -> list[tuple[int, bytes]]:
    """The first byte and the payload of each frame."""
    frames = []
    while data:
        opcode, size, data = data[0], data[1], data[2:]
        extended = {126: 2, 127: 8}.get(size & 127, 0)
        if extended:
            length, data = int.from_bytes(data[:extended], "big"), data[extended:]
        else:
            length = size & 127
        mask = bytes(4)
        if size & 128:
            mask, data = data[:4], data[4:]
        body, data = data[:length], data[length:]
        frames.append((opcode, bytes(byte ^ mask[n % 4] for n, byte in enumerate(body))))
    return frames


def bind(world: World, socket: Any, path: str = "") -> str:
    """Bind to a new websocket address."""
    address: str = world.run(socket.bind(f"ws://127.0.0.1:*{path}"))
    return address


def port_in(address: str) -> int:
    """The port in a websocket address."""
    return int(address.removeprefix("ws://127.0.0.1:").partition("/")[0])


def client(world: World, socket: Any, say: bytes) -> RawPeer:
    """A raw client of a socket that is bound here; it says something."""
    peer = world.network.raw_connect(port_in(bind(world, socket)))
    peer.send(say)
    world.settle()
    return peer


class Server:
    """A raw server, and a socket that is connected to it.

    :ivar request: what the socket asked for.
    """

    def __init__(self, world: World, kind: Any, **options: Any) -> None:
        self.listener: RawListener = world.network.raw_listen()
        self.world = world
        self.socket = world.make(kind, **options)
        self.outcome = Outcomes(
            self.socket.connect(f"ws://127.0.0.1:{self.listener.port}/some/path")
        )
        world.settle()
        self.request = self.peer.take()

    @property
    def peer(self) -> RawPeer:
        """The last connection."""
        return self.listener.peers[-1]

    @property
    def key(self) -> bytes:
        """The client's key."""
        [line] = [
            one for one in self.request.split(b"\r\n") if one.startswith(b"Sec-WebSocket-Key")
        ]
        return line.partition(b": ")[2]

    def say(self, data: bytes) -> bytes:
        """Say something; return what came."""
        self.peer.send(data)
        self.world.settle()
        return self.peer.take()


def reason(world: World, socket: Any) -> Exception:
    """Why the only connection ended."""
    [event] = world.of(socket, Disconnected)
    return event.reason


# Both sides are ours


@pytest.mark.parametrize("segment", [None, 1])
@pytest.mark.parametrize("path", ["", "/roundtrip/x?y"])
def test_request_and_reply(world: World, segment: int | None, path: str) -> None:
    world.network.conditions = Conditions(segment_size=segment)
    rep, req = world.make(RepSocket), world.make(ReqSocket)
    address = bind(world, rep, path)
    assert address == f"ws://127.0.0.1:{port_in(address)}{path}"
    peer = world.run(req.connect(address), 1)
    assert (peer.address, peer.mechanism, peer.version) == (address, "NULL", (3, 0))
    world.run(req.send([b"a", b"", b"b"]))
    assert world.run(rep.receive()) == [b"a", b"", b"b"]
    world.run(rep.send([b"c"]))
    assert world.run(req.receive()) == [b"c"]


@pytest.mark.parametrize("size", [0, 1, 123, 124, 125, 255, 256, 65534, 65535, 65536, 300_000])
def test_frames_of_any_size_both_ways(world: World, size: int) -> None:
    one, other = world.make(PairSocket), world.make(PairSocket)
    world.run(other.connect(bind(world, one)), 1)
    body = bytes(range(256)) * (size // 256) + bytes(size % 256)
    for sender, receiver in ((one, other), (other, one)):
        world.run(sender.send([body, b"end"]))
        assert world.drain(receiver) == [[body, b"end"]]


def test_a_message_for_many_is_not_harmed_by_a_mask(world: World) -> None:
    push = world.make(PairSocket)
    pull = world.make(PairSocket)
    world.run(push.connect(bind(world, pull)), 1)
    shared = [b"shared" * 50]
    world.run(push.send(shared))
    world.run(push.send(shared))
    assert world.drain(pull) == [[b"shared" * 50]] * 2


def test_publishers_hear_of_subscriptions(world: World) -> None:
    pub, sub = world.make(PubSocket), world.make(SubSocket)
    sub.subscribe(b"a")
    world.run(sub.connect(bind(world, pub)), 1)
    world.settle()
    for message in ([b"a1"], [b"b1"]):
        world.run(pub.send(message))
    assert world.drain(sub) == [[b"a1"]]
    sub.unsubscribe(b"a")
    world.settle()
    world.run(pub.send([b"a2"]))
    assert world.drain(sub) == []


def test_a_server_that_comes_back_is_found_again(world: World) -> None:
    host = world.network.reactor()
    pull, push = world.make(PullSocket, on=host), world.make(PushSocket)
    address = bind(world, pull)
    world.run(push.connect(address), 1)
    world.run(pull.close())
    world.advance(1)
    later = world.make(PullSocket, on=host)
    assert world.run(later.bind(address)) == address
    world.advance(1)
    world.run(push.send([b"again"]))
    assert world.drain(later) == [[b"again"]]


def test_what_the_receiver_has_no_room_for_waits(world: World) -> None:
    pull, push = world.make(PullSocket, receive_hwm=3), world.make(PushSocket, send_hwm=0)
    world.run(push.connect(bind(world, pull)), 1)
    for number in range(50):
        world.run(push.send([b"%d" % number]))
    world.settle()
    assert pull.stats.receive_queue <= 3
    assert world.drain(pull) == [[b"%d" % number] for number in range(50)]


def test_heartbeats_keep_a_quiet_connection(world: World) -> None:
    pull, push = world.make(PullSocket), world.make(PushSocket, heartbeat_interval=1.0)
    world.run(push.connect(bind(world, pull)), 1)
    world.advance(5)
    assert world.of(push, Disconnected) == []


# We are the server


@pytest.mark.parametrize("cut", [None, 1, 7])
def test_a_client_in_bytes(world: World, cut: int | None) -> None:
    pull = world.make(PullSocket)
    address = bind(world, pull)
    peer = world.network.raw_connect(port_in(address))
    message = frame(b"\x01" + b"a" * 255) + frame(b"\x00" + b"b" * 65536)
    said = request() + frame(ready(b"PUSH")) + message
    for start in range(0, len(said), cut or len(said)):
        peer.send(said[start : start + (cut or len(said))])
    assert world.drain(pull) == [[b"a" * 255, b"b" * 65536]]
    head, _, rest = peer.take().partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    assert lines[0].startswith(b"HTTP/1.1 101 ")
    lower = [line.lower() for line in lines]
    assert b"sec-websocket-accept: " + ACCEPT.lower() in lower
    assert b"sec-websocket-protocol: zws2.0/null" in lower
    assert unmasked(rest) == [(0x82, ready(b"PULL"))]
    assert not rest[1] & 0x80


def test_two_parts_at_each_place(world: World) -> None:
    said = request() + frame(ready(b"PUSH")) + frame(b"\x00one") + frame(b"\x00two")
    for place in range(1, len(said)):
        pull = world.make(PullSocket)
        peer = client(world, pull, said[:place])
        peer.send(said[place:])
        assert world.drain(pull) == [[b"one"], [b"two"]], place
        world.run(pull.close(linger=0), 1)


def test_subscriptions_are_messages(world: World) -> None:
    xpub = world.make(XPubSocket)
    peer = client(world, xpub, request() + frame(ready(b"SUB")) + frame(b"\x00\x01A"))
    assert world.drain(xpub) == [[b"\x01A"]]
    peer.take()
    world.run(xpub.send([b"ALOL"]))
    world.settle()
    assert peer.take() == served(b"\x00ALOL")
    peer.send(frame(b"\x00\x00A"))
    assert world.drain(xpub) == [[b"\x00A"]]


def test_a_message_in_fragments_with_a_ping_between(world: World) -> None:
    pull = world.make(PullSocket)
    peer = client(world, pull, request() + frame(ready(b"PUSH")))
    peer.take()
    peer.send(frame(b"\x00one ", 0x02) + frame(b"hello", 0x89) + frame(b"message", 0x80))
    assert world.drain(pull) == [[b"one message"]]
    assert peer.take() == served(b"hello", 0x8A)


def test_of_many_pings_the_last_is_answered(world: World) -> None:
    pull = world.make(PullSocket)
    peer = client(world, pull, request() + frame(ready(b"PUSH")))
    peer.take()
    peer.send(b"".join(frame(b"%d" % number, 0x89) for number in range(100)))
    world.settle()
    assert unmasked(peer.take())[-1] == (0x8A, b"99")


def test_a_close_is_answered_behind_what_came_before_it(world: World) -> None:
    pull = world.make(PullSocket)
    peer = client(world, pull, request() + frame(ready(b"PUSH")))
    peer.take()
    peer.send(frame(b"\x00last") + frame(b"\x03\xe8bye", 0x88))
    assert world.drain(pull) == [[b"last"]]
    assert peer.take() == served(b"\x03\xe8", 0x88)
    error = reason(world, pull)
    assert isinstance(error, WebsocketClosed)
    assert (error.code, error.reason) == (1000, "bye")
    assert peer.closed is not None


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        (frame(b"\x00text", 0x81), FramingError),
        (frame(b""), FramingError),
        (frame(b"\x04reserved"), FramingError),
        (frame(b"\x03command and more"), FramingError),
        (served(b"\x00not masked"), FramingError),
        (frame(b"\x00rsv", 0xC2), FramingError),
        (frame(b"\x00opcode", 0x83), FramingError),
        (frame(b"\x00continues nothing", 0x80), FramingError),
        (frame(b"\x00" + bytes(101)), FrameTooLarge),
        (frame(b"\x00" + bytes(60), 0x02) + frame(bytes(60), 0x00), FrameTooLarge),
        (frame(b"\x01" + bytes(60)) + frame(b"\x00" + bytes(60)), FrameTooLarge),
    ],
)
def test_what_is_refused_after_a_good_message(
    world: World, said: bytes, kind: type[ProtocolError]
) -> None:
    pull = world.make(PullSocket, max_message_size=100)
    peer = client(world, pull, request() + frame(ready(b"PUSH")))
    peer.take()
    peer.send(frame(b"\x00good") + said)
    assert world.drain(pull) == [[b"good"]]
    assert isinstance(reason(world, pull), kind)
    assert unmasked(peer.take()) == [(0x88, b"\x03\xea")]  # RFC 6455, 7.4.1: 1002
    assert peer.closed is not None


def test_a_large_announcement_in_the_handshake_is_not_waited_for(world: World) -> None:
    pull = world.make(PullSocket)
    client(world, pull, request() + frame(b"\x02\x05READY" + bytes(17_000))[:16_600])
    assert isinstance(reason(world, pull), FrameTooLarge)


@pytest.mark.parametrize(
    "said",
    [
        hello("PUSH"),
        b"POST / HTTP/1.1\r\n\r\n",
        request(Upgrade=b"h2c"),
        request(Connection=b"close"),
        request(Sec_WebSocket_Key=b""),
        request(Sec_WebSocket_Version=b"8"),
        request(Sec_WebSocket_Protocol=b""),
        request(Sec_WebSocket_Protocol=b"ZWS2.0"),
        request(Sec_WebSocket_Protocol=b"ZWS2.0/PLAIN"),
        request(Sec_WebSocket_Protocol=b"\xff\xfe"),
        request(Host=b"\xff.\xfe"),
        request(Host=b""),
        request(X=b"a" * 9000),
        b"GET / HTTP/1.1\r\nX: " + b"a" * 9000,
        b"GET nonsense\r\n\r\n",
    ],
)
def test_what_asks_for_no_websocket_of_ours(world: World, said: bytes) -> None:
    pull = world.make(PullSocket)
    peer = client(world, pull, said)
    assert peer.take().startswith(b"HTTP/1.1 400 ")
    assert peer.closed is not None
    [failed] = world.of(pull, HandshakeFailed)
    assert isinstance(failed.error, UpgradeFailed)


def test_who_never_asks_falls_under_the_handshake_timeout(world: World) -> None:
    pull = world.make(PullSocket, handshake_timeout=2.0)
    peer = client(world, pull, request()[:-2])
    world.advance(2.1)
    assert isinstance(reason(world, pull), HandshakeTimeout)
    assert peer.take() == b""


def test_the_half_open_are_counted(world: World) -> None:
    pull = world.make(PullSocket, max_half_open=1)
    port = port_in(bind(world, pull))
    peers = [world.network.raw_connect(port) for _ in range(3)]
    world.settle()
    assert [peer.closed is not None for peer in peers] == [False, True, True]


# We are the client


@pytest.mark.parametrize("segment", [None, 1])
def test_a_server_in_bytes(world: World, segment: int | None) -> None:
    world.network.conditions = Conditions(segment_size=segment)
    server = Server(world, PushSocket)
    lines = server.request.split(b"\r\n")
    assert lines[0] == b"GET /some/path HTTP/1.1"
    assert f"Host: 127.0.0.1:{server.listener.port}".encode() in lines
    assert b"Sec-WebSocket-Protocol: ZWS2.0/NULL" in lines
    assert len(base64.b64decode(server.key)) == 16
    said = server.say(response(server.key) + served(ready(b"PULL")))
    assert unmasked(said) == [(0x82, ready(b"PUSH"))]
    [peer] = server.outcome
    assert peer.peer_address == f"127.0.0.1:{server.listener.port}"
    world.run(server.socket.send([b"a", b"b" * 300]))
    world.settle()
    said = server.peer.take()
    assert said[1] & 0x80
    assert unmasked(said) == [(0x82, b"\x01a"), (0x82, b"\x00" + b"b" * 300)]


@pytest.mark.parametrize(
    "changes",
    [
        {"Sec_WebSocket_Accept": ACCEPT},
        {"Sec_WebSocket_Accept": b""},
        {"Sec_WebSocket_Protocol": b""},
        {"Sec_WebSocket_Protocol": b"ZWS2.0"},
        {"Sec_WebSocket_Protocol": b"\xff"},
        {"Sec_WebSocket_Extensions": b"permessage-deflate"},
        {"Upgrade": b"h2c"},
        {"Connection": b"close"},
    ],
)
def test_a_wrong_answer(world: World, changes: dict[str, bytes]) -> None:
    server = Server(world, PushSocket)
    server.say(response(server.key, **changes))
    assert isinstance(server.outcome.error, UpgradeFailed)
    assert world.of(server.socket, ConnectRetried) == []  # libzmq: it would only say so again
    assert server.peer.closed is not None


@pytest.mark.parametrize(
    "said", [hello("PULL"), b"HTTP/1.1 404 Not Found\r\n\r\n", b"HTTP/1.1 100 Continue\r\n\r\n"]
)
def test_no_upgrade(world: World, said: bytes) -> None:
    server = Server(world, PushSocket)
    server.say(said)
    assert isinstance(server.outcome.error, UpgradeFailed)
    assert server.outcome.error.libzmq_code == 0x30000000


def test_a_masked_frame_of_a_server(world: World) -> None:
    server = Server(world, PushSocket)
    server.say(response(server.key) + frame(ready(b"PULL")))
    assert isinstance(reason(world, server.socket), FramingError)


def test_who_closes_the_websocket_is_asked_again(world: World) -> None:
    server = Server(world, PushSocket)
    said = server.say(response(server.key) + served(ready(b"PULL")) + served(b"", 0x88))
    assert unmasked(said)[-1] == (0x88, b"")
    assert isinstance(reason(world, server.socket), WebsocketClosed)
    world.advance(1)
    assert len(server.listener.peers) == 2
    assert server.peer.take().startswith(b"GET /some/path ")


def test_a_silent_server_is_pinged_and_given_up(world: World) -> None:
    server = Server(world, PushSocket, heartbeat_interval=1.0, heartbeat_timeout=0.5)
    server.say(response(server.key) + served(ready(b"PULL")))
    world.advance(1.1)
    [(opcode, body)] = unmasked(server.peer.take())
    assert (opcode, body) == (0x89, b"")
    server.say(served(b"", 0x8A))
    world.advance(0.8)
    assert world.of(server.socket, Disconnected) == []
    world.advance(1)
    assert isinstance(reason(world, server.socket), HeartbeatTimeout)


# Addresses


@pytest.mark.parametrize(
    "address", ["ws://127.0.0.1", "ws://*:*/x y", "ws://*:1/\u00fc", "ws:///path", "wsx://a:1"]
)
def test_an_address_that_cannot_be_meant(world: World, address: str) -> None:
    with pytest.raises(AddressError):
        world.make(PullSocket).bind(address)


def test_a_stream_has_no_websockets(world: World) -> None:
    with pytest.raises(AddressError):
        world.make(StreamSocket).bind("ws://127.0.0.1:*")


def test_without_the_library(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyzmtp.engine.websocket", None)
    bound = Outcomes(world.make(PullSocket).bind("ws://127.0.0.1:*"))
    connected = Outcomes(world.make(PullSocket).connect("ws://127.0.0.1:5"))
    world.settle()
    assert isinstance(bound.error, LibraryMissing)
    assert isinstance(connected.error, LibraryMissing)
