"""pyzmtp.net.socks: to somebody through a SOCKS5 proxy (RFC 1928, RFC 1929).

The proxy here is a peer that speaks bytes, and its bytes are the RFCs' own.
"""

from __future__ import annotations

import sys
from typing import Any, Final

import pytest
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.protocol import Protocol

from pyzmtp.errors import LibraryMissing, ProxyError
from pyzmtp.net.address import TcpAddress
from pyzmtp.net.dialling import dial
from pyzmtp.options import SocketOptions
from pyzmtp.testing import Conditions, MemoryNetwork, RawPeer

from ..sockets.world import Outcomes

PROXY = "127.0.0.1:1080"
TARGET = TcpAddress("10.1.2.3", 5555)

#: What we say: which methods there are, who we are, where to. 5555 is 0x15b3.
OFFER_NOTHING = b"\x05\x01\x00"
OFFER_PASSWORD = b"\x05\x01\x02"
LOGIN = b"\x01\x04anne\x06secret"
TO_TARGET = b"\x05\x01\x00\x01\x0a\x01\x02\x03\x15\xb3"
#: What the proxy says.
TAKE_NOTHING = b"\x05\x00"
TAKE_PASSWORD = b"\x05\x02"
NO_METHOD = b"\x05\xff"
WELCOME = b"\x01\x00"
UNWELCOME = b"\x01\x01"
OPENED = b"\x05\x00\x00\x01\x7f\x00\x00\x01\x04\x38"
OPENED_IPV6 = b"\x05\x00\x00\x04" + bytes(15) + b"\x01\x04\x38"
OPENED_NAME = b"\x05\x00\x00\x03\x09proxy.lan\x04\x38"
#: A name of the greatest length, which is no text.
OPENED_LONG_NAME = b"\x05\x00\x00\x03\xff" + b"\xff" * 255 + b"\x04\x38"

WHO: Final[dict[str, Any]] = {"socks_username": "anne", "socks_password": "secret"}


class Recorder(Protocol):
    """What comes through the tunnel."""

    def __init__(self, where: str) -> None:
        self.where = where
        self.received: list[bytes] = []
        self.lost = False

    def dataReceived(self, data: bytes) -> None:
        self.received.append(data)

    def connectionLost(self, reason: Any = None) -> None:
        self.lost = True


class Attempt:
    """An attempt through a proxy: what it came to, and the proxy's side of it."""

    def __init__(self, network: MemoryNetwork, target: TcpAddress = TARGET, **options: Any) -> None:
        self.network = network
        self.proxies = network.raw_listen(1080)
        self.built: list[Recorder] = []
        reactor: Any = network.reactor()
        settings = SocketOptions(socks_proxy=PROXY, **options)
        self.deferred = Deferred.fromCoroutine(dial(reactor, target, settings, self.build))
        self.outcome = Outcomes(self.deferred)
        network.settle()

    def build(self, where: str) -> Protocol:
        """The protocol that follows the tunnel's."""
        self.built.append(Recorder(where))
        return self.built[-1]

    @property
    def proxy(self) -> RawPeer:
        """The proxy's end of the one connection."""
        [peer] = self.proxies.peers
        return peer

    def say(self, data: bytes) -> bytes:
        """Have the proxy say something; return the answer."""
        self.proxy.send(data)
        self.network.settle()
        return self.proxy.take()

    @property
    def error(self) -> ProxyError:
        """Why there is no tunnel; nothing may be left of it."""
        error = self.outcome.error
        assert isinstance(error, ProxyError)
        assert error.proxy == PROXY
        assert self.built == []
        assert self.proxy.closed is not None
        self.network.assert_clean()
        return error


@pytest.fixture(params=[None, 1], ids=["whole", "byte by byte"])
def network(request: pytest.FixtureRequest) -> MemoryNetwork:
    return MemoryNetwork(conditions=Conditions(segment_size=request.param))


def test_a_tunnel_without_a_name(network: MemoryNetwork) -> None:
    attempt = Attempt(network)
    assert attempt.proxy.take() == OFFER_NOTHING
    assert attempt.say(TAKE_NOTHING) == TO_TARGET
    assert attempt.outcome.pending
    assert attempt.say(OPENED) == b""
    assert attempt.outcome == [None]
    [built] = attempt.built
    assert built.where == "10.1.2.3:5555"
    assert built.connected


def test_a_tunnel_with_a_name_and_a_password(network: MemoryNetwork) -> None:
    attempt = Attempt(network, **WHO)
    assert attempt.proxy.take() == OFFER_PASSWORD
    assert attempt.say(TAKE_PASSWORD) == LOGIN
    assert attempt.say(WELCOME) == TO_TARGET
    attempt.say(OPENED)
    assert attempt.outcome == [None]


def test_the_longest_name_and_no_password(network: MemoryNetwork) -> None:
    attempt = Attempt(network, socks_username="ä" * 127 + "x")
    attempt.proxy.take()
    assert attempt.say(TAKE_PASSWORD) == b"\x01\xff" + b"\xc3\xa4" * 127 + b"x" + b"\x00"


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("nowhere.example", b"\x03\x0fnowhere.example"),
        ("2001:db8::1", b"\x04\x20\x01\x0d\xb8" + bytes(11) + b"\x01"),
    ],
)
def test_the_proxy_resolves(network: MemoryNetwork, host: str, address: bytes) -> None:
    """The network here knows no such name."""
    attempt = Attempt(network, TcpAddress(host, 5555))
    attempt.proxy.take()
    assert attempt.say(TAKE_NOTHING) == b"\x05\x01\x00" + address + b"\x15\xb3"
    attempt.say(OPENED)
    assert attempt.built[0].where == (f"[{host}]:5555" if ":" in host else f"{host}:5555")


@pytest.mark.parametrize("opened", [OPENED, OPENED_IPV6, OPENED_NAME, OPENED_LONG_NAME])
def test_no_byte_behind_the_reply_is_lost(network: MemoryNetwork, opened: bytes) -> None:
    attempt = Attempt(network)
    attempt.say(TAKE_NOTHING)
    attempt.say(opened + b"the peer's first words")
    assert b"".join(attempt.built[0].received) == b"the peer's first words"
    assert attempt.say(b", and more") == b""
    assert b"".join(attempt.built[0].received) == b"the peer's first words, and more"


def test_all_that_the_proxy_says_may_come_at_once(network: MemoryNetwork) -> None:
    attempt = Attempt(network, **WHO)
    answer = attempt.say(TAKE_PASSWORD + WELCOME + OPENED + b"hello")
    assert answer == OFFER_PASSWORD + LOGIN + TO_TARGET
    assert b"".join(attempt.built[0].received) == b"hello"


def test_nothing_of_the_tunnel_stays_on_the_transport(network: MemoryNetwork) -> None:
    attempt = Attempt(network)
    attempt.say(TAKE_NOTHING)
    attempt.say(OPENED)
    [built] = attempt.built
    transport: Any = built.transport
    assert transport.protocol is built
    network.advance(100)
    assert not built.lost
    attempt.proxy.close()
    network.settle()
    assert built.lost
    network.assert_clean()


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (1, "general server failure"),
        (2, "connection not allowed by ruleset"),
        (4, "host unreachable"),
        (5, "connection refused"),
        (8, "address type not supported"),
        (0xF0, "reply 240"),
    ],
)
def test_a_refusal_is_told(network: MemoryNetwork, reply: int, words: str) -> None:
    attempt = Attempt(network)
    attempt.say(TAKE_NOTHING)
    attempt.say(bytes((5, reply)))  # the rest may never come
    assert attempt.error.reply == reply
    assert words in str(attempt.error)


def test_a_refused_password(network: MemoryNetwork) -> None:
    attempt = Attempt(network, **WHO)
    attempt.say(TAKE_PASSWORD)
    attempt.say(UNWELCOME)
    assert attempt.error.reply is None
    assert "password" in str(attempt.error)
    assert "secret" not in str(attempt.error)


@pytest.mark.parametrize("choice", [NO_METHOD, TAKE_PASSWORD, b"\x05\x01"])
def test_a_method_that_was_not_offered(network: MemoryNetwork, choice: bytes) -> None:
    """libzmq takes user/password without having a name, and sends an empty one."""
    attempt = Attempt(network)
    attempt.proxy.take()
    assert attempt.say(choice) == b""
    assert "NO_AUTH_REQUIRED" in str(attempt.error)


def test_a_method_that_there_is_not(network: MemoryNetwork) -> None:
    attempt = Attempt(network)
    attempt.say(b"\x05\x77")
    assert r"b'\x05w'" in str(attempt.error)


def test_a_name_is_not_left_out(network: MemoryNetwork) -> None:
    attempt = Attempt(network, **WHO)
    attempt.proxy.take()
    assert attempt.say(TAKE_NOTHING) == b""
    assert "USERNAME_PASSWORD" in str(attempt.error)


@pytest.mark.parametrize(
    "before",
    [b"", TAKE_PASSWORD, TAKE_PASSWORD + WELCOME],
    ids=["method", "password", "connect"],
)
class TestEachStep:
    """What can go wrong while any reply is awaited."""

    @pytest.mark.parametrize("junk", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\x04", b"\xff\x00"])
    def test_junk(self, network: MemoryNetwork, before: bytes, junk: bytes) -> None:
        attempt = Attempt(network, **WHO)
        attempt.say(before + junk)
        assert "does not speak SOCKS5" in str(attempt.error)

    def test_the_proxy_closes(self, network: MemoryNetwork, before: bytes) -> None:
        attempt = Attempt(network, **WHO)
        attempt.say(before)
        attempt.proxy.close()
        network.settle()
        assert "closed the connection" in str(attempt.error)

    def test_it_closes_in_a_reply(self, network: MemoryNetwork, before: bytes) -> None:
        attempt = Attempt(network, **WHO)
        attempt.say(before + (b"\x01" if before == TAKE_PASSWORD else b"\x05"))
        assert attempt.outcome.pending
        attempt.proxy.abort()
        network.settle()
        assert attempt.error.reply is None

    def test_it_stalls(self, network: MemoryNetwork, before: bytes) -> None:
        attempt = Attempt(network, connect_timeout=2.0, **WHO)
        attempt.say(before)
        network.advance(1.9)
        assert attempt.outcome.pending
        network.advance(0.2)
        assert "in time" in str(attempt.error)

    def test_it_is_cancelled(self, network: MemoryNetwork, before: bytes) -> None:
        """The Deferred fires when nothing is left."""
        attempt = Attempt(network, **WHO)
        attempt.say(before)
        attempt.deferred.cancel()
        assert attempt.outcome.pending
        network.settle()
        assert isinstance(attempt.outcome.error, CancelledError)
        assert attempt.built == []
        network.assert_clean()

    def test_what_comes_after_the_end_is_not_heard(
        self, network: MemoryNetwork, before: bytes
    ) -> None:
        attempt = Attempt(network, **WHO)
        attempt.say(before)
        attempt.deferred.cancel()
        attempt.proxy.send(TAKE_PASSWORD + WELCOME + OPENED)
        network.settle()
        assert attempt.built == []
        network.assert_clean()


@pytest.mark.parametrize("kind", [0, 2, 5])
def test_an_address_of_no_type(network: MemoryNetwork, kind: int) -> None:
    attempt = Attempt(network)
    attempt.say(TAKE_NOTHING)
    attempt.say(bytes((5, 0, 0, kind, 9)))
    assert "does not speak SOCKS5" in str(attempt.error)


def test_thirty_seconds_is_the_limit_if_none_is_set(network: MemoryNetwork) -> None:
    attempt = Attempt(network)
    network.advance(29)
    assert attempt.outcome.pending
    network.advance(2)
    assert "in time" in str(attempt.error)


def test_the_limit_is_one_for_both_parts_of_the_way() -> None:
    """The time to reach the proxy counts."""
    network = MemoryNetwork()
    network.names["proxy.example"] = ["10.0.0.1", "127.0.0.1"]
    network.blackhole("10.0.0.1")
    network.raw_listen(1080)
    reactor: Any = network.reactor()
    settings = SocketOptions(socks_proxy="proxy.example:1080", connect_timeout=2.0)
    coroutine = dial(reactor, TARGET, settings, Recorder)
    outcome = Outcomes(Deferred.fromCoroutine(coroutine))
    network.advance(3.9)  # each address of the proxy has its own time, as without a proxy
    assert outcome.pending
    network.advance(0.2)
    assert isinstance(outcome.error, ProxyError)


@pytest.mark.parametrize("proxy", ["127.0.0.1:9", "no.name:1080"])
def test_a_proxy_that_is_not_there(network: MemoryNetwork, proxy: str) -> None:
    reactor: Any = network.reactor()
    coroutine = dial(reactor, TARGET, SocketOptions(socks_proxy=proxy), Recorder)
    outcome = Outcomes(Deferred.fromCoroutine(coroutine))
    network.settle()
    assert isinstance(outcome.error, ProxyError)
    assert outcome.error.proxy == proxy
    assert outcome.error.reply is None
    network.assert_clean()


def test_a_proxy_with_an_ipv6_address(network: MemoryNetwork) -> None:
    listener = network.raw_listen(1080, host="::1")
    reactor: Any = network.reactor()
    options = SocketOptions(socks_proxy="[::1]:1080")
    Deferred.fromCoroutine(dial(reactor, TARGET, options, Recorder))
    network.settle()
    assert listener.peers[0].take() == OFFER_NOTHING


def test_the_source_is_that_of_the_connection_to_the_proxy(network: MemoryNetwork) -> None:
    attempt = Attempt(network, TcpAddress("10.1.2.3", 5555, ("127.0.0.7", 6000)))
    transport: Any = attempt.proxy.transport
    assert (transport.getPeer().host, transport.getPeer().port) == ("127.0.0.7", 6000)
    attempt.proxy.take()
    assert attempt.say(TAKE_NOTHING) == TO_TARGET


def test_without_the_library_it_says_what_to_install(
    network: MemoryNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "socksio", None)
    monkeypatch.delitem(sys.modules, "pyzmtp.net.socks", raising=False)
    attempt = Attempt(network)
    error = attempt.outcome.error
    assert isinstance(error, LibraryMissing)
    assert (error.library, error.extra) == ("socksio", "socks")
    assert "pip install pyzmtp[socks]" in str(error)
    assert attempt.proxies.peers == []
