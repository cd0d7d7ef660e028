"""pyzmtp.net.kernel: what the operating system's sockets are told. They are made, but not connected."""

from __future__ import annotations

import socket
from types import SimpleNamespace
from typing import Any

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.tcp import Connection

from pyzmtp.net.address import TcpAddress
from pyzmtp.net.dialling import dial
from pyzmtp.net.kernel import SEND_SIZE, configure, send_more_at_once
from pyzmtp.net.listening import listen
from pyzmtp.net.places import server_place
from pyzmtp.options import SocketOptions
from pyzmtp.testing import MemoryNetwork


def option(handle: socket.socket, level: int, name: str) -> int:
    value: int = handle.getsockopt(level, getattr(socket, name))
    return value


def test_buffers_are_set_where_they_are_asked_for() -> None:
    options = SocketOptions(send_buffer=20_000, receive_buffer=30_000)
    with socket.socket() as handle:
        before = option(handle, socket.SOL_SOCKET, "SO_SNDBUF")
        configure(handle, SocketOptions())
        assert option(handle, socket.SOL_SOCKET, "SO_SNDBUF") == before
        configure(handle, options)
        # Linux doubles what it is asked for, to account for its own needs (socket(7)).
        assert option(handle, socket.SOL_SOCKET, "SO_SNDBUF") in (20_000, 40_000)
        assert option(handle, socket.SOL_SOCKET, "SO_RCVBUF") in (30_000, 60_000)
    configure(object(), options)


@pytest.mark.parametrize("wanted", [True, False])
def test_keepalive_is_switched(wanted: bool) -> None:
    with socket.socket() as handle:
        configure(handle, SocketOptions(tcp_keepalive=wanted))
        assert bool(option(handle, socket.SOL_SOCKET, "SO_KEEPALIVE")) is wanted


def test_the_probes_of_keepalive_are_set_as_far_as_the_system_has_names_for_them() -> None:
    options = SocketOptions(
        tcp_keepalive=True, tcp_keepalive_count=3, tcp_keepalive_idle=40, tcp_keepalive_interval=5
    )
    with socket.socket() as handle:
        configure(handle, options)
        for name, value in (("TCP_KEEPCNT", 3), ("TCP_KEEPIDLE", 40), ("TCP_KEEPINTVL", 5)):
            if hasattr(socket, name):
                assert option(handle, socket.IPPROTO_TCP, name) == value


def test_the_time_for_an_acknowledgement_is_set_in_milliseconds() -> None:
    with socket.socket() as handle:
        configure(handle, SocketOptions(tcp_user_timeout=1.5))
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            assert option(handle, socket.IPPROTO_TCP, "TCP_USER_TIMEOUT") == 1500


def test_the_type_of_service_is_set_in_either_family() -> None:
    options = SocketOptions(tos=0x28)
    with socket.socket() as handle:
        configure(handle, options)
        assert option(handle, socket.IPPROTO_IP, "IP_TOS") == 0x28
    with socket.socket(socket.AF_INET6) as handle:
        configure(handle, options)
        assert option(handle, socket.IPPROTO_IPV6, "IPV6_TCLASS") == 0x28


def test_a_unix_socket_is_asked_for_nothing_of_tcp() -> None:
    with socket.socket(socket.AF_UNIX) as handle:
        configure(handle, SocketOptions(tos=0x28, tcp_keepalive_idle=40, send_buffer=20_000))
        assert option(handle, socket.SOL_SOCKET, "SO_SNDBUF") in (20_000, 40_000)


@pytest.mark.parametrize("side", ["connectTCP", "listenTCP"])
def test_a_receive_buffer_is_set_before_anybody_is_connected(
    side: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A window that was offered is not taken back: a small buffer that comes later stalls TCP."""
    network = MemoryNetwork()
    reactor: Any = network.reactor()
    make = getattr(reactor, side)
    options = SocketOptions(receive_buffer=30_000)
    with socket.socket() as handle:

        def with_a_socket(*arguments: Any, **named: Any) -> Any:
            made = make(*arguments, **named)
            made.socket = handle
            made.transport = SimpleNamespace(socket=handle)
            return made

        monkeypatch.setattr(reactor, side, with_a_socket)
        if side == "connectTCP":
            place = TcpAddress("127.0.0.1", 5555)
            Deferred.fromCoroutine(dial(reactor, place, options, lambda _: Protocol())).addErrback(
                lambda _: None
            )
        else:
            where = server_place(reactor, "tcp://127.0.0.1:5555")
            factory: Any = Factory.forProtocol(Protocol)
            network.run(listen(reactor, where, "tcp://127.0.0.1:5555", options, factory))
        assert option(handle, socket.SOL_SOCKET, "SO_RCVBUF") in (30_000, 60_000)


def test_a_transport_that_limits_what_it_sends_at_once_sends_more() -> None:
    tcp, other = Connection(socket.socket(), Protocol(), None), object()
    assert tcp.SEND_LIMIT < SEND_SIZE
    send_more_at_once(tcp)
    send_more_at_once(other)
    assert tcp.SEND_LIMIT == SEND_SIZE
    tcp.SEND_LIMIT = 2 * SEND_SIZE
    send_more_at_once(tcp)
    assert tcp.SEND_LIMIT == 2 * SEND_SIZE
    tcp.socket.close()
