"""ZMQ_SOCKS_PROXY: sockets that connect through a proxy. Its bytes are in tests/net/test_socks.py."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from pyzmtp import (
    Connected,
    ConnectError,
    ConnectRetried,
    HandshakeFailed,
    HandshakeTimeout,
    LibraryMissing,
    ProxyError,
    PullSocket,
    PushSocket,
    ReconnectStop,
    SocketOptions,
)
from pyzmtp.errors import ConnectAborted
from pyzmtp.testing import Conditions, RawListener, RawPeer

from .world import GREETING, Outcomes, World, hello, message

TARGET = "tcp://far.example:5555"
TAKE_NOTHING = b"\x05\x00"
REQUEST = b"\x05\x01\x00\x03\x0bfar.example\x15\xb3"
OPENED = b"\x05\x00\x00\x01" + bytes(6)


class Proxied:
    """A PUSH that connects through a proxy that speaks bytes."""

    def __init__(self, world: World, **options: Any) -> None:
        self.world = world
        self.listener: RawListener = world.network.raw_listen()
        proxy = f"127.0.0.1:{self.listener.port}"
        self.push = world.make(PushSocket, socks_proxy=proxy, **options)
        self.outcome = Outcomes(self.push.connect(TARGET))
        world.settle()

    @property
    def proxy(self) -> RawPeer:
        """The proxy's end of the last connection."""
        return self.listener.peers[-1]

    def say(self, data: bytes) -> bytes:
        """Have the proxy, or the peer behind it, say something; return what it got by then."""
        self.proxy.send(data)
        self.world.settle()
        return self.proxy.take()

    @property
    def reasons(self) -> list[ProxyError]:
        """Why the attempts failed."""
        reasons = []
        for event in self.world.of(self.push, ConnectRetried):
            assert isinstance(event.error, ConnectError)
            assert isinstance(event.error.reason, ProxyError)
            reasons.append(event.error.reason)
        return reasons


@pytest.mark.parametrize("segment", [None, 1])
def test_the_handshake_follows_the_tunnel(world: World, segment: int | None) -> None:
    world.network.conditions = Conditions(segment_size=segment)
    proxied = Proxied(world)
    assert proxied.say(TAKE_NOTHING) == b"\x05\x01\x00" + REQUEST
    # The proxy's last reply, the peer's greeting and its READY in one piece.
    assert proxied.say(OPENED + hello("PULL"))[:10] == GREETING[:10]
    [peer] = proxied.outcome
    assert peer.address == TARGET
    assert peer.peer_address == "far.example:5555"
    world.run(proxied.push.send([b"a", b"b"]))
    assert proxied.say(b"") == message(b"a", b"b")
    [connected] = world.of(proxied.push, Connected)
    assert connected.peer_address == "far.example:5555"


def test_back_pressure_reaches_through_the_tunnel(world: World) -> None:
    proxied = Proxied(world, send_hwm=5)
    proxied.say(TAKE_NOTHING)
    proxied.say(OPENED + hello("PULL"))
    proxied.proxy.pause()
    count = 0
    while proxied.push.try_send([bytes(10_000)]):
        count += 1
        assert count < 1000
        world.settle()
    assert not proxied.push.try_send([b"x"])
    proxied.proxy.resume()
    world.settle()
    assert proxied.push.try_send([b"x"])


def test_a_peer_may_come_later(world: World) -> None:
    """libzmq's test_socks: the proxy is there before the peer; a refusal is one failed attempt."""
    proxied = Proxied(world)
    proxied.say(TAKE_NOTHING)
    proxied.say(b"\x05\x05\x00\x01" + bytes(6))
    world.advance(0.3)
    assert [reason.reply for reason in proxied.reasons] == [5]
    assert len(proxied.listener.peers) == 2
    proxied.say(TAKE_NOTHING)
    proxied.say(OPENED + hello("PULL"))
    assert len(proxied.outcome) == 1


def test_a_proxy_may_come_later(world: World) -> None:
    push = world.make(PushSocket, socks_proxy="127.0.0.1:1080")
    push.connect(TARGET)
    world.advance(1)
    listener = world.network.raw_listen(1080)
    world.advance(1)
    assert listener.peers[0].take() == b"\x05\x01\x00"


def test_what_is_queued_waits_for_the_tunnel(world: World) -> None:
    proxied = Proxied(world)
    assert proxied.push.try_send([b"early"])
    proxied.say(TAKE_NOTHING)
    assert proxied.say(OPENED + hello("PULL")).endswith(message(b"early"))


def test_a_lost_tunnel_is_made_again(world: World) -> None:
    proxied = Proxied(world)
    for _ in range(2):
        proxied.say(TAKE_NOTHING)
        proxied.say(OPENED + hello("PULL"))
        assert len(proxied.push.peers) == 1
        proxied.proxy.close()
        world.advance(0.3)
    assert len(proxied.listener.peers) == 3


@pytest.mark.parametrize(
    ("reply", "stops"), [(5, True), (1, False)], ids=["refused", "other failure"]
)
def test_reconnect_stop_knows_a_refusal_by_the_target(
    world: World, reply: int, stops: bool
) -> None:
    proxied = Proxied(world, reconnect_stop=ReconnectStop.REFUSED)
    proxied.say(TAKE_NOTHING)
    proxied.say(bytes((5, reply, 0, 1)) + bytes(6))
    world.advance(10)
    assert bool(proxied.outcome.errors) is stops
    assert (len(proxied.listener.peers) == 1) is stops


def test_a_proxy_that_is_not_there_is_no_refusal_by_the_target(world: World) -> None:
    push = world.make(
        PushSocket, socks_proxy="127.0.0.1:1080", reconnect_stop=ReconnectStop.REFUSED
    )
    outcome = Outcomes(push.connect(TARGET))
    world.advance(10)
    assert outcome.pending
    assert len(world.of(push, ConnectRetried)) > 1


def test_a_peer_that_stalls_behind_the_proxy(world: World) -> None:
    """The tunnel has the time of a connection, the peer behind it that of a handshake."""
    proxied = Proxied(world, connect_timeout=1.0, handshake_timeout=2.0)
    proxied.say(TAKE_NOTHING)
    proxied.say(OPENED)
    world.advance(1.9)
    assert world.of(proxied.push, HandshakeFailed) == []
    world.advance(0.2)
    [failed] = world.of(proxied.push, HandshakeFailed)
    assert isinstance(failed.error, HandshakeTimeout)
    assert failed.peer_address == "far.example:5555"


@pytest.mark.parametrize("said", [b"", TAKE_NOTHING, TAKE_NOTHING + b"\x05\x00"])
def test_close_in_the_middle_of_it(world: World, said: bytes) -> None:
    """When close() has fired, nothing is left of a tunnel that was being opened."""
    proxied = Proxied(world)
    proxied.say(said)
    closed = Outcomes(proxied.push.close(linger=0))
    world.until(lambda: not closed.pending)
    world.network.assert_clean()
    assert isinstance(proxied.outcome.error, ConnectAborted)


def test_close_when_it_has_just_been_opened(world: World) -> None:
    proxied = Proxied(world)

    def close(event: object) -> None:
        if isinstance(event, Connected):
            proxied.push.close(linger=0)

    proxied.push.on_event(close)
    proxied.say(TAKE_NOTHING)
    proxied.say(OPENED + hello("PULL"))
    world.advance(1)
    world.network.assert_clean()
    assert proxied.push.closed
    assert isinstance(proxied.outcome.error, ConnectAborted)


def test_only_tcp_goes_through_the_proxy(world: World) -> None:
    pull = world.make(PullSocket, socks_proxy="127.0.0.1:1080")  # for a bind it means nothing
    address = world.bind(pull, "ipc")
    push = world.make(PushSocket, socks_proxy="127.0.0.1:1080")
    world.run(push.connect(address), 1)
    assert len(push.peers) == 1


def test_without_the_library_connect_fails(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "socksio", None)
    monkeypatch.delitem(sys.modules, "pyzmtp.net.socks", raising=False)
    proxied = Proxied(world)
    assert isinstance(proxied.outcome.error, LibraryMissing)
    assert world.of(proxied.push, ConnectRetried) == []


def test_the_password_is_shown_nowhere(world: World) -> None:
    proxied = Proxied(world, socks_username="anne", socks_password="hush-hush")
    assert "hush" not in repr(proxied.push.options)
    proxied.say(b"\x05\x02")
    proxied.say(b"\x01\x01")
    assert len(proxied.reasons) == 1
    assert "hush" not in repr(world.events[proxied.push])
    with pytest.raises(ValueError, match="socks_password") as raised:
        SocketOptions(socks_password="hush" * 64)
    assert "hush" not in str(raised.value)
    assert "hush" not in repr(vars(raised.value))
