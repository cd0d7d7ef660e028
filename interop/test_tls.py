"""ZMTP over Twisted's own TLS endpoints on the loopback, with certificates made here."""

from __future__ import annotations

import socket as system_sockets
import ssl
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import (
    SSL4ServerEndpoint,
    TCP4ClientEndpoint,
    TCP4ServerEndpoint,
    wrapClientTLS,
)
from twisted.internet.protocol import Factory, Protocol

from interop.reactor import reactor, until, within
from interop.sockets import EventLog
from pyzmtp import (
    AuthenticationFailed,
    DealerSocket,
    Disconnected,
    HandshakeFailed,
    HandshakeSucceeded,
    HandshakeTimeout,
    PairSocket,
    PlainClient,
    PlainServer,
    PullSocket,
    PushSocket,
    RouterSocket,
    TLSClientCertificate,
    TLSFailed,
)
from tests.tls_certificates import Authority, Identity, client_options, server_options

CA = Authority()
SERVER = CA.issue("server")
ANNE = CA.issue("anne")


def port_of(address: str) -> int:
    """Give the port in an address."""
    return int(address.rpartition(":")[2])


async def serve(socket: Any, **bind: Any) -> int:
    """Bind to a TLS endpoint that wants certificates; give the port."""
    options = server_options(SERVER, CA.identity)
    endpoint = SSL4ServerEndpoint(reactor, 0, options, interface="127.0.0.1")
    return port_of(await within(socket.bind(endpoint, **bind), "the bind"))


def reach(socket: Any, port: int, identity: Identity = ANNE) -> Deferred[Any]:
    """Connect by a TLS endpoint."""
    plain = TCP4ClientEndpoint(reactor, "127.0.0.1", port)
    endpoint = wrapClientTLS(client_options(CA.identity, identity), plain)
    return within(socket.connect(endpoint), "the handshake")


async def test_endpoint_strings(directory: Path) -> None:
    """Both ends are strings, as a program would have them in its configuration."""
    for name, text in {
        "server.pem": SERVER.certificate + SERVER.key,
        "anne.pem": ANNE.certificate + ANNE.key,
        "roots/ca.pem": CA.identity.certificate,
    }.items():
        (directory / name).parent.mkdir(exist_ok=True)
        (directory / name).write_text(text)
    shown = f"privateKey={directory}/server.pem:certKey={directory}/server.pem"
    async with (
        RouterSocket(reactor, linger=0, security=TLSClientCertificate(["anne"])) as router,
        PairSocket(reactor, linger=0) as plain,
        PairSocket(reactor, linger=0) as pair,
    ):
        address = await plain.bind(f"ssl:0:interface=127.0.0.1:{shown}")
        trust = f"trustRoots={directory}/roots"
        where = f"tls:127.0.0.1:{port_of(address)}:{trust}"
        await within(pair.connect(where), "the handshake")
        await pair.send([b"by strings"])
        assert await within(plain.receive(), "the message") == [b"by strings"]
        # Only an object can ask for certificates on the side that listens.
        port = await serve(router)
        where = f"tls:127.0.0.1:{port}:{trust}:certificate={directory}/anne.pem"
        where += f":privateKey={directory}/anne.pem"
        async with DealerSocket(reactor, linger=0) as dealer:
            events = EventLog(router)
            await within(dealer.connect(where), "the handshake")
            assert (await events.wait(HandshakeSucceeded)).peer.user_id == "anne"


async def test_certificate_password_heartbeats_and_size() -> None:
    """A name and password inside TLS, silence that heartbeats fill, and 10 MiB both ways."""
    pulse: dict[str, Any] = {"heartbeat_interval": 0.05, "heartbeat_timeout": 2.0, "linger": 0}
    policy = PlainServer({"anne": "s3cret"})
    async with (
        PairSocket(reactor, security=policy, **pulse) as one,
        PairSocket(reactor, security=PlainClient("anne", "s3cret"), **pulse) as other,
    ):
        lost = EventLog(one)
        await reach(other, await serve(one))
        body = bytes(range(256)) * 40960
        for here, there in ((one, other), (other, one)):
            here.send([body])
            assert await within(there.receive(), "10 MiB") == [body]
        waited: Deferred[None] = Deferred()
        reactor.callLater(0.3, waited.callback, None)
        await waited
        assert [peer.user_id for peer in one.peers] == ["anne"]
        assert not lost.of(Disconnected)


@pytest.mark.parametrize(
    ("identity", "error"),
    [
        (ANNE, None),
        (CA.issue("bob"), AuthenticationFailed),
        (Authority().issue("anne"), TLSFailed),
    ],
    ids=["anne", "bob", "stranger"],
)
async def test_client_certificate(identity: Identity, error: type[Exception] | None) -> None:
    policy = TLSClientCertificate(["anne"])
    async with (
        PullSocket(reactor, linger=0, security=policy) as pull,
        PushSocket(reactor, linger=0) as push,
    ):
        events, theirs = EventLog(pull), EventLog(push)
        port = await serve(pull)
        if error is None:
            await reach(push, port, identity)
            await events.wait(HandshakeSucceeded)
            assert [peer.user_id for peer in pull.peers] == ["anne"]
            return
        reach(push, port, identity).addErrback(lambda _: None)
        for log in (events, theirs):
            failed = await log.wait(HandshakeFailed)
            assert isinstance(failed.error, error)
        assert not pull.peers


def blocking_client(port: int) -> system_sockets.socket:
    """Connect without TLS."""
    return system_sockets.create_connection(("127.0.0.1", port), timeout=10)


async def test_tls_that_ends_in_every_bad_way() -> None:
    """Cut off, half closed, junk instead of TLS, junk within: an event each, and the next is served."""
    async with (
        PullSocket(reactor, linger=0, handshake_timeout=0.3) as pull,
        PushSocket(reactor, linger=0) as push,
    ):
        events = EventLog(pull)
        port = await serve(pull)
        hello = ssl_hello()
        said = [b"\xff" + bytes(63), hello[:50], hello + hello, hello]
        for count, data in enumerate(said, 1):
            with blocking_client(port) as client:
                client.sendall(data)
                if count == 4:
                    client.shutdown(system_sockets.SHUT_WR)
                failed = await events.wait(HandshakeFailed, count)
            if count == 2:
                assert isinstance(failed.error, HandshakeTimeout)
            elif count < 4:
                assert isinstance(failed.error, TLSFailed)
        await reach(push, port)
        await push.send([b"still here"])
        assert await within(pull.receive(), "the message") == [b"still here"]


def ssl_hello() -> bytes:
    """Give what a client says first."""
    outgoing = ssl.MemoryBIO()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client = context.wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname="server.example")
    with pytest.raises(ssl.SSLWantReadError):
        client.do_handshake()
    return outgoing.read()


class _Relay(Protocol):
    """Passes bytes on, until it is told to lose or to spoil them."""

    transport: Any

    def __init__(self, middle: Middle) -> None:
        self.middle = middle
        self.other: _Relay | None = None
        self.early = b""

    def dataReceived(self, data: bytes) -> None:
        if self.middle.spoil:
            data = bytes(byte ^ 0x55 for byte in data)
        if self.other is None:
            self.early += data
        else:
            self.other.transport.write(data)

    def connectionLost(self, reason: object = None) -> None:
        if self.other is not None:
            self.other.transport.abortConnection()


class Middle(Factory):
    """A man in the middle of one connection, to ``port``."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.spoil = False
        self.ends: list[_Relay] = []
        self.listening: Any = None

    async def listen(self) -> int:
        endpoint = TCP4ServerEndpoint(reactor, 0, interface="127.0.0.1")
        self.listening = await endpoint.listen(self)
        return int(self.listening.getHost().port)

    async def stop(self) -> None:
        await self.listening.stopListening()

    def buildProtocol(self, addr: object) -> _Relay:
        near, far = _Relay(self), _Relay(self)
        self.ends += [near, far]
        ahead = TCP4ClientEndpoint(reactor, "127.0.0.1", self.port)

        def joined(_: object) -> None:
            near.other, far.other = far, near
            far.transport.write(near.early)

        ahead.connect(Factory.forProtocol(lambda: far)).addCallback(joined)
        return near


@pytest.mark.parametrize("way", ["spoilt", "half closed", "aborted"])
async def test_a_connection_that_breaks_off_while_it_is_used(way: str) -> None:
    """What came before is delivered, an event tells why it ended, and the client comes again."""
    async with (
        PullSocket(reactor, linger=0) as pull,
        PushSocket(reactor, linger=0, reconnect_interval=0.05) as push,
    ):
        events, again = EventLog(pull), EventLog(push)
        middle = Middle(await serve(pull))
        await reach(push, await middle.listen())
        await push.send([b"before"])
        await until(lambda: pull.stats.messages_received == 1, "the first message")
        if way == "spoilt":
            middle.spoil = True
            await push.send([b"spoilt"])
        elif way == "half closed":
            middle.ends[1].transport.loseWriteConnection()
        else:
            middle.ends[1].transport.abortConnection()
        lost = await events.wait(Disconnected)
        assert isinstance(lost.reason, TLSFailed) is (way == "spoilt")
        middle.spoil = False
        await again.wait(HandshakeSucceeded, 2)
        await push.send([b"after"])
        assert await within(pull.receive(), "the first message") == [b"before"]
        assert await within(pull.receive(), "the second message") == [b"after"]
        await push.close()
        await middle.stop()
