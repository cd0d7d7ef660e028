"""Through a SOCKS5 proxy to libzmq, and libzmq through the same proxy to us.

libzmq's own client comes first: it proves the proxy of these tests right.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from interop.payloads import expected
from interop.peer import LibzmqPeer
from interop.reactor import reactor, within
from interop.sockets import EventLog, any_address, lasting_address
from interop.socks_server import IPV4, IPV6, NAME, SocksServer
from pyzmtp import (
    ConnectError,
    ConnectRetried,
    HandshakeSucceeded,
    ProxyError,
    PullSocket,
    PushSocket,
    ReqSocket,
)

USERS = {"anne": "s3cret", "ä" * 127: "p" * 255}

#: What is asked for, and as what it has to reach the proxy. Nobody but the proxy knows the last two.
TARGETS = {
    "address": ("127.0.0.1", IPV4, "127.0.0.1"),
    "name": ("behind.the.proxy", NAME, "behind.the.proxy"),
    "IPv6": ("[2001:db8::7]", IPV6, "2001:db8::7"),
}
ROUTES = {host: "127.0.0.1" for _, _, host in TARGETS.values()}

pieces = pytest.mark.parametrize("pieces", [False, True], ids=["glued", "byte by byte"])
target = pytest.mark.parametrize("target", TARGETS.values(), ids=list(TARGETS))
login = pytest.mark.parametrize("name", [None, *USERS], ids=["no name", "a name", "255 bytes"])


def port_of(address: str) -> int:
    """Give the port in an address."""
    return int(address.rpartition(":")[2])


def server(name: str | None, pieces: bool = False) -> SocksServer:
    """Make the proxy, which wants a name if one is given."""
    return SocksServer(ROUTES, USERS if name is not None else None, pieces)


@login
@target
async def test_libzmq_through_the_proxy(
    target: tuple[str, int, str], name: str | None, libzmq: LibzmqPeer, directory: Path
) -> None:
    given, kind, host = target
    with server(name) as proxy:
        async with PullSocket(reactor, linger=0) as ours:
            address = await ours.bind(any_address("tcp", directory))
            options: dict[str, bytes] = {"SOCKS_PROXY": proxy.address.encode()}
            if name is not None:
                options["SOCKS_USERNAME"] = name.encode()
                options["SOCKS_PASSWORD"] = USERS[name].encode()
            theirs = await libzmq.open("PUSH", **options)
            await theirs.connect(f"tcp://{given}:{port_of(address)}")
            await theirs.send([[b"through", b"the proxy"]])
            assert await within(ours.receive(), "the message") == [b"through", b"the proxy"]
            assert proxy.asked[0] == (kind, host, port_of(address))
            await theirs.close()


@pieces
@login
@target
async def test_pyzmtp_through_the_proxy(
    target: tuple[str, int, str],
    name: str | None,
    pieces: bool,
    libzmq: LibzmqPeer,
    directory: Path,
) -> None:
    given, kind, host = target
    theirs = await libzmq.open("PULL")
    bound = await theirs.bind(any_address("tcp", directory))
    with server(name, pieces) as proxy:
        options: dict[str, Any] = {"socks_proxy": proxy.address}
        if name is not None:
            options |= {"socks_username": name, "socks_password": USERS[name]}
        async with PushSocket(reactor, **options) as ours:
            where = f"tcp://{given}:{port_of(bound)}"
            peer = await within(ours.connect(where), "the connection")
            assert peer.address == where
            assert peer.peer_address == where.removeprefix("tcp://")
            message = [b"through", b"", b"the proxy"]
            await ours.send(message)
            assert await theirs.receive(1) == expected([message])
        assert proxy.asked == [(kind, host, port_of(bound))]
        assert proxy.logins == ([] if name is None else [(name, USERS[name])])


async def test_much_goes_both_ways(libzmq: LibzmqPeer, directory: Path) -> None:
    theirs = await libzmq.open("REP")
    bound = await theirs.bind(any_address("tcp", directory))
    with server(None) as proxy:
        async with ReqSocket(reactor, socks_proxy=proxy.address) as ours:
            await within(ours.connect(bound), "the connection")
            messages = [[bytes([number]) * 200_000, b"x" * number] for number in range(20)]
            answered = theirs.echo(len(messages))
            for message in messages:
                assert await within(ours.request(message), "the reply") == message
            await answered


async def test_the_peer_may_come_after_the_proxy(libzmq: LibzmqPeer, directory: Path) -> None:
    """Until then the proxy refuses, which is tried again as any failed connect."""
    address = lasting_address("tcp", directory)
    with server(None) as proxy:
        async with PushSocket(
            reactor, socks_proxy=proxy.address, reconnect_interval=0.02, linger=0
        ) as ours:
            events = EventLog(ours)
            ours.connect(address)
            await ours.send([b"patience"])
            retried = await events.wait(ConnectRetried, 3)
            assert isinstance(retried.error, ConnectError)
            assert isinstance(retried.error.reason, ProxyError)
            assert retried.error.reason.reply == 5
            theirs = await libzmq.open("PULL")
            await theirs.bind(address)
            assert await theirs.receive(1) == expected([[b"patience"]])
            # The proxy tells who has been lost, and the next tunnel goes to who is there then.
            await theirs.close()
            theirs = await libzmq.open("PULL")
            await theirs.bind(address)
            await events.wait(HandshakeSucceeded, 2)
            await ours.send([b"again"])
            assert await theirs.receive(1) == expected([[b"again"]])


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({}, "NO_AUTH_REQUIRED"),
        ({"socks_username": "anne", "socks_password": "wrong"}, "password"),
        ({"socks_username": "nobody"}, "password"),
    ],
)
async def test_a_proxy_that_does_not_let_us_in(options: dict[str, str], problem: str) -> None:
    with server("anne") as proxy:
        settings: dict[str, Any] = {"socks_proxy": proxy.address, "linger": 0, **options}
        async with PushSocket(reactor, **settings) as ours:
            events = EventLog(ours)
            ours.connect("tcp://127.0.0.1:9")
            retried = await events.wait(ConnectRetried, 2)
            assert isinstance(retried.error, ConnectError)
            assert isinstance(retried.error.reason, ProxyError)
            assert problem in str(retried.error)
            assert "wrong" not in str(retried.error)
        assert proxy.asked == []
